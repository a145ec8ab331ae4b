"""JUnit XML of a call, in the dialect of Surefire and pytest: what GitHub's actions, GitLab and Jenkins read alike."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import junitparser
from junitparser import Error, Failure, Skipped
from junitparser.xunit2 import FlakyError, FlakyFailure, JUnitXml, TestCase, TestSuite

from runner.errors import ReportFailed
from runner.reporting.findings import class_and_method, exception_of, headline
from runner.reporting.outcome import Outcome
from runner.reporting.report_file import told, write_whole
from runner.reporting.xml_text import legal
from runner.verdict.cases import Case, CaseOutcome


def write_junit(outcomes: Sequence[Outcome], file: Path | int) -> None:
    """Write a testsuite per module. A run that is red has a failing or erring testcase in it, whatever the reason is.

    ReportFailed if there is nothing to report, or the file cannot be written.
    """
    if not outcomes:
        raise ReportFailed(f"The report {told(file)} is not written: no module was run, and an empty report would look green.")
    report = JUnitXml("odoo tests")
    for outcome in outcomes:
        report.add_testsuite(_suite(outcome))
    report.update_statistics()  # type: ignore[no-untyped-call]
    content = io.BytesIO()
    report.write(content)
    write_whole(file, content.getvalue())


def _suite(outcome: Outcome) -> TestSuite:
    suite = TestSuite(legal(outcome.name))  # type: ignore[no-untyped-call]
    facts = {"verdict": outcome.label, "exit code": str(outcome.exit_code), "proof": str(outcome.proof)}
    facts |= {"selection": outcome.selection} if outcome.selection else {}
    facts |= {"series": outcome.series} if outcome.series else {}
    facts |= {"beginning": outcome.beginning.title} if outcome.beginning else {}
    facts |= {"repeat": str(outcome.repeat)} if outcome.repeat else {}
    for name, value in facts.items():
        suite.add_property(name, legal(value))
    red = bool(outcome.failing_cases)
    cases: list[junitparser.TestCase] = [_testcase(case, outcome.files, red=red) for case in outcome.reported_cases]
    if outcome.is_red_for_more:
        cases.append(_synthetic(outcome))
    before = [*([outcome.series] if outcome.series else []), *([f"repeat-{outcome.repeat}"] if outcome.repeat else [])]
    for case in cases:  # a test of one name in two series, or two repetitions, is two tests
        case.classname = ".".join([*before, case.classname])
    _tell_apart(cases)
    suite.add_testcases(cases)
    beginning = outcome.beginning.lines if outcome.beginning else []
    notes = [*outcome.reasons, *beginning, *outcome.allowed, *(f"note: {note}" for note in outcome.notes)]
    if outcome.cases_left_out:
        notes.append(f"note: {outcome.cases_left_out} tests are too many for this report, and are not listed in it")
    if notes:
        suite.system_out = legal("\n".join(notes))
    return suite


def _testcase(case: Case, files: Mapping[str, Path], *, red: bool) -> TestCase:
    class_name, method = class_and_method(case)
    folder, _, file = case.file.rpartition("/")  # of the tests of upgrade scripts
    path = [part for part in (folder.replace("/", ".") or "tests", file, class_name) if part]
    testcase = TestCase(legal(method), legal(".".join(["odoo.addons", case.module, *path])), case.seconds)
    message, details = legal(headline(case)), legal(case.details)
    if case.outcome is CaseOutcome.SKIPPED:
        skipped = Skipped(message)
        skipped.text = details  # GitLab reads the text only
        testcase.result = [skipped]
    elif case.outcome is not CaseOutcome.PASSED:
        erred, kind = case.outcome is CaseOutcome.ERROR, legal(exception_of(case))
        if red:
            problem = (Error if erred else Failure)(message, kind)
            problem.text = details
            testcase.result = [problem]
        else:  # it passed when Odoo tried it again
            flake = (FlakyError if erred else FlakyFailure)(message, kind)
            flake.stack_trace = details
            testcase.add_interim_result(flake)
    if paths := [files[name] for name in case.files if name in files]:
        testcase.system_out = legal("\n".join(f"[[ATTACHMENT|{_from_here(path)}]]" for path in paths))
    return testcase


def _from_here(path: Path) -> Path:
    """Name a file as GitLab and Jenkins look for it: below the folder of the job, if it is there."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _synthetic(outcome: Outcome) -> TestCase:
    """Make an erring testcase for what no test shows: nothing ran, the environment died, something is left."""
    testcase = TestCase(legal(outcome.label), _tests_of(outcome.module))
    reasons = outcome.reasons or (f"exit code {outcome.exit_code}",)
    error = Error(legal(reasons[0].partition("\n")[0]), legal(outcome.label))
    error.text = legal("\n".join(reasons))
    testcase.result = [error]
    return testcase


def _tell_apart(cases: Sequence[junitparser.TestCase]) -> None:
    """Number the testcases of one name: of those GitLab reads the first only, be the others red."""
    seen: dict[tuple[str, str], int] = {}
    for case in cases:
        name = (case.classname, case.name)
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            case.name = f"{case.name} ({seen[name]})"


def _tests_of(module: str) -> str:
    return legal(f"odoo.addons.{module}.tests")
