"""Exit code, log and module states -> verdict.

Odoo exits with 0 in more than twenty situations in which nothing, or not everything, was tested. Green is therefore only
what is proven: see `judge`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from runner.errors import ExitCode
from runner.text import counted, shortened
from runner.verdict.cases import Case
from runner.verdict.failed_checks import Evidence, failed_checks, omission, tests_not_run, unimported_files, usual_cause
from runner.verdict.odoolog import RESULT_LOGGERS, OdooLog, Problem
from runner.verdict.sources import Sources

# What Odoo says once more, in sum, of what it has said before.
_SUMS = re.compile(r"Module \S+: \d+ failures, |At least one test failed |Failed to load registry")
_LONGEST = 300


@dataclass(frozen=True)
class Verdict:
    """How the tests of one module ended. `exit_code` is the runner's; `reasons` say why it is not 0.

    `notes` do not make a run red by themselves: tests of the sources that did not start, and records at ERROR.
    """

    exit_code: int
    module: str
    ran: int = 0
    skipped: int = 0
    failed: int = 0
    errors: int = 0
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = field(default=(), repr=False)
    cases: tuple[Case, ...] = field(default=(), repr=False)

    @property
    def passed(self) -> bool:
        """Tell whether it is proven that the tests ran and passed."""
        return self.exit_code == ExitCode.PASSED

    def doubted(self, reasons: Iterable[str]) -> "Verdict":
        """Return the verdict with reasons that are not in the log: what had passed is not proven then."""
        more = tuple(reasons)
        exit_code = int(ExitCode.NOT_PROVEN) if more and self.passed else self.exit_code
        return replace(self, exit_code=exit_code, reasons=self.reasons + more)

    @property
    def counts(self) -> str:
        """Say in words what ran."""
        ran, errors = counted(self.ran, "test"), counted(self.errors, "error")
        return f"{ran} ran, {self.failed} failed, {errors}, {self.skipped} skipped"

    @property
    def label(self) -> str:
        """Say the verdict in a word or two."""
        return ExitCode(self.exit_code).name.replace("_", " ")


def judge(
    *,
    module: str,
    odoo_exit: int,
    log: OdooLog,
    states: Mapping[str, str] | str,
    timed_out: bool = False,
    sources: Sources | None = None,
    strict: bool = False,
) -> Verdict:
    """Judge the tests of `module` by the log of a run on its database.

    PASSED only if Odoo exited with 0, printed exactly one result line for the database with tests and without failures, at
    least one test of the module started and was not skipped, the module is stored as installed, every test file with tests is
    imported, and Odoo reported nothing that it left out. Failures and errors of tests are FAILED; all else is NOT PROVEN, with
    every reason. `states` is a text, the error, where the database could not be asked. `strict`: also a test of the sources
    that did not start, and a record at ERROR, is a reason.
    """
    evidence = Evidence(module, odoo_exit, log, states, sources)
    failed, errors = _count(log)
    notes = _notes(evidence)
    checks = failed_checks(evidence)
    unimported = unimported_files(sources, evidence.cases) if sources and evidence.is_complete else []
    problems = [f"{problem.kind}: {problem.test}" for problem in log.problems]
    if timed_out:
        exit_code = ExitCode.TIMED_OUT
        last = f"; the last one started was {log.tests[-1].name}" if evidence.started else ""
        reasons = [f"the tests ran past their time (--test-timeout){last}"]
    elif failed or errors:
        exit_code = ExitCode.FAILED
        reasons = problems + (unimported if problems and log.results else checks)
    else:
        # Not a test that Odoo tries again: what it says of that one before it passes is at the level _ERROR. But the result
        # may be a line that a failing test has quoted, in a log that is cut short.
        reasons = checks + unimported + [f"{problem} is in the log, but not in Odoo's result" for problem in problems]
        if not evidence.is_installed and sources and sources.manifest:
            reasons.insert(0, sources.manifest)
        if evidence.is_complete and reasons and sources and not evidence.ran:
            reasons += usual_cause(sources, evidence.cases)
        reasons += [f"--strict: {note}" for note in notes] if strict else []
        exit_code = ExitCode.NOT_PROVEN if reasons else ExitCode.PASSED
    return Verdict(
        exit_code=exit_code,
        module=module,
        ran=len(evidence.ran),
        skipped=len(evidence.skipped),
        failed=failed,
        errors=errors,
        reasons=tuple(reasons),
        notes=tuple(notes),
        problems=tuple(log.problems),
        cases=evidence.cases,
    )


def _count(log: OdooLog) -> tuple[int, int]:
    """Count failures and errors as Odoo's result does; in a log without it those that are told."""
    if not log.results:
        kinds = [problem.kind for problem in log.problems]
        return kinds.count("FAIL"), kinds.count("ERROR")
    uncounted = sum(not problem.is_counted for problem in log.problems)
    return sum(result.failed for result in log.results) + uncounted, sum(result.errors for result in log.results)


def _notes(evidence: Evidence) -> list[str]:
    """Note tests that did not run, and errors in the log that are no failing test, nor Odoo's result, nor a reason."""
    not_run = tests_not_run(evidence.sources, evidence.cases) if evidence.sources and evidence.is_complete else []
    log = evidence.log
    reported = {problem.details for problem in log.problems}
    errors = [
        f"logged at {record.level}: {shortened(' '.join(record.first_line.split()), _LONGEST)}"
        for record in log.records
        if (record.level == "ERROR" or (record.level == "CRITICAL" and record.logger.startswith("odoo.addons.")))
        and record.message not in reported
        and record.logger not in RESULT_LOGGERS
        and not _SUMS.match(record.message)
        and not omission(record, evidence.module)
    ]
    return [*(f"{test.name} ({test.file}) did not run: {why}" for test, why in not_run), *dict.fromkeys(errors)]
