"""Coverage as a table for people: on the terminal, and in the log."""

import os
from bisect import bisect
from collections.abc import Iterator, Sequence

from runner.text import counted, shortened, table
from runner.verdict.coverage import Coverage, FileCoverage, told_percent

_TITLES = ("FILE", "STATEMENTS", "MISSING", "BRANCHES", "PARTIAL", "COVERED", "NOT RUN")
_NUMBERS = range(1, 6)
# On the terminal: characters of what did not run of a file, and files, of many those of which the least ran.
_LONGEST, _MOST = 60, 30


def coverage_lines(coverage: Coverage, *, in_full: bool) -> list[str]:
    """Write a line for each file with statements, what did not run of it at the end, and one for all of them.

    Not `in_full`: of many files those of which the least ran, and not all that did not run of each.
    """
    folder = os.path.commonpath([os.path.dirname(file.path) for file in coverage.files]) if coverage.files else ""  # noqa: PTH120
    files = [file for file in coverage.files if file.statements]
    heading = f"coverage{f' of {folder}' if folder else ''}: {told_percent(coverage.percent)} of lines and branches"
    if not files:
        return [f"{heading}, as it has none"]
    shown = files if in_full else sorted(files, key=lambda file: file.percent)[:_MOST]
    rows = [_row(file, folder, in_full=in_full) for file in files if file in shown]
    total = (
        "all",
        *map(str, (coverage.statements, coverage.missing_lines, coverage.branches, coverage.partial_branches)),
        told_percent(coverage.percent),
        "",
    )
    more = len(files) - len(rows)
    left_out = [f"  ... and {counted(more, 'file')} of which more ran, in the log"] if more else []
    lines = table([_TITLES, *rows, total], _NUMBERS)
    return [heading, *(f"  {line}" for line in lines[:-1]), *left_out, f"  {lines[-1]}"]


def _row(file: FileCoverage, folder: str, *, in_full: bool) -> Sequence[str]:
    numbers = (file.statements, len(file.missing_lines), file.branches, len(file.partial_branches))
    missing = ", ".join(not_run(file))
    path = file.path.removeprefix(f"{folder}/")
    return (path, *map(str, numbers), told_percent(file.percent), missing if in_full else shortened(missing, _LONGEST))


def not_run(file: FileCoverage) -> list[str]:
    """Name the lines and branches of a file that did not run, in their order, as coverage.py does: `12-14`, `20->23`."""
    found = [(first, f"{first}-{last}" if last > first else str(first)) for first, last in _ranges(file)]
    found += [(line, f"{line}->{to if to > 0 else 'exit'}") for line, to in file.partial_branches]
    return [text for _line, text in sorted(found)]


def _ranges(file: FileCoverage) -> Iterator[tuple[int, int]]:
    """Join missing lines between which nothing was executed."""
    first = last = 0
    for line in file.missing_lines:
        if first and bisect(file.executed_lines, line) == bisect(file.executed_lines, last):
            last = line
            continue
        if first:
            yield first, last
        first = last = line
    if first:
        yield first, last
