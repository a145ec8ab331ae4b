"""Odoo's log, read as it comes in bounded memory: what its records tell of the tests on one database.

The formats are those of Odoo 14 to 19 (`odoo/netsvc.py`, `odoo/tests/runner.py` of 14 and 15, `odoo/tests/result.py` since).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from runner.text import shortened
from runner.verdict.hoot import HootLog
from runner.verdict.omission import tells_of_omission
from runner.verdict.record import Excerpt, Record, Records, Room

_RECORD = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \d+ (\S+) (\S+) (\S{1,1000}?): (.*)$")
# An error that is no record as above, since its logger's name holds blanks or is too long; also behind printed text, as below.
_OTHER_ERROR = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \d+ (ERROR|CRITICAL) (\S+) (?:(\S{1,1000}?): )?(.*)$")
# Of an error of which nobody can tell whose it is: as of `logging.error(...)`, it is taken for the module's.
_UNKNOWN_LOGGER = "root"
# A record behind text that a test printed without a line's end, or that Python wrote up to the end of its buffer. Only the
# records that follow a test's output are looked for: a line that quotes Odoo's log must not become one.
_GLUED = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \d+ (INFO|ERROR) (\S+)"
    r" (odoo\.(?:addons\.\w+\.(?:migrations\.|upgrades\.)?tests[\w.]*|tests\.suite)|unittest\.suite): (.*)$"
)
# What both have behind the year: a search for a letter is much faster than one for a digit. Lines without it, which most of a
# long log are, are looked at no further.
_MARK = re.compile(rb"-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9],[0-9]{3} [0-9]+ ")
_YEAR, _LONGEST_MARK = 4, 64
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
# Bytes: what is read at once, and of a line without an end what is held back until one comes.
_PIECE = 262_144
_LONGEST_LINE = 65_536
# How much is kept. A module has some hundred tests, and Odoo as a whole some ten thousand.
_TESTS = (50_000, 8_000_000)
_PROBLEMS = (10_000, 8_000_000)
_PROBLEMS_WITHOUT_DETAILS = (10_000, 2_000_000)
_SUBTEST_SKIPS = (1000, 1_000_000)
_ERRORS = (1000, 4_000_000)
_OMISSIONS = (200, 2_000_000)
_RESULTS = 100
_NAMES = 10_000
_LONGEST_REASON = 4000
_RESULT = re.compile(r"^(\d{1,9}) failed, (\d{1,9}) error\(s\) of (\d{1,9}) tests when loading database '([^']*)'\s*$")
# Of 16 and newer, and of 14 and 15.
RESULT_LOGGERS = ("odoo.tests.result", "odoo.tests.runner")
# Loggers whose records stand between tests, so that the last one before them has ended.
_BETWEEN_TESTS = ("odoo.modules.loading", "odoo.service.server", "odoo.tests.stats", *RESULT_LOGGERS)
# Odoo imports the tests of upgrade scripts under the name of their folder.
_TEST_LOGGER = re.compile(r"^odoo\.addons\.(\w+)\.(?:(migrations|upgrades)\.)?tests(?:\.(.+))?$")
# What happens in setUpClass and tearDownClass is logged by the test suite, of Python's unittest (14, 15) or Odoo's own, not by
# the test's module.
_SUITES = ("unittest.suite", "odoo.tests.suite")
_LOADING = re.compile(r"^Loading module (\S+) \(")
# A module's tests may log that other things are starting.
_STARTING = re.compile(r"^Starting (\S+\.(?:test|runTest)\w*) \.\.\.\s*$")
# 14 and 15 tell no reason.
_SKIPPED = re.compile(r"^skipped (\w+ \(odoo\.addons\.\S+\)|\S+)(?: : (.*)|[ \t]*(?:\n.*)?)$", re.DOTALL)
_SKIPPED_SUBTEST = re.compile(r"^skipped Subtest (?:([\w.<>]+\.\w+) )?[\[(].*?[\])](?: : (.*))?\s*$", re.DOTALL)
# A test, a subtest or a class, as Odoo names them: a module may log other things that begin with "ERROR: ".
_PROBLEM = re.compile(r"^(FAIL|ERROR): ([\w.<>]+\.\w+(?=\s*$)|Subtest (?:\S+ |[\[(]).*|\w+ \(odoo\.addons\.\S+\))")
_OF_CLASS = re.compile(r"^(\w+) \(odoo\.addons\.(\w+)\.(?:(migrations|upgrades)\.)?tests\.(\S+)\.(\w+)\)$")
# 14 tells of a subtest only its message and its parameters: `Subtest [message] (number=1)`.
_NAMELESS_SUBTEST = re.compile(r"^Subtest ([\[(].*)$")
# 14 and 15 know expected failures, and do not count a test that passes against expectation among the failed ones.
_UNEXPECTED = re.compile(r"^unexpected success for ([\w.<>]+\.\w+)\s*$")
# Of a browser that a test has opened, when the test fails (14 to 19).
_BROWSER_FILE = re.compile(r"^Screen(?:shot|cast) in: \S{1,500}/([\w.-]{1,200})\s*$")
_BROWSER_FILES = 1000


@dataclass(frozen=True)
class Result:
    """Odoo's result line. `failed + errors` can exceed `tests`: subtests count, setUpClass errors too."""

    failed: int
    errors: int
    tests: int


