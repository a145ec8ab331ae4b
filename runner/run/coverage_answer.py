"""What the container tells of the coverage of a module, read as what a stranger says."""

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, StrictInt, ValidationError

from runner.odoo.source_file import UnreadableSource, read_source
from runner.text import printable, shortened
from runner.verdict.coverage import Branch, Coverage, FileCoverage

# Bytes of one source file; characters of what the container says besides numbers, and lines of that.
_LONGEST_SOURCE, _LONGEST_NOTE, _MOST_NOTES = 10_000_000, 1000, 10

_Lines: TypeAlias = set[StrictInt]
_Branches: TypeAlias = set[tuple[StrictInt, StrictInt]]


class NoCoverage(Exception):
    """Nothing is known of what ran; the text says why."""


class _Answer(BaseModel):
    """What coverage_program.py tells; of each file executed and missing lines, then executed and missing branches."""

    model_config = ConfigDict(frozen=True)

    error: str = ""
    processes: StrictInt = 0
    notes: tuple[str, ...] = ()
    files: dict[str, tuple[_Lines, _Lines, _Branches, _Branches]] = {}


def read_answer(
    exit_code: int, text: str, folder: Path, checkout: Path, *, processes: int, is_killed: bool
) -> tuple[Coverage, list[str]]:
    """Return the coverage of the module in `folder`, and what else is to be told of it. NoCoverage if it is not whole.

    `processes`: how many were measured; `is_killed`: the last of them.
    """
    try:
        answer = _Answer.model_validate_json(text)
    except ValidationError:
        said = printable(text.strip()[-_LONGEST_NOTE:]) or f"exit code {exit_code}"
        raise NoCoverage(f"the container does not tell of it: {said}") from None
    notes = [printable(shortened(note, _LONGEST_NOTE)) for note in answer.notes[:_MOST_NOTES]]
    if answer.error:
        raise NoCoverage(f"coverage.py in the container said: {printable(shortened(answer.error, _LONGEST_NOTE))}")
    if answer.processes < processes:
        killed = "Odoo was killed before it could write it" if is_killed else ""
        nothing = "Odoo has written none, as it loaded nothing of the module or did not end as usual"
        raise NoCoverage(notes[0] if notes else killed or nothing)
    files = tuple(_file(path, folder, checkout, *parts) for path, parts in sorted(answer.files.items()))
    return Coverage(files), [f"coverage: {note}" for note in notes]


def _file(
    path: str, folder: Path, checkout: Path, executed: set[int], missing: set[int], taken: set[Branch], not_taken: set[Branch]
) -> FileCoverage:
    """Believe of a file what can be so. NoCoverage if it is none of the module's."""
    try:
        if path.startswith("/") or ".." in path.split("/") or PurePosixPath(path).as_posix() != path:
            raise UnreadableSource("is no path in the module")
        content = read_source(folder / path, folder, _LONGEST_SOURCE)
    except UnreadableSource as error:
        raise NoCoverage(f"the container tells of {printable(shortened(path, 200))}, which {error}") from None
    # As Python counts: a line ends with CR too, and not with a form feed.
    last = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
    # Where a branch leads out of a function, it leads to the negated line of that, or to 0.
    lines = executed | missing | {line for branch in taken | not_taken for line in (branch[0], abs(branch[1]) or 1)}
    if executed & missing or taken & not_taken or any(not 1 <= line <= last for line in lines):
        raise NoCoverage(f"the container tells of lines of {printable(path)} what cannot be")
    place = Path(os.path.relpath(folder / path, checkout)).as_posix()
    numbers = (tuple(sorted(executed)), tuple(sorted(missing)), tuple(sorted(taken)), tuple(sorted(not_taken)))
    return FileCoverage(place, *numbers, hashlib.sha256(content).hexdigest())
