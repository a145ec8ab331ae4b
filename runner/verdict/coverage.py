"""Which lines and branches of a module its tests went through, as coverage.py counts them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

# From one line to another, or out of what begins at the negated line.
Branch: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class FileCoverage:
    """One source file: `path` from the checkout on, with `/`; the numbers of its lines with statements, and its branches.

    A statement of several lines counts at its first. `digest`: the SHA-256 of the source that was measured.
    """

    path: str
    executed_lines: tuple[int, ...] = ()
    missing_lines: tuple[int, ...] = ()
    executed_branches: tuple[Branch, ...] = ()
    missing_branches: tuple[Branch, ...] = ()
    digest: str = ""

    @property
    def statements(self) -> int:
        """Count the statements."""
        return len(self.executed_lines) + len(self.missing_lines)

    @property
    def branches(self) -> int:
        """Count the ways out of lines that have several."""
        return len(self.executed_branches) + len(self.missing_branches)

    @cached_property
    def partial_branches(self) -> tuple[Branch, ...]:
        """List the missing branches of lines that were executed."""
        missing = set(self.missing_lines)
        return tuple(branch for branch in self.missing_branches if branch[0] not in missing)

    @property
    def percent(self) -> float:
        """Tell how much of it was executed."""
        return _percent([self])


@dataclass(frozen=True)
class Coverage:
    """All source files of one module or of several, by their paths; of a file that was never imported nothing is executed."""

    files: tuple[FileCoverage, ...]

    @property
    def statements(self) -> int:
        """Count the statements of all files."""
        return sum(file.statements for file in self.files)

    @property
    def missing_lines(self) -> int:
        """Count those that were not executed."""
        return sum(len(file.missing_lines) for file in self.files)

    @property
    def branches(self) -> int:
        """Count the branches of all files."""
        return sum(file.branches for file in self.files)

    @property
    def missing_branches(self) -> int:
        """Count those that were not taken."""
        return sum(len(file.missing_branches) for file in self.files)

    @property
    def partial_branches(self) -> int:
        """Count those of them that leave lines which were executed."""
        return sum(len(file.partial_branches) for file in self.files)

    @property
    def percent(self) -> float:
        """Tell how much of statements and branches together was executed; 100 where there are none."""
        return _percent(self.files)


def _percent(files: Iterable[FileCoverage]) -> float:
    files = tuple(files)
    executed = sum(len(file.executed_lines) + len(file.executed_branches) for file in files)
    total = sum(file.statements + file.branches for file in files)
    return 100 * executed / total if total else 100.0


def merged(measured: Iterable[Coverage]) -> Coverage:
    """Return the coverage of several runs together: what one of them executed is executed. Of a file that changed the last."""
    files: dict[str, FileCoverage] = {}
    for file in (file for coverage in measured for file in coverage.files):
        before = files.get(file.path)
        files[file.path] = _both(before, file) if before and before.digest == file.digest else file
    return Coverage(tuple(files[path] for path in sorted(files)))


def _both(one: FileCoverage, other: FileCoverage) -> FileCoverage:
    lines = {*one.executed_lines, *other.executed_lines}
    branches = {*one.executed_branches, *other.executed_branches}
    return replace(
        one,
        executed_lines=tuple(sorted(lines)),
        missing_lines=tuple(sorted({*one.missing_lines, *other.missing_lines} - lines)),
        executed_branches=tuple(sorted(branches)),
        missing_branches=tuple(sorted({*one.missing_branches, *other.missing_branches} - branches)),
    )


def told_percent(percent: float) -> str:
    """Write a percentage for people, to one decimal, never more than it is: what is not all is not `100.0 %`."""
    return f"{math.floor(percent * 10) / 10:.1f} %"
