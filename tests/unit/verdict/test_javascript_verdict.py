"""What becomes of a verdict with the JavaScript tests: none is green that did not run, and none is another module's."""

import pytest

from runner.verdict.cases import CaseOutcome
from runner.verdict.javascript import JavaScript
from runner.verdict.javascript_verdict import tests_of_others as of_others
from runner.verdict.javascript_verdict import with_javascript
from runner.verdict.odoolog import OdooLog
from runner.verdict.verdict import Verdict
from tests.unit.odoo_logs import log, read_log, real, record, result, text

FILE = "static/tests/weeks_off_field.test.js"
SOURCES = JavaScript((FILE,))
SUITE = "odoo.addons.web.tests.test_js"
PASSED = Verdict(0, "traction", ran=12)
START = record(SUITE, "Starting WebSuite.test_unit_desktop ...")


def console(*messages: str, level: str = "INFO") -> list[str]:
    return [record(f"{SUITE}.WebSuite.test_unit_desktop.browser", f"[HOOT] {message}", level) for message in messages]


def passes(test: str) -> str:
    return f'Test "{test}" passed (assertions: 1 / time: 20 ms)'


END = console("Passed 1 tests (1 assertions, total time: 00:00:00)", "Test suite succeeded")


def judged(odoo_log: OdooLog, before: Verdict = PASSED, odoo_exit: int = 0, *, timed_out: bool = False) -> Verdict:
    return with_javascript(before, SOURCES, odoo_log, odoo_exit, timed_out=timed_out)[0]


def judged_by(*records: str, failed: int = 0, odoo_exit: int = 0, strict: bool = False) -> Verdict:
    odoo_log = read_log(log(START, *records, result(failed, tests=1)))
    return with_javascript(PASSED, SOURCES, odoo_log, odoo_exit, strict=strict)[0]


def test_every_javascript_test_counts() -> None:
    verdict = judged(read_log(real("javascript-passed")))
    assert (verdict.exit_code, verdict.reasons, verdict.notes) == (0, (), ())
    assert verdict.counts == "14 tests ran (2 in JavaScript), 0 failed, 0 errors, 0 skipped"
    assert [(case.file, case.name, case.seconds) for case in verdict.cases] == [
        (FILE, "weeks_off_field/three weeks in a row are red", 0.132),
        (FILE, "weeks_off_field/two weeks are not", 0.042),
    ]


def test_those_that_fail_are_named_with_the_first_of_them_the_screenshot() -> None:
    verdict = judged(read_log(real("javascript-failed")), odoo_exit=1)
    first, second = verdict.cases
    assert (verdict.exit_code, verdict.failed, verdict.ran) == (1, 2, 14)
    assert verdict.reasons == (f"FAIL: {first.name}", f"FAIL: {second.name}")
    assert [problem.test for problem in verdict.problems] == [first.name, second.name]
    assert (first.files, second.files) == (("sc_20261126_114348_252396_WebSuite.png",), ())
    assert first.outcome is CaseOutcome.FAILED
    assert "Failed assertions" in first.details


def test_what_failed_before_stays() -> None:
    odoo_log = read_log(real("javascript-passed"))
    assert [judged(odoo_log, Verdict(code, "traction", reasons=("x",))).exit_code for code in (1, 6, 7)] == [1, 6, 7]
    red = read_log(real("javascript-failed"))
    assert [judged(red, Verdict(code, "traction"), 1).exit_code for code in (0, 1, 6, 7)] == [1, 1, 6, 1]


def test_without_a_browser_nothing_is_proven_and_the_remedy_is_named() -> None:
    skip = record(SUITE, "skipped WebSuite.test_unit_desktop : Chrome executable not found")
    verdict = judged_by(skip)
    assert verdict.exit_code == 7
    (reason,) = verdict.reasons
    assert reason.startswith("the JavaScript tests were skipped: Chrome executable not found; `packages: [chromium,")


def test_tests_of_other_modules_are_not_the_module_s() -> None:
    records = console(passes("@web/core/pager/one"))
    verdict = judged_by(*records)
    assert (verdict.exit_code, verdict.javascript, verdict.cases) == (7, 0, ())
    assert verdict.reasons == (
        "Hoot knows no test of traction, and began with others (@web/core/pager/one): `web.assets_unit_tests` of `assets` in"
        f" the manifest must have {FILE}",
    )
    assert of_others(read_log(log(*records)), "traction") == ["@web/core/pager/one"]
    assert of_others(read_log(real("javascript-passed")), "traction") == []


