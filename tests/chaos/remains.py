"""What is left of the runs of a place: on the engine, among the processes, in folders, and of ports."""

import fcntl
import os
import subprocess
from pathlib import Path

from runner.cleanup.resources import MAKER_LABEL, PUBLISHED_LABEL, SNAPSHOT_PREFIX
from runner.docker.listing import VOLUMES, Resource, listing, resources_in
from runner.environment.ports import can_bind

from ..docker.tiny_repository import left
from .marked import processes
from .place import Place
from .run import ENDED
from .volumes import MountedVolumes

_REPOSITORY_LABEL = f"{SNAPSHOT_PREFIX}.repository"
# What is in a checkout, and begins with a dot, on purpose.
_HIDDEN = (".agent-tests", ".gitignore")


def on_the_engine(place: Place) -> list[str]:
    """Containers, networks, volumes, and prepared databases that were begun and are not ready."""
    return [*left(place.label), *_unfinished(place)]


def prepared(place: Place) -> set[str]:
    """The volumes of prepared databases that are ready: these stay on purpose."""
    return {
        name
        for volume in _snapshots()
        if volume.labels.get(_REPOSITORY_LABEL) == place.name
        for name in (volume.name, volume.labels[PUBLISHED_LABEL])
    }


def at_work(place: Place) -> list[str]:
    """The processes of runs, without their starters, which say how they ended."""
    found = {pid: command for pid, command in processes(place.name).items() if ENDED not in command}
    return [f"process {pid} ({command[:80].strip()})" for pid, command in found.items()]


def elsewhere(place: Place, mounted: MountedVolumes) -> list[str]:
    """Volumes without labels, files that were never finished, ports and their locks."""
    homes = [home for home in (place.home, place.user_home, place.full_home) if home.exists()]
    unfinished = [file for home in homes for file in (home / "checkout").rglob(".*") if file.name not in _HIDDEN]
    temporary = [file for file in place.tmp.iterdir() if file.name != "agent-test-ports"]
    locks = (place.tmp / "agent-test-ports").glob("*.lock")
    return [
        *(f"volume {name}" for name in sorted(mounted.still_there() - prepared(place))),
        *(f"file {file}" for file in [*unfinished, *temporary]),
        *(f"lock {lock.name}" for lock in locks if _is_locked(lock)),
        *(f"port {port}" for port in place.ports if not can_bind(port)),
    ]


def remove_elsewhere(place: Place, names: list[str]) -> None:
    """Remove the files and volumes that were found, so that they are not found in the next round too."""
    for kind, _, name in (name.partition(" ") for name in names):
        if kind == "file":
            Path(name).unlink(missing_ok=True)
        elif kind == "volume":
            subprocess.run(["docker", "volume", "rm", "--force", name], check=False, capture_output=True)


def _unfinished(place: Place) -> list[str]:
    volumes = _snapshots()
    ready = {volume.labels.get(PUBLISHED_LABEL) for volume in volumes}
    makers = {volume.name: volume.labels.get(MAKER_LABEL, "") for volume in volumes}
    return [name for name, maker in makers.items() if maker.startswith(place.prefix) and name not in ready]


def _snapshots() -> list[Resource]:
    labels = (MAKER_LABEL, PUBLISHED_LABEL, _REPOSITORY_LABEL)
    listed = subprocess.run(["docker", *listing(VOLUMES, labels)], check=True, capture_output=True, text=True)
    return resources_in(listed.stdout, labels)


def _is_locked(file: Path) -> bool:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
