"""How a run ended, from its verdict, its error and its teardown. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.cleanup.teardown import Report
from runner.errors import ExitCode, Interrupted, RunnerError
from runner.verdict.verdict import Verdict


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the runner's exit code, a label for it, and the reasons if it is not 0."""

    module: str
    exit_code: int
    label: str
    reasons: tuple[str, ...]
    proof: Path
    verdict: Verdict | None = None
    # Of the whole run, and of its phases in their order.
    seconds: float = 0.0
    phases: tuple[tuple[str, float], ...] = ()

    @property
    def counts(self) -> str:
        """What ran, in words."""
        return self.verdict.counts if self.verdict else "no test ran"

    @property
    def notes(self) -> tuple[str, ...]:
        """What does not make a run red by itself, but is worth a look."""
        return self.verdict.notes if self.verdict else ()

    def without_proof(self, reason: str) -> "Outcome":
        """The same run where its proof cannot be written: what had passed is not proven."""
        reasons = (*self.reasons, reason)
        if self.exit_code == ExitCode.PASSED:
            return replace(self, exit_code=int(ExitCode.NOT_PROVEN), label="NOT PROVEN", reasons=reasons)
        return replace(self, reasons=reasons)


def worst(outcomes: Sequence[Outcome]) -> int:
    """The exit code of a call with several modules: what is left outweighs a signal, that the highest of the others."""
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
        reasons.insert(0, f"could not be removed: {left}\nTry again with: nox -s cleanup -- {project}")
    return Outcome(module, exit_code, label, tuple(reasons), proof, verdict)
