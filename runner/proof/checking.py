"""All checks of one proof log."""

from dataclasses import dataclass
from pathlib import Path

from runner.config.repositories import Config, RepoConfig, at_checkout, in_series
from runner.errors import UsageError, cause_of
from runner.proof.check import Check, Result, no, not_checked, ok
from runner.proof.log_file import LogFile, NotWhole
from runner.proof.origin import commit_check, images_check, module_check, settings_check, sources_check
from runner.proof.outcome_checks import no_sources, teardown_check, verdict_check
from runner.proof.place import Place, Places
from runner.reporting.proof_log import signature_of
from runner.reporting.signature import Unsigned, signer_of
from runner.text import printable


@dataclass(frozen=True)
class Asked:
    """With what logs are compared: `against` a commit, "" for the checkout; `path`: where that is, if not as in repos.yaml.

    `modules`: of which they must be, as in `traction` or `evv/traction`; without any, of whichever.
    `allowed`: the file of those who may sign; `signer`: who must.
    """

    against: str = ""
    path: Path | None = None
    modules: tuple[str, ...] = ()
    allowed: Path | None = None
    signer: str = ""


@dataclass(frozen=True)
class Checked:
    """What was found of a log: of which module it is, and of which repository, "" if it does not tell."""

    module: str
    repository: str
    checks: tuple[Check, ...]

    @property
    def is_proven(self) -> bool:
        """Tell whether no check says no."""
        return not any(check.result is Result.NO for check in self.checks)

    @property
    def names(self) -> tuple[str, str]:
        """Return how the module may be called: another repository may have one of its name."""
        return self.module, f"{self.repository}/{self.module}"


def check_log(file: Path, asked: Asked, settings: Config, places: Places) -> Checked:
    """Return what is found of a log.

    UsageError for what is asked wrongly: a file that cannot be read, no such checkout or commit. Summary for the summary of
    several modules.
    """
    try:
        with LogFile(file) as log:
            fault = log.digest_fault()
            head = log.blocks[0].facts
            module, (name, _, _) = head.get("module", ""), head.get("repository", "").partition(" at ")
            series = head.get("series", "")
            checks = [no("whole", fault) if fault else ok("whole", log.told)]
            checks += [_signature_check(log, asked), module_check(log, name, module, asked.modules)]
            try:
                repository = _repository(name, series, settings)
            except UsageError as error:  # of what the log says, not of what is asked
                checks.append(no("repository", str(error)))
            else:
                repository = at_checkout(repository, asked.path) if asked.path else repository
                checks += _compared(log, places.of(repository), module)
            return Checked(module, name, (*checks, teardown_check(log)))
    except NotWhole as error:
        return Checked("", "", (no("whole", str(error)),))
    except OSError as error:
        raise UsageError(f"The log {printable(str(file))} cannot be checked: {cause_of(error)}.") from error


def _repository(name: str, series: str, settings: Config) -> RepoConfig:
    repository = settings.repository(name)
    return in_series(repository, series) if series else repository


def _compared(log: LogFile, place: Place, module: str) -> list[Check]:
    sources = sources_check(log, place, module)
    checks = [commit_check(log, place), sources, images_check(log, place.repository)]
    checks.append(settings_check(log, place.repository))
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
