"""The closing lines name what is red, where and why, and stay short."""

from dataclasses import replace
from pathlib import Path

import pytest

from runner.reporting.outcome import Outcome
from runner.reporting.summary import joint_table, lines_for
from runner.verdict.beginning import Beginning, Version
from runner.verdict.cases import CaseOutcome
from runner.verdict.coverage import Coverage, FileCoverage
from runner.verdict.odoolog import Problem
from tests.unit.outcomes import PROOF, TRACEBACK, case, failed, failing, of, passed, real_failure, red, verdict

LOG = f"  log: {PROOF}"
PLACE = "evv_core/tests/test_client.py:7"


def body(outcome: Outcome) -> list[str]:
    """What stands between the verdict and the log."""
    blank, first, *lines, last = lines_for(outcome)
    assert (blank, last) == ("", LOG)
    assert first.startswith(f"{outcome.module}: {outcome.label}  {outcome.counts}")
    return lines


def test_a_run_that_passed_has_its_verdict_and_its_log() -> None:
    assert lines_for(passed()) == ["", "evv_core: PASSED  1 test ran, 0 failed, 0 errors, 0 skipped", LOG]


def test_coverage_is_told_between_the_verdict_and_the_log() -> None:
    coverage = Coverage((FileCoverage("addons/rocks/rock.py", (1,), (2, 3)),))
    heading, *rows = body(passed(coverage=coverage, notes=("look here",)))[1:]
    assert heading == "  coverage of addons/rocks: 33.3 % of lines and branches"
    assert [row.split()[0] for row in rows] == ["FILE", "rock.py", "all"]


def test_a_run_under_the_least_coverage_is_red_for_that_alone() -> None:
    reason = "coverage 33.3 % is under 80 % (--fail-under)"
    outcome = of(verdict(case(), exit_code=1, reasons=(reason,)))
    assert (outcome.label, outcome.is_red_for_more, body(outcome)) == ("FAILED", True, [f"  {reason}"])


def test_a_verdict_on_less_than_the_module_says_so_wherever_it_is_told() -> None:
    outcome = replace(passed(), selection="/evv_core:TestOne")
    assert lines_for(outcome)[1] == "evv_core: PASSED, only /evv_core:TestOne  1 test ran, 0 failed, 0 errors, 0 skipped"
    assert "PASSED, only /evv_core:TestOne" in joint_table([outcome], {})[1]
    assert outcome.without_proof("a full disk").title == "NOT PROVEN, only /evv_core:TestOne"


def test_what_came_before_the_tests_is_told_with_the_verdict_and_below_it() -> None:
    versions = (Version("evv_core", "19.0.1.0", "19.0.1.1"),)
    outcome = passed(beginning=Beginning("v1", "c", versions=versions, scripts=["evv_core [>1.1] pre-x"] * 20))
    head, *lines = lines_for(outcome)[1:]
    assert head.startswith("evv_core: PASSED, updated from v1  1 test ran")
    assert lines[:2] == ["  evv_core: 19.0.1.0 -> 19.0.1.1", "  ran: evv_core [>1.1] pre-x"]
    assert lines[-2:] == ["  ... and 6 more lines in the log", LOG]
    both = replace(outcome, selection="TestOne")
    assert both.title == "PASSED, only TestOne, updated from v1"
    assert "PASSED, only TestOne, updated from v1" in joint_table([both], {})[1]


def test_a_run_without_a_verdict_has_none_to_restrict() -> None:
    assert replace(red("ERROR"), selection="/evv_core:TestOne").title == "ERROR"


def test_a_failing_test_has_its_place_and_its_assertion_in_the_place_of_its_bare_name() -> None:
    problem = Problem("FAIL", "evv_core", "TestClient.test_fails", TRACEBACK)
    assert body(failed(problems=(problem,))) == [
        f"  FAIL: TestClient.test_fails ({PLACE})",
        "    AssertionError: 1 != 2",
    ]


def test_a_real_failure_is_told_in_a_few_lines() -> None:
    lines = body(real_failure())
    assert (
        lines[0]
        == "  FAIL: TestScorecard.test_scorecard_counts_the_rocks_of_the_quarter (traction/tests/test_scorecard.py:36)"
    )
    assert lines[1].startswith("    AssertionError: {'yea[60 chars] 1, 'off_track': 0")
    assert len(lines) <= 11
    assert not [line for line in lines if "Traceback" in line or "File " in line]


def test_a_log_that_was_not_written_is_not_named() -> None:
    lines = lines_for(passed().without_proof("The proof log cannot be written: No space left on device."))
    assert lines[1].startswith("evv_core: NOT PROVEN")
    assert lines[2:] == ["  The proof log cannot be written: No space left on device."]


def test_an_error_is_called_one() -> None:
    error = case(CaseOutcome.ERROR, "TestClient.setUpClass", details="")
    assert body(failed(error))[-1] == "  ERROR: TestClient.setUpClass (evv_core/tests/test_client.py)"


def test_a_test_of_no_known_file_has_no_place() -> None:
    assert "  FAIL: TestClient.test_fails" in body(failed(failing(details="", file="")))


