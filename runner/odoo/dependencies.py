"""What a module depends on: within its repository, with the sources, and beyond it, by name. Only reads."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.naming import is_module_name
from runner.odoo.manifest import read_manifest
from runner.odoo.source_file import UnreadableSource, read_source

# Beyond that nobody waits for a digest; in bytes, of one file and of all.
_MOST_FILES = 10_000
_LONGEST, _MOST_BYTES = 50_000_000, 500_000_000
# What Python and editors leave beside sources, and Odoo does not read.
NOT_SOURCES = ("__pycache__", ".git")


class SnapshotUnavailable(Exception):
    """The module's database cannot be prepared; the text says why."""


@dataclass(frozen=True)
class Dependencies:
    """All that a module depends on, directly or not: `local` is of its repository (never itself), `external` is not."""

    local: Mapping[str, Path]
    external: tuple[str, ...]


def dependencies_of(module: str, modules: Mapping[str, Path]) -> Dependencies:
    """Find the dependencies of `module`, one of the `modules`. SnapshotUnavailable if a manifest does not tell."""
    if module not in modules:
        raise SnapshotUnavailable(f"{module} is not in its repository any more")
    local: dict[str, Path] = {}
    external = {"base"}
    waiting = [module]
    while waiting:
        manifest = read_manifest(modules[waiting.pop()])
        if manifest.fault:
            raise SnapshotUnavailable(manifest.fault)
        for name in manifest.depends:
            if name == module:
                raise SnapshotUnavailable(f"{module} depends on itself")
            if not is_module_name(name):
                raise SnapshotUnavailable(f"a module cannot be called {name!r}")
            if name not in modules:
                external.add(name)
            elif name not in local:
                local[name] = modules[name]
                waiting.append(name)
    return Dependencies(dict(sorted(local.items())), tuple(sorted(external)))


def missed_auto_installs(module: str, modules: Mapping[str, Path], installed: Iterable[str]) -> list[str]:
    """Name the modules of the repository that Odoo installs by itself on an empty database, but not on one with `installed`.

    Odoo looks only for those of which a dependency is being installed just now (`button_install`, 14-19).
    """
    there = set(installed)
    others = {name: read_manifest(folder) for name, folder in modules.items() if name != module and name not in there}
    return sorted(
        name
        for name, manifest in others.items()
        if manifest.installable and manifest.comes_with is not None and there.issuperset(manifest.comes_with)
    )


def sources_digest(paths: Iterable[Path]) -> str:
    """Digest all files below these paths, by name and content. SnapshotUnavailable if they cannot all be read, in bounds."""
    digest = hashlib.sha256()
    left = _MOST_BYTES
    for path in paths:
        for file in _files(path):
            try:
                # A link that is mounted itself may lead anywhere.
                content = read_source(file, path.parent if file != path else file.resolve().parent, min(left, _LONGEST))
            except UnreadableSource as error:
                raise SnapshotUnavailable(f"{file} {error}") from error
            left -= len(content)
            for part in (os.fsencode(file.relative_to(path.parent)), content):
                digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files: list[Path] = []
    for folder, folders, names in os.walk(path, onerror=_refuse):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        for name in folders:
            if (Path(folder) / name).is_symlink():
                raise SnapshotUnavailable(f"{Path(folder) / name} is a link to a folder")
        files += [Path(folder) / name for name in names if not name.endswith(".pyc")]
        if len(files) > _MOST_FILES:
            raise SnapshotUnavailable(f"{path} has more than {_MOST_FILES} files")
    return sorted(files)


def _refuse(error: OSError) -> None:
    raise SnapshotUnavailable(f"{error.filename} cannot be read: {error.strerror}") from error
