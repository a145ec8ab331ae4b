"""Odoo's log, read as it comes: its records, and what they tell of the tests on one database.

The formats are those of Odoo 14 to 19 (`odoo/netsvc.py`, `odoo/tests/runner.py` of 14 and 15, `odoo/tests/result.py` since).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

_RECORD = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \d+ (\S+) (\S+) ([\w.]+): (.*)$")
# A record behind text that a test printed without a line's end, or that Python wrote up to the end of its buffer. Only the
# records that follow a test's output are looked for: a line that quotes Odoo's log must not become one.
_GLUED = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \d+ (INFO|ERROR) (\S+)"
    r" (odoo\.(?:addons\.\w+\.tests[\w.]*|tests\.suite)|unittest\.suite): (.*)$"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_RESULT = re.compile(r"^(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading database '([^']*)'\s*$")
# Of 16 and newer, and of 14 and 15.
RESULT_LOGGERS = ("odoo.tests.result", "odoo.tests.runner")
# Loggers whose records stand between tests, so that the last one before them has ended.
_BETWEEN_TESTS = ("odoo.modules.loading", "odoo.service.server", "odoo.tests.stats", *RESULT_LOGGERS)
_TEST_LOGGER = re.compile(r"^odoo\.addons\.(\w+)\.tests(?:\.(.+))?$")
# What happens in setUpClass and tearDownClass is logged by the test suite, of Python's unittest (14, 15) or Odoo's own, not by
# the test's module.
_SUITES = ("unittest.suite", "odoo.tests.suite")
_STARTING = re.compile(r"^Starting (\S+) \.\.\.\s*$")
# 14 and 15 tell no reason.
_SKIPPED = re.compile(r"^skipped (\w+ \(odoo\.addons\.\S+\)|\S+)(?: : (.*)|[ \t]*(?:\n.*)?)$", re.DOTALL)
# A test, a subtest or a class, as Odoo names them: a module may log other things that begin with "ERROR: ".
_PROBLEM = re.compile(r"^(FAIL|ERROR): ([\w.<>]+\.\w+(?=\s*$)|Subtest (?:\S+ |[\[(]).*|\w+ \(odoo\.addons\.\S+\))")
_OF_CLASS = re.compile(r"^(\w+) \(odoo\.addons\.(\w+)\.tests\.(\S+)\.(\w+)\)$")
# 14 tells of a subtest only its message and its parameters: `Subtest [message] (number=1)`.
_NAMELESS_SUBTEST = re.compile(r"^Subtest ([\[(].*)$")
# 14 and 15 know expected failures, and do not count a test that passes against expectation among the failed ones.
_UNEXPECTED = re.compile(r"^unexpected success for ([\w.<>]+\.\w+)\s*$")


@dataclass(frozen=True)
class Record:
    """One record of Odoo's log; `message` includes the lines that continue it."""

    time: str
    level: str
    database: str
    logger: str
    message: str

    @property
    def first_line(self) -> str:
        """Leave out the lines that continue the record."""
        return self.message.partition("\n")[0]

    @property
    def is_of_odoo(self) -> bool:
        """Tell whether Odoo itself said it, and no module."""
        return f"{self.logger}.".startswith("odoo.") and not self.logger.startswith("odoo.addons.")


@dataclass(frozen=True)
class Started:
    """A test begins: `file` as in `test_client` (dotted below `tests`), `name` as in `TestClient.test_one`."""

    module: str
    file: str
    name: str
    time: str


@dataclass(frozen=True)
class Ended:
    """The test that was going on, if there was one, is over."""

    time: str


@dataclass(frozen=True)
class Skipped:
    """A test that started is skipped, or a class, which has the name of the method that skips it: `TestClient.setUpClass`."""

    module: str
    file: str
    name: str
    reason: str


@dataclass(frozen=True)
class Problem:
    """A test, subtest or class that failed or erred: `kind` is FAIL or ERROR, `test` Odoo's name, `details` the traceback.

    `is_counted`: not if it is a test that passed although it was expected to fail, which Odoo's result counts nowhere.
    """

    kind: str
    module: str
    test: str
    details: str
    file: str = ""
    is_counted: bool = True

    @property
    def name(self) -> str:
        """Name the test that a subtest is of, and of a class the method, as in `TestClient.setUpClass`."""
        if of_class := _OF_CLASS.match(self.test):
            return f"{of_class[4]}.{of_class[1]}"
        return self.test.split()[1] if self.test.startswith("Subtest ") else self.test


