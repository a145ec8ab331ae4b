"""Snapshots in the engine: each a volume with the data and, once that is whole, a marker: a second, empty volume that says so.

The engine makes a volume at once or not at all, and cannot change its labels: so a data volume without a marker is never used.
Both lie outside of any Compose project. Until it has its marker, a data volume belongs to the run that makes it: what the run
does not finish, its teardown removes.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from runner.cleanup.life import LIFE_LABELS, Life, life_of
from runner.cleanup.resources import MAKER_LABEL, PUBLISHED_LABEL, SNAPSHOT_PREFIX
from runner.config.model import Prepared
from runner.docker import questions
from runner.docker.engine import Engine, Pending
from runner.docker.listing import PROJECT_LABEL, VOLUMES, Resource
from runner.errors import EnvironmentFailed
from runner.naming import is_module_name
from runner.snapshots.causes import told
from runner.snapshots.snapshot import SCHEMA, STAGES, Snapshot, Stage
from runner.text import printable, shortened

KEY_LABEL = f"{SNAPSHOT_PREFIX}.key"
_CREATED_LABEL = f"{SNAPSHOT_PREFIX}.created"
_REASON_LABEL = f"{SNAPSHOT_PREFIX}.reason"
_SCHEMA_LABEL = f"{SNAPSHOT_PREFIX}.schema"
_LABELS = (
    *(f"{SNAPSHOT_PREFIX}.{fact.name}" for fact in fields(Snapshot)),
    _REASON_LABEL,
    _SCHEMA_LABEL,
    MAKER_LABEL,
    PROJECT_LABEL,
    *LIFE_LABELS,
)
_READY = "ready"
_REFUSED = "refused"
# Then it is tried once more: the cause may have been the machine after all.
_REFUSED_SECONDS = 86400
# A key is never used again once its sources have changed: what is old is mostly waste. Dates in the data age too.
MAX_DAYS = 14
# The seconds in which a prepared database loses half of what its making took: a key is mostly used again the same day, or not.
_HALF_LIFE = 4 * 3600
_KEY = re.compile(r"[0-9a-f]{32}")
# In seconds of the epoch, and in megabytes or seconds: labels beyond are not ours.
_END_OF_TIME, _LARGEST = 1e11, 10**7


@dataclass(frozen=True)
class Refusal:
    """A volume that says that a stage cannot be prepared, and why."""

    volume: str
    reason: str


@dataclass(frozen=True)
class Volumes:
    """What the engine holds of snapshots: those that are ready, by key, and the volumes that nobody uses or finishes.

    `refused`: what cannot be prepared, by key, so that not every run tries it again.
    `odd`: volumes whose labels are not understood, each with what is wrong; nothing is done about them.
    """

    ready: Mapping[str, Snapshot] = field(default_factory=dict)
    dead: Sequence[str] = ()
    preparing: Sequence[str] = ()
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    odd: Mapping[str, str] = field(default_factory=dict)


class Store:
    """The snapshots of one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def now(self) -> float:
        """The engine's time, in seconds of the epoch, as in what a snapshot says of itself."""
        return self.engine.info.now

    def prefetch(self) -> Pending[list[Resource]]:
        """Start the listing, for `volumes`."""
        return self.engine.prefetch(_LISTING)

    def volumes(self, pending: Pending[list[Resource]] | None = None) -> Volumes:
        """Return what there is; `pending`: where that was asked already. EnvironmentFailed if the engine does not say."""
        return sorted_out((pending or self.prefetch()).result(), self.now)

    def begin(self, stage: Stage | Snapshot, project: str, labels: Mapping[str, str]) -> str:
        """Make a new volume for the stage's data, for the run `project` with these labels, and return its name."""
        name = f"{SNAPSHOT_PREFIX}-{stage.key[:16]}-{secrets.token_hex(4)}"
        whose = {label: labels[label] for label in LIFE_LABELS if label in labels}
        self._create(name, {KEY_LABEL: stage.key, MAKER_LABEL: project} | whose)
        return name

    def publish(
        self, stage: Stage, volume: str, repository: str, modules: Iterable[str], megabytes: int, seconds: float
    ) -> Snapshot:
        """Declare the volume ready, and return what it holds. `seconds`: what it took to make it."""
        about = (stage.key, stage.base, stage.name, volume, repository, tuple(sorted(modules)), self.now)
        snapshot = Snapshot(*about, megabytes, round(seconds))
        self.declare(snapshot)
        return snapshot

    def declare(self, snapshot: Snapshot) -> None:
        """Declare its volume ready, unless another run was quicker with the same stage: then it still belongs to its run."""
        # Where the marker is there already, the engine leaves it as it is and says nothing.
        labels = {PUBLISHED_LABEL: snapshot.volume} | labels_of(snapshot)
        self._create(f"{SNAPSHOT_PREFIX}-{snapshot.key[:16]}-{_READY}", labels)

    def refuse(self, stage: Stage, reason: str) -> None:
        """Say that the stage cannot be prepared, as it will be again with the same key, and why."""
        about = {KEY_LABEL: stage.key, _CREATED_LABEL: f"{self.now:.0f}", _REASON_LABEL: told(reason)}
        self._create(f"{SNAPSHOT_PREFIX}-{stage.key[:16]}-{_REFUSED}", about)

    def drop(self, snapshot: Snapshot) -> bool:
        """Remove a snapshot, the marker first; whether it is gone."""
        marker_gone = self._removed(f"{SNAPSHOT_PREFIX}-{snapshot.key[:16]}-{_READY}")
        return self._removed(snapshot.volume) and marker_gone

    def sweep(self, dead: Iterable[str]) -> list[str]:
        """Remove the volumes of dead preparations; the names of those that are gone."""
        return [name for name in dead if self._removed(name)]

    def keep_within_limits(self, repository: str, limits: Prepared, say: Callable[[str], None]) -> None:
        """Remove what of the repository's own is beyond its limits; never what a container uses."""
        own = [snapshot for snapshot in self.volumes().ready.values() if snapshot.repository == repository]
        if surplus := beyond_limits(own, limits, self.now):
            free = set(self.engine.command("volume", "ls", "--quiet", "--filter", "dangling=true").split())
            for snapshot in surplus:
                if snapshot.volume in free and self.drop(snapshot):
                    say(f"{snapshot.volume} ({snapshot.stage}): removed, beyond `prepared` of {repository} in repos.yaml")

    def _create(self, name: str, labels: dict[str, str]) -> None:
        words = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
        self.engine.command("volume", "create", *words, name)

    def _removed(self, name: str) -> bool:
        try:
            self.engine.command("volume", "rm", "--force", name)
        except EnvironmentFailed:
            return False
        return True


