"""Exit code, log and module states -> verdict.

Odoo exits with 0 in more than twenty situations in which nothing, or not everything, was tested. Green is therefore only
what is proven: see `judge`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.errors import ExitCode
from runner.text import counted
from runner.verdict.allowed import NOTHING_ALLOWED, Allowed
from runner.verdict.beginning import Beginning
from runner.verdict.cases import Case
from runner.verdict.coverage import Coverage
from runner.verdict.failed_checks import Evidence, failed_checks, files_without_a_run, usual_cause
from runner.verdict.named_tests import never_ran
from runner.verdict.notes import Note, NoteKind, notes_of, skipped_with_their_class
from runner.verdict.odoolog import OdooLog, Problem
from runner.verdict.sources import Sources


@dataclass(frozen=True)
class Verdict:
    """How the tests of one module ended. `exit_code` is the runner's; `reasons` say why it is not 0.

    `notes` do not make a run red by themselves: tests that were skipped or did not start, and records at ERROR. `allowed`:
    what would be among notes and reasons, and which file allows it. `cases_left_out`: the number of
    tests that started, but were too many to be kept. `javascript`: how many of those that ran are JavaScript tests.
    `files`: the screenshots and screencasts of tests, by the names that these have in the log. `is_cut_short`: Odoo was
    stopped at the first test that failed. `is_complete`: it came to its end with the module and its tests. `coverage`: what
    of the module ran, where that was asked for and could be measured. `beginning`: what came before the tests, where that is
    more than an installation.
    """

    exit_code: int
    module: str
    ran: int = 0
    skipped: int = 0
    failed: int = 0
    errors: int = 0
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = field(default=(), repr=False)
    cases: tuple[Case, ...] = field(default=(), repr=False)
    cases_left_out: int = 0
    javascript: int = 0
    files: Mapping[str, Path] = field(default_factory=dict, repr=False)
    is_cut_short: bool = False
    is_complete: bool = False
    coverage: Coverage | None = field(default=None, repr=False)
    beginning: Beginning | None = None

    @property
    def passed(self) -> bool:
        """Tell whether it is proven that the tests ran and passed."""
        return self.exit_code == ExitCode.PASSED

    def doubted(self, reasons: Iterable[str]) -> "Verdict":
        """Return the verdict with reasons that are not in the log: what had passed is not proven then."""
        more = tuple(reasons)
        exit_code = int(ExitCode.NOT_PROVEN) if more and self.passed else self.exit_code
        return replace(self, exit_code=exit_code, reasons=self.reasons + more)

    def noted(self, notes: Iterable[str]) -> "Verdict":
        """Return the verdict with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    @property
    def counts(self) -> str:
        """Say in words what ran."""
        ran, errors = counted(self.ran, "test"), counted(self.errors, "error")
        javascript = f" ({self.javascript} in JavaScript)" if self.javascript else ""
        return f"{ran} ran{javascript}, {self.failed} failed, {errors}, {self.skipped} skipped"

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
    why_killed: str = "",
    sources: Sources | None = None,
    strict: bool = False,
    test_tags: str | None = None,
    strict_all: bool = False,
    own: Collection[str] = (),
    allowed: Allowed = NOTHING_ALLOWED,
    needs_tests: bool = True,
    names: Collection[str] = (),
    is_cut_short: bool = False,
) -> Verdict:
    """Judge the tests of `module` by the log of a run on its database.

    PASSED only if Odoo exited with 0, printed exactly one result line for the database with tests and without failures, at
    least one test of the module started and was not skipped, the module is stored as installed, of every test file with tests
    something ran, and Odoo reported nothing that it left out. Failures and errors of tests are FAILED; all else is NOT PROVEN,
    with every reason. `states` is a text, the error, where the database could not be asked. `test_tags`: those asked for, if
    they leave tests out.

    `strict`: also a test that was skipped or did not start is a reason, and a record at ERROR of the module or of a module of
    `own`, on which it depends; with `strict_all` of whomever. `allowed`: what is neither a reason nor a note, and is told.
    `why_killed`: what kept Odoo from its end, where it had to be killed after all tests had ended. `needs_tests`: not of a
    module whose tests are all in JavaScript. `names`: the tests that alone were asked for, to which `sources` are narrowed:
    of each something must have run. `is_cut_short`: Odoo was stopped at the first test that failed.
    """
    evidence = Evidence(module, 0 if why_killed else odoo_exit, log, states, sources, needs_tests)
    failed, errors = _count(log)
    manifest = [sources.manifest] if sources and sources.manifest and not evidence.is_installed else []
    checks = failed_checks(evidence, *manifest, *([why_killed] if why_killed else []))
    silent: dict[str, str] = {}
    if sources and evidence.is_complete and not evidence.left_out:
        silent = files_without_a_run(sources, evidence.cases, test_tags)
        checks += never_ran(names, evidence.cases, evidence.ran, sources)
    not_imported = {path: entry for path in silent if _is_left_out(sources, path) and (entry := allowed.file(path))}
    reasons_of_files = [reason for path, reason in silent.items() if path not in not_imported]
    notes = notes_of(evidence, {module, *own}, allowed, not_imported)
    # What is allowed to tests that were not asked for matches nothing.
    told = [note for note in notes.notes if not (names and note.kind is NoteKind.ALLOWANCE)]
    problems = [f"{problem.kind}: {problem.test}" for problem in log.problems]
    if log.problems_left_out:
        problems.append(f"{log.problems_left_out} more failures and errors of tests, for whose names there is no room here")
    if is_cut_short:
        told = [Note(NoteKind.NOT_RUN, _what_was_cut(evidence)), *told]
    if timed_out and not why_killed:
        exit_code = ExitCode.TIMED_OUT
        last = f"; the last one started was {log.latest.name}" if log.latest and evidence.started else ""
        reasons = [f"the tests ran past their time (--test-timeout){last}"]
    elif failed or errors:
        exit_code = ExitCode.FAILED
        reasons = problems + (reasons_of_files if problems and log.results else [] if is_cut_short else checks)
        reasons += [why_killed] if why_killed and why_killed not in reasons else []
    else:
        # Not a test that Odoo tries again: what it says of that one before it passes is at the level _ERROR. But the result
        # may be a line that a failing test has quoted, in a log that is cut short.
        reasons = checks + reasons_of_files + [f"{problem} is in the log, but not in Odoo's result" for problem in problems]
        if evidence.is_complete and reasons and sources and evidence.number_ran < 1:
            # Of tests that were asked for and that the sources have not, it is told already.
            reasons += usual_cause(sources, evidence.cases) if sources.tests or not names else []
        if strict:
            told = [note for note in told if not note.is_reason(for_all_errors=strict_all)]
            reasons += [f"--strict: {note.text}" for note in notes.notes if note.is_reason(for_all_errors=strict_all)]
        exit_code = ExitCode.NOT_PROVEN if reasons else ExitCode.PASSED
    return Verdict(
        exit_code=exit_code,
        module=module,
        ran=evidence.number_ran,
        skipped=evidence.number_skipped + sum(map(len, skipped_with_their_class(evidence).values())),
        failed=failed,
        errors=errors,
        reasons=tuple(reasons),
        notes=tuple(note.text for note in told),
        allowed=tuple(notes.allowed),
        problems=tuple(log.problems),
        cases=evidence.cases,
        cases_left_out=evidence.left_out,
        is_cut_short=is_cut_short,
        is_complete=evidence.is_complete,
    )


def _what_was_cut(evidence: Evidence) -> str:
    tests = evidence.sources.tests if evidence.sources else ()
    others = sum(test.is_expected and (test.file, test.name) not in evidence.started for test in tests)
    more = f"; {counted(others, 'test')} of the sources did not run" if others else ""
    return f"--exitfirst: Odoo was stopped at the first test that failed{more}"


def _is_left_out(sources: Sources | None, path: str) -> bool:
    """Tell whether nothing of a file ran because tests/__init__.py leaves it out, not for any other reason."""
    return sources is not None and (path in sources.not_taken or path in sources.conditions)


def _count(log: OdooLog) -> tuple[int, int]:
    """Count failures and errors as Odoo's result does; in a log without it those that are told."""
    if not log.results:
        return log.problem_counts["FAIL"], log.problem_counts["ERROR"]
    failed = sum(result.failed for result in log.results) + log.uncounted_problems
    return failed, sum(result.errors for result in log.results)
