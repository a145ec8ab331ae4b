"""What Odoo's log says while a test runs, for those that failed: one look through the log, a line at a time."""

import contextlib
import os
import re
import stat
from collections import deque
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import BinaryIO

from runner.text import shortened
from runner.verdict.cases import Case

# Lines of a test, of which the last say most, and characters of each.
_LINES, _LONGEST = 40, 400
# Bytes that are read of a line at once; what is longer counts as several.
_PIECE = 4096
_RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ [A-Z]+ \S+ (\S{1,300}?): (.*)")
_STARTING = re.compile(r"Starting (\S+) \.\.\.")
# The failure itself, of which the report has the traceback, and Odoo's line above it.
_FAILURE = re.compile(r"(?:FAIL|ERROR): |=+\s*$")
# What ends the last test: Odoo's own steps, and our blocks.
_AFTER = ("odoo.modules.loading", "odoo.service.server", "odoo.tests.stats", "odoo.tests.result", "odoo.tests.runner")
_RULE = "=" * 100


def excerpts(log: Path, cases: Collection[Case]) -> dict[Case, list[str]]:
    """Return what was logged in each of these tests, but for its failure; of one that ran again, in its last run.

    Nothing of a log that cannot be read, or of tests that are not in it.
    """
    wanted = {(_logger_of(case), case.name): case for case in cases}
    found: dict[Case, _Lines] = {}
    if wanted:
        with contextlib.suppress(OSError), open(log, "rb", opener=_open) as stream:
            if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                _read(stream, wanted, found)
    return {case: lines.told() for case, lines in found.items() if lines.number}


def _read(stream: BinaryIO, wanted: Mapping[tuple[str, str], Case], found: dict[Case, "_Lines"]) -> None:
    current: _Lines | None = None
    in_failure = False
    while piece := stream.readline(_PIECE):
        line = piece.decode(errors="replace").rstrip("\r\n")
        logger, message = match.groups() if (match := _RECORD.match(line)) else ("", "")
        if line == _RULE or logger in _AFTER:
            current = None
        elif starting := _STARTING.match(message):
            current, in_failure = None, False
            if case := wanted.get((logger, starting[1])):
                current = found[case] = _Lines()
        elif current is not None:
            in_failure = bool(_FAILURE.match(message)) if match else in_failure
            if not in_failure:
                current.add(shortened(line, _LONGEST))


def _logger_of(case: Case) -> str:
    folder, _, file = case.file.rpartition("/")  # of the tests of upgrade scripts
    return ".".join(filter(None, ("odoo.addons", case.module, folder.replace("/", ".") or "tests", file)))


def _open(path: str, flags: int) -> int:
    """Open what is a file: a checkout is anybody's, and what was put there meanwhile is not followed, nor waited for."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


class _Lines:
    """The last lines of many."""

    def __init__(self) -> None:
        self.number = 0
        self._last: deque[str] = deque(maxlen=_LINES)

    def add(self, line: str) -> None:
        self.number += 1
        self._last.append(line)

    def told(self) -> list[str]:
        more = self.number - len(self._last)
        return [*([f"[{more} lines before these are in the log]"] if more else []), *self._last]
