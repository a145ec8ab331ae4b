"""`with Environment(...)`: up, healthy, and down again on every way out of the block."""

import contextlib
import json
import signal
from pathlib import Path
from types import TracebackType

from runner.cleanup import keep as keeping
from runner.cleanup import orphans as janitor
from runner.cleanup.guard import GuardFailed
from runner.cleanup.guarded import GuardedProject
from runner.cleanup.teardown import Report, remove_project
from runner.config.repositories import RepoConfig
from runner.docker.engine import Engine
from runner.environment.compose_file import own_checks
from runner.environment.compose_project import judge_project, name_project
from runner.environment.images import images_of
from runner.environment.port_search import PortSearch
from runner.environment.startup import Startup
from runner.errors import EnvironmentFailed
from runner.odoo.command import SERVICE
from runner.reporting.proof_log import TEARDOWN_REPORT
from runner.signals import Signals
from runner.snapshots.prepared import PreparedDatabase
from runner.terminal import Terminal

# Seconds, for what one teardown takes in a fraction.
_START_OVER_BOUND = 60.0


class Environment:
    """One Compose project, from before its first docker call until nothing of it is left.

    Entering brings it up and waits until it is healthy; leaving always ends in the guard's teardown, whose report is then
    in `teardown` (None if nothing had been started, or it was kept). Raises NoFreePort, ConfigError, EngineUnavailable or
    EnvironmentFailed.
    """

    def __init__(
        self,
        *,
        project: str,
        token: str,
        repository: RepoConfig,
        folder: Path,
        labels: dict[str, str],
        variables: dict[str, str],
        health_timeout: float,
        wait_for_port: float,
        keep_if_it_fails: bool,
        prepared: PreparedDatabase,
        terminal: Terminal,
        signals: Signals,
    ) -> None:
        self.project = project
        self.images: dict[str, str] = {}
        self.containers: dict[str, str] = {}
        self.engine_version = ""
        self.warnings: list[str] = []
        self.kept = False
        self.teardown: Report | None = None
        self._token = token
        self._repository = repository
        self._folder = folder
        self.labels = labels
        self.prepared = prepared
        self._variables = variables
        self._keep_if_it_fails = keep_if_it_fails
        self._terminal = terminal
        self._signals = signals
        self._is_left = True
        self._calm = True
        self._questions = contextlib.ExitStack()
        self._override = folder / "compose.override.json"
        ports = PortSearch(repository.ports, wait_for_port, lambda line: terminal.line(f"  {line}"))
        self._startup = Startup(project, ports, health_timeout, terminal)

    def __enter__(self) -> "Environment":
        self._signals.lift_shield()
        self._guard = GuardedProject(self.project, self._token, self._folder / TEARDOWN_REPORT, self._terminal.line)
        self._is_left = False
        try:
            self.engine = Engine(self._variables)
            self._questions.callback(self.engine.drop_questions)
            name_project(self.engine, self.project, self._repository)
            label = f"{janitor.REPOSITORY_LABEL}={self._repository.name}"
            self.engine.begin_a_run(label, *self.prepared.questions)
            self.engine_version = self.engine.check()
            # Before a port is looked for, because they may hold one.
            janitor.sweep(self.engine.labelled(label), self._repository.name, self._terminal.line)
            self._startup.reserve()
            self._prepare()
            self._guard.arm()
            self._come_up()
        except BaseException as error:
            self._leave(error)
            raise
        return self

    def _come_up(self) -> None:
        try:
            self.containers = self._startup.up_and_healthy(self.engine, self._checks)
        except EnvironmentFailed as error:
            snapshot, store = self.prepared.used, self.prepared.store
            # Not every engine may mount memory. What has started at all is not healthier without.
            refused = self.prepared.in_memory and not self._startup.has_started
            if not (snapshot or refused) or store is None:
                raise
            first, *others = str(error).splitlines()
            self.start_over(f"it does not start: {others[-1] if others and first.endswith(':') else first}")
            if snapshot:
                store.drop(snapshot)

    def start_over(self, why: str) -> None:
        """Remove all that was started, and bring it up again without a prepared database. EnvironmentFailed if that fails."""
        self._terminal.line(f"  without the prepared database, because {why}")
        self.prepared.give_up(why)
        self._calm = False  # a client that was given up may live on until the guard kills it
        self.engine.drop_questions()  # about what goes now
        report = remove_project(self.project, bound=_START_OVER_BOUND)
        if not report.complete:
            raise EnvironmentFailed(f"The environment cannot be started anew: {'; '.join(report.errors) or report.left}")
        self.engine.set_variables(self._variables)
        self._override.write_text(self._without)
        self.containers = self._startup.up_and_healthy(self.engine, self._checks)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave(error)

    def close(self) -> None:
        """Leave, if a signal came in the instant in which the block was left and kept that from happening."""
        if not self._is_left:
            self._leave(None)

    def keep(self) -> None:
        """Let the environment stand when the block is left, unless a signal ends it."""
        self.kept = True

    @property
    def port(self) -> int | None:
        """The port of this machine on which Odoo's server is published; None before one was found."""
        return self._startup.port

    @property
    def password(self) -> str:
        """The password of the database."""
        return self.prepared.used.password if self.prepared.used else self._variables["DB_PASSWORD"]

    @property
    def odoo_container(self) -> str:
        """The name of the container in which Odoo runs."""
        return self.containers[SERVICE]

    def _leave(self, error: BaseException | None) -> None:
        self._signals.shield()
        self._questions.close()
        if self._keep_if_it_fails and self._guard.is_armed and isinstance(error, EnvironmentFailed):
            self.keep()
        if self._signals.first is not None:
            self.kept = False
            self._terminal.line(f"  {signal.Signals(self._signals.first).name}: ending the run and tearing down")
        with contextlib.closing(self._startup):
            try:
                if self.kept:
                    self._let_it_stand()
                with self._terminal.phase("down") if self._guard.is_armed else contextlib.nullcontext():
                    self.teardown = self._guard.finish(calm=self._calm and error is None and self._signals.first is None)
            except GuardFailed as failure:
                self.teardown = self._guard.finish_by_another(failure)
        self._is_left = True

    def _let_it_stand(self) -> None:
        try:
            keeping.mark(self._folder)
        except OSError as error:
            self.kept = False
            self._terminal.line(f"  not kept: without its mark it would be taken for a leftover ({error})")
        else:
            self._guard.release()

    def _prepare(self) -> None:
        """Read the compose file, write the override that the project is started with, and pull what is missing."""
        rendered, self.warnings = judge_project(self.engine, self.project, self._repository, self.labels, self._override)
        for warning in self.warnings:
            self._terminal.line(f"  warning: {warning}")
        self._checks = own_checks(rendered)
        images = images_of(self.engine, rendered, self._terminal)
        self.images = {name: image.digest for name, image in images.items()}
        self.prepared.choose(self.engine, rendered, images, self.password)
        self._without = self._override.read_text()
        if self.prepared.used:
            self.engine.set_variables({"DB_PASSWORD": self.prepared.used.password})
        if not self.prepared.why_not:
            override = self.prepared.override(json.loads(self._without), rendered, self.labels)
            self._override.write_text(json.dumps(override, indent=1))