_LISTING = questions.resources(VOLUMES, _LABELS, f"label={KEY_LABEL}")


def sorted_out(volumes: Iterable[Resource], now: float) -> Volumes:
    """Tell what each of the volumes with a KEY_LABEL is; `now` by the engine's clock, in seconds of the epoch.

    Those of a Compose project do not count, whatever their labels say: a compose file must not declare what is ready.
    """
    labels = {volume.name: volume.labels for volume in volumes if PROJECT_LABEL not in volume.labels}
    ready: dict[str, Snapshot] = {}
    refused: dict[str, Refusal] = {}
    odd: dict[str, str] = {}
    published: set[str] = set()
    dead: list[str] = []
    preparing: list[str] = []
    for name in [name for name in labels if name.endswith(f"-{_READY}")]:
        try:
            snapshot = _snapshot(labels[name])
        except ValueError as error:
            odd[name] = f"a label of it is not understood ({error})"
            published.add(labels[name].get(PUBLISHED_LABEL, ""))  # its data is no preparation that was never finished
            continue
        if snapshot is None or snapshot.volume not in labels:
            dead.append(name)
            continue
        if name != f"{SNAPSHOT_PREFIX}-{snapshot.key[:16]}-{_READY}":
            odd[name] = "it is not called as its key is"
            continue
        published.add(snapshot.volume)
        if labels[name].get(_SCHEMA_LABEL) == str(SCHEMA) and now - snapshot.created < MAX_DAYS * 86400:
            ready[snapshot.key] = snapshot
        else:
            dead += [name, snapshot.volume]  # the marker first
    for name, about in labels.items():
        if name.endswith(f"-{_READY}") or name in published:
            continue
        if name.endswith(f"-{_REFUSED}"):
            try:
                is_old = now - _created(about) >= _REFUSED_SECONDS
            except (KeyError, ValueError) as error:
                odd[name] = f"a label of it is not understood ({error})"
                continue
            if is_old:
                dead.append(name)
            else:
                refused[about[KEY_LABEL]] = Refusal(name, told(about.get(_REASON_LABEL, "")))
            continue
        (dead if life_of(about, now) in (Life.GONE, Life.PAST_ITS_DEADLINE) else preparing).append(name)
    return Volumes(ready, dead, preparing, refused, odd)


