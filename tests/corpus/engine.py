"""Environments for the corpus: in each a database with `base` is prepared once, and copied for every case."""

import contextlib
import os
import queue
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from runner.config.model import PortRange
from runner.config.options import Options
from runner.config.repositories import RepoConfig, load
from runner.docker.endpoint import settle
from runner.environment.context import RunContext, labels_of
from runner.environment.environment import Environment
from runner.naming import LABEL_PREFIX, project_name
from runner.odoo import command as odoo
from runner.signals import Signals
from runner.terminal import Terminal

from .case import NEWEST, Case, Outcome

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "corpus-agent-test"
LABEL = f"{LABEL_PREFIX}repository=corpus"
PORTS = PortRange(first=18200, last=18209)
# Odoo 14 has no `/web/health`; any page will do that needs no database.
_HEALTH, _HEALTH_OF_14 = "/web/health?db_server_status=1", "/web/database/selector"
# A run of Odoo keeps one processor busy; CI's machines have two.
LANES = 2
_PREPARED = "corpus_base"
_PREPARE = f"createdb -U odoo -T {odoo.DATABASE} {_PREPARED}"
_COPY = f"dropdb -U odoo --force --if-exists {odoo.DATABASE} && createdb -U odoo -T {_PREPARED} {odoo.DATABASE}"
# In seconds; for what takes one or two, and for the installation of `base`.
_QUICK, _SLOW = 60.0, 200.0


class OtherSeries(Exception):
    """The image holds another series of Odoo than the one whose outcomes the cases expect."""


class Lane:
    """A running environment in which one case after another is run."""

    def __init__(self, environment: Environment, addons: Path) -> None:
        self._addons = addons
        self._odoo = environment.odoo_container
        self._db = environment.containers["db"]

    def check_series(self, series: str) -> None:
        """Raise OtherSeries unless this is Odoo of that series, such as 19."""
        version = self._checked(self._odoo, ["odoo", "--version"]).strip()
        if f" {series}.0" not in version:
            raise OtherSeries(f"the cases say what Odoo {series} does; the image holds {version}")

    def prepare(self) -> None:
        """Make the database from which those of the cases are copied."""
        # Odoo 14 refuses a folder of addons that holds none.
        Case("any_addon", "Holds nothing.", {}).write(self._addons)
        self._checked(self._odoo, odoo.test_command("base", "/corpus", 1, _SLOW), _SLOW)
        self._checked(self._db, ["sh", "-c", _PREPARE])

    def run(self, case: Case) -> Outcome:
        """Run a case as the runner does."""
        for path in self._addons.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        case.write(self._addons)
        self._checked(self._db, ["sh", "-c", _COPY])
        command = odoo.test_command(case.init or case.name, case.tags, case.addons_folders, case.timeout)
        options = [word for name, value in case.environ.items() for word in ("--env", f"{name}={value}")]
        for _ in range(2 if case.twice else 1):
            begun = time.monotonic()
            tests = _execute(self._odoo, command, case.timeout + _QUICK, options)
            seconds = time.monotonic() - begun
        return Outcome(
            odoo_exit=tests.returncode,
            output=tests.stdout,
            states=odoo.parse_states(self._checked(self._odoo, odoo.states_command([case.name]))),
            timed_out=tests.returncode in (124, 137) and seconds >= case.timeout,
        )

    def _checked(self, container: str, command: list[str], limit: float = _QUICK, options: Iterable[str] = ()) -> str:
        done = _execute(container, command, limit, options)
        output = done.stdout.decode(errors="replace")
        assert done.returncode == 0, output[-3000:]
        return output


def _execute(container: str, command: list[str], limit: float, options: Iterable[str]) -> "subprocess.CompletedProcess[bytes]":
    words = ["docker", "exec", *options, container, *command]
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, check=False)


@contextlib.contextmanager
def outcomes_of(cases: Iterable[Case], folder: Path, series: str = NEWEST) -> Iterator[dict[str, "Future[Outcome]"]]:
    """The outcomes of the cases by name, as they come; the environments are removed however this process ends. OtherSeries."""
    with contextlib.ExitStack() as stack:
        lanes: queue.SimpleQueue[Lane] = queue.SimpleQueue()
        first = stack.enter_context(_lane(folder / "0", series))
        first.check_series(series)
        entered = [first, *(stack.enter_context(_lane(folder / str(number), series)) for number in range(1, LANES))]
        pool = stack.enter_context(ThreadPoolExecutor(LANES))
        stack.callback(pool.shutdown, cancel_futures=True)
        for prepared in [pool.submit(lane.prepare) for lane in entered]:
            prepared.result()
        for lane in entered:
            lanes.put(lane)

        def run(case: Case) -> Outcome:
            lane = lanes.get()
            try:
                return lane.run(case)
            finally:
                lanes.put(lane)

        # The one that hangs first: it leaves its lane's processor to the others.
        yield {case.name: pool.submit(run, case) for case in sorted(cases, key=lambda case: case.timeout)}


@contextlib.contextmanager
def _lane(folder: Path, series: str) -> Iterator[Lane]:
    """An environment in a new folder, with the images of repos.yaml."""
    addons = folder / "addons"
    addons.mkdir(parents=True)
    compose_file = folder / "docker-compose.yml"
    services = (ROOT / "docker-compose.agent.yml").read_text()
    compose_file.write_text(services.replace(_HEALTH, _HEALTH_OF_14) if series == "14" else services)
    images = next(iter(load(ROOT, os.environ).repositories.values())).images
    project = project_name(PREFIX, "corpus")
    repository = RepoConfig(
        name="corpus",
        prefix=PREFIX,
        path=folder,
        addons=(addons,),
        compose_file=compose_file,
        ports=PORTS,
        images=images,
    )
    context = RunContext(
        repository,
        module="corpus",
        options=Options(health_timeout=120, test_timeout=0, snapshot=False),
        project=project,
        folder=folder,
        terminal=Terminal(),
        signals=Signals(lambda _signum: None),
        labels=labels_of(repository, "corpus"),
    )
    with Environment(context, settle(os.environ)) as environment:
        yield Lane(environment, addons)
