"""What is wrong with a run, in the terms of a reader of reports: its failing tests, where they stand, what else. Pure."""

import re
from dataclasses import dataclass

from runner.errors import ExitCode
from runner.odoo.command import ADDONS_TARGET
from runner.reporting.outcome import Outcome
from runner.verdict.cases import Case, CaseOutcome

_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(rf'^\s*File "{re.escape(ADDONS_TARGET)}(?:-\d+)?/([^"\n]+)", line (\d+)(?:, in (\S+))?', re.MULTILINE)
_METHOD = re.compile(r"(\w+)\.(\w+)")
_EXCEPTION = re.compile(r"([A-Za-z_][\w.]*)(?::|$)")


@dataclass(frozen=True)
class Place:
    """Where a test stands: `file` below the addons folder, as in `hub/tests/test_x.py`; `line` None if it is unknown."""

    file: str
    line: int | None


def failing_cases(outcome: Outcome) -> tuple[Case, ...]:
    """The tests that made the run red. A test that failed and passed when Odoo tried it again is none of them."""
    verdict = outcome.verdict
    if verdict is None or verdict.passed:
        return ()
    return tuple(case for case in verdict.cases if case.outcome in (CaseOutcome.FAILED, CaseOutcome.ERROR))


def red_for_more(outcome: Outcome) -> bool:
    """Whether a run is red for anything that its failing tests alone do not show."""
    if outcome.exit_code == ExitCode.FAILED:
        return not failing_cases(outcome)
    return outcome.exit_code != ExitCode.PASSED


def class_and_method(case: Case) -> tuple[str, str]:
    """The names of a test's class, empty if it is unknown, and of its method."""
    found = _METHOD.fullmatch(case.name)
    return (found.group(1), found.group(2)) if found else ("", case.name)


def headline(case: Case) -> str:
    """The exception of a failing test in a line, the first if there are several; the reason of a skip."""
    lines = iter(case.details.splitlines())
    for line in lines:
        if line.strip() == _TRACEBACK:
            said = next((each for each in lines if each and not each[0].isspace()), "")
            return said.rstrip() or case.outcome.value
    return next((line.strip() for line in case.details.splitlines() if line.strip()), case.outcome.value)


def said(case: Case) -> list[str]:
    """The lines of a failing test's exceptions in full, with the subtests that they are of, without the tracebacks' frames."""
    lines = []
    in_frames = False
    for line in case.details.splitlines():
        in_frames = line.strip() == _TRACEBACK or (in_frames and (not line or line[0].isspace()))
        if not in_frames and line.strip() and line.strip() not in (f"FAIL: {case.name}", f"ERROR: {case.name}"):
            lines.append(line.rstrip())
    return lines


def exception_of(case: Case) -> str:
    """The name of the exception of a failing test, as in `AssertionError`; how the test ended if it is unknown."""
    found = _EXCEPTION.match(headline(case)) if _TRACEBACK in case.details else None
    return found.group(1) if found else case.outcome.value


def place_of(case: Case) -> Place | None:
    """Where the test stands, by its traceback: its own method's frame, else the first of its module's tests or code.

    Without any such frame the test's file alone; None if not even that is known.
    """
    frames = [(file, int(line), function) for file, line, function in _FRAME.findall(case.details)]
    own = [frame for frame in frames if frame[0].startswith(f"{case.module}/")]
    tests = [frame for frame in own if frame[0].startswith(f"{case.module}/tests/")]
    method = class_and_method(case)[1]
    for file, line, _function in [*(frame for frame in tests if frame[2] == method), *tests, *own]:
        return Place(file, line)
    return Place(f"{case.module}/tests/{case.file.replace('.', '/')}.py", None) if case.file else None
