"""How a run ended, from its verdict, its error and its teardown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.cleanup.teardown import Report
from runner.errors import ExitCode, Interrupted, RunnerError
from runner.naming import run_name
from runner.reporting.proof_log import Block
from runner.verdict.beginning import Beginning
from runner.verdict.cases import Case, CaseOutcome
from runner.verdict.coverage import Coverage, told_percent
from runner.verdict.verdict import Verdict

# Tests of a module that a report lists: parsers and viewers of reports fail at files of hundreds of megabytes.
_CASES_IN_REPORTS = 10_000


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the runner's exit code, a label for it, and the reasons if it is not 0.

    `seconds`: of the whole run, and of its `phases` in their order. `has_proof`: not where the log could not be written.
    `selection`: in which way it was less, or something else, than the module's tests; empty for those. `series`: that of
    Odoo which was asked for. `repeat`: which of several runs of the module it is, from 1 on; 0 for the only one. `record`:
    what the log says before the verdict, beside Odoo's output. `ended`: when, in UTC. `teardown`: its lines in the log.
    """

    module: str
    exit_code: int
    label: str
    reasons: tuple[str, ...]
    proof: Path
    verdict: Verdict | None = None
    seconds: float = 0.0
    phases: tuple[tuple[str, float], ...] = ()
    has_proof: bool = True
    selection: str = ""
    series: str = ""
    repeat: int = 0
    record: tuple[Block, ...] = ()
    ended: str = ""
    teardown: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Tell the run from the others of its call."""
        return run_name(self.module, self.series, self.repeat)

    @property
    def title(self) -> str:
        """Say the label for people: with the selection that a verdict is about, and what came before the tests."""
        selection = f"only {self.selection}" if self.verdict and self.selection else ""
        return ", ".join(filter(None, (self.label, selection, self.beginning.title if self.beginning else "")))

    @property
    def beginning(self) -> Beginning | None:
        """Tell what came before the tests, where that was more than an installation."""
        return self.verdict.beginning if self.verdict else None

    @property
    def counts(self) -> str:
        """Say in words what ran."""
        return self.verdict.counts if self.verdict else "no test ran"

    @property
    def numbers(self) -> tuple[str, ...]:
        """Give what ran, failed, erred and was skipped as cells of a table."""
        verdict = self.verdict
        counts = (verdict.ran, verdict.failed, verdict.errors, verdict.skipped) if verdict else ("-",) * 4
        return tuple(map(str, counts))

    @property
    def notes(self) -> tuple[str, ...]:
        """Tell what does not make a run red by itself, but is worth a look."""
        return self.verdict.notes if self.verdict else ()

    @property
    def allowed(self) -> tuple[str, ...]:
        """Tell what would make it red, or be among the notes, and which file allows it."""
        return self.verdict.allowed if self.verdict else ()

    @property
    def files(self) -> Mapping[str, Path]:
        """Give the screenshots and screencasts of its tests, by their names."""
        return self.verdict.files if self.verdict else {}

    @property
    def coverage(self) -> Coverage | None:
        """Tell which lines and branches of the module ran; None where that was not asked for, or not measured."""
        return self.verdict.coverage if self.verdict else None

    @property
    def told_coverage(self) -> str:
        """Give the percentage as a cell of a table."""
        return told_percent(self.coverage.percent) if self.coverage else "-"

    @property
    def failing_cases(self) -> tuple[Case, ...]:
        """List the tests that made the run red: none that failed and passed when Odoo tried it again."""
        if self.verdict is None or self.verdict.passed:
            return ()
        return tuple(case for case in self.verdict.cases if case.outcome in (CaseOutcome.FAILED, CaseOutcome.ERROR))

    @property
    def reported_cases(self) -> tuple[Case, ...]:
        """List the tests that a report has room for, in their order; of more than 10,000 first those that failed."""
        cases = self.verdict.cases if self.verdict else ()
        if len(cases) <= _CASES_IN_REPORTS:
            return cases
        failed = (CaseOutcome.FAILED, CaseOutcome.ERROR)
        chosen = sorted(range(len(cases)), key=lambda at: cases[at].outcome not in failed)[:_CASES_IN_REPORTS]
        return tuple(cases[at] for at in sorted(chosen))

    @property
    def cases_left_out(self) -> int:
        """Count the tests that started and are not in `reported_cases`."""
        return len(self.verdict.cases) + self.verdict.cases_left_out - len(self.reported_cases) if self.verdict else 0

    @property
    def is_red_for_more(self) -> bool:
        """Tell whether the run is red for anything that its failing tests alone do not show."""
        if self.exit_code == ExitCode.FAILED:
            return not self.failing_cases
        return self.exit_code != ExitCode.PASSED

    def without_proof(self, reason: str) -> "Outcome":
        """Take away the proof, which cannot be written: what had passed is not proven."""
        outcome = replace(self, reasons=tuple(dict.fromkeys((*self.reasons, reason))), has_proof=False)
        is_unproven = self.exit_code == ExitCode.PASSED
        return replace(outcome, exit_code=int(ExitCode.NOT_PROVEN), label="NOT PROVEN") if is_unproven else outcome


def worst(outcomes: Sequence[Outcome]) -> int:
    """Choose the exit code of a call with several modules: what is left outweighs a signal, that the highest of the others."""
    codes = {outcome.exit_code for outcome in outcomes}
    return int(ExitCode.LEFT_BEHIND) if ExitCode.LEFT_BEHIND in codes else max(codes)


def decide(
    *,
    module: str,
    proof: Path,
    project: str,
    verdict: Verdict | None,
    error: RunnerError | Interrupted | None,
    teardown: Report | None,
) -> Outcome:
    """Weigh what happened: what is left outweighs a signal, a signal an error, an error the tests. All are in the reasons."""
    reasons = [str(error)] if error else []
    if verdict and not verdict.passed:
        reasons += verdict.reasons
    if error:
        label, exit_code = ("INTERRUPTED" if isinstance(error, Interrupted) else "ERROR"), int(error.exit_code)
    else:
        assert verdict, "a run without an error has a verdict"
        label, exit_code = verdict.label, verdict.exit_code
    if teardown and not teardown.complete:
        label, exit_code = "LEFT BEHIND", int(ExitCode.LEFT_BEHIND)
        left = ", ".join(name for names in teardown.left.values() for name in names)
        why = [*(teardown.in_use or teardown.errors[-1:]), f"Try again with: nox -s cleanup -- {project}"]
        reasons.insert(0, "\n".join([f"could not be removed: {left}", *why]))
    return Outcome(module, exit_code, label, tuple(reasons), proof, verdict)
