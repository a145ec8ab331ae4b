"""What a single test tells the reader of a report: its exception, and where it stands."""

import re
from dataclasses import dataclass

from runner.odoo.command import ADDONS_TARGET
from runner.verdict.cases import Case, path_of

_TRACEBACK = "Traceback (most recent call last):"
_PATH = rf"{re.escape(ADDONS_TARGET)}(?:-\d+)?/([^\"\n]+)"
_FRAME = re.compile(rf'^[ \t]*File "{_PATH}", line (\d{{1,9}})(?:, in (\S+))?', re.MULTILINE)
_METHOD = re.compile(r"(\w+)\.(\w+)")
_EXCEPTION = re.compile(r"([A-Za-z_][\w.]*)(?::|$)")


@dataclass(frozen=True)
class Place:
    """Where a test stands: `file` below the addons folder, as in `hub/tests/test_x.py`; `line` None if it is unknown."""

    file: str
    line: int | None


def class_and_method(case: Case) -> tuple[str, str]:
    """Part the name of a test into those of its class, empty if it is unknown, and of its method."""
    match = _METHOD.fullmatch(case.name)
    return (match[1], match[2]) if match else ("", case.name)


def headline(case: Case) -> str:
    """Quote the first line of a failing test's exception, of the first one if there are several; the reason of a skip."""
    lines = [line.rstrip() for line in case.details.splitlines() if line.strip()]
    if _TRACEBACK in (stripped := [line.strip() for line in lines]):
        lines = [line for line in lines[stripped.index(_TRACEBACK) + 1 :] if not line[0].isspace()]
    return lines[0].strip() if lines else case.outcome.value


def last_exception(text: str) -> str:
    """Quote the first line of the exception below the last traceback; without one the first line that introduces no other."""
    lines = [line for line in text.rpartition(_TRACEBACK)[2].splitlines() if line.strip()]
    of_exception = (line for line in lines if not line[0].isspace())
    said = of_exception if _TRACEBACK in text else (line for line in lines if not line.rstrip().endswith(":"))
    return next((line.strip() for line in said), "")


def exceptions(case: Case) -> list[str]:
    """Quote a failing test's exceptions in full, with the subtests that they are of, without the tracebacks' frames."""
    lines = []
    in_frames = False
    for line in case.details.splitlines():
        in_frames = line.strip() == _TRACEBACK or (in_frames and (not line or line[0].isspace()))
        if not in_frames and line.strip() and line.strip() not in (f"FAIL: {case.name}", f"ERROR: {case.name}"):
            lines.append(line.rstrip())
    return lines


def exception_of(case: Case) -> str:
    """Name the exception of a failing test, as in `AssertionError`; how the test ended if it is unknown."""
    match = _EXCEPTION.match(headline(case)) if _TRACEBACK in case.details else None
    return match[1] if match else case.outcome.value


def place_of(case: Case) -> Place | None:
    """Find where the test stands by its traceback: its own method's frame, else the first of its module's tests or code.

    Without any such frame it is the test's file alone; None if not even that is known.
    """
    frames = [frame for frame in _FRAME.findall(case.details) if frame[0].startswith(f"{case.module}/")]
    folder = f"{case.module}/{case.file.rpartition('/')[0] or 'tests'}/"
    in_tests = [frame for frame in frames if frame[0].startswith(folder)]
    method = class_and_method(case)[1]
    for file, line, _function in [*(frame for frame in in_tests if frame[2] == method), *in_tests, *frames]:
        return Place(file, int(line))
    return Place(f"{case.module}/{path_of(case.file)}", None) if case.file else None
