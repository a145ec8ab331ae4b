"""Prepared databases in a registry: a run pulls what it would have to make, and pushes what it has made, as images.

An image of one is there for a moment: pulled and emptied into a volume, or made of one and pushed. Its labels are those of the
volume, so that a cleanup knows it should its run have been killed. Nothing of this is a failure of the run.
"""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.config.repositories import RepoConfig
from runner.docker import questions
from runner.docker.inventory import Image
from runner.docker.listing import PROJECT_LABEL
from runner.environment.longest import PULLING_BOUND, PUSHING_BOUND
from runner.environment.port_lock import held
from runner.errors import EnvironmentFailed
from runner.snapshots.carrier import PLACE, Unfit, carrier
from runner.snapshots.causes import told
from runner.snapshots.snapshot import Snapshot, Stage
from runner.snapshots.store import Store, from_elsewhere, labels_of
from runner.terminal import Terminal

if TYPE_CHECKING:
    from runner.docker.streams import Streams

# What registries say of what nobody has pushed yet.
_NOT_THERE = re.compile(r"manifest (for \S+ )?(unknown|not found)|name unknown|: not found", re.IGNORECASE)


@dataclass
class Registry:
    """The registry of a repository, for one run, whose `project` and `labels` tell whose all is that is made meanwhile.

    `image`: one with a shell, tar and find. After the first thing that goes wrong it is left alone.
    """

    repository: RepoConfig
    store: Store
    streams: "Streams"
    project: str
    labels: Mapping[str, str]
    image: Image
    terminal: Terminal
    is_usable: bool = True
    _deadline: float = 0.0

    def pull(self, stages: Sequence[Stage]) -> bool:
        """Have the longest of these stages, the lowest first, that somebody has pushed. Whether there is one."""
        self._deadline = time.monotonic() + PULLING_BOUND
        with self._nothing_fails("pulled"):
            return any(self._pulled(stage) for stage in reversed(stages))
        return False

    def push(self, snapshots: Iterable[Snapshot]) -> None:
        """Push these, unless something went wrong before."""
        self._deadline = time.monotonic() + PUSHING_BOUND
        for snapshot in snapshots:
            if not self.is_usable:
                return
            with self._nothing_fails("pushed"), self._alone(snapshot.key):
                self._push(snapshot, self._name(snapshot.key))

    def _pulled(self, stage: Stage) -> bool:
        name = self._name(stage.key)
        with self._alone(stage.key):
            if stage.key in self.store.volumes().ready:  # meanwhile, by another run
                return True
            try:
                self.store.engine.command("image", "pull", "--quiet", name, limit=self._left)
            except EnvironmentFailed as error:
                if _NOT_THERE.search(str(error)):
                    return False
                raise
            try:
                self._fill(stage, name)
            finally:
                self.store.engine.command("image", "rm", name)
        self.terminal.line(f"  pulled: the prepared database {stage.name}, from {self.repository.snapshots}")
        repository = self.repository
        self.store.keep_within_limits(repository.name, repository.prepared, lambda line: self.terminal.line(f"  {line}"))
        return True

    def _fill(self, stage: Stage, name: str) -> None:
        image = self.store.engine.ask(questions.image(name))
        snapshot = self._checked(stage, image)
        volume = self.store.begin(stage, self.project, self.labels)
        container = f"{self.project}-pulled"
        self.store.engine.command(
            *("create", "--pull=never", f"--name={container}", "--network=none"),
            *(f"--label={key}={value}" for key, value in {**self.labels, PROJECT_LABEL: self.project}.items()),
            # The engine fills an empty volume with what the image has there. The container is never started.
            *(f"--volume={volume}:{PLACE}", name, "none"),
            limit=self._left,
        )
        self.store.engine.command("container", "rm", "--force", "--volumes", container)
        with carrier(self.store.engine, self.streams, self.project, self.labels, self.image, volume) as opened:
            megabytes = opened.seal()
        self.store.declare(replace(snapshot, volume=volume, megabytes=megabytes))

    def _checked(self, stage: Stage, image: Image | None) -> Snapshot:
        """What the image holds, of what may be another's. Unfit if it is not what was asked for."""
        config = image.config if image else {}
        labels = {str(label): str(value) for label, value in (config.get("Labels") or {}).items()}
        try:
            snapshot = from_elsewhere(labels, self.store.now)
        except ValueError as error:
            raise Unfit(str(error)) from error
        if (snapshot.key, snapshot.base, snapshot.stage) != (stage.key, stage.base, stage.name):
            raise Unfit("it is another than its tag says")
        if not set(stage.modules) <= set(snapshot.modules):
            raise Unfit("it does not hold the modules that it should")
        if labels.keys() != labels_of(snapshot).keys() or config.get("Volumes"):
            raise Unfit("it has labels or volumes that none of ours has")
        if image and image.size > (most := self.repository.prepared.disk):
            raise Unfit(f"it has {image.size // 1_000_000} MB, `prepared` in repos.yaml allows {most // 1_000_000}")
        # Of here it counts among the repository's own.
        return replace(snapshot, repository=self.repository.name)

    def _push(self, snapshot: Snapshot, name: str) -> None:
        changes = [f"LABEL {label}={json.dumps(value)}" for label, value in labels_of(snapshot).items()]
        words = ("image", "import", *(word for change in changes for word in ("--change", change)), "-", name)
        try:
            about = (self.project, self.labels, self.image, snapshot.volume)
            with carrier(self.store.engine, self.streams, *about) as opened:
                importing, said = self.streams.run(words, opened.pack(), self._left), b""
                for piece in importing:
                    said = (said + piece)[-2000:]
            if importing.exit_code:
                raise EnvironmentFailed(f"`docker image import` failed: {said.decode(errors='replace').strip()}")
            self.store.engine.command("image", "push", "--quiet", name, limit=self._left)
        finally:
            if self.store.engine.ask(questions.image(name)):
                self.store.engine.command("image", "rm", name)
        self.terminal.line(f"  pushed: the prepared database {snapshot.stage}, to {self.repository.snapshots}")

    @property
    def _left(self) -> float:
        """Seconds for the next step; there is always a moment, which says what is wrong."""
        return max(1.0, self._deadline - time.monotonic())

    def _name(self, key: str) -> str:
        return f"{self.repository.snapshots}:{key}"

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Let no other run of this machine have the same image at the same time: it would remove it."""
        with held(f"prepared-{key[0]}", self._left, self._say_waiting):
            yield

    def _say_waiting(self) -> None:
        self.terminal.line("  another run pulls or pushes a prepared database; waiting for it")

    @contextmanager
    def _nothing_fails(self, done: str) -> Iterator[None]:
        try:
            yield
        except (EnvironmentFailed, Unfit) as error:
            self.is_usable = False
            self.terminal.line(f"  warning: no prepared database is {done}, {self.repository.snapshots}: {told(str(error))}")
