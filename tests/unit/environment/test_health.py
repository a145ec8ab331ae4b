"""Healthy environments are not waited for, dead ones not to the end, and the error says what happened."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from runner.docker.inventory import ContainerStatus
from runner.environment.health import check_alive, last_words, wait_until_healthy
from runner.errors import EnvironmentFailed


def status(service: str = "odoo", state: str = "running", health: str | None = "healthy", **more: Any) -> ContainerStatus:
    facts = {"exit_code": 0, "oom_killed": False} | more
    return ContainerStatus(name=f"p-{service}-1", service=service, status=state, health=health, **facts)


class Scenes:
    """An engine whose containers are in another state at every look; time passes only between the looks."""

    def __init__(self, *scenes: list[ContainerStatus]) -> None:
        self._scenes = list(scenes)
        self.time = 0.0
        self.said: list[str] = []
        self.asked: list[dict[str, tuple[str, ...]]] = []
        self.answers: list[set[str]] = []
        self.patience: list[float] = []

    def passing(self, tests: Mapping[str, Sequence[str]], seconds: float) -> set[str]:
        self.patience.append(seconds)
        self.asked.append({container: tuple(test) for container, test in tests.items()})
        return self.answers.pop(0)

    def containers(self, _project: str) -> list[ContainerStatus]:
        return self._scenes.pop(0) if len(self._scenes) > 1 else self._scenes[0]

    def states(self, containers: Sequence[str]) -> list[ContainerStatus]:
        found = self.containers("p")
        assert not set(containers) - {each.name for each in found}
        return found

    @property
    def streams(self) -> "Scenes":
        return self

    def logs(self, container: str, _lines: int) -> str:
        return f"log of {container}"

    def wait(self, seconds: float) -> None:
        self.time += seconds


def waited(*scenes: list[ContainerStatus], timeout: float = 10.0) -> Scenes:
    engine = Scenes(*scenes)
    wait_until_healthy(engine, "p", timeout, {}, engine.said.append, lambda: engine.time, engine.wait)  # type: ignore[arg-type]
    return engine


STARTING = status(health="starting")


def test_healthy_containers_are_not_waited_for() -> None:
    assert waited([status("db"), status()]).time == 0


def test_starting_containers_are_waited_for_until_all_are_healthy() -> None:
    scenes = [[], [STARTING], [status("db", health="starting"), status()], [status("db"), status()]]
    engine = waited(*scenes)
    assert engine.time > 0
    assert engine.said == [
        "attempt 1: no container yet",
        "attempt 2: odoo is starting",
        "attempt 3: db is starting",
    ]


def test_the_health_checks_that_are_made_here_are_repeated_until_they_pass() -> None:
    engine = Scenes([status("db", health="starting"), STARTING])
    engine.answers = [{"p-db-1"}, set(), {"p-odoo-1"}]
    checks = {"db": ["pg_isready"], "odoo": ["curl", "x"]}
    wait_until_healthy(engine, "p", 10, checks, engine.said.append, lambda: engine.time, engine.wait)  # type: ignore[arg-type]
    odoo_alone = {"p-odoo-1": ("curl", "x")}
    assert engine.asked == [{"p-db-1": ("pg_isready",)} | odoo_alone, odoo_alone, odoo_alone]


def test_no_check_is_repeated_past_the_time() -> None:
    engine = Scenes([STARTING])
    engine.answers = [set()] * 9
    with pytest.raises(EnvironmentFailed, match="Not healthy after 1 s"):
        wait_until_healthy(engine, "p", 1, {"odoo": ["x"]}, clock=lambda: engine.time, wait=engine.wait)  # type: ignore[arg-type]
    assert engine.patience[0] == 1
    assert sum(engine.patience) < 3


def test_what_is_not_checked_here_is_waited_for_as_the_engine_tells_it() -> None:
    engine = Scenes([status("db", health="starting"), STARTING], [status("db"), STARTING])
    engine.answers = [{"p-odoo-1"}]
    wait_until_healthy(engine, "p", 10, {"odoo": ["x"]}, clock=lambda: engine.time, wait=engine.wait)  # type: ignore[arg-type]
    assert engine.asked == [{"p-odoo-1": ("x",)}]


def test_a_container_that_dies_while_it_is_checked_ends_the_wait() -> None:
    engine = Scenes([STARTING], [status(state="exited", health="starting", exit_code=1)])
    engine.answers = [set()]
    with pytest.raises(EnvironmentFailed, match="ended with exit code 1"):
        wait_until_healthy(engine, "p", 1e9, {"odoo": ["x"]}, clock=lambda: engine.time, wait=engine.wait)  # type: ignore[arg-type]


def test_a_service_without_health_check_is_not_waited_for() -> None:
    assert waited([status("helper", health=None), status()]).time == 0


@pytest.mark.parametrize(
    ("dead", "cause"),
    [
        (status(state="exited", health="unhealthy", exit_code=1), "ended with exit code 1"),
        (status(state="exited", health="starting", exit_code=0), "ended with exit code 0"),
        (status(state="exited", exit_code=137, oom_killed=True), "ran out of memory"),
        (status("db", state="dead", exit_code=2), "ended with exit code 2"),
    ],
)
def test_a_container_that_died_ends_the_wait_early_with_its_last_lines(dead: ContainerStatus, cause: str) -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        waited([STARTING], [dead, STARTING], timeout=1e9)
    assert f"The container of {dead.service} {cause}" in str(caught.value)
    assert f"log of p-{dead.service}-1" in str(caught.value)


def test_after_a_failed_start_whoever_ended_badly_or_is_unhealthy_has_the_last_word() -> None:
    engine = Scenes(
        [
            status("db", health="unhealthy"),
            status("migrate", state="exited", health=None, exit_code=3),
            status("init", state="exited", health=None),
            status(state="created", health=None, exit_code=128),
        ]
    )
    assert last_words(engine, "p") == (  # type: ignore[arg-type]
        "The container of migrate ended with exit code 3 before the environment was up. Its last lines:\n"
        "log of p-migrate-1\n"
        "Last lines of db, which is unhealthy:\n"
        "log of p-db-1"
    )


def test_after_a_failed_start_an_engine_that_cannot_tell_of_the_containers_is_said_to() -> None:
    def broken(_project: str) -> list[ContainerStatus]:
        raise EnvironmentFailed("`docker container ls` failed: no answer")

    engine = Scenes([])
    engine.containers = broken  # type: ignore[method-assign]
    said = last_words(engine, "p")  # type: ignore[arg-type]
    assert said == "Its containers cannot be looked at: `docker container ls` failed: no answer"


def test_a_helper_that_did_its_work_and_ended_is_no_failure() -> None:
    assert waited([status("init", state="exited", health=None, exit_code=0), status()]).time == 0


def test_a_container_that_said_nothing_is_said_to_have_done_so() -> None:
    engine = Scenes([STARTING])
    engine.logs = lambda *_: ""  # type: ignore[method-assign]
    with pytest.raises(EnvironmentFailed, match=r"Last lines of odoo:\n\(it has said nothing\)"):
        wait_until_healthy(engine, "p", 1, {}, engine.said.append, lambda: engine.time, engine.wait)  # type: ignore[arg-type]


def test_past_the_time_the_error_names_states_logs_and_the_option() -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        waited([status("db"), STARTING], timeout=3)
    said = ("Not healthy after 3 s (--health-timeout)", "odoo is running, health starting", "log of p-odoo-1")
    for part in (*said, "raise --health-timeout."):
        assert part in str(caught.value)
    assert "log of p-db-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("dead", "cause"),
    [
        (status(state="exited", exit_code=137, oom_killed=True), "ran out of memory while the tests ran"),
        (status(state="exited", exit_code=1), "ended with exit code 1 while the tests ran"),
    ],
)
def test_an_odoo_container_that_died_under_the_tests_is_said_with_its_last_lines(dead: ContainerStatus, cause: str) -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        check_alive(Scenes([dead]), "p-odoo-1")  # type: ignore[arg-type]
    assert cause in str(caught.value)
    assert "log of p-odoo-1" in str(caught.value)


def test_a_container_that_runs_is_alive_however_it_feels() -> None:
    check_alive(Scenes([status(health="unhealthy")]), "p-odoo-1")  # type: ignore[arg-type]
