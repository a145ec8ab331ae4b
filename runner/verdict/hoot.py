"""What Hoot, which runs JavaScript tests in Odoo 18 and newer, says in the browser's console, and Odoo repeats in its log."""

import re
from collections import Counter
from dataclasses import dataclass

from runner.text import printable
from runner.verdict.record import Record, Room

# Odoo has a logger for the console of the browser that a test opens.
_CONSOLE = re.compile(r"^odoo\.addons\.\w+\.tests\.\S+\.browser$")
# Hoot puts names into the quotes that they do not hold, and calls a test by its suites, first that of the module's name.
_TEST = re.compile(r"""^\[HOOT\] Test (["'`])(@(\w+)/.+)\1 (passed\b.*|failed:\s*)$""")
_SUITE = re.compile(r"""^\[HOOT\] (["'`])(@(\w+)/.+)\1 ended\b(.*)$""")
_TIME = re.compile(r"time: (\d{1,9})(?:\.\d+)? ?ms")
_SKIPPED = re.compile(r"skipped: (\d{1,9})|(\d{1,9}) skipped")
_TESTS = (50_000, 8_000_000)
_SUITES = 10_000


@dataclass(frozen=True, slots=True)
class HootTest:
    """A JavaScript test that ended: `name` as in `score/bar/is red`, below the module; `details`: why it failed, or None."""

    module: str
    name: str
    seconds: float | None = None
    details: str | None = None


class HootLog:
    """The JavaScript tests that ended, and `skipped`: how many were skipped, by module and suite. Memory is bounded.

    `left_out`: the tests for which there was no room.
    """

    def __init__(self) -> None:
        self.tests: list[HootTest] = []
        self.skipped: Counter[tuple[str, str]] = Counter()
        self.left_out = 0
        self._room = Room(*_TESTS)

    def read(self, record: Record) -> None:
        """Take account of a record, with all its lines."""
        if not record.message.startswith("[HOOT]") or not _CONSOLE.match(record.logger):
            return
        first = record.first_line.strip()
        if test := _TEST.match(first):
            name, module, ending = printable(test[2].partition("/")[2]), test[3], test[4]
            time = _TIME.search(ending)
            seconds = int(time[1]) / 1000 if time else None
            details = None if ending.startswith("passed") else record.message.partition("\n")[2].strip()
            if self._room.takes(len(name) + len(details or "")):
                self.tests.append(HootTest(module, name, seconds, details))
            else:
                self.left_out += 1
        elif (suite := _SUITE.match(first)) and (skipped := _SKIPPED.search(suite[4])) and len(self.skipped) < _SUITES:
            key = (suite[3], suite[2].partition("/")[2])
            self.skipped[key] = max(self.skipped[key], int(skipped[1] or skipped[2]))
