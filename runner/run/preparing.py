"""Make the stages of a prepared database that are missing, in a run's own environment, and keep each for later runs."""

from runner.docker.clients import Question
from runner.docker.questions import execution
from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed
from runner.odoo import command as odoo
from runner.odoo.dependencies import Unfit
from runner.reporting.proof_log import ProofLog
from runner.run.copying import Copying
from runner.snapshots.snapshot import Stage
from runner.snapshots.undeclared import parse_strangers, strangers_query, undeclared
from runner.terminal import Terminal
from runner.verdict.failed_checks import omissions
from runner.verdict.odoolog import OdooLog

# For what the engine needs beyond Odoo's own time before it is taken for stalled.
_STREAM_MARGIN = 60.0


class Preparation:
    """The making of a run's prepared database."""

    def __init__(self, environment: Environment, log: ProofLog, terminal: Terminal) -> None:
        self._environment = environment
        self._log = log
        self._terminal = terminal
        self._copying: Copying | None = None
        self._kept_any = False

    def make(self, timeout: float) -> None:
        """Make what is missing, and begin to keep it. `timeout` for each stage, in seconds.

        Nothing that goes wrong with it is a failure of the run, which then goes on in a fresh environment.
        """
        prepared = self._environment.prepared
        try:
            for stage in prepared.missing:
                self._make(stage, timeout)
            if prepared.missing:
                prepared.check_automatic(prepared.holds)
        except (Unfit, EnvironmentFailed) as error:
            self._finish_copy()  # of the stage before
            self._environment.start_over(str(error))
        self._log.block("PREPARED DATABASE", prepared.about())
        self._terminal.line(f"  {prepared.in_a_line()}")

    def _make(self, stage: Stage, timeout: float) -> None:
        prepared = self._environment.prepared
        copying = Copying(self._environment, stage)
        with self._terminal.phase(f"prepare {stage.name}"):
            prepared.holds = _install(self._environment, stage, self._log, self._terminal, timeout)
            self._finish_copy()
        with self._terminal.phase("keep it"):
            copying.take(prepared.holds)
        if stage.own and not prepared.own_is_unchanged:
            raise Unfit("the sources of the dependencies changed meanwhile")
        self._copying = copying

    def finish(self) -> None:
        """Wait until what was made is kept, and remove what are then too many. The run, which does not need it, goes on."""
        store = self._environment.prepared.store
        try:
            self._finish_copy()
            if store and self._kept_any:
                store.keep_within_limits(lambda line: self._terminal.line(f"  {line}"))
        except EnvironmentFailed as error:
            self._terminal.line(f"  old prepared databases could not be looked through: {error}")

    def _finish_copy(self) -> None:
        copying, self._copying = self._copying, None
        try:
            if copying:
                copying.finish()
                self._kept_any = True
        except EnvironmentFailed as error:
            self._terminal.line(f"  the prepared database is not kept for later runs: {error}")


def passed_by_chance(environment: Environment) -> list[str]:
    """Why tests that passed on a prepared database might not pass on an empty one; empty if nothing speaks for that."""
    prepared = environment.prepared
    if not prepared.holds:
        return []
    exit_code, answer = environment.engine.query(environment.odoo_container, _strangers_command(environment))
    if exit_code:
        return [f"the database does not tell what is in it: {answer.strip()}"]
    return undeclared(prepared.own_folders, parse_strangers(answer))


def questions(environment: Environment) -> list[Question]:
    """What `passed_by_chance` asks the engine."""
    if not environment.prepared.holds:
        return []
    return [execution(environment.odoo_container, _strangers_command(environment))]


def _strangers_command(environment: Environment) -> list[str]:
    return odoo.query_command(strangers_query(list(environment.prepared.own_folders)))


def _install(environment: Environment, stage: Stage, log: ProofLog, terminal: Terminal, timeout: float) -> tuple[str, ...]:
    """Install the stage; the modules that are then in the database. Unfit if anything about it is not as it should be."""
    engine, container = environment.engine, environment.odoo_container
    folders = environment.prepared.folders_in_container() if stage.own else []
    log.block(f"PREPARATION: {stage.name}", {"modules": " ".join(stage.modules)})
    odoo_log = OdooLog(odoo.DATABASE)
    command = odoo.prepare_command(stage.modules, folders, timeout)
    installation = engine.streams.execute(container, command, timeout + odoo.KILL_AFTER + _STREAM_MARGIN)
    for line in installation:
        odoo_log.feed(line)
        log.raw(line)
        terminal.output(line)
    odoo_log.end()
    # In the log of a run from nothing these would be reasons against it or notes: so they have to get there.
    errors = [record.message for record in odoo_log.records if record.level in ("ERROR", "CRITICAL")]
    reasons = omissions(odoo_log, "") + errors
    if installation.exit_code or reasons:
        why = reasons[0].splitlines()[0] if reasons else f"exit code {installation.exit_code}"
        if reasons and environment.prepared.store:
            environment.prepared.store.refuse(stage)
        raise Unfit(f"the installation of {' '.join(stage.modules)} was not clean: {why}")
    exit_code, answer = engine.query(container, odoo.contents_command())
    states = odoo.parse_states(answer)
    unfinished = [name for name in {*states, *stage.modules} if states.get(name) != "installed"]
    if exit_code or unfinished:
        raise Unfit(f"not installed after the preparation: {', '.join(sorted(unfinished)) or 'unknown'}")
    if strangers := environment.prepared.strangers(states):
        raise Unfit(f"{', '.join(strangers)} got into the prepared database")
    return tuple(sorted(states))
