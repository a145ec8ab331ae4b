"""Every reason not to believe that a module's tests ran and passed, the cause before its consequences."""

import signal
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from runner.text import counted, printable
from runner.verdict.cases import SET_UP_CLASS, Case, CaseOutcome, cases_of, path_of
from runner.verdict.odoolog import OdooLog
from runner.verdict.omission import TESTS_NOT_IMPORTED, in_a_line, omission, with_exception
from runner.verdict.sources import Sources, SourceTest

# Of Odoo after what it could not go on without, of which it has written a record at CRITICAL.
_CRITICAL_EXIT = 255
# Of a process that SIGKILL ended.
KILLED = 137


@dataclass(frozen=True)
class Evidence:
    """All that a verdict on the tests of `module` rests on; `states`: of the modules, or why the database does not tell.

    `needs_tests`: not where its tests are all of another kind, which ran elsewhere.
    """

    module: str
    odoo_exit: int
    log: OdooLog
    states: Mapping[str, str] | str
    sources: Sources | None
    needs_tests: bool = True

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """List the single tests."""
        return cases_of(self.log, self.module)

    @cached_property
    def started(self) -> set[tuple[str, str]]:
        """Name the tests that started, by file and name."""
        return {(test.file, test.name) for test in self.log.tests if test.module == self.module}

    @cached_property
    def skipped(self) -> set[tuple[str, str]]:
        """Name those of them that were skipped."""
        skipped = (test for test in self.log.tests if test.module == self.module and test.skipped is not None)
        return {(test.file, test.name) for test in skipped}

    @cached_property
    def ran(self) -> set[tuple[str, str]]:
        """Name those of them of which something ran."""
        no_ops = {(test.file, test.name) for test in self.sources.tests if test.is_no_op} if self.sources else set()
        return self.started - self.skipped - no_ops

    @property
    def has_started(self) -> bool:
        """Tell whether any of them started."""
        return bool(self.started) or self.left_out > 0

    @property
    def left_out(self) -> int:
        """Count its tests that started, but for whose names there was no room."""
        return self.log.tests_left_out[self.module]

    @property
    def number_skipped(self) -> int:
        """Count its tests that were skipped."""
        return len(self.skipped) + self.log.skips_left_out[self.module]

    @property
    def number_ran(self) -> int:
        """Count its tests of which something ran, of those without names every start."""
        return len(self.ran) + self.left_out - self.log.skips_left_out[self.module]

    @property
    def is_installed(self) -> bool:
        """Tell whether it is, as far as the database says."""
        return isinstance(self.states, str) or self.states.get(self.module) == "installed"

    @property
    def was_installed_before(self) -> bool:
        """Tell whether Odoo found the module installed, so that it ran none of its tests."""
        if isinstance(self.states, str) or not self.is_installed or not self.log.results or self.has_started:
            return False
        return self.module not in self.log.loaded

    @property
    def is_complete(self) -> bool:
        """Tell whether Odoo came to its end with the module and its tests; else what did not start had no chance to."""
        imports = (TESTS_NOT_IMPORTED.match(record.message) for record in self.log.omissions.times)
        has_tests = not self.was_installed_before and not any(match and match[1] == self.module for match in imports)
        return bool(self.log.results) and self.is_installed and has_tests


def failed_checks(evidence: Evidence, *causes: str) -> list[str]:
    """List the reasons in exit code, log and database, each once, after the `causes` that are known from elsewhere.

    Where Odoo did not come to its end with the module, what only follows from a cause is the last reason: one line, "so ...".
    """
    reasons = [*causes, *omissions(evidence.log, evidence.module), *_causes(evidence)]
    missing = _missing(evidence)
    if evidence.is_complete:
        return list(dict.fromkeys(reasons + missing))
    if not reasons:
        reasons, missing = missing[:1], missing[1:]
    if missing:
        reasons.append(f"so {', '.join(missing[:-1])}{' and ' if missing[1:] else ''}{missing[-1]}")
    return list(dict.fromkeys(reasons))


