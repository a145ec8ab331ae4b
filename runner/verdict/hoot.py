"""What Hoot, which runs JavaScript tests in Odoo 18 and newer, says in the browser's console, and Odoo repeats in its log."""

import re
from dataclasses import dataclass

from runner.text import printable
from runner.verdict.record import Record, Room

# Odoo has a logger for the console of the browser that a test opens.
_CONSOLE = re.compile(r"^odoo\.addons\.\w+\.tests\.\S+\.browser$")
# Hoot puts names into the quotes that they do not hold, and calls a test by its suites, first that of the module's name.
_TEST = re.compile(r"""^\[HOOT\] Test (["'`])(@(\w+)/.+)\1 (passed\b.*|failed:\s*)$""")
# The last but one that it says: the last one ends the test that has opened the page, whoever says it.
_END = re.compile(r"^\[HOOT\] (?:Passed|Failed) \d+ tests \(")
_TIME = re.compile(r"time: (\d{1,9})(?:\.\d+)? ?ms")
_TESTS = (50_000, 8_000_000)


@dataclass(frozen=True, slots=True)
class HootTest:
    """A JavaScript test that ended: `name` as in `score/bar/is red`, below the module; `details`: why it failed, or None."""

    module: str
    name: str
    seconds: float | None = None
    details: str | None = None


class HootLog:
    """The JavaScript tests that ended, in bounded memory; `left_out`: those for which there was no room.

    `ends`: how often Hoot came to the end of all that it was to run. Of what is marked `skip` it says nothing where nobody
    looks on.
    """

    def __init__(self) -> None:
        self.tests: list[HootTest] = []
        self.left_out = 0
        self.ends = 0
        self._room = Room(*_TESTS)

    def read(self, record: Record) -> None:
        """Take account of a record, with all its lines."""
        if not record.message.startswith("[HOOT]") or not _CONSOLE.match(record.logger):
            return
        self.ends += bool(_END.match(record.message))
        if test := _TEST.match(record.first_line.strip()):
            name, module, ending = printable(test[2].partition("/")[2]), test[3], test[4]
            time = _TIME.search(ending)
            seconds = int(time[1]) / 1000 if time else None
            details = None if ending.startswith("passed") else record.message.partition("\n")[2].strip()
            if self._room.takes(len(name) + len(details or "")):
                self.tests.append(HootTest(module, name, seconds, details))
            else:
                self.left_out += 1
