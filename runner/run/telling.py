"""What is told of Odoo's log while it comes: failing tests, errors, and warnings of the module under test, each once."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from runner.reporting.findings import last_exception, place_of
from runner.terminal import Terminal
from runner.text import printable, shortened
from runner.verdict.cases import Case, CaseOutcome
from runner.verdict.javascript import TEST_JS, WEB, JavaScript
from runner.verdict.notes import is_sum
from runner.verdict.odoolog import LoggedTest, OdooLog, Problem
from runner.verdict.record import Record

# Of one process of Odoo; the log has them all.
_TESTS_TOLD, _ERRORS_TOLD, _WARNINGS_TOLD = 20, 10, 5
# Different records that are known again.
_KNOWN = 1000
# Characters.
_LONGEST_NAME, _LONGEST_RECORD, _LONGEST_ASSERTION = 200, 200, 300


class Telling:
    """Tells of one run, of all its processes of Odoo one after another, each failing test and each record once.

    Of a test with failing subtests it tells the first. Of very many the first are told, and at the end how many more there
    are. Tests that fail again with the same words, as on an empty database, are only counted.
    """

    def __init__(
        self, terminal: Terminal, module: str, checkout: Path, modules: Mapping[str, Path], javascript: JavaScript
    ) -> None:
        """`modules`: the folders of the modules in the checkout; `javascript`: the tests of that kind of the module."""
        self._terminal = terminal
        self._loggers = f"odoo.addons.{module}."
        self._checkout, self._modules = checkout, modules
        self._file_of = javascript.file_of
        self._known_tests: set[str] = set()
        self._known_records: set[str] = set()
        self.begin(OdooLog(""))

    def begin(self, log: OdooLog) -> None:
        """Begin with another process, whose log this is."""
        self._log = log
        self._problems = self._errors = self._javascript = 0  # how many were looked at
        self._failing: set[tuple[str, str, str]] = set()
        self._again = self._records = self._more_tests = self._more_records = 0

    def heed(self, begun: Sequence[Record | LoggedTest] = ()) -> None:
        """Tell what has come; `begun`: the records and tests that have begun in it."""
        for event in begun:
            if isinstance(event, Record) and event.level == "WARNING" and f"{event.logger}.".startswith(self._loggers):
                self._tell_record(event)
        log = self._log
        if new := log.javascript.tests[self._javascript :]:
            self._javascript += len(new)
            for test in new:
                if test.details is not None:
                    file = self._file_of(test.name)
                    self._tell_test(Case(test.module, file, test.name, CaseOutcome.FAILED, details=test.details), "FAIL")
        if new_problems := log.problems[self._problems :]:
            self._problems += len(new_problems)
            for problem in new_problems:
                self._tell_problem(problem)
        if len(log.errors.times) > self._errors:
            for record in islice(log.errors.times, self._errors, None):
                # What a browser says of its tests is told by these.
                if not is_sum(record) and not (log.javascript.tests and record.logger.endswith(".browser")):
                    self._tell_record(record)
            self._errors = len(log.errors.times)

    def end(self) -> None:
        """Tell the rest when the process has ended, and how much is not told."""
        self.heed()
        counts = {
            "tests that failed as told before": self._again,
            "more failures of tests in the log": self._more_tests + self._log.problems_left_out,
            "more errors and warnings in the log": self._more_records + self._log.errors.left_out,
        }
        for what, number in counts.items():
            if number:
                self._terminal.told(f"  {what}: {number}")

    def _tell_problem(self, problem: Problem) -> None:
        if (problem.module, problem.file) == (WEB, TEST_JS) and self._failing:
            return  # it opens the JavaScript tests, of which some fail
        outcome = CaseOutcome.ERROR if problem.kind == "ERROR" else CaseOutcome.FAILED
        case = Case(problem.module, problem.file, problem.name, outcome, details=problem.details)
        self._tell_test(case, problem.kind, problem.test if problem.test.startswith("Subtest ") else "")

    def _tell_test(self, case: Case, kind: str, name: str = "") -> None:
        key = (case.module, case.file, case.name)
        if len(self._failing) == _TESTS_TOLD or key in self._failing:
            self._more_tests += 1
            return
        self._failing.add(key)
        place = self._place(case)
        head = f"  {kind}: {_line(name or case.name, _LONGEST_NAME)}{f' ({printable(place)})' if place else ''}"
        assertion = _line(last_exception(case.details), _LONGEST_ASSERTION)
        text = f"{head}\n    {assertion}" if assertion not in ("", f"{kind}: {case.name}") else head
        if text in self._known_tests:
            self._again += 1
        else:
            self._known_tests.add(text)
            self._terminal.told(text)

    def _place(self, case: Case) -> str:
        """Say where it stands, below the checkout if it is one of its modules."""
        place = place_of(case)
        if not place:
            return ""
        file = Path(place.file)
        folder = self._modules.get(case.module)
        if folder and folder.is_relative_to(self._checkout):
            file = folder.relative_to(self._checkout).parent / file
        return f"{file}:{place.line}" if place.line else str(file)

    def _tell_record(self, record: Record) -> None:
        lines = dict.fromkeys([record.first_line.strip(), last_exception(record.message)])
        message = " ".join(lines)
        text = f"  {record.level} {_line(f'{record.logger}: {message}', _LONGEST_RECORD)}"
        if text in self._known_records:
            return
        if len(self._known_records) < _KNOWN:
            self._known_records.add(text)
        if self._records >= (_WARNINGS_TOLD if record.level == "WARNING" else _ERRORS_TOLD):
            self._more_records += 1
            return
        self._records += 1
        self._terminal.told(text)


def _line(text: str, longest: int) -> str:
    """Write a short line of what others said."""
    return printable(shortened(text, longest))
