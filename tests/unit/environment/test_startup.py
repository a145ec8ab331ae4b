"""A start takes the next port where its own is lost, and says why it failed in the words of what failed."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.config.model import PortRange
from runner.docker.inventory import ContainerStatus
from runner.docker.messages import PortTaken
from runner.environment.port_search import PortSearch
from runner.environment.startup import Startup
from runner.errors import EngineStalled, EnvironmentFailed, NoFreePort, RunnerError
from runner.terminal import Terminal


def status(service: str, state: str = "running", health: str = "healthy", exit_code: int = 0) -> ContainerStatus:
    return ContainerStatus(f"p-{service}-1", service, state, health, exit_code, oom_killed=False)


class FakeEngine:
    """An engine whose `up` ends as it is told, time after time; then it succeeds."""

    def __init__(self, *ends: RunnerError) -> None:
        self._ends = list(ends)
        self.ports: list[str] = []
        self.found = [status("db"), status("odoo")]
        self.asked: list[str] = []

    @property
    def streams(self) -> "FakeEngine":
        return self

    def set_variables(self, variables: dict[str, str]) -> None:
        self.ports.append(variables["ODOO_PORT"])

    def up(self) -> None:
        if self._ends:
            raise self._ends.pop(0)

    def remove_containers(self, project: str) -> None:
        self.asked.append(f"remove {project}")

    def containers(self, project: str) -> list[ContainerStatus]:
        self.asked.append(f"containers {project}")
        return self.found

    def logs(self, container: str, _lines: int) -> str:
        return f"log of {container}"


Start = Callable[[FakeEngine], dict[str, str]]


@pytest.fixture
def startup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Startup:
    monkeypatch.setattr("runner.environment.ports.can_bind", lambda _port: True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # the locks of the ports
    ports = PortSearch(PortRange(first=18000, last=18001), 0, lambda _line: None)
    return Startup("p", ports, 5, Terminal())


@pytest.fixture
def start(startup: Startup) -> Start:
    def started(engine: FakeEngine) -> dict[str, str]:
        startup.reserve()
        return startup.up_and_healthy(engine, {})  # type: ignore[arg-type]

    return started


def test_a_project_that_starts_is_told_by_its_containers(startup: Startup, start: Start) -> None:
    assert not startup.has_started
    assert start(FakeEngine()) == {"db": "p-db-1", "odoo": "p-odoo-1"}
    assert (startup.has_started, startup.port) == (True, 18000)


def test_a_port_that_is_lost_is_followed_by_the_next_after_what_was_started_is_removed(startup: Startup, start: Start) -> None:
    engine = FakeEngine(PortTaken("port is already allocated"))
    start(engine)
    assert (engine.ports, startup.port) == (["18000", "18001"], 18001)
    assert engine.asked == ["remove p", "containers p"]


def test_where_all_ports_are_lost_the_search_is_over(start: Start) -> None:
    with pytest.raises(NoFreePort, match="No free port in 18000-18001"):
        start(FakeEngine(PortTaken("taken"), PortTaken("taken")))


def test_a_start_that_fails_ends_with_the_last_lines_of_what_failed(startup: Startup, start: Start) -> None:
    engine = FakeEngine(EnvironmentFailed("`docker compose up` failed:\ndependency failed to start"))
    engine.found = [status("db", state="exited", exit_code=1), status("odoo", state="created")]
    with pytest.raises(EnvironmentFailed) as caught:
        start(engine)
    assert str(caught.value) == (
        "`docker compose up` failed:\ndependency failed to start\n"
        "The container of db ended with exit code 1 before the environment was up. Its last lines:\nlog of p-db-1"
    )
    assert not startup.has_started


def test_a_start_that_fails_without_a_container_to_blame_ends_with_docker_s_words(start: Start) -> None:
    with pytest.raises(EnvironmentFailed, match=r"no such folder$"):
        start(FakeEngine(EnvironmentFailed("`docker compose up` failed:\nno such folder")))


def test_an_engine_that_stalled_is_not_asked_for_more(start: Start) -> None:
    engine = FakeEngine(EngineStalled("`docker compose up` did not end within 300 s"))
    with pytest.raises(EngineStalled, match=r"did not end within 300 s$"):
        start(engine)
    assert engine.asked == []


def test_who_ends_gives_the_port_back(startup: Startup, start: Start, tmp_path: Path) -> None:
    start(FakeEngine())
    again = Startup("q", PortSearch(PortRange(first=18000, last=18000), 0, lambda _line: None), 5, Terminal())
    with pytest.raises(NoFreePort):
        again.reserve()
    startup.close()
    again.reserve()
    assert again.port == 18000
