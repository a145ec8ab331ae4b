"""Test one module again and again, whenever its sources change, in an environment that stands: `--watch`."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from runner.cleanup.teardown import Report
from runner.docker.endpoint import settle
from runner.environment.context import RunContext, labels_of
from runner.environment.environment import Environment
from runner.environment.longest import WATCHED
from runner.errors import EngineUnavailable, EnvironmentFailed, Interrupted, RunnerError
from runner.images.recipe import sources_of
from runner.naming import is_module_name, project_name
from runner.odoo.addons import MANIFEST, modules_of
from runner.odoo.dependencies import Dependencies, SnapshotUnavailable, dependencies_of
from runner.odoo.manifest import read_manifest
from runner.odoo.mounted_sources import MountedSources
from runner.reporting.outcome import decide
from runner.reporting.proof_log import RunLog, remove_proof_of, run_folder
from runner.run.changes import Changes
from runner.run.comparing import Comparison
from runner.run.examining import examine
from runner.run.module_run import Request, facts_of
from runner.run.preparing import Preparation
from runner.run.rounds import WAITING, Rounds, Stand, say, say_why_not
from runner.signals import Signals
from runner.terminal import Terminal
from runner.text import counted, printable
from runner.verdict.terms import Terms, terms_of


@dataclass(frozen=True)
class _Over:
    """Why an environment is not tested in any more; `waits`: the next one comes up with the next change, not at once."""

    why: str
    waits: bool = False


class Watch:
    """The watch of one module. `again` reads the configuration anew, of which the files are `settings`."""

    def __init__(
        self,
        request: Request,
        again: Callable[[], Request],
        settings: Sequence[Path],
        environ: Mapping[str, str],
        terminal: Terminal,
        signals: Signals,
    ) -> None:
        """`environ` says which engine."""
        self._request, self._again, self._settings = request, again, settings
        self._environ, self._terminal, self._signals = environ, terminal, signals
        self._rounds = Rounds(terminal)
        self._changes = Changes(signals)
        self._changed: Sequence[Path] = ()
        # The folders of sources, and what cannot change while an environment stands.
        self._folders: Sequence[Path] = ()
        self._fixed: Sequence[Path] = ()
        self._absent: Sequence[Path] = ()
        self._was_ready = False
        self._project, self._teardown = "", Report(left={})

    def run(self) -> int:
        """Test until a signal, or an error of the environment, ends it; the exit code. Nothing is left, nothing is proven.

        UsageError if no log can be written.
        """
        module, proof = self._request.module, self._request.proof
        self._terminal.line("--watch proves nothing: it writes no proof log and no report")
        if remove_proof_of(module, proof):
            self._terminal.line(f"removed, as it is of an earlier run of {module}: {printable(str(proof))}")
        try:
            self._until_it_ends()
        except (RunnerError, Interrupted) as error:
            project, teardown = self._project, self._teardown
            outcome = decide(module=module, proof=proof, project=project, verdict=None, error=error, teardown=teardown)
        finally:
            self._changes.close()
        reasons = [f"  {line}" for reason in outcome.reasons for line in reason.splitlines()]
        reasons += ["  nothing is left"] if self._teardown.complete else []
        rounds = f"{counted(self._rounds.number, 'round')} of tests, nothing proven"
        self._terminal.closing(["", f"{self._request.name}: {outcome.label}  {rounds}", *reasons], outcome.label)
        return outcome.exit_code

    def _until_it_ends(self) -> NoReturn:
        while True:
            self._follow()
            try:
                dependencies, _ = _what_it_needs(self._request)
            except (RunnerError, SnapshotUnavailable) as fault:
                over = _Over(self._told(fault), waits=True)
            else:
                over = self._in_an_environment(dependencies)
            self._signals.lift_shield()
            if self._signals.first is not None:
                raise Interrupted(self._signals.first)
            if over.waits:
                say_why_not(self._terminal, over.why)
                self._wait("nothing stands")
            else:
                say(self._terminal, f"starting over: {over.why}")
            self._read_again()

    def _told(self, fault: Exception) -> str:
        return f"{self._request.module} cannot be tested: {printable(str(fault))}"

    def _wait(self, what: str) -> None:
        say_why_not(self._terminal, f"{what}; {WAITING}")
        self._changed = self._changes.wait(math.inf)

    def _read_again(self) -> None:
        while True:
            try:
                self._request = self._again()
                return
            except RunnerError as error:
                self._wait(str(error))

    def _follow(self) -> None:
        """Follow from here on all that the module is made of, as far as that can be told now."""
        repository, module = self._request.repository, self._request.module
        self._fixed = self._fixed or [*self._settings, repository.compose_file, *repository.addons]
        try:
            self._folders = MountedSources(module, repository).folders
            depends = {name for folder in self._folders for name in read_manifest(folder).depends if is_module_name(name)}
            names = {module, *depends} - {*modules_of(repository)}
            # Of these Odoo takes those of its image, until there is one here.
            self._absent = [addons / name / MANIFEST for addons in repository.addons for name in sorted(names)]
            image = [*sources_of(repository), *([repository.path / repository.dockerfile] if repository.dockerfile else [])]
            self._fixed = [*self._settings, repository.compose_file, *repository.addons, *image]
        except RunnerError:  # said by who reads it for more than that
            pass
        self._changes.follow(self._folders, [*self._fixed, *self._folders, *self._absent])

    def _in_an_environment(self, dependencies: Dependencies) -> _Over:
        """Bring an environment up, test in it, and take it down again; why it was over. The error, or signal, of its end."""
        request = self._request
        repository, module = request.repository, request.module
        self._project = project_name(repository.prefix, module)
        folder = run_folder(repository.path, self._project)
        about = (repository, module, request.options, self._project, folder, self._terminal, self._signals)
        context = RunContext(*about, labels_of(repository, module))
        self._terminal.begin(f"{repository.name} / {request.name}", self._project)
        error: RunnerError | Interrupted | None = None
        over, is_ready = _Over(""), False
        with RunLog(folder / "start.log", request.options.max_log) as log:
            log.block("START OF A WATCH: NO PROOF", facts_of(request, self._project, modules_of(repository).values()))
            environment = Environment(context, settle(self._environ), log.raw)
            comparison = Comparison(environment)
            try:
                with environment:
                    verdict, has_asked = examine(environment, comparison, log)
                    if verdict:
                        self._rounds.tell(request, verdict)
                        over = _Over("nothing can be tested", waits=True)
                    else:
                        preparation = Preparation(environment, log)
                        preparation.make()
                        stand = Stand(environment, has_asked=has_asked)
                        self._was_ready = is_ready = True
                        over = self._test(stand, preparation, dependencies)
            except (RunnerError, Interrupted) as problem:
                error = problem
            environment.close()
        self._teardown = environment.teardown or self._teardown
        if self._signals.first is not None:
            error = Interrupted(self._signals.first)
        if not self._teardown.complete:
            error = error or EnvironmentFailed("Nothing can be started anew beside it.")
        elif self._was_ready and not is_ready and not isinstance(error, EngineUnavailable | Interrupted | None):
            # Somebody has just changed something wrong, and will change it again.
            return _Over(str(error), waits=True)
        if error:
            raise error
        return over

    def _test(self, stand: Stand, preparation: Preparation, before: Dependencies) -> _Over:
        """Test with each change, until one comes that needs another environment, or the environment is old."""
        environment, old = stand.environment, time.monotonic() + WATCHED
        if self._request.options.snapshot and not environment.plan.installed and self._changes.look():
            self._changed = self._changes.wait(0)
            return _Over("something was saved while its database was prepared")
        changed, self._changed = self._changed, ()
        while not (why := self._why_not_here(environment)):
            try:
                dependencies, terms = _what_it_needs(self._request)
            except (RunnerError, SnapshotUnavailable) as fault:
                say_why_not(self._terminal, f"{self._told(fault)}; {WAITING}")
            else:
                if why := self._why_not_prepared(environment, before, dependencies):
                    break
                self._make_a_round(stand, terms, changed)
            preparation.finish()
            self._changed = changed = self._changes.wait(old - time.monotonic())
            if time.monotonic() >= old:
                return _Over(f"it has stood for {WATCHED / 3600:.0f} hours", waits=not changed)
            self._follow()
        return _Over(why)

    def _make_a_round(self, stand: Stand, terms: Terms, changed: Sequence[Path]) -> None:
        try:
            self._rounds.make(self._request, stand, terms, changed)
        except EnvironmentFailed as error:
            # What is saved just now is the cause, or the next round meets it again.
            if not self._changes.look():
                raise
            say_why_not(self._terminal, f"round {self._rounds.number} ended by a change: {error}")

    def _why_not_here(self, environment: Environment) -> str:
        """Say why what was changed cannot come into this environment; "" if it can."""
        if fixed := [path for path in self._changed if path in self._fixed]:
            return f"{printable(fixed[0].name)} changed"
        return "the containers have copies of the sources" if self._changed and environment.copies.has_addons else ""

    def _why_not_prepared(self, environment: Environment, before: Dependencies, now: Dependencies) -> str:
        """Say why the database is not the one from which the module, as it is now, would be tested; "" if it is."""
        if now != before:
            return f"{self._request.module} depends on other modules than before"
        try:
            is_prepared = not environment.plan.installed or environment.plan.is_up_to_date
        except SnapshotUnavailable:
            is_prepared = False
        return "" if is_prepared else "what the prepared database holds changed"


def _what_it_needs(request: Request) -> tuple[Dependencies, Terms]:
    """Read what is needed besides the sources. RunnerError or SnapshotUnavailable if the module cannot be tested as it is."""
    modules = modules_of(request.repository)
    return dependencies_of(request.module, modules), terms_of(request.module, modules, request.repository.allow)
