"""Make the stages of a prepared database that are missing, in a run's own environment, and keep each for later runs."""

from . import odoo, odoolog
from .clients import Question
from .dependencies import Unfit
from .doubts import what_odoo_left_out
from .engine import execution
from .environment import Environment
from .errors import EnvironmentFailed
from .progress import Terminal
from .reports import ProofLog
from .snapshot import DB_SERVICE, Stage
from .teardown import PROJECT_LABEL
from .undeclared import parse_strangers, strangers_query, undeclared

# For what the engine needs beyond Odoo's own time before it is taken for stalled, and for the copy of some 100 MB.
_STREAM_MARGIN = 60.0
_COPY_LIMIT = 300.0
# For the server to write all that it has and to end.
_STOP_LIMIT = 60.0
_TARGET = "/agent-test-new"
_UNTIL_IT_ANSWERS = "until pg_isready --quiet --host=127.0.0.1; do sleep 0.1; done"
# Of a cluster that was shut down only the last segment of its log is needed. `complete` last, when all is on disk.
_COPY = f"""set -eu
[ -s "$PGDATA/PG_VERSION" ] && [ ! -e "$PGDATA/postmaster.pid" ] || {{ echo "no stopped cluster in $PGDATA" >&2; exit 1; }}
[ -d {odoo.FILESTORE}/{odoo.DATABASE} ] || {{ echo "no filestore in {odoo.FILESTORE}" >&2; exit 1; }}
cp -a "$PGDATA" {_TARGET}/cluster
last=$(LC_ALL=C pg_controldata "$PGDATA" | sed -n 's/^.*REDO WAL file: *//p')
[ -z "$last" ] || find {_TARGET}/cluster/pg_wal -maxdepth 1 -type f ! -name "$last" -exec rm {{}} +
cp -a {odoo.FILESTORE}/{odoo.DATABASE} {_TARGET}/filestore
sync -f {_TARGET}/cluster
: > {_TARGET}/complete
sync -f {_TARGET}/complete
du -sm {_TARGET} | cut -f1
"""


def prepare(environment: Environment, log: ProofLog, terminal: Terminal, timeout: float) -> None:
    """Make what is missing of the run's prepared database, and keep it. `timeout` for each stage, in seconds.

    Nothing that goes wrong with it is a failure of the run, which then goes on in a fresh environment.
    """
    prepared = environment.prepared
    made = bool(prepared.missing)
    try:
        for stage in prepared.missing:
            with terminal.phase(f"prepare {stage.name}"):
                prepared.holds = _install(environment, stage, log, terminal, timeout)
            with terminal.phase("keep it"):
                _keep(environment, stage, prepared.holds)
        if made:
            prepared.check_automatic(prepared.holds)
    except (Unfit, EnvironmentFailed) as error:
        environment.start_over(str(error))
    if made and prepared.store:
        try:
            prepared.store.keep_within_limits(lambda line: terminal.line(f"  {line}"))
        except EnvironmentFailed as error:
            terminal.line(f"  old prepared databases could not be looked through: {error}")
    log.block("PREPARED DATABASE", prepared.about())
    terminal.line(f"  {prepared.in_a_line()}")


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
    output: list[bytes] = []
    command = odoo.prepare_command(stage.modules, folders, timeout)
    installation = engine.streams.execute(container, command, timeout + odoo.KILL_AFTER + _STREAM_MARGIN)
    for line in installation:
        output.append(line)
        log.raw(line)
        terminal.output(line)
    seen = odoolog.read(b"".join(output).decode(errors="replace"), odoo.DATABASE)
    # In the log of a run from nothing these would be reasons against it or remarks: so they have to get there.
    reasons = what_odoo_left_out(seen, "") + [each.message for each in seen.records if each.level in ("ERROR", "CRITICAL")]
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


def _keep(environment: Environment, stage: Stage, holds: tuple[str, ...]) -> None:
    """Copy database and files while the server is stopped, and publish the copy."""
    prepared, engine = environment.prepared, environment.engine
    assert prepared.store
    volume = prepared.store.begin(stage)
    try:
        megabytes = _copied(environment, volume)
    except Unfit:
        prepared.store.refuse(stage)
        raise
    # Only the database is needed from here on; its health check, and that of Odoo's server, come a second later.
    engine.command("exec", environment.containers[DB_SERVICE], "sh", "-c", _UNTIL_IT_ANSWERS)
    if stage.own and not prepared.own_is_unchanged:
        raise Unfit("the sources of the dependencies changed meanwhile")
    prepared.store.publish(stage, volume, prepared.repository.name, holds, megabytes, environment.password)


def _copied(environment: Environment, volume: str) -> int:
    """Stop the server, copy into the volume, and start it again; the megabytes copied. Unfit if that fails.

    The container that copies is there before the server stops, and until it runs again: a database in memory ends with the
    last container that has it mounted.
    """
    engine, services, name = environment.engine, environment.containers, f"{environment.project}-snapshot"
    labels = environment.labels | {PROJECT_LABEL: environment.project}
    engine.command(
        "run",
        "--detach",
        "--user=0",
        "--network=none",
        f"--name={name}",
        *(f"--label={key}={value}" for key, value in labels.items()),
        f"--env=PGDATA={environment.prepared.data_folder}",
        f"--volumes-from={services[DB_SERVICE]}:ro",
        f"--volumes-from={services[odoo.SERVICE]}:ro",
        f"--volume={volume}:{_TARGET}",
        "--entrypoint=sleep",
        environment.prepared.image,
        f"{_STOP_LIMIT + _COPY_LIMIT + 2 * _STREAM_MARGIN:.0f}",
    )
    engine.command("stop", "--time", f"{_STOP_LIMIT:.0f}", services[DB_SERVICE], limit=_STOP_LIMIT + _STREAM_MARGIN)
    exit_code, said = engine.query(name, ["sh", "-c", _COPY], _COPY_LIMIT)
    if exit_code:
        raise Unfit(f"it cannot be copied: {said.strip()}")
    removal = ("rm", "--force", "--volumes", name)
    engine.begin(removal)
    engine.command("start", services[DB_SERVICE])
    engine.command(*removal)
    return int(said)
