"""What is around the modules of a prepared database: all that the compose file says, and all files behind that.

Everything counts, also what nobody has thought of; only what is proven to be another for each run is replaced: the project's
name, the password, and the places of files, which count by their contents. What cannot be compared means no prepared database.
"""

import copy
import json
import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.odoo.command import ADDONS_TARGET, SERVICE, addons_targets
from runner.odoo.dependencies import SnapshotUnavailable
from runner.snapshots.contents import contents_digest
from runner.text import printable, shortened

# In the containers. No compose file can hold them by itself: JSON has no such character.
_PASSWORD, _PROJECT = "\0password", "\0project"
# What a service gets of this machine that no digest covers, of what a compose file may have at all (environment/isolation.py).
_OF_THE_MACHINE = ("devices", "gpus")
_MOUNTS = ("bind", "volume", "tmpfs")
_IN_ADDONS = re.compile(rf"{ADDONS_TARGET}(-\d+)?/+[^\s/]")
# Without the slash, which a relative path need not have.
_ADDONS = ADDONS_TARGET.lstrip("/")


@dataclass(frozen=True)
class Surroundings:
    """The compose file of a run as far as it is the same for other runs, and the paths of this machine behind it."""

    text: str
    mounted: tuple[Path, ...] = ()

    def contents(self) -> str:
        """Digest what is mounted, as it is now. SnapshotUnavailable if it cannot be compared."""
        # What names the addons folders may read the module under test, which no digest of a prepared database covers.
        return contents_digest(self.mounted, forbidden=_ADDONS.encode())


@dataclass(frozen=True)
class Around:
    """What has to be known of a run besides its compose file.

    `addons` and `checkout` are where the module under test may be, `environ` is that of Compose's client, `password` the
    database's, and `override` what the runner adds to the compose file in every run, also in one without a prepared database.
    What `is_foreign` is mounted from a machine whose files cannot be read here.
    """

    addons: Sequence[Path]
    checkout: Path
    environ: Mapping[str, str]
    password: str
    override: Mapping[str, Any] = field(default_factory=dict)
    is_foreign: Callable[[str], bool] = lambda _path: False


def surroundings_of(rendered: Mapping[str, Any], around: Around) -> Surroundings:
    """Return what counts of a compose file as Compose renders it. SnapshotUnavailable for what cannot be compared."""
    reading = _Reading(around)
    file = copy.deepcopy(dict(rendered))
    for name, service in (file.get("services") or {}).items():
        reading.service(f"services.{name}", name, service)
    for name, volume in (file.get("volumes") or {}).items():
        _check_volume(f"volumes.{name}", volume or {})
    for kind in ("configs", "secrets"):
        for name, source in (file.get(kind) or {}).items():
            reading.file(f"{kind}.{name}", source)
    project = file.pop("name", "")
    text = json.dumps([file, _without_labels(around)], sort_keys=True)
    for value, placeholder in ((around.password, _PASSWORD), (project, _PROJECT)):
        text = text.replace(value, placeholder) if value else text
    return Surroundings(text, tuple(reading.mounted))


class _Reading:
    """Replaces paths by their place in `mounted`."""

    def __init__(self, around: Around) -> None:
        self.mounted: list[Path] = []
        self._around = around
        self._modules = [Path(os.path.realpath(folder)) for folder in (*around.addons, around.checkout)]
        self._expected = dict(zip(addons_targets(len(around.addons)), self._modules, strict=False))

    def service(self, where: str, name: str, service: dict[str, Any]) -> None:
        if uncovered := [key for key in _OF_THE_MACHINE if service.get(key)]:
            raise SnapshotUnavailable(f"{where}.{uncovered[0]} cannot be compared with that of another run")
        if (((service.get("deploy") or {}).get("resources") or {}).get("reservations") or {}).get("devices"):
            raise SnapshotUnavailable(f"{where}.deploy: devices cannot be compared with those of another run")
        for option in service.get("security_opt") or ():
            if re.match(r"seccomp[:=](?!unconfined$)", option):
                raise SnapshotUnavailable(f"{where}.security_opt: {option!r} names a file that is not mounted")
        for mount in service.get("volumes") or ():
            if mount["type"] not in _MOUNTS:
                raise SnapshotUnavailable(f"{where}.volumes: a mount of type {mount['type']!r} cannot be compared")
            if mount["type"] == "bind":
                self._bind(f"{where}.volumes", name, mount)
        for key, text in _strings(service, ""):
            needs_only_the_folder = key.rpartition(".")[2].startswith("PYTHON") or key == ".working_dir"
            if _IN_ADDONS.search(text) or (needs_only_the_folder and ADDONS_TARGET in text):
                raise SnapshotUnavailable(
                    f"{where}{key} names {_told(text)}, so that what is installed may depend on the module under test"
                )

    def _bind(self, where: str, service: str, mount: dict[str, Any]) -> None:
        source, target = Path(mount["source"]), posixpath.normpath(mount["target"])
        if service == SERVICE and target in self._expected and Path(os.path.realpath(source)) == self._expected[target]:
            mount["source"] = "the addons folder"  # of which the dependencies count, by themselves
            return
        if not mount.get("read_only"):
            raise SnapshotUnavailable(
                f"{where}: {_told(target)} can be written to, so that runs may change it. Mount it read-only"
            )
        mount["source"] = self._mounted(f"{where}: {_told(target)}", source)

    def _mounted(self, where: str, path: Path) -> int:
        real = Path(os.path.realpath(path))
        if any(folder.is_relative_to(real) for folder in self._modules):
            raise SnapshotUnavailable(f"{where} holds the module under test as well")
        if self._around.is_foreign(str(path)):
            raise SnapshotUnavailable(f"{where}: the engine may have another {_told(str(path))} than there is here")
        self.mounted.append(path)
        return len(self.mounted) - 1

    def file(self, where: str, source: dict[str, Any]) -> None:
        """A config or a secret: by its file, by a variable of Compose's client, or in the compose file itself."""
        if "file" in source:
            source["file"] = self._mounted(where, Path(source["file"]))
        elif "content" not in source:
            value = self._around.environ.get(str(source.get("environment")))
            if value is None:
                raise SnapshotUnavailable(f"{where} has a value that is not known beforehand")
            source["value"] = value


def _without_labels(around: Around) -> dict[str, Any]:
    """The override without what says whose run it is, where the addons folders are, and which folders in them are hidden."""
    override = copy.deepcopy(dict(around.override))
    for kind in ("services", "networks", "volumes"):
        for value in (override.get(kind) or {}).values():
            value.pop("labels", None)
            mounts = [mount for mount in value.get("volumes") or () if mount["type"] != "tmpfs"]
            for mount in mounts:
                if Path(mount["source"]) in around.addons:
                    mount["source"] = "an addons folder"
            if "volumes" in value:
                value["volumes"] = mounts
    return override


def _check_volume(where: str, volume: Mapping[str, Any]) -> None:
    options = volume.get("driver_opts") or {}
    if options and options.get("type") != "tmpfs":
        raise SnapshotUnavailable(
            f"{where}.driver_opts: what is in {_told(str(options.get('device', 'it')))} cannot be compared"
        )


def _strings(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """The strings below a key of a service, but for where something is mounted."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name != "target":
                yield from _strings(item, f"{key}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, key)


def _told(text: str) -> str:
    return shortened(printable(text), 100)
