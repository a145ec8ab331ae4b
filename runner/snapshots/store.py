"""Snapshots in the engine: each a volume with the data and, once that is whole, a marker: a second, empty volume that says so.

The engine makes a volume at once or not at all, and cannot change its labels: so a data volume without a marker is never used.
Both lie outside of any Compose project. Until it has its marker, a data volume belongs to the run that makes it: what the run
does not finish, its teardown removes.
"""

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runner.cleanup.owner import owner_from, this_process
from runner.cleanup.resources import MAKER_LABEL, PUBLISHED_LABEL, SNAPSHOT_PREFIX
from runner.docker import questions
from runner.docker.engine import Engine
from runner.errors import EnvironmentFailed
from runner.snapshots.snapshot import Snapshot, Stage

PREFIX = SNAPSHOT_PREFIX
KEY_LABEL = f"{PREFIX}.key"
# What `Store.volumes` asks the engine at first.
LISTING = questions.with_label(questions.VOLUMES, KEY_LABEL)
_READY = "ready"
_REFUSED = "refused"
# Then it is tried once more: the cause may have been the machine.
_REFUSED_SECONDS = 86400
# A key is never used again once its sources have changed: what is old is mostly waste. Dates in the data age too.
MAX_DAYS = 14
# The stages of some ten modules.
MAX_NUMBER = 30
# Of disk; a snapshot takes 80 to 300.
MAX_MEGABYTES = 6000


@dataclass(frozen=True)
class Volumes:
    """What the engine holds of snapshots: those that are ready, by key, and the volumes that nobody uses or finishes.

    `refused`: the volumes, by key, that say that a stage cannot be prepared, so that not every run tries it again.
    """

    ready: dict[str, Snapshot]
    dead: list[str]
    preparing: list[str]
    refused: dict[str, str]


class Store:
    """The snapshots of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def volumes(self) -> Volumes:
        """What there is. EnvironmentFailed if the engine does not say."""
        return sorted_out(self._engine.volumes_with(KEY_LABEL), time.time())

    def begin(self, stage: Stage, project: str) -> str:
        """A new volume for the stage's data, made by the run `project`; its name."""
        name = f"{PREFIX}-{stage.key[:16]}-{secrets.token_hex(4)}"
        self._create(name, {KEY_LABEL: stage.key, MAKER_LABEL: project} | this_process().labels())
        return name

    def publish(
        self, stage: Stage, volume: str, repository: str, modules: Iterable[str], megabytes: int, password: str
    ) -> None:
        """Declare the volume ready, unless another run was quicker with the same stage: then it still belongs to its run."""
        about = {
            "key": stage.key,
            "base": stage.base,
            "stage": stage.name,
            "repository": repository,
            "modules": " ".join(sorted(modules)),
            "created": f"{time.time():.0f}",
            "megabytes": str(megabytes),
            "password": password,
        }
        labels = {f"{PREFIX}.{key}": value for key, value in about.items()}
        # Where the marker is there already, the engine leaves it as it is and says nothing.
        self._create(f"{PREFIX}-{stage.key[:16]}-{_READY}", labels | {PUBLISHED_LABEL: volume})

    def refuse(self, stage: Stage) -> None:
        """Say that the stage's installation is not clean, as it will be again with the same key."""
        about = {KEY_LABEL: stage.key, f"{PREFIX}.created": f"{time.time():.0f}"}
        self._create(f"{PREFIX}-{stage.key[:16]}-{_REFUSED}", about)

    def drop(self, snapshot: Snapshot) -> bool:
        """Remove a snapshot, the marker first; whether it is gone."""
        marker_gone = self._removed(f"{PREFIX}-{snapshot.key[:16]}-{_READY}")
        return self._removed(snapshot.volume) and marker_gone

    def sweep(self, dead: Iterable[str]) -> list[str]:
        """Remove the volumes of dead preparations; the names of those that are gone."""
        return [name for name in dead if self._removed(name)]

    def keep_within_limits(self, say: Callable[[str], None]) -> None:
        """Remove what is too much, the oldest first; never what a container uses."""
        ready = self.volumes().ready
        surplus = beyond_limits(ready.values())
        if surplus:
            free = set(self._engine.command("volume", "ls", "--quiet", "--filter", "dangling=true").split())
            for snapshot in surplus:
                if snapshot.volume in free and self.drop(snapshot):
                    say(f"{snapshot.volume}: removed, there are too many")

    def _create(self, name: str, labels: dict[str, str]) -> None:
        words = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
        self._engine.command("volume", "create", *words, name)

    def _removed(self, name: str) -> bool:
        try:
            self._engine.command("volume", "rm", "--force", name)
        except EnvironmentFailed:
            return False
        return True


def sorted_out(inspected: list[dict[str, object]], now: float) -> Volumes:
    """What `docker volume inspect` says, understood; `now` in seconds of the epoch."""
    labels = {str(each["Name"]): dict(each["Labels"] or {}) for each in inspected}  # type: ignore[call-overload]
    ready: dict[str, Snapshot] = {}
    refused: dict[str, str] = {}
    published: set[str] = set()
    dead: list[str] = []
    preparing: list[str] = []
    for name, about in labels.items():
        if name.endswith(f"-{_READY}"):
            snapshot = _snapshot(about)
            if snapshot and snapshot.volume in labels:
                published.add(snapshot.volume)
            if snapshot and snapshot.volume in labels and now - snapshot.created < MAX_DAYS * 86400:
                ready[snapshot.key] = snapshot
            elif snapshot and snapshot.volume in labels:
                dead += [name, snapshot.volume]  # the marker first
            else:
                dead.append(name)
    for name, about in labels.items():
        if name.endswith(f"-{_READY}") or name in published:
            continue
        if name.endswith(f"-{_REFUSED}"):
            if now - float(about.get(f"{PREFIX}.created", 0)) < _REFUSED_SECONDS:
                refused[about[KEY_LABEL]] = name
            else:
                dead.append(name)
            continue
        owner = owner_from(about)
        (dead if owner and owner.is_on_this_host and not owner.is_alive else preparing).append(name)
    return Volumes(ready, dead, preparing, refused)


def _snapshot(labels: dict[str, str]) -> Snapshot | None:
    try:
        about = {key: labels[f"{PREFIX}.{key}"] for key in ("key", "base", "stage", "volume", "repository", "password")}
        return Snapshot(
            **about,
            modules=tuple(labels[f"{PREFIX}.modules"].split()),
            created=float(labels[f"{PREFIX}.created"]),
            megabytes=int(labels[f"{PREFIX}.megabytes"]),
        )
    except (KeyError, ValueError):
        return None


def beyond_limits(ready: Iterable[Snapshot]) -> list[Snapshot]:
    """What is beyond MAX_NUMBER or MAX_MEGABYTES, counted from the newest."""
    surplus = []
    megabytes = 0
    for number, snapshot in enumerate(sorted(ready, key=lambda each: each.created, reverse=True), start=1):
        megabytes += snapshot.megabytes
        if number > MAX_NUMBER or megabytes > MAX_MEGABYTES:
            surplus.append(snapshot)
    return surplus