def labels_of(snapshot: Snapshot) -> dict[str, str]:
    """Return all that is known of it, but for its volume, as labels."""
    about = {
        "key": snapshot.key,
        "base": snapshot.base,
        "stage": snapshot.stage,
        "repository": snapshot.repository,
        "modules": " ".join(snapshot.modules),
        "created": f"{snapshot.created:.0f}",
        "megabytes": str(snapshot.megabytes),
        "seconds": str(snapshot.seconds),
        "schema": str(SCHEMA),
    }
    return {f"{SNAPSHOT_PREFIX}.{fact}": value for fact, value in about.items()}


def from_elsewhere(labels: Mapping[str, str], now: float) -> Snapshot:
    """Read what another engine's store has said of one in `labels_of`; it has no volume yet. ValueError, with why it is unfit.

    Whoever has written it may have written anything.
    """
    schema = labels.get(_SCHEMA_LABEL, "")
    if schema != str(SCHEMA):
        raise ValueError(f"it was made by another version of the runner (schema {shortened(printable(schema), 20)!r})")
    snapshot = _snapshot({**labels, PUBLISHED_LABEL: ""})
    if snapshot is None:
        raise ValueError("it does not say what it holds")
    if not (_KEY.fullmatch(snapshot.key) and _KEY.fullmatch(snapshot.base)) or snapshot.stage not in STAGES:
        raise ValueError("its key or its stage is none")
    if not all(map(is_module_name, snapshot.modules)):
        raise ValueError("it names modules that no module can be called")
    if now - snapshot.created >= MAX_DAYS * 86400:
        raise ValueError(f"it is older than {MAX_DAYS} days")
    return replace(snapshot, created=min(snapshot.created, now))


def images_of_registries(engine: Engine) -> list[str]:
    """Return the IDs of images that hold a prepared database, on their way from or to a registry. None is needed for long."""
    return engine.command("image", "ls", "--quiet", "--no-trunc", "--filter", f"label={KEY_LABEL}").split()


def _snapshot(labels: Mapping[str, str]) -> Snapshot | None:
    """Read a marker; None if a label is missing. ValueError for one that is no number."""
    try:
        return Snapshot(
            **{fact: labels[f"{SNAPSHOT_PREFIX}.{fact}"] for fact in ("key", "base", "stage", "repository")},
            volume=labels[PUBLISHED_LABEL],
            modules=tuple(labels[f"{SNAPSHOT_PREFIX}.modules"].split()),
            created=_created(labels),
            megabytes=_whole(labels[f"{SNAPSHOT_PREFIX}.megabytes"]),
            seconds=_whole(labels[f"{SNAPSHOT_PREFIX}.seconds"]),
        )
    except KeyError:
        return None


def _created(labels: Mapping[str, str]) -> float:
    """When, in seconds of the epoch. KeyError without the label, ValueError for one that is no time."""
    created = float(labels[_CREATED_LABEL])
    if not 0 <= created < _END_OF_TIME:
        raise ValueError(f"{created} is no time")
    return created


def _whole(text: str) -> int:
    """A size or a duration. ValueError for what is none: one beyond all disks would push every other snapshot out."""
    number = int(text)
    if not 0 <= number < _LARGEST:
        raise ValueError(f"{shortened(text, 20)} is no size")
    return number


def beyond_limits(ready: Iterable[Snapshot], limits: Prepared, now: float) -> list[Snapshot]:
    """Return what to give up so that the rest is within the limits: what is made again in the least time, old ones before new.

    A stage that others are built on is worth what they are, too, so that it goes after them.
    """
    snapshots = list(ready)
    # What another clock has made later than now is of now.
    ages = {snapshot.key: max(0.0, now - snapshot.created) for snapshot in snapshots}
    alone = {snapshot.key: (snapshot.seconds + 1) * 0.5 ** (ages[snapshot.key] / _HALF_LIFE) for snapshot in snapshots}
    worth = {
        lower.key: alone[lower.key] + sum(alone[higher.key] for higher in snapshots if _is_below(lower, higher))
        for lower in snapshots
    }
    surplus = []
    number = megabytes = 0
    for snapshot in sorted(snapshots, key=lambda each: worth[each.key], reverse=True):
        if number < limits.number and (megabytes + snapshot.megabytes) * 1_000_000 <= limits.disk:
            number, megabytes = number + 1, megabytes + snapshot.megabytes
        else:
            surplus.append(snapshot)
    return surplus


def _is_below(lower: Snapshot, higher: Snapshot) -> bool:
    return lower.base == higher.base and set(lower.modules) < set(higher.modules)
