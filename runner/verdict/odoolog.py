"""Odoo's log -> records, and what the records say of tests. Pure.

The formats are those of Odoo 14 to 19 (`odoo/netsvc.py`, `odoo/tests/runner.py` of 14 and 15, `odoo/tests/result.py` since).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_RECORD = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (\d+) (\S+) (\S+) ([\w.]+): (.*)$")
# A record behind text that a test printed without a line's end, or that Python wrote up to the end of its buffer. Only the
# records that follow a test's output are looked for: a line that quotes Odoo's log must not become one.
_GLUED = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (\d+) (INFO|ERROR) (\S+)"
    r" (odoo\.(?:addons\.\w+\.tests[\w.]*|tests\.suite)|unittest\.suite): (.*)$"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_RESULT = re.compile(r"^(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading database '([^']*)'\s*$")
# Of 16 and newer, and of 14 and 15.
RESULT_LOGGERS = ("odoo.tests.result", "odoo.tests.runner")
_TEST_MODULE = re.compile(r"^odoo\.addons\.(\w+)\.tests(?:\.|$)")
_STARTING = re.compile(r"^Starting (\S+) \.\.\.\s*$")
# 14 and 15 tell no reason.
_SKIPPED = re.compile(r"^skipped (\S+)(?: : (.*)|[ \t]*(?:\n.*)?)$", re.DOTALL)
# A test, a subtest or a class, as Odoo names them: a module may log other things that begin with "ERROR: ".
_PROBLEM = re.compile(r"^(FAIL|ERROR): ([\w.<>]+\.\w+|Subtest (?:\S+ |[\[(]).*|\w+ \(odoo\.addons\..*\))\s*$")
# 14 tells of a subtest only its message and its parameters: `Subtest [message] (number=1)`.
_NAMELESS_SUBTEST = re.compile(r"^Subtest ([\[(].*)$")
# 14 and 15 know expected failures, and do not count a test that passes against expectation among the failed ones.
_UNEXPECTED = re.compile(r"^unexpected success for ([\w.<>]+\.\w+)\s*$")
# What happens in setUpClass and tearDownClass is logged by the test suite, of Python's unittest (14, 15) or Odoo's own, not by
# the test's module.
_SUITES = ("unittest.suite", "odoo.tests.suite")
_OF_CLASS = re.compile(
    r"^(?:(FAIL|ERROR): |skipped )(\w+ \(odoo\.addons\.(\w+)\.tests\.([\w.]+)\.(\w+)\))(?: : (.*))?", re.DOTALL
)


@dataclass(frozen=True)
class Record:
    """One record of Odoo's log; `message` includes the lines that continue it."""

    time: str
    level: str
    database: str
    logger: str
    message: str


@dataclass(frozen=True)
class Result:
    """Odoo's result line. `failed + errors` can exceed `tests`: subtests count, setUpClass errors too."""

    failed: int
    errors: int
    tests: int


@dataclass(frozen=True)
class Problem:
    """A test, subtest or class that failed or erred: `kind` is FAIL or ERROR, `file` as `test_client`, `details` traceback."""

    kind: str
    module: str
    test: str
    details: str
    file: str = ""


@dataclass
class TestLog:
    """What the log says of one run of Odoo on one database.

    `started` and `skipped`: by module, tests as in `test_client.TestClient.test_one`; `skipped_classes` as in
    `test_client.TestClient`. `unexpected`: how many of the problems are tests that passed although they were expected to fail,
    which Odoo's result counts nowhere. `last_line`: the last one that is not empty, of a record its message.
    """

    results: list[Result] = field(default_factory=list)
    started: dict[str, set[str]] = field(default_factory=dict)
    skipped: dict[str, dict[str, str]] = field(default_factory=dict)
    skipped_classes: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unexpected: int = 0
    last_line: str = ""
    records: list[Record] = field(default_factory=list)


def records(text: str) -> Iterator[Record]:
    """The records of a log. Lines before the first record (a shell's, an interpreter's) belong to none."""
    head: dict[str, str] = {}
    message: list[str] = []
    for line in _COLOUR.sub("", text).splitlines():
        found = _RECORD.match(line)
        if not found and head and (glued := _GLUED.search(line)) and (printed := line[: glued.start()]).strip():
            message.append(printed)
            found = glued
        if found:
            if head:
                yield Record(**head, message="\n".join(message))
            time, _pid, level, database, logger, first = found.groups()
            head = {"time": time, "level": level, "database": database, "logger": logger}
            message = [first]
        elif head:
            message.append(line)
    if head:
        yield Record(**head, message="\n".join(message))


def read(text: str, database: str) -> TestLog:
    """Collect what the log tells of the tests on `database`; records of other loggers or databases tell nothing of them."""
    lines = (line.strip() for line in reversed(_COLOUR.sub("", text).splitlines()))
    last = next((line for line in lines if line), "")
    found = _RECORD.match(last)
    log = TestLog(last_line=found.group(6) if found else last)
    for record in records(text):
        log.records.append(record)
        first_line = record.message.partition("\n")[0]
        if record.logger in RESULT_LOGGERS:
            found = _RESULT.match(first_line)
            if found and record.database == database and found.group(4) == database:
                log.results.append(Result(*(int(number) for number in found.groups()[:3])))
        if record.logger in _SUITES and record.database == database:
            _read_class_record(log, record)
        module = _TEST_MODULE.match(record.logger)
        if module and record.database == database:
            _read_test_record(log, module.group(1), record, first_line)
    return log


def _read_test_record(log: TestLog, module: str, record: Record, first_line: str) -> None:
    where = record.logger.rpartition(".tests.")[2]
    # A module's own tests may log other things that begin with "skipped" or "unexpected success".
    started = log.started.get(module, set())
    if found := _STARTING.match(first_line):
        log.started.setdefault(module, set()).add(f"{where}.{found.group(1)}")
    elif found := _SKIPPED.match(record.message):
        if (test := f"{where}.{found.group(1)}") in started:
            log.skipped.setdefault(module, {})[test] = (found.group(2) or "").strip()
    elif record.level == "ERROR" and (found := _UNEXPECTED.match(first_line)):
        if f"{where}.{found.group(1)}" in started:
            log.unexpected += 1
            log.problems.append(Problem("FAIL", module, found.group(1), record.message, where))
    elif record.level == "ERROR" and (found := _PROBLEM.match(first_line)):
        kind, test = found.groups()
        if nameless := _NAMELESS_SUBTEST.match(test):
            test = f"Subtest {_last_started(log, record.logger)} {nameless.group(1)}"
        log.problems.append(Problem(kind, module, test, record.message, where))


def _last_started(log: TestLog, logger: str) -> str:
    started = (_STARTING.match(record.message) for record in reversed(log.records) if record.logger == logger)
    return next((found.group(1) for found in started if found), "unknown")


def _read_class_record(log: TestLog, record: Record) -> None:
    if not (found := _OF_CLASS.match(record.message)):
        return
    kind, test, module, file, name, reason = found.groups()
    if kind and record.level == "ERROR":
        log.problems.append(Problem(kind, module, test, record.message, file))
    elif not kind:
        log.skipped_classes.setdefault(module, {})[f"{file}.{name}"] = (reason or "").strip()