def test_failing_subtests_are_each_named() -> None:
    one, two = (TRACEBACK.replace("FAIL: ", f"FAIL: Subtest (x={number}) of ") for number in (1, 2))
    assert body(failed(failing(details=one + two)))[-4:] == [
        "    FAIL: Subtest (x=1) of TestClient.test_fails",
        "    AssertionError: 1 != 2",
        "    FAIL: Subtest (x=2) of TestClient.test_fails",
        "    AssertionError: 1 != 2",
    ]


def test_a_chain_of_exceptions_is_told_without_its_frames() -> None:
    second = "\nDuring handling of the above exception, another exception occurred:\n\n" + TRACEBACK.partition("\n")[2]
    assert body(failed(failing(details=TRACEBACK + second)))[-3:] == [
        "    AssertionError: 1 != 2",
        "    During handling of the above exception, another exception occurred:",
        "    AssertionError: 1 != 2",
    ]


def test_a_long_assertion_is_cut_in_length_and_in_width() -> None:
    lines = body(failed(failing(details=f"{TRACEBACK}{'x' * 999}\n" + "- a\n" * 30)))
    assert lines[-10:] == [
        "    AssertionError: 1 != 2",
        f"    {'x' * 300} ...",
        *["    - a"] * 7,
        "    ... and 23 more lines in the log",
    ]


def test_an_assertion_of_ten_lines_is_whole() -> None:
    assert body(failed(failing(details=TRACEBACK + "- a\n" * 9)))[-1] == "    - a"


def test_more_than_ten_failing_tests_are_counted() -> None:
    cases = [failing(f"TestClient.test_{number}", details="") for number in range(13)]
    names = [line.split()[1] for line in body(of(verdict(*cases, exit_code=1))) if "FAIL:" in line]
    assert names == [case.name for case in cases[:10]]
    assert body(of(verdict(*cases, exit_code=1)))[-1] == "  ... and 3 more in the log"


@pytest.mark.parametrize("shown", [1, 20])
def test_reasons_stand_as_they_are(shown: int) -> None:
    reasons = tuple(f"reason {number}\n  last line of the server" for number in range(shown))
    assert body(red("ERROR", reasons=reasons)) == [
        line for number in range(shown) for line in (f"  reason {number}", "    last line of the server")
    ]


def test_more_than_twenty_reasons_are_counted() -> None:
    assert body(red("ERROR", reasons=("one",) * 22))[-1] == "  ... and 2 more reasons in the log"


def test_what_outweighs_the_tests_comes_first_and_the_rest_after_them() -> None:
    problem = Problem("FAIL", "evv_core", "TestClient.test_fails", TRACEBACK)
    outcome = failed(problems=(problem,))
    outcome = replace(outcome, reasons=("could not be removed: x", *outcome.reasons, "tests/test_b.py never ran"))
    assert [line.strip() for line in body(outcome)] == [
        "could not be removed: x",
        f"FAIL: TestClient.test_fails ({PLACE})",
        "AssertionError: 1 != 2",
        "tests/test_b.py never ran",
    ]


def test_a_failing_test_of_another_module_keeps_its_reason() -> None:
    other = Problem("FAIL", "other", "TestClient.test_fails", TRACEBACK)
    assert "  FAIL: TestClient.test_fails" in body(failed(problems=(other,)))


def test_without_cases_the_bare_names_are_shown() -> None:
    problem = Problem("FAIL", "evv_core", "TestClient.test_fails", TRACEBACK)
    assert body(failed(case(), problems=(problem,))) == ["  FAIL: TestClient.test_fails"]


def test_more_than_ten_notes_are_counted() -> None:
    lines = body(passed(notes=tuple(f"note {number}" for number in range(12))))
    assert lines == [*(f"  note: note {number}" for number in range(10)), "  ... and 2 more notes in the log"]


def test_what_is_allowed_is_told_before_the_notes() -> None:
    allowed = ("allowed by repos.yaml: tests/test_x.py is not imported",)
    assert body(passed(notes=("look here",), allowed=allowed)) == [f"  {allowed[0]}", "  note: look here"]


def test_a_reason_as_long_as_a_book_does_not_fill_the_screen() -> None:
    outcome = red("ERROR", reasons=("x" * 100_000, "short"))
    assert max(map(len, lines_for(outcome))) < 1100
    assert "  short" in lines_for(outcome)


def test_screenshots_are_named_below_the_failing_tests_and_many_in_a_number() -> None:
    files = {f"{number}.png": Path(f"/run/browser/{number}.png") for number in range(7)}
    lines = lines_for(failed(files=files))
    assert [line for line in lines if "browser" in line] == [f"  see /run/browser/{number}.png" for number in range(5)]
    assert "  ... and 2 more such files in the log" in lines


def test_a_javascript_test_is_shown_with_its_file_and_what_it_expected() -> None:
    script = failing("score/bar/is red", "Failed assertion:\n\n1. [toBe] 1 is not 2\n", file="static/tests/score/bar.test.js")
    lines = lines_for(failed(script))
    at = lines.index("  FAIL: score/bar/is red (evv_core/static/tests/score/bar.test.js)")
    assert lines[at + 1 : at + 3] == ["    Failed assertion:", "    1. [toBe] 1 is not 2"]
