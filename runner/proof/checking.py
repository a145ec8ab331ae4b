"""All checks of one proof log."""

from dataclasses import dataclass
from pathlib import Path

from runner.config.repositories import Config, RepoConfig, at_checkout, in_series
from runner.errors import UsageError
from runner.proof.check import Check, Result, no, not_checked, ok
from runner.proof.log_file import LogFile, NotWhole
from runner.proof.origin import commit_check, images_check, module_check, sources_check
from runner.proof.outcome_checks import no_sources, teardown_check, verdict_check
from runner.proof.place import Place, place_of
from runner.reporting.proof_log import signature_of
from runner.reporting.signature import Unsigned, signer_of


@dataclass(frozen=True)
class Asked:
    """With what logs are compared: `against` a commit, "" for the checkout; `path`: where that is, if not as in repos.yaml.

    `modules`: of which they must be; without any, of whichever. `allowed`: the file of those who may sign; `signer`: who must.
    """

    against: str = ""
    path: Path | None = None
    modules: tuple[str, ...] = ()
    allowed: Path | None = None
    signer: str = ""


def check_log(file: Path, asked: Asked, settings: Config) -> tuple[str, list[Check]]:
    """Return the module that the log is of, "" if it does not tell, and what was found.

    UsageError for what is asked wrongly: no such file, checkout or commit. Summary for the summary of several modules.
    """
    try:
        with LogFile(file) as log:
            fault = log.digest_fault()
            head = log.blocks[0].facts
            module = head.get("module", "")
            checks = [no("whole", fault) if fault else ok("whole", log.told)]
            checks += [_signature_check(log, asked), module_check(log, module, asked.modules)]
            try:
                repository = _repository(head.get("repository", "").partition(" at ")[0], head.get("series", ""), settings)
            except UsageError as error:  # of what the log says, not of what is asked
                checks.append(no("repository", str(error)))
            else:
                repository = at_checkout(repository, asked.path) if asked.path else repository
                with place_of(repository, asked.against) as place:
                    checks += _compared(log, place, module)
            return module, [*checks, teardown_check(log)]
    except NotWhole as error:
        return "", [no("whole", str(error))]


def _repository(name: str, series: str, settings: Config) -> RepoConfig:
    repository = settings.repository(name)
    return in_series(repository, series) if series else repository


def _compared(log: LogFile, place: Place, module: str) -> list[Check]:
    sources = sources_check(log, place, module)
    checks = [commit_check(log, place), sources, images_check(log, place.repository)]
    if sources.result is Result.OK:
        return [*checks, verdict_check(log, place, module)]
    return [*checks, no_sources(log.blocks[-1].facts.get("verdict", ""))]


def _signature_check(log: LogFile, asked: Asked) -> Check:
    signature = signature_of(log.file)
    if not asked.allowed:
        return not_checked(
            "signature", "--allowed-signers FILE says whose would count" if signature.exists() else "there is none"
        )
    try:
        return ok("signature", f"of {signer_of(log.stream, signature, asked.allowed, asked.signer)}")
    except Unsigned as error:
        return no("signature", str(error))