def _causes(evidence: Evidence) -> list[str]:
    """List what speaks against the tests by itself."""
    odoo_exit, log = evidence.odoo_exit, evidence.log
    reasons = []
    if odoo_exit == KILLED:
        reasons.append(f"Odoo was killed (exit code {KILLED}), as happens when memory runs out")
    elif odoo_exit and not _follows_from_a_record(evidence):
        reasons.append(f"Odoo ended with exit code {odoo_exit}{_signal(odoo_exit)}")
    if isinstance(evidence.states, str):
        reasons.append(f"the database could not be asked which modules are installed: {evidence.states}")
    if log.result_lines > 1:
        reasons.append(f"Odoo's result line stands in the log {log.result_lines} times")
    reasons += _forged_starts(log)
    if evidence.has_started and evidence.number_ran < 1:
        if evidence.started <= evidence.skipped:
            reasons.append(f"all {evidence.number_skipped} tests of {evidence.module} were skipped")
        else:
            reasons.append(f"nothing of the tests of {evidence.module} ran, although Odoo calls them passed")
    if evidence.was_installed_before:
        reasons.append(f"{evidence.module} was installed already: Odoo runs the tests of a module while it installs it")
    return reasons


def _missing(evidence: Evidence) -> list[str]:
    """List what should be there and is not: the cause may be known, or not."""
    module, log = evidence.module, evidence.log
    missing = []
    if _follows_from_a_record(evidence):
        missing.append(f"Odoo ended with exit code {evidence.odoo_exit}")
    if not log.results and not _is_broken_off(log):
        missing.append(f"Odoo's result line is missing: the log is cut short{_where_it_is_cut(evidence)}")
    if not isinstance(evidence.states, str) and not evidence.is_installed:
        state = evidence.states.get(module) or "unknown to the database"
        missing.append(f"module {module} is not installed (its state: {state})")
    if not evidence.needs_tests:
        return missing
    if log.result_lines == 1 and not log.results[0].tests and (evidence.is_complete or evidence.has_started):
        missing.append("Odoo ran 0 tests")
    if not evidence.has_started:
        missing.append(f"no test of {module} started" if evidence.is_installed else "none of its tests ran")
    return missing


def _is_broken_off(log: OdooLog) -> bool:
    """Tell whether Odoo wrote that it could not go on."""
    return any(record.level == "CRITICAL" for record in log.omissions.times)


def _follows_from_a_record(evidence: Evidence) -> bool:
    return evidence.odoo_exit == _CRITICAL_EXIT and _is_broken_off(evidence.log)


def _forged_starts(log: OdooLog) -> list[str]:
    """Odoo counts a test and logs its start in one place (`startTest`, 14-19), so that the log never has more of them."""
    numbers = [result.tests for result in log.results]
    if len(numbers) != 1 or not 0 < numbers[0] < log.begun:
        return []
    what = "something else wrote what looks like Odoo's records"
    return [f"{counted(log.begun, 'test')} started by the log, {numbers[0]} by Odoo's result: {what}"]


def omissions(log: OdooLog, module: str) -> list[str]:
    """List what Odoo itself says that it did not load, understand or run, in plain words."""
    records = log.omissions.times
    critical = [record for record in records if record.level == "CRITICAL"]
    # What only says that something failed is said of the same exception.
    critical.sort(key=lambda record: "Traceback (most recent call last)" not in record.message)
    reasons = [with_exception(record, module) for record in critical]
    reasons += [words for record in records if (words := omission(record, module))]
    if log.omissions.left_out:
        reasons.append(f"Odoo said more of what it left out or could not do: {log.omissions.left_out} more records in the log")
    return reasons


def _where_it_is_cut(evidence: Evidence) -> str:
    last_line = evidence.log.last_line
    after = f" after `{in_a_line(last_line)}`" if last_line else ""
    return after + (
        "" if evidence.odoo_exit else ", although Odoo's exit code is 0: something ended it, or switched its log off"
    )


def _signal(odoo_exit: int) -> str:
    if odoo_exit == 130:  # Odoo's own, for each of them
        return ", as after SIGINT, SIGTERM or SIGHUP"
    try:
        return f", as after {signal.Signals(odoo_exit - 128).name}"
    except ValueError:
        return ""


def files_without_a_run(sources: Sources, cases: Sequence[Case], test_tags: str | None = None) -> dict[str, str]:
    """Give a reason for each test file of whose tests none ran, but for selection and skips, or not read, by its path.

    `test_tags`: those that were asked for, if they may leave tests of the module out.
    """
    if not sources.has_init and not cases:
        return {}  # usual_cause tells of it
    no_ops = {(test.file, test.name) for test in sources.tests if test.is_no_op}
    files_that_ran = {case.file for case in cases if (case.file, case.name) not in no_ops}
    not_run: dict[str, list[tuple[SourceTest, str]]] = {}
    for test, why in _all_not_run(sources, cases):
        not_run.setdefault(test.place, []).append((test, why))
    of_file = Counter(test.place for test in sources.tests)
    silent = {
        path: _why_no_run(sources, path, tests, test_tags, has_run=bool(files_that_ran))
        for path, tests in not_run.items()
        if _is_test_file(path) and len(tests) == of_file[path] and tests[0][0].file not in files_that_ran
    }
    lost = {path: f"holds {counted(of_file[path], 'test')} that never ran: {why}" for path, why in silent.items() if why}
    lost |= {path: f"{why}, and no test of it ran" for path, why in _unread(sources, cases, silent=True)}
    return {path: printable(f"{path} {why}") for path, why in lost.items()}


