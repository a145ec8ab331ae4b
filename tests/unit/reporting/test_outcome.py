"""What is left outweighs a signal, a signal an error, an error the tests; and no reason is lost."""

from pathlib import Path

import pytest

from runner.cleanup.teardown import Report
from runner.errors import EnvironmentFailed, Interrupted, NoFreePort, RunnerError
from runner.reporting.outcome import Outcome, decide
from runner.verdict.verdict import Verdict
from tests.unit.outcomes import case, failed, failing, passed

GREEN, RED = Verdict(0, "m", ran=3), Verdict(1, "m", ran=3, failed=1, reasons=("FAIL: T.test",))
CLEAN, DIRTY = Report(left={"networks": []}), Report(left={"networks": ["net"], "volumes": ["data"]})


def outcome(
    verdict: Verdict | None = GREEN, error: RunnerError | Interrupted | None = None, teardown: Report | None = CLEAN
) -> Outcome:
    return decide(module="m", proof=Path("/p.log"), project="p-1", verdict=verdict, error=error, teardown=teardown)


@pytest.mark.parametrize(
    ("verdict", "error", "teardown", "expected"),
    [
        (GREEN, None, CLEAN, (0, "PASSED")),
        (GREEN, None, None, (0, "PASSED")),
        (RED, None, CLEAN, (1, "FAILED")),
        (None, NoFreePort("none"), None, (4, "ERROR")),
        (GREEN, EnvironmentFailed("died"), CLEAN, (5, "ERROR")),
        (GREEN, Interrupted(2), CLEAN, (130, "INTERRUPTED")),
        (None, Interrupted(15), CLEAN, (143, "INTERRUPTED")),
        (GREEN, None, DIRTY, (8, "LEFT BEHIND")),
        (RED, None, DIRTY, (8, "LEFT BEHIND")),
        (None, EnvironmentFailed("died"), DIRTY, (8, "LEFT BEHIND")),
        (None, Interrupted(2), DIRTY, (8, "LEFT BEHIND")),
    ],
)
def test_the_weightiest_decides(
    verdict: Verdict | None,
    error: RunnerError | Interrupted | None,
    teardown: Report | None,
    expected: tuple[int, str],
) -> None:
    weighed = outcome(verdict, error, teardown)
    assert (weighed.exit_code, weighed.label) == expected
    assert type(weighed.exit_code) is int
    assert bool(weighed.reasons) == (weighed.exit_code != 0)


def test_every_reason_is_told_the_weightiest_first() -> None:
    left, error, test = outcome(RED, EnvironmentFailed("died"), DIRTY).reasons
    assert "net, data" in left
    assert "nox -s cleanup -- p-1" in left
    assert (error, test) == ("died", "FAIL: T.test")


def test_who_uses_what_is_left_is_told_with_it() -> None:
    (left,) = outcome(teardown=Report(left={"volumes": ["data"]}, in_use=["volume data is used by x"])).reasons
    assert left.splitlines()[:2] == ["could not be removed: data", "volume data is used by x"]


def test_why_something_is_left_is_told_by_what_docker_said_last() -> None:
    (left,) = outcome(teardown=Report(left={"unknown": ["nothing"]}, errors=["first", "docker ps did not answer"])).reasons
    assert left.splitlines()[:2] == ["could not be removed: nothing", "docker ps did not answer"]


def test_a_run_without_proof_is_not_green() -> None:
    weighed = outcome().without_proof("disk full")
    assert (weighed.exit_code, weighed.label, weighed.reasons) == (7, "NOT PROVEN", ("disk full",))


def test_a_run_without_proof_stays_as_red_as_it_was() -> None:
    weighed = outcome(RED).without_proof("disk full")
    assert (weighed.exit_code, weighed.label, weighed.reasons) == (1, "FAILED", ("FAIL: T.test", "disk full"))


def test_what_ended_the_run_and_keeps_its_proof_away_is_told_once() -> None:
    weighed = outcome(None, EnvironmentFailed("disk full")).without_proof("disk full")
    assert (weighed.exit_code, weighed.reasons, weighed.has_proof) == (5, ("disk full",), False)


def test_counts_are_told_also_where_no_test_ran() -> None:
    assert outcome().counts == GREEN.counts
    assert outcome(None, NoFreePort("none")).counts == "no test ran"


def test_of_very_many_tests_a_report_lists_those_that_failed_first_and_counts_the_others() -> None:
    cases = [*(case(name=f"T.test_{number}") for number in range(10_000)), failing("T.test_z"), failing("T.test_y")]
    red = failed(*cases)
    assert len(red.reported_cases) == 10_000
    assert red.reported_cases[-2:] == (failing("T.test_z"), failing("T.test_y"))
    assert red.reported_cases[:-2] == tuple(cases[:9_998])
    assert red.cases_left_out == 2


def test_tests_that_the_log_had_no_room_for_count_as_left_out() -> None:
    green = passed(case(), cases_left_out=7)
    assert (green.reported_cases, green.cases_left_out) == ((case(),), 7)
