"""Odoo's log, read as it comes: its records, and what they tell of the tests on one database.

The formats are those of Odoo 14 to 19 (`odoo/netsvc.py`, `odoo/tests/runner.py` of 14 and 15, `odoo/tests/result.py` since).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

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
# A module's tests may log that other things are starting.
_STARTING = re.compile(r"^Starting (\S+\.(?:test|runTest)\w*) \.\.\.\s*$")
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
class Result:
    """Odoo's result line. `failed + errors` can exceed `tests`: subtests count, setUpClass errors too."""

    failed: int
    errors: int
    tests: int


@dataclass(frozen=True)
class Problem:
    """A test, subtest or class that failed or erred: `kind` is FAIL or ERROR, `test` Odoo's name, `details` the traceback.

    `is_counted`: not if it is a test that passed although it was expected to fail, which Odoo's result counts nowhere.
    """

    kind: str
    module: str
    test: str
    details: str
    is_counted: bool = True


@dataclass
class LoggedTest:
    """A test that started, and what became of it; `file` as in `test_client` (dotted below `tests`), the times as in records.

    `began` is empty for what happened outside of any test, in a class (`name` is then as in `TestClient.setUpClass`).
    """

    module: str
    file: str
    name: str
    began: str = ""
    ended: str = ""
    skipped: str | None = None
    problems: list[Problem] = field(default_factory=list)


class OdooLog:
    """What the log of a run tells of the tests on `database`; records of other databases tell nothing of them.

    `tests`: those that started, in their order; `outside`: what failed or was skipped outside of any. `last_line`: the last
    one that is not empty, of a record its message.
    """

    def __init__(self, database: str) -> None:
        self.records: list[Record] = []
        self.results: list[Result] = []
        self.tests: list[LoggedTest] = []
        self.outside: list[LoggedTest] = []
        self.problems: list[Problem] = []
        self.last_line = ""
        self._database = database
        self._latest: dict[tuple[str, str, str], LoggedTest] = {}
        self._unfinished_line = b""
        self._record: Record | None = None
        self._message: list[str] = []

    def feed(self, data: bytes) -> list[Record | LoggedTest]:
        """Read a piece of the log. Tell which records, by their first lines, and which tests have begun in it."""
        lines, line_end, self._unfinished_line = (self._unfinished_line + data).rpartition(b"\n")
        text = _COLOUR.sub("", (lines + line_end).decode(errors="replace"))
        return [begun for line in text.splitlines() for begun in self._read_line(line)]

    def end(self) -> None:
        """Read what is left when there is no more."""
        self.feed(b"\n" if self._unfinished_line else b"")
        self._end_record()

    def _read_line(self, line: str) -> Iterator[Record | LoggedTest]:
        match = _RECORD.match(line)
        if not match and self._record and (glued := _GLUED.search(line)) and (printed := line[: glued.start()]).strip():
            self._message.append(printed)
            match = glued
        if match:
            self._end_record()
            self._record = Record(*match.groups())
            self._message = [self._record.message]
            yield self._record
            yield from self._begin_test(self._record)
        elif self._record:  # else it is of a shell or an interpreter, and belongs to no record
            self._message.append(line)
        if line.strip():
            self.last_line = match[5] if match else line.strip()

    def _begin_test(self, record: Record) -> Iterator[LoggedTest]:
        starting, owner = _STARTING.match(record.message), _TEST_LOGGER.match(record.logger)
        if self.tests and (starting or record.logger in _BETWEEN_TESTS):
            self.tests[-1].ended = self.tests[-1].ended or record.time
        if starting and owner and record.database == self._database:
            test = LoggedTest(owner[1], owner[2] or "", starting[1], record.time)
            self.tests.append(test)
            self._latest[test.module, test.file, test.name] = test
            yield test

    def _end_record(self) -> None:
        if self._record:
            record = replace(self._record, message="\n".join(self._message))
            self._record = None
            self.records.append(record)
            owner = _TEST_LOGGER.match(record.logger)
            if record.database != self._database:
                return
            if record.logger in RESULT_LOGGERS:
                result = _RESULT.match(record.first_line)
                if result and result[4] == self._database:
                    self.results.append(Result(int(result[1]), int(result[2]), int(result[3])))
            elif owner or record.logger in _SUITES:
                self._read_test_record(record, *(owner.groups(default="") if owner else ("", "")))

    def _read_test_record(self, record: Record, module: str, file: str) -> None:
        # A module's own tests may log other things that begin with "skipped" or "unexpected success".
        if skipped := _SKIPPED.match(record.message):
            key = _key(module, file, skipped[1])
            if key in self._latest or _OF_CLASS.match(skipped[1]):
                self._test(key).skipped = (skipped[2] or "").strip()
        elif record.level == "ERROR":
            self._read_problem(record, module, file)

    def _read_problem(self, record: Record, module: str, file: str) -> None:
        unexpected = _UNEXPECTED.match(record.first_line)
        if unexpected and (module, file, unexpected[1]) in self._latest:
            kind, test = "FAIL", unexpected[1]
        elif match := _PROBLEM.match(record.first_line):
            kind, test = match.groups()
            if nameless := _NAMELESS_SUBTEST.match(test):
                started = (test.name for test in reversed(self.tests) if (test.module, test.file) == (module, file))
                test = f"Subtest {next(started, 'unknown')} {nameless[1]}"
        else:
            return
        key = _key(module, file, test)
        if key[0]:
            problem = Problem(kind, key[0], test, record.message, is_counted=not unexpected)
            self.problems.append(problem)
            self._test(key).problems.append(problem)

    def _test(self, key: tuple[str, str, str]) -> LoggedTest:
        if key not in self._latest:
            self._latest[key] = LoggedTest(*key)
            self.outside.append(self._latest[key])
        return self._latest[key]


def _key(module: str, file: str, test: str) -> tuple[str, str, str]:
    """Identify what Odoo calls so, in a record of the tests in `file`: by module, file and name."""
    if of_class := _OF_CLASS.match(test):
        return of_class[2], of_class[3], f"{of_class[4]}.{of_class[1]}"
    return module, file, test.split()[1] if test.startswith("Subtest ") else test