def files_not_read(sources: Sources, cases: Sequence[Case]) -> list[str]:
    """Note the files that were not read, and that are no reasons by themselves."""
    return [f"{path} {why}" for path, why in _unread(sources, cases, silent=False)]


def _unread(sources: Sources, cases: Sequence[Case], *, silent: bool) -> list[tuple[str, str]]:
    files_that_ran = {path_of(case.file) for case in cases}
    return [
        (path, why)
        for path, why in sources.unreadable.items()
        if (path not in files_that_ran and (_is_test_file(path) or not path.endswith(".py"))) == silent
    ]


def _is_test_file(path: str) -> bool:
    return path.removesuffix("/__init__.py").rpartition("/")[2].startswith("test_")


def _why_no_run(
    sources: Sources, path: str, tests: Sequence[tuple[SourceTest, str]], test_tags: str | None, *, has_run: bool
) -> str:
    """Say why none of a file's tests ran; nothing if they were not selected, or where usual_cause tells of it."""
    if why := sources.not_taken.get(path):
        return why if sources.imported or has_run else ""
    if not has_run or all(test.is_tagged_out or (test_tags and test.is_expected) for test, _ in tests):
        return ""
    if why := sources.conditions.get(path):
        return f"tests/__init__.py imports it {why}"
    return "; ".join(dict.fromkeys(why for _, why in tests))


def usual_cause(sources: Sources, cases: Sequence[Case]) -> list[str]:
    """Say why no test of a module ran at all, as far as its sources tell, and the log of its classes."""
    files = f" (found {', '.join(f'{file}.py' for file in sources.files)})" if sources.files else ""
    unread = sources.unreadable.get("tests")
    causes = (
        (unread is not None, f"tests {unread}"),
        (not sources.has_folder and not sources.tests, "the module has no folder `tests`"),
        (not sources.has_init and not sources.imported, f"tests/__init__.py is missing{files}"),
        (not sources.imported, f"tests/__init__.py imports nothing{files}"),
        (not sources.files, "no file in `tests` has a name that begins with `test_`"),
        (
            not sources.tests and not sources.inheriting_classes,
            "no class in the test files has a method whose name begins with `test`",
        ),
    )
    for applies, cause in causes:
        if applies:
            return [cause]
    inherit = "has no test of its own, and Odoo 18 and newer run none that a class inherits"
    reasons = [f"{name} {inherit}" for name in sources.inheriting_classes]
    return list(dict.fromkeys(reasons + [f"{test.name}: {why}" for test, why in tests_not_run(sources, cases)]))


def tests_not_run(sources: Sources, cases: Sequence[Case]) -> list[tuple[SourceTest, str]]:
    """List the tests that did not start, or of which nothing can have run, each with the reason.

    Of test files that Odoo does not take files_without_a_run tells.
    """
    files_that_ran = {case.file for case in cases}
    return [
        (test, why)
        for test, why in _all_not_run(sources, cases)
        if test.place not in sources.not_taken or not _is_test_file(test.place) or test.file in files_that_ran
    ]


def _all_not_run(sources: Sources, cases: Iterable[Case]) -> list[tuple[SourceTest, str]]:
    started = {(case.file, case.name): case for case in cases}
    ran = set(started).union(*(sources.run_by(file, name) for file, name in started))
    kept = {(test.file, test.name) for test in sources.tests if not test.is_replaced}
    not_run = []
    for test in sources.tests:
        key = (test.file, test.name)
        has_run = key in ran and not (test.is_replaced and key in kept)
        if test.is_no_op or not has_run:
            of_class = started.get((test.file, f"{test.name.rpartition('.')[0]}.{SET_UP_CLASS}"))
            why = _of_its_class(of_class) or test.note
            not_run.append((test, why or "it was not selected by the test tags, or its class is not collected by Odoo"))
    return not_run


def _of_its_class(case: Case | None) -> str:
    if case is None:
        return ""
    if case.outcome is CaseOutcome.SKIPPED:
        return f"its class was skipped in {SET_UP_CLASS}{f': {case.details}' if case.details else ''}"
    return f"its class failed in {SET_UP_CLASS}"