@dataclass(frozen=True)
class Result:
    """Odoo's result line. `failed + errors` can exceed `tests`: subtests count, setUpClass errors too."""

    failed: int
    errors: int
    tests: int


@dataclass(frozen=True)
class AssetsGeneration:
    """Odoo begins to generate its assets bundles: before the first HttpCase that runs post_install, for some ten seconds."""


Event: TypeAlias = Record | Started | Ended | Skipped | Problem | Result | AssetsGeneration


class Parser:
    """Reads a log piece by piece, as it comes. Records of other loggers or databases tell nothing of the tests on `database`.

    What the first line of a record tells is told at once; the record and the rest when the next one begins. `last_line`: the
    last one so far that is not empty, of a record its message.
    """

    def __init__(self, database: str) -> None:
        self._database = database
        self.last_line = ""
        self._unfinished_line = b""
        self._record: Record | None = None
        self._message: list[str] = []
        self._started: dict[str, list[str]] = {}

    def feed(self, data: bytes) -> list[Event]:
        """Read on, and tell what is new. Lines before the first record (a shell's, an interpreter's) belong to none."""
        lines, line_end, self._unfinished_line = (self._unfinished_line + data).rpartition(b"\n")
        text = _COLOUR.sub("", (lines + line_end).decode(errors="replace"))
        return [event for line in text.splitlines() for event in self._read_line(line)]

    def end(self) -> list[Event]:
        """Tell what is left when there is no more."""
        return [*self.feed(b"\n" if self._unfinished_line else b""), *self._end_record()]

    def _read_line(self, line: str) -> Iterator[Event]:
        match = _RECORD.match(line)
        if not match and self._record and (glued := _GLUED.search(line)) and (printed := line[: glued.start()]).strip():
            self._message.append(printed)
            match = glued
        if match:
            yield from self._end_record()
            self._record = Record(*match.groups())
            self._message = [self._record.message]
            yield from self._at_once(self._record)
        elif self._record:
            self._message.append(line)
        if line.strip():
            self.last_line = self._message[-1] if match else line.strip()

    def _at_once(self, record: Record) -> Iterator[Event]:
        starting, owner = _STARTING.match(record.message), _TEST_LOGGER.match(record.logger)
        if starting or record.logger in _BETWEEN_TESTS:
            yield Ended(record.time)
        if starting and owner and record.database == self._database:
            self._started.setdefault(record.logger, []).append(starting[1])
            yield Started(owner[1], owner[2] or "", starting[1], record.time)
        if record.logger.endswith(".ir_qweb") and record.message.startswith("Pregenerating assets bundles"):
            yield AssetsGeneration()

    def _end_record(self) -> Iterator[Event]:
        if self._record:
            record = replace(self._record, message="\n".join(self._message))
            self._record = None
            yield record
            if record.database == self._database:
                yield from self._events_of(record)

    def _events_of(self, record: Record) -> Iterator[Event]:
        owner = _TEST_LOGGER.match(record.logger)
        if record.logger in RESULT_LOGGERS:
            result = _RESULT.match(record.first_line)
            if result and result[4] == self._database:
                yield Result(int(result[1]), int(result[2]), int(result[3]))
        elif owner or record.logger in _SUITES:
            yield from self._test_events(record, *(owner.groups(default="") if owner else ("", "")))

    def _test_events(self, record: Record, module: str, file: str) -> Iterator[Event]:
        # A module's own tests may log other things that begin with "skipped" or "unexpected success".
        started = self._started.get(record.logger, [])
        if skipped := _SKIPPED.match(record.message):
            test, reason = skipped[1], (skipped[2] or "").strip()
            if of_class := _OF_CLASS.match(test):
                yield Skipped(of_class[2], of_class[3], f"{of_class[4]}.{of_class[1]}", reason)
            elif test in started:
                yield Skipped(module, file, test, reason)
        elif record.level != "ERROR":
            return
        elif (unexpected := _UNEXPECTED.match(record.first_line)) and unexpected[1] in started:
            yield Problem("FAIL", module, unexpected[1], record.message, file, is_counted=False)
        elif problem := _PROBLEM.match(record.first_line):
            kind, test = problem.groups()
            if of_class := _OF_CLASS.match(test):
                module, file = of_class[2], of_class[3]
            elif nameless := _NAMELESS_SUBTEST.match(test):
                test = f"Subtest {started[-1] if started else 'unknown'} {nameless[1]}"
            if module:
                yield Problem(kind, module, test, record.message, file)
