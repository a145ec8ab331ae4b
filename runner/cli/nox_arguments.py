"""What the noxfile needs to decide. Standard library only: it is imported where only nox is installed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from runner.cli.arguments import parse
from runner.errors import UsageError

SESSION = "odoo_tests"


def arguments_for(
    repository: str, known: Sequence[str], words: Sequence[str], command_line: Sequence[str]
) -> list[str] | None:
    """The runner's arguments for one parameter of the session, None if it has to be skipped.

    nox runs every parameter of `nox -s odoo_tests -- evv traction`: those that the words do not name are skipped. Words that
    name no repository go with the parameter only if it was asked for itself, as in `nox -s "odoo_tests(evv)" -- traction`;
    else the first parameter takes them to the runner as they are, whose error lists the known repositories: a typo must not be
    green, nor said once for each repository, and what was asked for itself must not be skipped.
    """
    asked_for_all = _asked_for_all(command_line)
    as_they_are = None if asked_for_all and repository != known[0] else list(words)
    if "-h" in words or "--help" in words:
        return as_they_are
    try:
        named = parse(["run", *words]).repository
    except UsageError:
        return as_they_are  # the runner says it better, and ends red
    if named == repository:
        return list(words)
    if not asked_for_all:
        return [repository, *words]
    return None if named in known else as_they_are


def _asked_for_all(command_line: Sequence[str]) -> bool:
    """Whether nox runs every parameter: for the session's bare name, as `-sodoo_tests`, without a choice by keyword (-k)."""
    words = list(command_line)
    before = words[: words.index("--")] if "--" in words else words
    if any(word.startswith(("-k", "--keyword")) for word in before):
        return False
    return any(word.endswith(SESSION) for word in before)


def install_is_current(stamp: Path, source: Path) -> bool:
    """Whether a virtual environment was installed from this content of `source`; see `mark_installed`."""
    return stamp.is_file() and stamp.read_text() == _digest(source)


def mark_installed(stamp: Path, source: Path) -> None:
    """Remember in `stamp`, which goes with the virtual environment, what was installed."""
    stamp.write_text(_digest(source))


def _digest(source: Path) -> str:
    return hashlib.sha256(source.read_bytes()).hexdigest()
