"""What a module depends on: within its repository, with the folders, and beyond it, by name. Only reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.naming import is_module_name
from runner.odoo.manifest import read_manifest


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


def server_wide_sources(names: Iterable[str], module: str, modules: Mapping[str, Path]) -> dict[str, Path]:
    """Find what Odoo imports for these server-wide modules, of those in `modules`, before it looks at a database.

    SnapshotUnavailable where that is the module under test.
    """
    found: dict[str, Path] = {}
    for name in names:
        if name in modules:
            found |= {**dependencies_of(name, modules).local, name: modules[name]}
    if module in found:
        raise SnapshotUnavailable(f"{module}, the module under test, is loaded with the server-wide modules")
    return dict(sorted(found.items()))


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
