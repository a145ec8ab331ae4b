"""What comes between the start of an environment and its first test: write down what it is, and ask whether it can test."""

from runner.environment.environment import Environment
from runner.errors import ExitCode
from runner.reporting.proof_log import SURROUNDINGS, RunLog
from runner.run.comparing import Comparison
from runner.run.unmet import unmet_dependencies
from runner.verdict.verdict import Verdict


def examine(environment: Environment, comparison: Comparison, log: RunLog) -> tuple[Verdict | None, bool]:
    """Return the verdict where nothing need be tested, and whether the container was asked for what the module needs.

    EnvironmentFailed as by `Comparison.check`.
    """
    warnings = [f"warning: {warning}" for warning in environment.preflight.warnings]
    log.block(SURROUNDINGS, _surroundings(environment), warnings)
    mounted = environment.copies.told
    verdict = comparison.check()
    if environment.copies.told != mounted:
        log.block("WITH COPIES", {"sources": environment.copies.told})
    # What a prepared database holds was there when it was made.
    has_asked = not verdict and not environment.plan.is_complete
    if has_asked and (unmet := unmet_dependencies(environment, log)):
        verdict = Verdict(int(ExitCode.NOT_PROVEN), environment.context.module, reasons=tuple(unmet))
    return verdict, has_asked


def _surroundings(environment: Environment) -> dict[str, str]:
    found = environment.preflight
    facts = {"engine": found.engine_name, "port": str(environment.address), "guard": environment.guards}
    facts["sources"] = environment.copies.told
    return facts | {f"image {name}": digest for name, digest in found.images.items()}
