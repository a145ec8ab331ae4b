"""One stage of a prepared database on its way from a run's own into a volume that outlives it."""

from runner.docker import questions
from runner.docker.engine import Pending
from runner.docker.listing import PROJECT_LABEL
from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed
from runner.odoo import command as odoo
from runner.odoo.dependencies import SnapshotUnavailable
from runner.snapshots.carrier import PLACE, SEAL
from runner.snapshots.causes import told
from runner.snapshots.snapshot import DB_SERVICE, IN_MEMORY, STEPS_DOWN, Snapshot, Stage

# In seconds: for the server to write all that it has and to end, and for the copy of some 100 MB.
_STOP_LIMIT, _COPY_LIMIT = 60.0, 300.0
_UNTIL_IT_ANSWERS = "until pg_isready --quiet --host=127.0.0.1; do sleep 0.1; done"
# The exit code of what cannot be copied in any run; with others, a disk may be full.
_NOT_THERE = 66
# $1: where to. Of a cluster that was shut down only the last segment of its log is needed. Nobody else may get there: what
# later stages and tests make the server do, as its superuser, must not change what other repositories will start from.
_TAKE = f"""set -eu
no() {{ echo "no $1" >&2; exit {_NOT_THERE}; }}
[ -s "$PGDATA/PG_VERSION" ] && [ ! -e "$PGDATA/postmaster.pid" ] || no "stopped cluster in $PGDATA"
[ -d {odoo.FILESTORE}/{odoo.DATABASE} ] || no "filestore in {odoo.FILESTORE}"
# With these a run that starts from it sets its password.
command -v postgres >/dev/null || no "program postgres in PATH"
[ -n "$(for way in {" ".join(STEPS_DOWN)}; do command -v $way || :; done)" ] || no "program {" or ".join(STEPS_DOWN)}"
mkdir -p "$1"
chmod 700 "$1"
cp -a "$PGDATA" "$1/cluster"
last=$(LC_ALL=C pg_controldata "$1/cluster" | sed -n 's/^.*REDO WAL file: *//p')
[ -z "$last" ] || find "$1/cluster/pg_wal" -maxdepth 1 -type f ! -name "$last" -exec rm {{}} +
cp -a {odoo.FILESTORE}/{odoo.DATABASE} "$1/filestore"
"""
# $1: from where.
_STORE = f"""set -eu
[ "$1" = {PLACE} ] || cp -a "$1/." {PLACE}
{SEAL}"""


class Copying:
    """The copy of one stage: begun before its installation, taken after it, and finished when the run has time for that.

    A container of the run's project does the work, with the run's volumes mounted: a database in memory would end with the
    server's container if that were the last one. What is not finished is no snapshot.
    """

    def __init__(self, environment: Environment, stage: Stage) -> None:
        self._environment, self._engine, self._stage = environment, environment.engine, stage
        self._name = f"{environment.context.project}-snapshot-{stage.name}"
        self._volume = environment.store.begin(stage, environment.context.project, environment.preflight.labels)
        self._from = f"{IN_MEMORY}/{stage.name}" if environment.plan.in_memory else PLACE
        self._started = self._engine.prefetch(questions.command(*self._start_words))
        self._installed: tuple[str, ...] = ()
        self._seconds = 0.0
        self._stored: Pending[tuple[int, str]] | None = None

    def take(self, installed: tuple[str, ...], seconds: float) -> None:
        """Stop the server, take what is in the database, and start the server again. `installed`: the modules that are in it.

        `seconds`: what it took to make it.
        SnapshotUnavailable if that cannot be, EnvironmentFailed if the engine fails.
        """
        self._installed, self._seconds = installed, seconds
        server = self._environment.containers[DB_SERVICE]
        self._started.result()
        self._engine.command("stop", "--time", f"{_STOP_LIMIT:.0f}", server, limit=_STOP_LIMIT + _COPY_LIMIT)
        exit_code, said = self._engine.ask(self._shell(_TAKE))
        if exit_code:
            reason = f"it cannot be copied: {told(said)}"
            if exit_code == _NOT_THERE:
                self._environment.store.refuse(self._stage, reason)
            raise SnapshotUnavailable(reason)
        self._engine.command("start", server)
        self._stored = self._engine.prefetch(self._shell(_STORE))
        # Only the database is needed from here on; its health check, and that of Odoo's server, come a second later.
        self._engine.command("exec", server, "sh", "-c", _UNTIL_IT_ANSWERS)
        self._environment.renew_states()

    def finish(self) -> Snapshot:
        """Wait until all is on disk, and declare it ready. EnvironmentFailed if it is not."""
        assert self._stored, "it was taken"
        environment = self._environment
        exit_code, said = self._stored.result()
        removed = self._engine.prefetch(questions.command("rm", "--force", "--volumes", self._name))
        if exit_code:
            raise EnvironmentFailed(f"the copy of {self._stage.name} failed: {said.strip()}")
        repository = environment.context.repository.name
        about = (repository, self._installed, int(said), self._seconds)
        snapshot = environment.store.publish(self._stage, self._volume, *about)
        removed.result()
        return snapshot

    def _shell(self, script: str) -> questions.Question[tuple[int, str]]:
        words = ["sh", "-c", script, "agent-test", self._from]
        return questions.execution(self._name, words).within(_COPY_LIMIT)

    @property
    def _start_words(self) -> tuple[str, ...]:
        environment = self._environment
        labels = {**environment.preflight.labels, PROJECT_LABEL: environment.context.project}
        # Not by `--volumes-from`: Docker 20.10 takes a tmpfs among them for a volume that is missing.
        volumes = {place: (name, "ro,nocopy") for name, place in environment.volumes_of(odoo.SERVICE)}
        volumes |= {place: (name, "nocopy") for name, place in environment.volumes_of(DB_SERVICE)}
        return (
            "run",
            "--detach",
            "--user=0",
            "--network=none",
            f"--name={self._name}",
            *(f"--label={key}={value}" for key, value in labels.items()),
            f"--env=PGDATA={environment.plan.data_folder}",
            *(f"--volume={name}:{place}:{options}" for place, (name, options) in volumes.items()),
            f"--volume={self._volume}:{PLACE}",
            "--entrypoint=tail",
            environment.plan.database.name,
            "-f",
            "/dev/null",
        )
