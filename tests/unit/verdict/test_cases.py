"""The single tests of a run, read from logs of Odoo."""

from runner.verdict.cases import Case, CaseOutcome, cases_of
from tests.unit.odoo_logs import read_log

TESTS = "odoo.addons.evv_core.tests"


def _cases(*lines: str) -> tuple[Case, ...]:
    return cases_of(read_log("\n".join(lines), "db"), "evv_core")


def _record(second: float, message: str, logger: str = f"{TESTS}.test_client", level: str = "INFO") -> str:
    whole, thousandths = divmod(round(second * 1000), 1000)
    return f"2026-01-01 10:00:{whole:02},{thousandths:03} 7 {level} db {logger}: {message}"


def test_each_test_that_started_is_a_case_with_its_file_and_time() -> None:
    cases = _cases(
        _record(1, "Starting TestClient.test_one ..."),
        _record(1.1, "something of the module", "odoo.addons.evv_core.models.client"),
        _record(1.25, "Starting TestClient.test_two ..."),
        _record(2, "Module evv_core loaded in 0.45s", "odoo.modules.loading"),
    )
    assert cases == (
        Case("evv_core", "test_client", "TestClient.test_one", CaseOutcome.PASSED, 0.25),
        Case("evv_core", "test_client", "TestClient.test_two", CaseOutcome.PASSED, 0.75),
    )


def test_a_test_in_which_the_log_stops_has_not_passed() -> None:
    (case,) = _cases(_record(1, "Starting TestClient.test_one ..."))
    assert case.seconds is None
    assert case.outcome is CaseOutcome.ERROR
    assert "did not end" in case.details


def test_a_failure_in_one_file_is_not_that_of_its_namesake_in_another() -> None:
    first, second = _cases(
        _record(1, "Starting TestClient.test_one ..."),
        _record(2, "Starting TestClient.test_one ...", f"{TESTS}.test_other"),
        _record(2, "FAIL: TestClient.test_one", f"{TESTS}.test_other", "ERROR"),
        _record(3, "Starting TestClient.test_end ..."),
    )[:2]
    assert (first.outcome, second.outcome) == (CaseOutcome.PASSED, CaseOutcome.FAILED)


def test_a_failure_an_error_and_a_skip_carry_what_was_said() -> None:
    failed, erred, skipped = _cases(
        _record(1, "Starting TestClient.test_a ..."),
        _record(1, "FAIL: TestClient.test_a", level="ERROR"),
        "Traceback (most recent call last):",
        "AssertionError: 1 != 2",
        _record(2, "Starting TestClient.test_b ..."),
        _record(2, "ERROR: TestClient.test_b\nKeyError: 'x'", level="ERROR"),
        _record(3, "Starting TestClient.test_c ..."),
        _record(3, "skipped TestClient.test_c : not on this system"),
    )
    assert (failed.outcome, erred.outcome, skipped.outcome) == (CaseOutcome.FAILED, CaseOutcome.ERROR, CaseOutcome.SKIPPED)
    assert "AssertionError: 1 != 2" in failed.details
    assert "KeyError" in erred.details
    assert skipped.details == "not on this system"


def test_failing_subtests_belong_to_their_test() -> None:
    (case,) = _cases(
        _record(1, "Starting TestClient.test_a ..."),
        _record(1, "FAIL: Subtest TestClient.test_a (i=1)", level="ERROR"),
        _record(1, "FAIL: Subtest TestClient.test_a (i=2)", level="ERROR"),
    )
    assert case.outcome is CaseOutcome.FAILED
    assert "(i=1)" in case.details
    assert "(i=2)" in case.details


def test_a_class_that_cannot_be_set_up_is_a_case_of_its_own() -> None:
    (case,) = _cases(_record(1, f"ERROR: setUpClass ({TESTS}.test_client.TestClient)", level="ERROR"))
    assert case.file == "test_client"
    assert case.name == "TestClient.setUpClass"
    assert case.outcome is CaseOutcome.ERROR


def test_a_test_whose_name_begins_like_a_failing_one_is_not_blamed() -> None:
    first, second = _cases(
        _record(1, "Starting TestClient.test_a ..."),
        _record(2, "Starting TestClient.test_ab ..."),
        _record(2, "FAIL: TestClient.test_ab", level="ERROR"),
    )
    assert first.outcome is CaseOutcome.PASSED
    assert second.outcome is CaseOutcome.FAILED


def test_tests_of_other_modules_are_not_counted() -> None:
    other = "odoo.addons.evv_core_extra.tests.test_client"
    assert _cases(_record(1, "Starting TestClient.test_a ...", other)) == ()


def test_of_two_starts_of_a_test_the_one_that_failed_is_blamed() -> None:
    first, second = _cases(
        _record(1, "Starting TestClient.test_one ..."),
        _record(2, "Starting TestClient.test_one ..."),
        _record(2, "FAIL: TestClient.test_one", level="ERROR"),
        _record(3, "Initiating shutdown", "odoo.service.server"),
    )
    assert (first.outcome, second.outcome) == (CaseOutcome.PASSED, CaseOutcome.FAILED)


def test_a_test_that_prints_a_record_of_no_day_that_there_is_has_no_duration() -> None:
    forged = _record(2, "Initiating shutdown", "odoo.service.server").replace("2026-01-01", "2026-02-31")
    (case,) = _cases(_record(1, "Starting TestClient.test_one ..."), forged)
    assert (case.outcome, case.seconds) == (CaseOutcome.PASSED, None)
