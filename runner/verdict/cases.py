"""The single tests of a run, put together from what Odoo's log tells of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from runner.verdict.odoolog import Ended, Event, Parser, Problem, Record, Result, Skipped, Started

SET_UP_CLASS = "setUpClass"
_UNFINISHED = "the test did not end: the log stops in it"
_TIME = "%Y-%m-%d %H:%M:%S,%f"


class CaseOutcome(Enum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Case:
    """One test: `file` as in `test_client` (dotted below `tests`), `name` as in `TestClient.test_one`.

    `details` is the traceback, of all failing subtests one after another, or the reason of a skip. `seconds` is the time until
    the next test or Odoo's next step, None where the log does not tell. A test in which the log stops is an error.
    """

    module: str
    file: str
    name: str
    outcome: CaseOutcome
    seconds: float | None = None
    details: str = ""


@dataclass
class _Test:
    """What has happened in one start of a test, or outside of any in a class (`ended` is empty then)."""

    module: str
    file: str
    name: str
    began: str = ""
    ended: str = ""
    skipped: str | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def case(self) -> Case:
        outcome, details = CaseOutcome.PASSED, "\n".join(problem.details for problem in self.problems) or self.skipped or ""
        if self.problems:
            is_error = any(problem.kind == "ERROR" for problem in self.problems)
            outcome = CaseOutcome.ERROR if is_error else CaseOutcome.FAILED
        elif self.skipped is not None:
            outcome = CaseOutcome.SKIPPED
        elif not self.ended:
            outcome, details = CaseOutcome.ERROR, _UNFINISHED
        return Case(self.module, self.file, self.name, outcome, self._seconds, details)

    @property
    def _seconds(self) -> float | None:
        try:
            begun, ended = (datetime.strptime(time, _TIME) for time in (self.began, self.ended))
        except ValueError:  # it did not end; or a record that a test printed, of the 31st of February
            return None
        return max(0.0, (ended - begun).total_seconds())


class TestLog:
    """What the log of one run says of the tests on `database`, read piece by piece, as it comes.

    `records`: those that may tell what is wrong, which are Odoo's own, and errors of any module.
    """

    __test__ = False  # no class of tests

    def __init__(self, database: str) -> None:
        self._parser = Parser(database)
        self.results: list[Result] = []
        self.problems: list[Problem] = []
        self.records: list[Record] = []
        self._tests: list[_Test] = []
        self._outside_of_tests: list[_Test] = []
        self._latest: dict[tuple[str, str, str], _Test] = {}

    def feed(self, data: bytes) -> list[Event]:
        """Read on, and tell what is new."""
        return self._take(self._parser.feed(data))

    def end(self) -> None:
        """Read what is left when there is no more."""
        self._take(self._parser.end())

    def _take(self, events: list[Event]) -> list[Event]:
        for event in events:
            self._add(event)
        return events

    def _add(self, event: Event) -> None:
        match event:
            case Record() if event.is_of_odoo or event.level in ("ERROR", "CRITICAL"):
                self.records.append(event)
            case Started():
                self._tests.append(_Test(event.module, event.file, event.name, event.time))
                self._latest[event.module, event.file, event.name] = self._tests[-1]
            case Ended() if self._tests:
                self._tests[-1].ended = self._tests[-1].ended or event.time
            case Skipped():
                self._test_of(event).skipped = event.reason
            case Problem():
                self.problems.append(event)
                self._test_of(event).problems.append(event)
            case Result():
                self.results.append(event)

    def _test_of(self, event: Skipped | Problem) -> _Test:
        key = (event.module, event.file, event.name)
        if key not in self._latest:
            self._latest[key] = _Test(*key)
            self._outside_of_tests.append(self._latest[key])
        return self._latest[key]

    def cases(self, module: str) -> tuple[Case, ...]:
        """List the tests of `module` that started, in their order, then what failed or was skipped outside of any."""
        return tuple(test.case for test in (*self._tests, *self._outside_of_tests) if test.module == module)

    def started(self, module: str) -> set[tuple[str, str]]:
        """Name the tests of `module` that started, by file and name."""
        return {(test.file, test.name) for test in self._tests if test.module == module}

    def skipped(self, module: str) -> set[tuple[str, str]]:
        """Name those of them that were skipped."""
        return {(test.file, test.name) for test in self._tests if test.module == module and test.skipped is not None}

    @property
    def last_line(self) -> str:
        """Quote the last line that is not empty, of a record its message."""
        return self._parser.last_line

    @property
    def last_started(self) -> str:
        """Name the last test that started, of whatever module."""
        return self._tests[-1].name if self._tests else ""

    def count(self, kind: str) -> int:
        """Count FAIL or ERROR, in Odoo's words; in a log without Odoo's result the tests of which it tells."""
        problems = [problem for problem in self.problems if problem.kind == kind]
        if not self.results:
            return len(problems)
        counted = sum(result.failed if kind == "FAIL" else result.errors for result in self.results)
        return counted + sum(not problem.is_counted for problem in problems)


def read(log: bytes, database: str) -> TestLog:
    """Read a whole log."""
    test_log = TestLog(database)
    test_log.feed(log)
    test_log.end()
    return test_log
