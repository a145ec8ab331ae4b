"""Which lines of a module its tests went through, file by file."""

from collections.abc import Iterable

from runner.reporting.page.limits import Limits
from runner.reporting.page.markup import Markup, element
from runner.reporting.page.parts import breakable, section, table
from runner.text import counted, shortened
from runner.verdict.coverage import Coverage, told_percent

_HEADS = ("file", "covered", "statements", "missed", "branches", "missed", "lines that did not run")
# Characters of the numbers of one file's lines.
_LONGEST = 1000


def coverage_section(coverage: Coverage | None, limits: Limits, level: int) -> list[Markup]:
    """Show the totals, and each file with the lines that did not run; nothing where it was not measured."""
    if coverage is None:
        return []
    rows = []
    for file in coverage.files:
        missing = shortened(ranges(file.missing_lines), _LONGEST)
        if limits.files.takes(len(file.path) + len(missing)):
            numbers = (file.statements, len(file.missing_lines), file.branches, len(file.missing_branches))
            rows.append((breakable(file.path), told_percent(file.percent), *map(str, numbers), missing))
    total = (
        f"{told_percent(coverage.percent)} of {counted(coverage.statements, 'statement')} and {coverage.branches} branches;"
        f" not run: {counted(coverage.missing_lines, 'statement')}, not taken: {coverage.missing_branches} branches"
    )
    more = len(coverage.files) - len(rows)
    left_out = [element("p", f"{counted(more, 'file')} more are not listed here")] if more else []
    content = [table("Each file of the module", _HEADS, rows, range(1, 6))] if rows else []
    return [section("Coverage", level, element("p", total), *content, *left_out)]


def ranges(lines: Iterable[int]) -> str:
    """Write numbers of lines, those that follow each other as one: `3-5, 9`."""
    runs: list[list[int]] = []
    for line in sorted(lines):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)
