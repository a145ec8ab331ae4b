"""Make the stages of a prepared database that are missing, in a run's own environment, and keep each for later runs."""

import time

from runner.docker import questions
from runner.docker.engine import Pending
from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed
from runner.odoo import command as odoo
from runner.odoo.dependencies import SnapshotUnavailable
from runner.odoo.settings import settings_of
from runner.reporting.proof_log import RunLog
from runner.run.copying import Copying
from runner.snapshots.causes import is_lasting, told
from runner.snapshots.plan import Plan
from runner.snapshots.snapshot import Snapshot, Stage
from runner.snapshots.undeclared import undeclared_names_query
from runner.verdict.failed_checks import omissions
from runner.verdict.odoolog import OdooLog


class Preparation:
    """The making of a run's prepared database."""

    def __init__(self, environment: Environment, log: RunLog) -> None:
        self._environment = environment
        self._log = log
        self._terminal = environment.context.terminal
        self._copying: Copying | None = None
        self._kept: list[Snapshot] = []

    def make(self) -> None:
        """Make what is missing, and begin to keep it; each stage may take as long as the tests.

        Nothing that goes wrong with it is a failure of the run, which then goes on in a fresh environment.
        """
        environment = self._environment
        try:
            if environment.plan.used:
                _check_sources(environment.plan)
            for stage in environment.plan.missing:
                if not stage.is_held_by(environment.plan.installed):
                    self._make(stage)
            if environment.plan.missing:
                environment.plan.check_auto_installs()
        except (SnapshotUnavailable, EnvironmentFailed) as error:
            self._finish_copy()  # of the stage before
            environment.start_over(str(error))
        self._log.block("PREPARED DATABASE", environment.plan.facts())
        self._terminal.line(f"  {environment.plan.in_a_line()}")

    def _make(self, stage: Stage) -> None:
        environment = self._environment
        copying = Copying(environment, stage)
        started = time.monotonic()
        with self._terminal.phase(f"prepare {stage.name}"):
            environment.plan = environment.plan.with_installed(_install(environment, stage, self._log))
            self._finish_copy()
        with self._terminal.phase("keep it"):
            copying.take(environment.plan.installed, time.monotonic() - started)
        _check_sources(environment.plan)
        self._copying = copying

    def finish(self) -> None:
        """Wait until what was made is kept, push it, and remove what are then too many. The run goes on if that fails."""
        try:
            self._finish_copy()
            kept, self._kept = self._kept, []
            if kept:
                if registry := self._environment.preflight.registry:
                    registry.push(kept)
                repository = self._environment.context.repository
                store = self._environment.store
                store.keep_within_limits(repository.name, repository.prepared, lambda line: self._terminal.line(f"  {line}"))
        except EnvironmentFailed as error:
            self._terminal.line(f"  old prepared databases could not be looked through: {error}")

    def _finish_copy(self) -> None:
        copying, self._copying = self._copying, None
        try:
            if copying:
                self._kept.append(copying.finish())
        except EnvironmentFailed as error:
            self._terminal.line(f"  the prepared database is not kept for later runs: {error}")


def _check_sources(plan: Plan) -> None:
    if not plan.is_up_to_date:
        raise SnapshotUnavailable("the sources of the dependencies, or files that are mounted, changed meanwhile")


def prefetch_undeclared_names(environment: Environment) -> Pending[tuple[int, str]] | None:
    """Ask the database for the names that a prepared one holds beyond what the module declares; None where there is none."""
    plan = environment.plan
    if not plan.installed:
        return None
    query = odoo.query_command(undeclared_names_query(list(plan.local_folders)))
    return environment.engine.prefetch(questions.execution(environment.odoo_container, query))


def _install(environment: Environment, stage: Stage, log: RunLog) -> list[str]:
    """Install the stage; the modules that are then in the database. SnapshotUnavailable if anything about it is wrong."""
    engine, container, plan = environment.engine, environment.odoo_container, environment.plan
    log.block(f"PREPARATION: {stage.name}", {"modules": " ".join(stage.modules)})
    odoo_log = OdooLog(odoo.DATABASE)
    timeout = environment.context.options.test_timeout
    settings = settings_of(plan.repository)
    wanted = settings.beyond_preparation if plan.installed else settings
    if stage.assets:
        command = odoo.assets_command(timeout, wanted)
    else:
        command = odoo.prepare_command(stage.modules, plan.folders_in_container(stage), timeout, wanted)
    installation = environment.execute(command, timeout)
    for piece in installation:
        odoo_log.feed(piece)
        log.raw(piece)
        environment.context.terminal.output(piece)
    odoo_log.end()
    # In the log of a run from nothing these would be reasons against it or notes: so they have to get there.
    reasons = omissions(odoo_log, "")
    reasons += [record.first_line for record in odoo_log.errors.times]
    reasons += [f"{problem.kind}: {problem.test}" for problem in odoo_log.problems]
    if installation.exit_code or reasons:
        why = told(reasons[0]) if reasons else f"exit code {installation.exit_code}"
        why = f"the installation of {' '.join(stage.modules)} was not clean: {why}"
        environment.check_alive(environment.prefetch_states().result())
        if is_lasting(installation.exit_code, reasons):
            environment.store.refuse(stage, why)
        raise SnapshotUnavailable(why)
    exit_code, answer = engine.ask(questions.execution(container, odoo.contents_command()))
    states = odoo.parse_states(answer)
    unfinished = [name for name in {*states, *stage.modules} if states.get(name) != "installed"]
    if exit_code or unfinished:
        raise SnapshotUnavailable(f"not installed after the preparation: {', '.join(sorted(unfinished)) or 'unknown'}")
    if misplaced := plan.misplaced(states):
        raise SnapshotUnavailable(f"{', '.join(misplaced)} got into the prepared database")
    return sorted(states)