def test_where_they_were_ended_at_the_first_of_another_module_nothing_has_failed() -> None:
    verdict = judged(read_log(text([START, *console(passes("@web/core/pager/one"))])), odoo_exit=-1)
    assert (verdict.exit_code, verdict.failed, verdict.errors, len(verdict.reasons)) == (7, 0, 0, 1)


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        (
            console("no tests to run", "Passed 0 tests (0 assertions, total time: 0)"),
            f"no JavaScript test of traction ran ({FILE})",
        ),
        (
            [*console(passes("@traction/other/one")), *END],
            f"no test of {FILE} ran: is it in `web.assets_unit_tests` of `assets` in the manifest?",
        ),
    ],
)
def test_a_file_of_which_nothing_ran_is_no_green_one(records: list[str], reason: str) -> None:
    verdict = judged_by(*records)
    assert (verdict.exit_code, verdict.reasons) == (7, (reason,))


def test_where_web_has_no_such_test_nothing_is_proven() -> None:
    verdict = judged(read_log(log(result(tests=0))))
    assert verdict.exit_code == 7
    assert verdict.reasons == (
        "Odoo's web did not start its test of one module's JavaScript tests, which Odoo 18 and newer has",
    )


def test_a_log_that_is_cut_short_and_an_exit_code_prove_nothing() -> None:
    odoo_log = read_log(log(START, *console(passes("@traction/weeks_off_field/one"))))
    assert judged(odoo_log, odoo_exit=137).reasons == (
        "Odoo ended with exit code 137 after the JavaScript tests",
        "Odoo's result line is missing: the log of the JavaScript tests is cut short",
    )
    assert judged(odoo_log, odoo_exit=137).exit_code == 7
    late = judged(odoo_log, odoo_exit=124, timed_out=True)
    assert (late.exit_code, late.reasons) == (6, ("the JavaScript tests ran past their time (--test-timeout)",))


def test_a_page_that_does_not_load_is_a_failure() -> None:
    fails = record(SUITE, "FAIL: WebSuite.test_unit_desktop\nAssertionError: Some js test failed\n\nSyntaxError", "ERROR")
    verdict = judged_by(fails, failed=1, odoo_exit=1)
    assert (verdict.exit_code, verdict.failed) == (1, 1)
    assert verdict.reasons == ("FAIL: WebSuite.test_unit_desktop of web, which opens the JavaScript tests",)
    assert "SyntaxError" in verdict.cases[-1].details


def test_a_test_that_runs_for_desktops_and_phones_is_one_and_failed_if_it_failed_in_either() -> None:
    one, other = "@traction/weeks_off_field/one", "@traction/weeks_off_field/other"
    fails = console(f'Test "{one}" failed:\n\nFailed assertion:\n', level="ERROR")
    verdict = judged_by(*console(passes(one), passes(other)), *fails, *console(passes(other)), failed=1, odoo_exit=1)
    assert [(case.name, case.outcome.value) for case in verdict.cases] == [
        ("weeks_off_field/one", "failed"),
        ("weeks_off_field/other", "passed"),
    ]


def test_what_is_marked_skip_is_noted_and_red_if_one_is_strict() -> None:
    odoo_log = read_log(log(START, *console(passes("@traction/weeks_off_field/one")), *END, result(tests=1)))
    silent = "static/tests/silent.test.js"
    sources = JavaScript((FILE, silent), marks=((silent, "skip"),))
    told = f"{silent} has tests that are marked `skip`, which Hoot does not count"
    verdict = with_javascript(PASSED, sources, odoo_log, 0)[0]
    assert (verdict.exit_code, verdict.reasons, verdict.notes) == (0, (), (told,))
    strict = with_javascript(PASSED, sources, odoo_log, 0, strict=True)[0]
    assert (strict.exit_code, strict.reasons, strict.notes) == (7, (f"--strict: {told}",), ())


def test_what_is_marked_todo_is_noted() -> None:
    sources = JavaScript((FILE,), marks=((FILE, "todo"),))
    verdict = with_javascript(PASSED, sources, read_log(real("javascript-passed")), 0)[0]
    assert (verdict.exit_code, verdict.notes) == (
        0,
        (f"{FILE} has tests that are marked `todo`, which pass as long as they fail",),
    )


@pytest.mark.parametrize("mark", ["only", "debug"])
def test_where_some_are_the_only_ones_that_run_nothing_is_proven(mark: str) -> None:
    sources = JavaScript((FILE,), marks=((FILE, mark),))
    verdict = with_javascript(PASSED, sources, read_log(real("javascript-passed")), 0)[0]
    assert verdict.exit_code == 7
    assert verdict.reasons == (f"{FILE} has a test marked `{mark}`, so that others do not run",)


def test_where_a_test_says_that_all_have_passed_nothing_is_proven() -> None:
    passed = console(passes("@traction/weeks_off_field/one"))
    verdict = judged_by(*passed, *console("Test suite succeeded"))
    assert verdict.exit_code == 7
    assert "Hoot did not come to its end" in verdict.reasons[0]
    phones = record(SUITE, "Starting MobileWebSuite.test_unit_mobile ...")
    assert judged_by(*passed, *END, phones, *console("Test suite succeeded")).exit_code == 7
    assert judged_by(*passed, *END, phones, *passed, *END).exit_code == 0
