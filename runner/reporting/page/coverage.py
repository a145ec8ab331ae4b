"""Which lines of a module its tests went through, file by file."""

from runner.reporting.coverage_table import not_run
from runner.reporting.page.limits import Limits
from runner.reporting.page.markup import Markup, element
from runner.reporting.page.parts import breakable, section, table
from runner.text import counted, printable, shortened
from runner.verdict.coverage import Coverage, told_percent

_HEADS = ("file", "covered", "statements", "missed", "branches", "missed", "not run")
# Characters of what did not run of one file.
_LONGEST = 1000


def coverage_section(coverage: Coverage | None, limits: Limits, level: int) -> list[Markup]:
    """Show the totals, and each file with the lines and branches that did not run; nothing where it was not measured."""
    if coverage is None:
        return []
    rows = []
    for file in coverage.files:
        missing = shortened(", ".join(not_run(file)), _LONGEST)
        if limits.files.takes(len(file.path) + len(missing)):
            numbers = (file.statements, len(file.missing_lines), file.branches, len(file.missing_branches))
            rows.append((breakable(printable(file.path)), told_percent(file.percent), *map(str, numbers), missing))
    total = (
        f"{told_percent(coverage.percent)} of {counted(coverage.statements, 'statement')} and {coverage.branches} branches;"
        f" not run: {counted(coverage.missing_lines, 'statement')}, not taken: {coverage.missing_branches} branches"
    )
    more = len(coverage.files) - len(rows)
    left_out = [element("p", f"{counted(more, 'file')} more are not listed here")] if more else []
    content = [table("Each file of the module", _HEADS, rows, range(1, 6))] if rows else []
    return [section("Coverage", level, element("p", total), *content, *left_out)]
