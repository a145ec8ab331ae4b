"""A start takes the next port where its own is lost, and says why it failed in the words of what failed."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from runner.config.model import PortRange
from runner.docker.inventory import ContainerStatus
from runner.docker.listing import Resource
from runner.docker.messages import PortTaken
from runner.docker.questions import ComposeProject
from runner.environment.ports import PortSearch
from runner.environment.startup import up
from runner.errors import EngineStalled, EnvironmentFailed, NoFreePort, RunnerError
from runner.terminal import Terminal
from tests.unit.fake_engine import FakeEngine, inspection_of, listing_of, status
from tests.unit.fake_environment import FakeStreams


@dataclass
class Attempt:
    """A start and its engine; every `up` ends as `ends` says, and once that is used up, well."""

    ports: PortSearch
    engine: FakeEngine
    streams: FakeStreams

    def start(self, *ends: RunnerError) -> None:
        self.streams.fails += ends
        self.ports.reserve()
        up(self.engine, self.streams, project_at, self.ports, Terminal())

    @property
    def asked(self) -> list[str]:
        return [" ".join(words.split()[:2]) for words in self.engine.asked]


PROJECT = ComposeProject("p", (), {"ODOO_PORT": "1", "DB_PASSWORD": "secret"})


def project_at(port: int) -> ComposeProject:
    return replace(PROJECT, variables={"ODOO_PORT": str(port)})


def search(last: int) -> PortSearch:
    return PortSearch(PortRange(first=18000, last=last), 0, lambda _line: None)


@pytest.fixture
def attempt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Attempt:
    monkeypatch.setattr("runner.environment.ports.can_bind", lambda _port: True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # the locks of the ports
    return Attempt(search(18001), engine_with(status("db"), status("odoo")), FakeStreams())


def engine_with(*containers: ContainerStatus) -> FakeEngine:
    labels = {"com.docker.compose.project": "p"}
    return FakeEngine(
        {
            "ps -a": listing_of(lambda: [Resource(container.name, labels) for container in containers]),
            "container inspect": inspection_of(lambda: containers),
            "container rm": "",
            "logs": lambda words: f"log of {words[-1]}",
        }
    )


def test_it_starts_the_project_as_it_is_on_the_port_that_is_reserved(attempt: Attempt) -> None:
    attempt.start()
    assert attempt.streams.started == [project_at(18000)]


def test_a_port_that_is_lost_is_followed_by_the_next_after_what_was_started_is_removed(attempt: Attempt) -> None:
    attempt.start(PortTaken("port is already allocated"))
    assert (attempt.streams.ports, attempt.ports.port) == (["18000", "18001"], 18001)
    assert attempt.asked == ["ps -a", "container rm"]
    assert "container rm --force --volumes p-db-1 p-odoo-1" in attempt.engine.asked


def test_where_all_ports_are_lost_the_search_is_over(attempt: Attempt) -> None:
    with pytest.raises(NoFreePort, match="No free port in 18000-18001"):
        attempt.start(PortTaken("taken"), PortTaken("taken"))


def test_a_start_that_fails_ends_with_the_last_lines_of_what_failed(attempt: Attempt) -> None:
    attempt.engine = engine_with(status("db", state="exited", exit_code=1), status("odoo", state="created"))
    with pytest.raises(EnvironmentFailed) as caught:
        attempt.start(EnvironmentFailed("`docker compose up` failed:\ndependency failed to start"))
    assert str(caught.value) == (
        "`docker compose up` failed:\ndependency failed to start\n"
        "The container of db ended with exit code 1 before the environment was up. Its last lines:\nlog of p-db-1"
    )


def test_a_start_that_fails_without_a_container_to_blame_ends_with_docker_s_words(attempt: Attempt) -> None:
    with pytest.raises(EnvironmentFailed, match=r"no such folder$"):
        attempt.start(EnvironmentFailed("`docker compose up` failed:\nno such folder"))


def test_an_engine_that_stalled_is_not_asked_for_more(attempt: Attempt) -> None:
    with pytest.raises(EngineStalled, match=r"did not end within 300 s$"):
        attempt.start(EngineStalled("`docker compose up` did not end within 300 s"))
    assert attempt.asked == []
