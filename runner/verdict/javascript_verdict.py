"""The verdict on a module's JavaScript tests, which a test of Odoo's web has run in a browser, added to that on its others."""

from collections.abc import Sequence
from dataclasses import replace

from runner.errors import ExitCode
from runner.text import first_of, printable, shortened
from runner.verdict.cases import Case, CaseOutcome, cases_of
from runner.verdict.javascript import WEB, JavaScript
from runner.verdict.notes import with_browser_hint
from runner.verdict.odoolog import OdooLog, Problem
from runner.verdict.verdict import Verdict

_FAILED = (CaseOutcome.FAILED, CaseOutcome.ERROR)
_NAMES_SHOWN = 5
_LONGEST = 1000


def tests_of_others(log: OdooLog, module: str) -> list[str]:
    """Name the JavaScript tests of other modules: Hoot runs all that there are where it knows none that it is told to."""
    return [f"@{test.module}/{test.name}" for test in log.javascript.tests if test.module != module]


def with_javascript(
    verdict: Verdict, javascript: JavaScript, log: OdooLog, odoo_exit: int, *, timed_out: bool = False, strict: bool = False
) -> tuple[Verdict, list[str]]:
    """Add the JavaScript tests to a verdict, each as a test; and list the reasons that stay so in an empty database.

    PASSED only if it was so, and a test of each file of Hoot's ran, none failed, and Odoo came to its end. A test that ran for
    desktops and for phones is one, and failed if it failed in either.
    """
    cases = _cases(verdict.module, javascript, log)
    failing = [case for case in cases if case.outcome in _FAILED]
    reasons = [f"FAIL: {case.name}" for case in failing]
    # What keeps the page from loading is told by the test that opens it, unless that was ended.
    of_web = cases_of(log, WEB)
    broken = [case for case in of_web if case.outcome in _FAILED and log.results and not failing]
    reasons += [f"{_kind(case)}: {case.name} of {WEB}, which opens the JavaScript tests" for case in broken]
    lasting = _why_not_proven(verdict.module, javascript, log, odoo_exit, cases, of_web, is_red=bool(failing or broken))
    skips = [f"{file} has tests that are marked `skip`, which Hoot does not count" for file in javascript.marked("skip")]
    expected = [
        f"{file} has tests that are marked `todo`, which pass as long as they fail" for file in javascript.marked("todo")
    ]
    if timed_out:
        exit_code, lasting = ExitCode.TIMED_OUT, ["the JavaScript tests ran past their time (--test-timeout)"]
    elif failing or broken:
        exit_code = ExitCode.FAILED
    else:
        lasting += [f"--strict: {skip}" for skip in skips] if strict else []
        exit_code = ExitCode.NOT_PROVEN if lasting else ExitCode.PASSED
    lasting = [printable(shortened(reason, _LONGEST)) for reason in lasting]
    return replace(
        verdict,
        exit_code=_worse(verdict.exit_code, exit_code),
        ran=verdict.ran + len(cases) + log.javascript.left_out,
        javascript=len(cases) + log.javascript.left_out,
        failed=verdict.failed + len(failing) + sum(case.outcome is CaseOutcome.FAILED for case in broken),
        errors=verdict.errors + sum(case.outcome is CaseOutcome.ERROR for case in broken),
        reasons=(*verdict.reasons, *reasons, *lasting),
        notes=(*verdict.notes, *([] if strict else skips), *expected),
        problems=(*verdict.problems, *(Problem(_kind(case), verdict.module, case.name, case.details) for case in failing)),
        cases=(*verdict.cases, *cases, *broken),
    ), lasting


def _worse(one: int, other: int) -> int:
    """Choose of two verdicts on tests of one module the one that counts: what failed before what is not proven."""
    order = (ExitCode.TIMED_OUT, ExitCode.FAILED, ExitCode.NOT_PROVEN)
    return int(next((code for code in order if code in (one, other)), ExitCode.PASSED))


def _kind(case: Case) -> str:
    return "ERROR" if case.outcome is CaseOutcome.ERROR else "FAIL"


def _cases(module: str, javascript: JavaScript, log: OdooLog) -> list[Case]:
    files = tuple(file for test in log.tests if test.module == WEB for file in test.files)
    by_name: dict[str, Case] = {}
    for test in log.javascript.tests:
        if test.module == module:
            failed = test.details is not None
            outcome = CaseOutcome.FAILED if failed else CaseOutcome.PASSED
            case = Case(module, javascript.file_of(test.name), test.name, outcome, test.seconds, test.details or "")
            if failed or test.name not in by_name:
                by_name[test.name] = case
    # Odoo makes a screenshot of the whole page, at the first failure.
    first = next((name for name, case in by_name.items() if case.outcome is CaseOutcome.FAILED), None)
    if first:
        by_name[first] = replace(by_name[first], files=files)
    return list(by_name.values())


def _why_not_proven(
    module: str,
    javascript: JavaScript,
    log: OdooLog,
    odoo_exit: int,
    cases: Sequence[Case],
    of_web: Sequence[Case],
    *,
    is_red: bool,
) -> list[str]:
    """Say why nobody knows whether the JavaScript tests pass, the cause first; nothing where they ran."""
    files = first_of(javascript.hoot, _NAMES_SHOWN)
    if skipped := [case for case in of_web if case.outcome is CaseOutcome.SKIPPED]:
        return [with_browser_hint(f"the JavaScript tests were skipped: {skipped[0].details}")]
    if others := tests_of_others(log, module):
        return [
            f"Hoot knows no test of {module}, and began with others ({others[0]}): `web.assets_unit_tests` of `assets` in the"
            f" manifest must have {files}"
        ]
    if not of_web:
        return [f"Odoo's {WEB} did not start its test of one module's JavaScript tests, which Odoo 18 and newer has"]
    reasons = []
    if not is_red and odoo_exit:
        reasons.append(f"Odoo ended with exit code {odoo_exit} after the JavaScript tests")
    if not log.results:
        reasons.append("Odoo's result line is missing: the log of the JavaScript tests is cut short")
    if cases and not (is_red or reasons) and log.javascript.ends < len(of_web):
        reasons.append(
            "Hoot did not come to its end: does a test print `[HOOT] Test suite succeeded`, at which Odoo closes it?"
        )
    have_run = {case.file for case in cases}
    if not is_red and not cases:
        reasons.append(f"no JavaScript test of {module} ran ({files})")
    elif cases:
        silent = [file for file in javascript.hoot if file not in have_run and file not in javascript.marked("skip")]
        reasons += [f"no test of {file} ran: is it in `web.assets_unit_tests` of `assets` in the manifest?" for file in silent]
    reasons += [f"{file} has a test marked `{mark}`, so that others do not run" for file, mark in javascript.exclusive]
    return reasons
