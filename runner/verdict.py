"""Exit code, log and module states -> verdict. Pure.

Odoo exits with 0 in more than twenty situations in which nothing, or not everything, was tested. Green is therefore only
what is proven: see `judge`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import odoolog
from .cases import Case, cases_of
from .errors import ExitCode
from .idle import forgotten_files, idle_tests, usual_cause
from .odoolog import Problem
from .sources import Sources

# Records of Odoo itself (never of a module's own loggers) after which not everything was tested, in plain words.
_DENIALS = (
    (re.compile(r"^invalid module names, ignored: (.*)"), "Odoo ignored modules that it did not find: {0}"),
    (re.compile(r"^module (\S+): not installable, skipped"), "module {0} is not installable"),
    (re.compile(r"^(Some modules .*)"), "{0}"),
    (re.compile(r"^(Can not `import.*|.*Can not `import.*)"), "{0}"),
    (re.compile(r"^Invalid tag (.*)"), "Odoo does not understand the test tag {0}"),
    (re.compile(r"^(Test suite halted.*)"), "{0}"),
    (re.compile(r"^Module (\S+) demo data failed to install"), "the demo data of {0} failed to install"),
    (re.compile(r"^(option .*, no such directory .*, skipped)"), "Odoo skipped a folder of its addons path: {0}"),
)


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
        return f"{self.ran} tests ran, {self.failed} failed, {self.errors} errors, {self.skipped} skipped"

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
    cases = cases_of(seen, module)
    remarks = [
        f"{test.name} ({test.file}) did not run: {why}"
        for test, why in idle_tests(sources, cases, complete=bool(seen.results))
    ]
    remarks += [f"logged at ERROR: {record.message.splitlines()[0]}" for record in _stray_errors(seen)]
    started = seen.started.get(module, set())
    skipped = set(seen.skipped.get(module, {}))
    failed = sum(result.failed for result in seen.results)
    errors = sum(result.errors for result in seen.results)

    def verdict(exit_code: ExitCode, reasons: list[str]) -> Verdict:
        return Verdict(
            exit_code=exit_code,
            module=module,
            ran=len(started - skipped),
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
        return verdict(ExitCode.TIMED_OUT, [f"the tests ran past their time{last}"])
    doubts = _doubts(module, odoo_exit, seen, started, skipped, states)
    doubts += forgotten_files(sources, cases)
    # Odoo's count decides where it was printed: a test that failed and passed when Odoo tried it again is not in it.
    if failed or errors or (seen.problems and not seen.results):
        reasons = [f"{problem.kind}: {problem.test}" for problem in seen.problems]
        return verdict(ExitCode.FAILED, reasons or doubts)
    if doubts and not started:
        doubts += usual_cause(sources)
    if strict:
        doubts += [f"--strict: {remark}" for remark in remarks]
    return verdict(ExitCode.NOT_PROVEN if doubts else ExitCode.PASSED, doubts)


def _stray_errors(seen: odoolog.TestLog) -> list[odoolog.Record]:
    """Records at ERROR that are not the report of a failing test nor Odoo's result."""
    reported = {problem.details for problem in seen.problems}
    return [
        record
        for record in seen.records
        if record.level == "ERROR" and record.message not in reported and record.logger != "odoo.tests.result"
    ]


def _doubts(
    module: str,
    odoo_exit: int,
    seen: odoolog.TestLog,
    started: set[str],
    skipped: set[str],
    states: Mapping[str, str] | str,
) -> list[str]:
    """Every reason not to believe that the module's tests ran and passed, each once."""
    reasons = []
    if odoo_exit == 137:
        reasons.append("Odoo was killed (exit code 137), as happens when memory runs out")
    elif odoo_exit:
        reasons.append(f"Odoo ended with exit code {odoo_exit}")
    reasons += _what_odoo_left_out(seen)
    if isinstance(states, str):
        reasons.append(f"the database could not be asked which modules are installed: {states}")
    elif (state := states.get(module)) != "installed":
        reasons.append(f"module {module} is not installed (its state: {state or 'unknown to the database'})")
    reasons += _what_did_not_run(module, seen, started, skipped)
    return list(dict.fromkeys(reasons))


def _what_odoo_left_out(seen: odoolog.TestLog) -> list[str]:
    reasons = [_first_error(record) for record in seen.records if record.level == "CRITICAL"]
    for record in seen.records:
        if not record.logger.startswith("odoo.addons."):
            for pattern, words in _DENIALS:
                if found := pattern.match(record.message.partition("\n")[0]):
                    reasons.append(words.format(*found.groups()))
    return reasons


def _what_did_not_run(module: str, seen: odoolog.TestLog, started: set[str], skipped: set[str]) -> list[str]:
    reasons = []
    if not seen.results:
        reasons.append("Odoo's result line is missing: the log is cut short")
    elif len(seen.results) > 1:
        reasons.append(f"Odoo's result line stands in the log {len(seen.results)} times")
    elif not seen.results[0].tests:
        reasons.append("Odoo ran 0 tests")
    if not started:
        reasons.append(f"no test of {module} started")
    elif started <= skipped:
        reasons.append(f"all {len(started)} tests of {module} were skipped")
    return reasons


def _first_error(record: odoolog.Record) -> str:
    lines = [line for line in record.message.splitlines() if line.strip()]
    if len(lines) == 1:
        return lines[0]
    return f"{lines[0]} {lines[-1].strip()}"


def _last_started(seen: odoolog.TestLog) -> str:
    for record in reversed(seen.records):
        if record.message.startswith("Starting ") and ".tests." in record.logger:
            return record.message.split()[1]
    return "unknown"
