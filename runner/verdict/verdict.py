"""Exit code, log and module states -> verdict. Pure.

Odoo exits with 0 in more than twenty situations in which nothing, or not everything, was tested. Green is therefore only
what is proven: see `judge`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.errors import ExitCode
from runner.verdict import odoolog
from runner.verdict.cases import Case, cases_of
from runner.verdict.failed_checks import denial, doubts, tests_not_imported, was_installed_before, what_odoo_left_out
from runner.verdict.not_run import forgotten_files, idle_tests, usual_cause
from runner.verdict.odoolog import Problem
from runner.verdict.sources import Sources

# What Odoo says once more, in sum, of what it has said before.
_SUMS = re.compile(r"Module \S+: \d+ failures, |At least one test failed |Failed to load registry")
_LONGEST = 300


@dataclass(frozen=True)
class Verdict:
    """How the tests of one module ended. `exit_code` is the runner's; `reasons` say why it is not 0.

    `remarks` do not make a run red by themselves: tests of the sources that did not start, and records at ERROR.
    """

    exit_code: int
    module: str
    ran: int = 0
    skipped: int = 0
    failed: int = 0
    errors: int = 0
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = field(default=(), repr=False)
    cases: tuple[Case, ...] = field(default=(), repr=False)

    @property
    def passed(self) -> bool:
        """Whether it is proven that the tests ran and passed."""
        return self.exit_code == ExitCode.PASSED

    @property
    def counts(self) -> str:
        """What ran, in words."""
        return f"{_some(self.ran, 'test')} ran, {self.failed} failed, {_some(self.errors, 'error')}, {self.skipped} skipped"

    @property
    def word(self) -> str:
        """The verdict in a word or two."""
        words = {
            ExitCode.PASSED: "PASSED",
            ExitCode.FAILED: "FAILED",
            ExitCode.TIMED_OUT: "TIMED OUT",
            ExitCode.NOT_PROVEN: "NOT PROVEN",
        }
        return words[ExitCode(self.exit_code)]


def _some(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def judge(
    *,
    module: str,
    odoo_exit: int,
    log: str,
    states: Mapping[str, str] | str,
    database: str,
    timed_out: bool = False,
    sources: Sources | None = None,
    strict: bool = False,
) -> Verdict:
    """The verdict on the tests of `module`.

    PASSED only if Odoo exited with 0, printed exactly one result line for `database` with tests and without failures, at
    least one test of the module started and was not skipped, the module is stored as installed, every test file with tests is
    imported, and Odoo reported nothing that it left out. Failures and errors of tests are FAILED; all else is NOT PROVEN, with
    every reason. `states` is a text, the error, where the database could not be asked. `strict`: also a test of the sources
    that did not start, and a record at ERROR, is a reason.
    """
    seen = odoolog.read(log, database)
    failed = sum(result.failed for result in seen.results) + seen.unexpected
    errors = sum(result.errors for result in seen.results)
    if not seen.results:
        failed, errors = (sum(problem.kind == kind for problem in seen.problems) for kind in ("FAIL", "ERROR"))
    cases = cases_of(seen, module)
    started = seen.started.get(module, set())
    skipped = set(seen.skipped.get(module, {}))
    hollow = started & {f"{test.file}.{test.name}" for test in sources.tests if test.is_hollow} if sources else set()
    is_installed = isinstance(states, str) or states.get(module) == "installed"
    has_tests = not was_installed_before(seen, module, states) and not tests_not_imported(seen, module)
    is_complete = bool(seen.results) and is_installed and has_tests
    remarks = [
        f"{test.name} ({test.file}) did not run: {why}" for test, why in idle_tests(sources, cases, complete=is_complete)
    ]
    remarks += _stray_errors(seen, module)

    def verdict(exit_code: ExitCode, reasons: list[str]) -> Verdict:
        return Verdict(
            exit_code=exit_code,
            module=module,
            ran=len(started - skipped - hollow),
            skipped=len(skipped),
            failed=failed,
            errors=errors,
            reasons=tuple(reasons),
            remarks=tuple(remarks),
            problems=tuple(seen.problems),
            cases=cases,
        )

    if timed_out:
        last = f"; the last one started was {_last_started(seen)}" if started else ""
        return verdict(ExitCode.TIMED_OUT, [f"the tests ran past their time (--test-timeout){last}"])
    reasons = doubts(module, odoo_exit, seen, hollow, states)
    forgotten = forgotten_files(sources, cases) if is_complete else []
    if failed or errors:
        problems = [f"{problem.kind}: {problem.test}" for problem in seen.problems]
        return verdict(ExitCode.FAILED, problems + forgotten if problems and seen.results else problems + reasons)
    reasons += forgotten
    # Not a test that Odoo tries again: what it says of that one before it passes is at the level _ERROR. But the result may be
    # a line that a failing test has quoted, in a log that is cut short.
    reasons += [f"{each.kind}: {each.test} is in the log, but not in Odoo's result" for each in seen.problems]
    if not is_installed and sources and sources.manifest:
        reasons.insert(0, sources.manifest)
    if is_complete and reasons and not started - skipped - hollow:
        reasons += usual_cause(sources, cases)
    if strict:
        reasons += [f"--strict: {remark}" for remark in remarks]
    return verdict(ExitCode.NOT_PROVEN if reasons else ExitCode.PASSED, reasons)


def _stray_errors(seen: odoolog.TestLog, module: str) -> list[str]:
    """Records at ERROR, or a module's at CRITICAL, that are no failing test, nor Odoo's result, nor a reason of their own."""
    reported = {problem.details for problem in seen.problems}
    told = {*what_odoo_left_out(seen, module)}
    remarks = [
        f"logged at {record.level}: {_first_line(record)}"
        for record in seen.records
        if (record.level == "ERROR" or (record.level == "CRITICAL" and record.logger.startswith("odoo.addons.")))
        and record.message not in reported
        and record.logger not in odoolog.RESULT_LOGGERS
        and not _SUMS.match(record.message)
        and denial(record, module) not in told
    ]
    return list(dict.fromkeys(remarks))


def _first_line(record: odoolog.Record) -> str:
    return " ".join(record.message.partition("\n")[0].split())[:_LONGEST]


def _last_started(seen: odoolog.TestLog) -> str:
    for record in reversed(seen.records):
        if record.message.startswith("Starting ") and ".tests." in record.logger:
            return record.message.split()[1]
    return "unknown"
