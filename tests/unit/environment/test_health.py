"""Healthy environments are not waited for, dead ones not to the end, and the error says what happened."""

from collections.abc import Mapping, Sequence

import pytest

from runner.docker.inventory import ContainerStatus
from runner.environment.health import check_alive, check_no_loop, last_words, wait_until_healthy
from runner.errors import EnvironmentFailed, HealthTimeout
from tests.unit.fake_engine import FakeEngine, failed, inspection_of, status


class Scenes(FakeEngine):
    """An engine whose containers are in another state at every look; time passes only between the looks."""

    def __init__(self, *scenes: list[ContainerStatus]) -> None:
        super().__init__(
            {
                "container inspect": inspection_of(lambda: self.containers("p")),
                "logs": lambda words: f"log of {words[-1]}\n",
            }
        )
        self._scenes = list(scenes)
        self.time = 0.0
        self.said: list[str] = []
        self.checked: list[dict[str, tuple[str, ...]]] = []
        self.passed: list[set[str]] = []
        self.patience: list[float] = []

    def failing(self, tests: Mapping[str, Sequence[str]], seconds: float) -> dict[str, str]:
        self.patience.append(seconds)
        self.checked.append({container: tuple(test) for container, test in tests.items()})
        return dict.fromkeys(tests.keys() - self.passed.pop(0), "curl: connection refused\n")

    def containers(self, project: str) -> list[ContainerStatus]:
        assert project == "p"
        return self._scenes.pop(0) if len(self._scenes) > 1 else self._scenes[0]

    def wait(self, seconds: float) -> None:
        self.time += seconds
        assert self.time < 60, "it is waited for ever"


def wait_in(engine: Scenes, timeout: float = 10.0, **checks: list[str]) -> Scenes:
    wait_until_healthy(engine, "p", timeout, checks, engine.said.append, lambda: engine.time, engine.wait)
    return engine


def waited(*scenes: list[ContainerStatus], timeout: float = 10.0) -> Scenes:
    return wait_in(Scenes(*scenes), timeout)


STARTING = status(health="starting")


def test_healthy_containers_are_not_waited_for() -> None:
    assert waited([status("db"), status()]).time == 0


def test_starting_containers_are_waited_for_until_all_are_healthy() -> None:
    db, db_starting = status("db"), status("db", health="starting")
    scenes = [[], [db, STARTING], [db_starting, status()], [db, status()]]
    engine = waited(*scenes)
    assert engine.time > 0
    assert engine.said == [
        "attempt 1: no container yet",
        "attempt 2: odoo is starting",
        "attempt 3: db is starting",
    ]


def test_an_engine_that_lists_nothing_of_what_was_started_is_not_waited_for_to_the_end() -> None:
    engine = Scenes([])
    with pytest.raises(EnvironmentFailed, match="the engine lists no container of it: docker ps -a --filter label="):
        wait_in(engine, 1e9)
    assert engine.time < 10


def test_the_health_checks_that_are_made_here_are_repeated_until_they_pass() -> None:
    engine = Scenes([status("db", health="starting"), STARTING])
    engine.passed = [{"p-db-1"}, set(), {"p-odoo-1"}]
    wait_in(engine, db=["pg_isready"], odoo=["curl", "x"])
    odoo_alone = {"p-odoo-1": ("curl", "x")}
    assert engine.checked == [{"p-db-1": ("pg_isready",)} | odoo_alone, odoo_alone, odoo_alone]


def test_no_check_is_repeated_past_the_time() -> None:
    engine = Scenes([STARTING])
    engine.passed = [set()] * 9
    with pytest.raises(EnvironmentFailed, match="Not healthy after 1 s"):
        wait_in(engine, 1, odoo=["x"])
    assert engine.patience[0] == 1
    assert sum(engine.patience) < 3


def test_what_is_not_checked_here_is_waited_for_as_the_engine_tells_it() -> None:
    engine = Scenes([status("db", health="starting"), STARTING], [status("db"), STARTING])
    engine.passed = [{"p-odoo-1"}]
    wait_in(engine, odoo=["x"])
    assert engine.checked == [{"p-odoo-1": ("x",)}]


def test_a_container_that_dies_while_it_is_checked_ends_the_wait() -> None:
    engine = Scenes([STARTING], [status(state="exited", health="starting", exit_code=1)])
    engine.passed = [set()]
    with pytest.raises(EnvironmentFailed, match="ended with exit code 1"):
        wait_in(engine, 1e9, odoo=["x"])


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
    before = [status("db"), STARTING]
    with pytest.raises(EnvironmentFailed) as caught:
        waited(before, [dead if container.service == dead.service else container for container in before], timeout=1e9)
    assert f"The container of {dead.service} {cause}" in str(caught.value)
    assert f"log of p-{dead.service}-1" in str(caught.value)


def test_after_a_failed_start_whoever_ended_badly_or_is_unhealthy_has_the_last_word() -> None:
    engine = Scenes(
        [
            status("db", health="unhealthy"),
            status("migrate", state="exited", health=None, exit_code=3),
            status("init", state="exited", health=None),
            status(state="created", health=None, exit_code=128),
            status("queue", "restarting", health=None, exit_code=4, restarts=1),
        ]
    )
    assert last_words(engine, "p") == (
        "The container of migrate ended with exit code 3 before the environment was up. Its last lines:\n"
        "log of p-migrate-1\n"
        "The container of queue was started again 1 time, at last after exit code 4, before the environment was up. "
        "Its last lines:\nlog of p-queue-1\n"
        "Last lines of db, which is unhealthy:\n"
        "log of p-db-1"
    )


