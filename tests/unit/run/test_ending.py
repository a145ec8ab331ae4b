"""Once its tests have ended, Odoo has a bounded time to exit; what keeps it from that is asked for and named."""

import pytest

from runner.environment.environment import Environment
from runner.odoo.command import DATABASE, KILL_AFTER
from runner.run.ending import PATIENCE, Ending
from runner.verdict.odoolog import OdooLog
from tests.unit.fake_environment import ENDPOINT, Fakes
from tests.unit.odoo_logs import problem, record, result, starting

SHUTDOWN = record("odoo.service.server", "Initiating shutdown")
STACKS = "# Thread: <Thread(forgotten, started 1)> (db:n/a)\n"


class Reading:
    """A log that is read while time passes."""

    def __init__(self, fakes: Fakes, **options: object) -> None:
        self.time = 0.0
        self.engine = fakes.engine
        fakes.engine.answers["exec p-odoo-1"] = ""
        environment = Environment(fakes.context(**options), ENDPOINT)
        environment.containers = {"odoo": "p-odoo-1"}
        self.log = OdooLog(DATABASE)
        self.ending = Ending(environment, self.log, lambda: self.time)

    def read(self, *lines: str, after: float = 0.0) -> bool:
        """Whether nothing more is waited for once these lines have come, after so many seconds."""
        self.time += after
        piece = "".join(f"{line}\n" for line in lines).encode()
        overdue = self.ending.is_overdue(piece)
        self.log.feed(piece)
        return overdue

    @property
    def was_stopped(self) -> bool:
        return [words.split()[:3] for words in self.engine.asked] == [["exec", "p-odoo-1", "bash"]]

    @property
    def was_killed(self) -> bool:
        return self.was_stopped and self.engine.asked[0].split()[-3:] == ["kill", "-KILL", "-"]


@pytest.fixture
def reading(fakes: Fakes) -> Reading:
    return Reading(fakes)


def test_tests_without_a_result_have_all_their_time(reading: Reading) -> None:
    reading.read(starting())
    assert not any(reading.read(after=60) for _ in range(60))
    assert not reading.was_stopped
    assert reading.ending.why_killed(137, timed_out=True) == ""


def test_after_the_result_odoo_has_a_bounded_time_and_is_then_asked_what_it_waits_for(reading: Reading) -> None:
    reading.read(starting(), result(), SHUTDOWN)
    assert not reading.read()
    assert not reading.read("a thread prints", after=PATIENCE - 1)
    assert not reading.was_stopped
    assert not reading.read(after=1)
    assert reading.was_stopped
    assert not reading.read(STACKS, after=1)
    assert reading.ending.why_killed(137, timed_out=False) == (
        "all tests ended, but Odoo did not exit within 30 s: thread 'forgotten'"
    )


def test_what_holds_the_output_after_odoo_was_killed_is_not_waited_for(reading: Reading) -> None:
    reading.read(starting(), result(), SHUTDOWN)
    reading.read()
    reading.read(after=PATIENCE)
    assert not reading.read(after=KILL_AFTER)
    assert reading.read(after=10)
    said = reading.ending.why_killed(-1, timed_out=False)
    assert said.endswith("within 30 s: it wrote no stacks, as where its main thread waits for the database")


def test_an_odoo_that_exits_in_time_was_not_killed(reading: Reading) -> None:
    reading.read(starting(), result(), SHUTDOWN)
    reading.read(after=PATIENCE / 2)
    assert reading.ending.why_killed(0, timed_out=False) == ""
    # As where memory ran out.
    assert reading.ending.why_killed(137, timed_out=False) == ""


def test_an_odoo_that_exits_while_it_is_asked_was_not_killed(reading: Reading) -> None:
    reading.read(starting(), result(), SHUTDOWN)
    reading.read()
    reading.read(after=PATIENCE)
    assert reading.was_stopped
    assert reading.ending.why_killed(0, timed_out=False) == ""


def test_the_end_of_the_tests_time_may_come_before_that_of_odoo_s(reading: Reading) -> None:
    reading.read(starting(), result(), SHUTDOWN)
    said = reading.ending.why_killed(137, timed_out=True)
    assert said.startswith("all tests ended, but Odoo did not exit before the tests' time was over (--test-timeout): it")


@pytest.mark.parametrize(
    "line", ["0 failed, 0 error(s) of 1 tests when loading database 'agent_test'", result(database="other")]
)
def test_what_only_looks_like_a_result_is_none(reading: Reading, line: str) -> None:
    reading.read(starting(), line, record("odoo", "more"))
    assert not any(reading.read(after=60) for _ in range(60))
    assert not reading.was_stopped


def test_what_a_test_begins_after_was_no_result(reading: Reading) -> None:
    reading.read(starting(), result(), starting("TestClient.test_two"))
    assert not any(reading.read(after=60) for _ in range(60))
    assert not reading.was_stopped
    assert reading.ending.why_killed(137, timed_out=True) == ""


@pytest.fixture
def first(fakes: Fakes) -> Reading:
    """With --exitfirst."""
    return Reading(fakes, exit_first=True)


def test_at_the_first_failure_odoo_is_killed_once_all_is_read_of_it(first: Reading) -> None:
    first.read(starting())
    first.read(problem("FAIL", "TestClient.test_one"))
    assert not first.was_stopped
    assert not first.read(starting("TestClient.test_two"))
    assert not first.read(record("odoo", "more"))
    assert first.was_killed
    assert first.ending.is_cut_short
    assert first.ending.why_killed(137, timed_out=False) == ""
    assert first.ending.why_killed(137, timed_out=True) == ""


def test_a_failure_after_which_nothing_comes_is_enough(first: Reading) -> None:
    first.read(starting(), problem("ERROR", "TestClient.test_one"))
    assert not first.was_stopped
    assert not first.read()
    assert first.was_killed


def test_what_holds_the_output_after_the_kill_is_not_waited_for(first: Reading) -> None:
    first.read(starting(), problem("FAIL", "TestClient.test_one"))
    first.read()
    assert not first.read(after=9)
    assert first.read(after=1)


def test_tests_that_pass_and_errors_that_are_no_test_s_do_not_stop_it(first: Reading) -> None:
    first.read(starting(), record("odoo.addons.evv_core", "no printer", "ERROR"))
    first.read(record("odoo.addons.evv_core.tests.test_client", "FAIL: TestClient.test_one", "_ERROR"))
    first.read(starting("TestClient.test_two"), record("odoo", "more"))
    assert not any(first.read(after=60) for _ in range(60))
    assert not first.was_stopped


def test_nothing_is_cut_short_where_the_last_test_failed_and_odoo_had_its_result(first: Reading) -> None:
    first.read(starting(), problem("FAIL", "TestClient.test_one"), result(1), SHUTDOWN)
    first.read()
    assert not first.ending.is_cut_short
    assert first.ending.why_killed(137, timed_out=False) == ""


def test_without_exitfirst_a_failure_stops_nothing(reading: Reading) -> None:
    reading.read(starting(), problem("FAIL", "TestClient.test_one"), starting("TestClient.test_two"))
    assert not reading.read()
    assert not reading.was_stopped