@dataclass(frozen=True)
class Problem:
    """A test, subtest or class that failed or erred: `kind` is FAIL or ERROR, `test` Odoo's name, `details` the traceback.

    `file` and `name` are those of the test as in `LoggedTest`.
    `is_counted`: not if it is a test that passed although it was expected to fail, which Odoo's result counts nowhere.
    """

    kind: str
    module: str
    test: str
    details: str
    is_counted: bool = True
    file: str = ""
    name: str = ""


@dataclass(slots=True)
class LoggedTest:
    """A test that started, and what became of it; `file` as in `test_client` (dotted below `tests`), the times as in records.

    Of the tests of upgrade scripts `file` is as in `migrations/tests/test_client`.
    `began` is empty for what happened outside of any test, in a class (`name` is then as in `TestClient.setUpClass`).
    `more_failures` and `more_errors` are the numbers of its problems for which there was no room. `files`: the names of the
    screenshots and screencasts that it says Odoo has made.
    """

    module: str
    file: str
    name: str
    began: str = ""
    ended: str = ""
    skipped: str | None = None
    problems: list[Problem] = field(default_factory=list)
    more_failures: int = 0
    more_errors: int = 0
    files: list[str] = field(default_factory=list)


class OdooLog:
    """What the log of a run tells of the tests on `database`; records of other databases tell nothing of them.

    `tests`: those that started, in their order; `outside`: what failed or was skipped outside of any; `latest`: the test that
    started last, `latest_of_file` its name by module and file. `errors`: the records at ERROR or CRITICAL that are no
    `problems`; `omissions`: those of Odoo that are CRITICAL or tell what it left out. `loaded`: the modules that Odoo began to
    load. `javascript`: the tests that a browser ran. `browser_files` counts the `files` of all tests. `subtest_skips` counts
    the subtests that were skipped, by module, file, test and reason. `last_line`: the last one that is not empty, of a record
    its message.

    Memory is bounded, whatever the log's length. What there is no room for is counted: `tests_left_out`, and of these
    `skips_left_out`, by module. `begun`, `problem_counts` (by kind), `uncounted_problems` (those that Odoo's result does not
    count), `result_lines` and the sums of `results` are exact in any case.
    """

    def __init__(self, database: str) -> None:
        self.results: list[Result] = []
        self.result_lines = 0
        self.tests: list[LoggedTest] = []
        self.outside: list[LoggedTest] = []
        self.latest: LoggedTest | None = None
        self.latest_of_file: dict[tuple[str, str], str] = {}
        self.begun = 0
        self.tests_left_out: Counter[str] = Counter()
        self.skips_left_out: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self.problem_counts: Counter[str] = Counter()
        self.uncounted_problems = 0
        self.subtest_skips: Counter[tuple[str, str, str, str]] = Counter()
        self.errors = Records(Room(*_ERRORS))
        self.omissions = Records(Room(*_OMISSIONS))
        self.loaded: set[str] = set()
        self.javascript = HootLog()
        self.browser_files = 0
        self.last_line = ""
        self._database = database
        self._known: dict[tuple[str, str, str], LoggedTest] = {}
        self._test_room = Room(*_TESTS)
        self._subtest_skip_room = Room(*_SUBTEST_SKIPS)
        self._problem_room = Room(*_PROBLEMS)
        self._problem_name_room = Room(*_PROBLEMS_WITHOUT_DETAILS)
        # The line that has no end yet; whether it has a beginning that was read already, and whether that is a record's.
        self._unfinished = b""
        self._is_begun = False
        self._is_of_record = False
        self._record: Record | None = None
        # Of the record, if it tells anything of which more than the first line is needed.
        self._excerpt: Excerpt | None = None

    @property
    def problems_left_out(self) -> int:
        """Count the problems for which there was no room."""
        return sum(self.problem_counts.values()) - len(self.problems)

    @property
    def is_failing(self) -> bool:
        """Tell whether a test, subtest or class has failed or erred, be it that the record of that goes on."""
        record = self._record
        return bool(self.problem_counts) or bool(
            record
            and (record.level, record.database) == ("ERROR", self._database)
            and (record.logger in _SUITES or _TEST_LOGGER.match(record.logger))
            and _PROBLEM.match(record.message)
        )

    def forget_unfinished(self) -> None:
        """Take the latest test for one that never began, if nothing is known of it yet: Odoo was killed in it on purpose."""
        latest = self.latest
        if latest and self.tests[-1:] == [latest] and not (latest.ended or latest.problems or latest.skipped is not None):
            self.tests.pop()
            del self._known[latest.module, latest.file, latest.name]
            self.begun -= 1
            self.latest = None

    def feed(self, data: bytes) -> list[Record | LoggedTest]:
        """Read a piece of the log. Tell which records, by their first lines, and which tests have begun in it."""
        begun: list[Record | LoggedTest] = []
        for at in range(0, len(data), _PIECE):
            begun += self._feed(data[at : at + _PIECE])
        return begun

    def end(self) -> None:
        """Read what is left when there is no more."""
        if self._unfinished or self._is_begun:
            self.feed(b"\n")
        self._end_record()

    def _feed(self, piece: bytes) -> Iterator[Record | LoggedTest]:
        lines, line_end, self._unfinished = (self._unfinished + piece).rpartition(b"\n")
        if line_end:
            if self._is_begun:
                line, _, lines = (lines + line_end).partition(b"\n")
                yield from self._read_part(line)
                self._is_begun = False
            else:
                lines += line_end
            yield from self._read_lines(_COLOUR.sub(b"", lines) if b"\x1b" in lines else lines)
        at = 0
        while len(self._unfinished) - at > _LONGEST_LINE:
            end = at + _LONGEST_LINE
            # Not within what may be the beginning of a record that follows what was printed.
            is_of_record = self._is_begun and self._is_of_record
            mark = None if is_of_record else _MARK.search(self._unfinished, at + 1 + _YEAR, end)
            end = mark.start() - _YEAR if mark else end - _LONGEST_MARK
            yield from self._read_part(self._unfinished[at:end])
            at, self._is_begun = end, True
        self._unfinished = self._unfinished[at:]

    def _read_lines(self, lines: bytes) -> Iterator[Record | LoggedTest]:
        """Read whole lines: those that may hold a record one by one, all others at once."""
        at = 0
        while mark := _MARK.search(lines, at):
            begin = lines.rfind(b"\n", at, mark.start()) + 1 or at
            end = lines.find(b"\n", mark.end())
            if begin > at:
                self._print(lines[at : begin - 1])
            self._is_of_record = False
            for line in lines[begin:end].decode(errors="replace").splitlines():
                yield from self._read_line(line)
            at = end + 1
        if at < len(lines):
            self._print(lines[at:-1])

    def _read_part(self, part: bytes) -> Iterator[Record | LoggedTest]:
        """Read a part of a line that is too long to be read as a whole."""
        part = _COLOUR.sub(b"", part) if b"\x1b" in part else part
        self._is_of_record = self._is_begun and self._is_of_record
        if not _MARK.search(part):
            self._print(part, continues=self._is_begun)
            return
        for number, line in enumerate(part.decode(errors="replace").splitlines()):
            yield from self._read_line(line, continues=self._is_begun and not number)

    def _read_line(self, line: str, *, continues: bool = False) -> Iterator[Record | LoggedTest]:
        match = None if continues else _RECORD.match(line)
        if continues and self._is_of_record:
            self._print(line.encode(errors="replace"), continues=True)
            return
        if not match and self._record and (glued := _GLUED.search(line)):
            printed = line[: glued.start()]
            if continues or printed.strip():
                self._print(printed.encode(errors="replace"), continues=continues)
                match = glued
        # Within a record of interest only a whole line: its text may quote one.
        if not match and (error := _OTHER_ERROR.search(line)) and not (self._excerpt and (error.start() or continues)):
            if printed := line[: error.start()]:
                self._print(printed.encode(errors="replace"), continues=continues)
            match = error
        self._is_of_record = bool(match)
        if match:
            time, level, database, logger, message = match.groups()
            yield from self._begin_record(Record(time, level, database, logger or _UNKNOWN_LOGGER, message))
        else:
            self._print(line.encode(errors="replace"), continues=continues)

    def _print(self, lines: bytes, *, continues: bool = False) -> None:
        """Take account of lines that are no records."""
        if self._excerpt:  # else they are of nothing of interest; or of a shell or an interpreter
            self._excerpt.add(lines if continues else b"\n" + lines)
        if not continues and (last_line := _last_line(lines)):
            self.last_line = last_line

    def _begin_record(self, record: Record) -> Iterator[Record | LoggedTest]:
        self._end_record()
        self._record = record
        self._excerpt = Excerpt(record.message) if self._is_of_interest(record) else None
        yield record
        is_start = record.message.startswith("Starting ")
        if self.latest and (record.logger in _BETWEEN_TESTS or (is_start and _STARTING.match(record.message))):
            self.latest.ended = self.latest.ended or record.time
        if is_start and record.database == self._database:
            yield from self._begin_test(record)
        elif (loading := _LOADING.match(record.message)) and len(self.loaded) < _NAMES:
            self.loaded.add(loading[1])
        elif (file := _BROWSER_FILE.match(record.message)) and self.latest and self.browser_files < _BROWSER_FILES:
            self.browser_files += 1
            self.latest.files.append(file[1])
        self.last_line = record.message[:_LONGEST_REASON]

    def _is_of_interest(self, record: Record) -> bool:
        if record.level in ("ERROR", "CRITICAL") or record.logger in RESULT_LOGGERS or tells_of_omission(record):
            return True
        if record.message.startswith("[HOOT]"):
            return True
        return record.message.startswith("skipped ") and bool(record.logger in _SUITES or _TEST_LOGGER.match(record.logger))

    def _begin_test(self, record: Record) -> Iterator[LoggedTest]:
        starting, owner = _STARTING.match(record.message), _TEST_LOGGER.match(record.logger)
        if starting and owner:
            module, file, name = owner[1], _file(owner[2], owner[3] or ""), starting[1]
            self.latest = LoggedTest(module, file, name, record.time)
            self.begun += 1
            if self._test_room.takes(len(module) + len(file) + len(name)):
                self.tests.append(self.latest)
                self._known[module, file, name] = self.latest
            else:
                _count_one(self.tests_left_out, module)
            if (module, file) in self.latest_of_file or len(self.latest_of_file) < _NAMES:
                self.latest_of_file[module, file] = name
            yield self.latest

    def _end_record(self) -> None:
        record, excerpt = self._record, self._excerpt
        self._record = self._excerpt = None
        if record and excerpt:
            record = record._replace(message=str(excerpt))
            is_problem = record.database == self._database and self._read_test_record(record)
            if record.level in ("ERROR", "CRITICAL") and not is_problem:
                self.errors.add(record)
            if (record.level == "CRITICAL" and record.is_of_odoo) or tells_of_omission(record):
                self.omissions.add(record)

    def _read_test_record(self, record: Record) -> bool:
        """Read a record on the tests' database; tell whether it is a test's failure or error."""
        self.javascript.read(record)
        if record.logger in RESULT_LOGGERS:
            result = _RESULT.match(record.first_line)
            if result and result[4] == self._database:
                self._add_result(Result(int(result[1]), int(result[2]), int(result[3])))
            return False
        owner = _TEST_LOGGER.match(record.logger)
        if not owner and record.logger not in _SUITES:
            return False
        module, file = (owner[1], _file(owner[2], owner[3] or "")) if owner else ("", "")
        # A module's own tests may log other things that begin with "skipped" or "unexpected success".
        if skipped := _SKIPPED.match(record.message):
            self._skip(
                _key(module, file, skipped[1]), (skipped[2] or "").strip(), is_of_class=bool(_OF_CLASS.match(skipped[1]))
            )
            return False
        if subtest := _SKIPPED_SUBTEST.match(record.message):
            self._skip_subtest((module, file, subtest[1] or self._latest_in(module, file)), (subtest[2] or "").strip())
            return False
        return record.level == "ERROR" and self._read_problem(record, module, file)

    def _add_result(self, result: Result) -> None:
        self.result_lines += 1
        if len(self.results) < _RESULTS:
            self.results.append(result)
        else:
            last = self.results[-1]
            self.results[-1] = Result(last.failed + result.failed, last.errors + result.errors, last.tests + result.tests)

    def _skip(self, key: tuple[str, str, str], reason: str, *, is_of_class: bool) -> None:
        if not is_of_class and key not in self._known and not self._is_latest(key):
            return
        if test := self._test(key):
            if key not in self._known and test.skipped is None:
                _count_one(self.skips_left_out, key[0])
            test.skipped = shortened(reason, _LONGEST_REASON)

    def _skip_subtest(self, key: tuple[str, str, str], reason: str) -> None:
        skip = (*key, shortened(reason, _LONGEST_REASON))
        is_test = key in self._known or self._is_latest(key)
        if skip in self.subtest_skips or (is_test and self._subtest_skip_room.takes(sum(map(len, skip)))):
            self.subtest_skips[skip] += 1

    def _read_problem(self, record: Record, module: str, file: str) -> bool:
        unexpected = _UNEXPECTED.match(record.first_line)
        if unexpected and ((key := (module, file, unexpected[1])) in self._known or self._is_latest(key)):
            kind, test = "FAIL", unexpected[1]
        elif match := _PROBLEM.match(record.first_line):
            kind, test = match.groups()
            if nameless := _NAMELESS_SUBTEST.match(test):
                test = f"Subtest {self._latest_in(module, file)} {nameless[1]}"
        else:
            return False
        key = _key(module, file, test)
        if key[0]:
            problem = Problem(kind, key[0], test, record.message, not unexpected, file=key[1], name=key[2])
            self._add_problem(key, problem)
        return bool(key[0])

    def _add_problem(self, key: tuple[str, str, str], problem: Problem) -> None:
        self.problem_counts[problem.kind] += 1
        self.uncounted_problems += not problem.is_counted
        test = self._test(key)
        if not self._problem_room.takes(len(problem.test) + len(problem.details)):
            details = f"{problem.kind}: {problem.test}\n[{len(problem.details)} characters are left out here]"
            problem = replace(problem, details=details)
            if not self._problem_name_room.takes(2 * len(problem.test)):
                if test and problem.kind == "FAIL":
                    test.more_failures += 1
                elif test:
                    test.more_errors += 1
                return
        self.problems.append(problem)
        if test:
            test.problems.append(problem)

    def _is_latest(self, key: tuple[str, str, str]) -> bool:
        latest = self.latest
        return latest is not None and (latest.module, latest.file, latest.name) == key

    def _latest_in(self, module: str, file: str) -> str:
        """Name the test of that file that started last."""
        if self.latest and (self.latest.module, self.latest.file) == (module, file):
            return self.latest.name
        return self.latest_of_file.get((module, file), "unknown")

    def _test(self, key: tuple[str, str, str]) -> LoggedTest | None:
        """Return the test, or make one outside of any; None if there is no room for it."""
        if key in self._known:
            return self._known[key]
        if self._is_latest(key):
            return self.latest
        if not self._test_room.takes(sum(map(len, key))):
            return None
        self._known[key] = LoggedTest(*key)
        self.outside.append(self._known[key])
        return self._known[key]


def _last_line(lines: bytes) -> str:
    """Return the last line that is not empty, of a long one the beginning."""
    lines = lines.rstrip()
    text = lines[lines.rfind(b"\n") + 1 :].decode(errors="replace")
    if not text.strip():  # nothing, or only such blanks as ASCII does not know
        text = lines.decode(errors="replace")
    return next((line.strip()[:_LONGEST_REASON] for line in reversed(text.splitlines()) if line.strip()), "")


def _count_one(counts: Counter[str], module: str) -> None:
    counts[module if module in counts or len(counts) < _NAMES else ""] += 1


def _key(module: str, file: str, test: str) -> tuple[str, str, str]:
    """Identify what Odoo calls so, in a record of the tests in `file`: by module, file and name."""
    if of_class := _OF_CLASS.match(test):
        return of_class[2], _file(of_class[3], of_class[4]), f"{of_class[5]}.{of_class[1]}"
    return module, file, test.split()[1] if test.startswith("Subtest ") else test


def _file(folder: str | None, name: str) -> str:
    """Name a test file as `LoggedTest` does: dotted below `tests`, with its folder if that is another one."""
    return f"{folder}/tests/{name}" if folder else name