def test_after_a_failed_start_an_engine_that_cannot_tell_of_the_containers_is_said_to() -> None:
    engine = FakeEngine({"ps -a": failed("no answer")})
    assert last_words(engine, "p") == "Its containers cannot be looked at: `docker ps` failed: no answer"


def test_a_helper_that_did_its_work_and_ended_is_no_failure() -> None:
    assert waited([status("init", state="exited", health=None, exit_code=0), status()]).time == 0


def test_a_container_that_said_nothing_is_said_to_have_done_so() -> None:
    engine = Scenes([STARTING])
    engine.answers["logs"] = ""
    with pytest.raises(EnvironmentFailed, match=r"Last lines of odoo:\n\(it has said nothing\)"):
        wait_in(engine, 1)


def test_past_the_time_the_error_names_states_logs_and_the_option() -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        waited([status("db"), STARTING], timeout=3)
    said = ("Not healthy after 3 s (--health-timeout)", "odoo is running, health starting", "log of p-odoo-1")
    for part in (*said, "raise --health-timeout."):
        assert part in str(caught.value)
    assert "log of p-db-1" not in str(caught.value)


def test_past_the_time_the_checks_have_their_say_whoever_made_them() -> None:
    engine = Scenes([status("db", health="starting", check_said="no response\n"), STARTING])
    engine.passed = [set()] * 9
    with pytest.raises(HealthTimeout) as caught:
        wait_in(engine, 1, odoo=["curl"])
    assert "The health check of db says:\nno response\nThe health check of odoo says:\ncurl: connection refused\nLast" in str(
        caught.value
    )


@pytest.mark.parametrize("state", ["restarting", "running"])
def test_a_container_that_is_started_again_and_again_ends_the_wait(state: str) -> None:
    again = status("mail", state, health=None, exit_code=3, restarts=5)
    with pytest.raises(
        EnvironmentFailed, match=r"mail was started again 5 times, at last after exit code 3, before"
    ) as caught:
        waited([STARTING, status("mail", health=None)], [STARTING, again], timeout=1e9)
    assert "log of p-mail-1" in str(caught.value)
    assert not isinstance(caught.value, HealthTimeout)


def test_a_server_that_came_before_its_database_may_be_started_again() -> None:
    waited([status(state="restarting", health="starting", exit_code=1, restarts=1)], [status(restarts=4)])


def test_a_helper_that_was_started_until_it_did_its_work_is_no_failure() -> None:
    assert waited([status("init", "exited", health=None, restarts=9), status()]).time == 0


def test_a_start_ends_where_a_container_is_started_again_and_again() -> None:
    check_no_loop(Scenes([status(restarts=4), status("db")]), "p")
    with pytest.raises(EnvironmentFailed, match="The container of db does not stay up"):
        check_no_loop(Scenes([status(), status("db", "restarting", restarts=5)]), "p")


BEFORE = [status(), status("db", started_at="1"), status("init", health=None), status("done", "exited", health=None)]


@pytest.mark.parametrize(
    ("dead", "cause"),
    [
        (status(state="exited", exit_code=137, oom_killed=True), "ran out of memory"),
        (status(state="exited", exit_code=1), "ended with exit code 1"),
        (status("db", "exited", exit_code=137), "ended with exit code 137"),
        (status("db", "exited", exit_code=0), "ended with exit code 0"),
        (status("db", "paused", started_at="1"), "was paused"),
        (status("db", "restarting", started_at="1", restarts=1), "was started again 1 time"),
        (status("db", started_at="2"), "was started again"),
        (status("db", started_at="1", restarts=1), "was started again 1 time"),
        (status("db", started_at="1", oom_killed=True), "ran out of memory"),
        (status("init", "exited", health=None, exit_code=1), "ended with exit code 1"),
    ],
)
def test_a_container_that_died_under_the_tests_is_said_with_its_last_lines(dead: ContainerStatus, cause: str) -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        check_alive(Scenes(), BEFORE, [dead])
    assert f"The container of {dead.service} {cause} while the tests ran. Its last lines:\n" in str(caught.value)
    assert f"log of p-{dead.service}-1" in str(caught.value)


def test_whoever_ran_out_of_memory_is_said_with_the_limit() -> None:
    killed = status("db", started_at="1", oom_killed=True, memory=64 * 2**20)
    with pytest.raises(
        EnvironmentFailed, match="The container of db ran out of memory while the tests ran; its limit is 64 MB "
    ):
        check_alive(Scenes(), BEFORE, [killed])


def test_what_ran_all_the_time_or_did_its_work_and_ended_has_not_died() -> None:
    now = [status(health="unhealthy", oom_killed=True), BEFORE[1], status("init", "exited", health=None), BEFORE[3]]
    check_alive(FakeEngine(), BEFORE, now)


def test_where_the_database_does_not_answer_what_ended_well_has_died_as_well() -> None:
    stopped = status("init", "exited", health=None)
    with pytest.raises(EnvironmentFailed, match="The container of init ended with exit code 0 while the tests ran"):
        check_alive(Scenes(), BEFORE, [stopped], may_end=False)
    check_alive(FakeEngine(), BEFORE, [BEFORE[3]], may_end=False)
