"""Work at the engine outside of any run: in a project of its own, of which its guard leaves nothing, however the work ends."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.cleanup import orphans
from runner.cleanup.guard import Guard
from runner.cleanup.life import deadline_label
from runner.cleanup.teardown import Report
from runner.config.repositories import RepoConfig
from runner.docker import questions
from runner.docker.endpoint import settle
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.environment.context import labels_of
from runner.environment.images import images_of
from runner.errors import Interrupted
from runner.naming import project_name
from runner.reporting.proof_log import TEARDOWN_REPORT, run_folder
from runner.signals import Signals
from runner.snapshots.carrier import Carrier, carrier
from runner.terminal import Terminal

if TYPE_CHECKING:
    from runner.docker.streams import Streams

# In seconds: past that it is over, for who does not see its process.
_LONGEST = 86400.0


@dataclass
class Errand:
    """The work, while it goes on. `labels` are on all that it makes; `report` says at its end what its guard has left."""

    engine: Engine
    streams: "Streams"
    project: str
    labels: Mapping[str, str]
    image: Image
    report: Report = field(default_factory=lambda: Report(left={}))

    @contextlib.contextmanager
    def carrier(self, volume: str) -> Iterator[Carrier]:
        """Have a container with this volume for the time of the block."""
        with carrier(self.engine, self.streams, self.project, self.labels, self.image, volume) as opened:
            yield opened


@contextlib.contextmanager
def errand(
    repository: RepoConfig, what: str, environ: Mapping[str, str], terminal: Terminal, signals: Signals
) -> Iterator[Errand]:
    """Do something for a repository at the engine that `environ` names; `what` it is called in the project's name.

    The image of its database is pulled if it is not there. EngineUnavailable, EnvironmentFailed: nothing is begun.
    """
    from runner.docker.streams import Streams  # noqa: PLC0415 - its import takes long

    project, token = project_name(repository.prefix, what), secrets.token_hex(16)
    engine = Engine(settle(environ), token)
    is_podman = engine.ask(questions.version()).is_podman
    folder = run_folder(repository.path, project)
    streams = Streams(engine, folder)
    database = repository.images.postgres
    image = images_of(engine, streams, {"services": {"db": {"image": database}}}, terminal, {})[database]
    labels = {**labels_of(repository, what), **deadline_label(engine.info.now + _LONGEST)}
    work = Errand(engine, streams, project, labels, image)
    guard = Guard(project, token, engine.endpoint, folder / TEARDOWN_REPORT, terminal.line)
    is_done = False
    try:
        guard.arm("" if is_podman else engine.info.id)
        yield work
        is_done = True
    finally:
        signals.shield()
        engine.cancel_all()
        work.report = guard.finish(skip_settling=is_done and signals.first is None) or work.report
        signals.lift_shield()
        if not work.report.complete or work.report.errors:
            orphans.tell(project, work.report, terminal.line)
    if signals.first is not None:
        raise Interrupted(signals.first)
