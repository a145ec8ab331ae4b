"""Which modules an environment to look at has, and which of them are other ones since."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.odoo.addons import check_checkout, modules_of
from runner.odoo.manifest import read_manifest
from runner.odoo.module_search import check_addons, find_module
from runner.odoo.source_tree import Tree
from runner.uat.data import Data


def wanted_modules(named: Sequence[str], repository: RepoConfig, repositories: Mapping[str, RepoConfig]) -> list[str]:
    """Return the modules of these names, or all of the repository that can be installed.

    UsageError, before anything is started, for one that is not there or has a fault, and where there is none at all.
    """
    check_checkout(repository)
    for name in named:
        find_module(name, repository, repositories)
    check_addons(repository)
    manifests = {name: read_manifest(folder) for name, folder in modules_of(repository).items()}
    wanted = list(dict.fromkeys(named)) or [name for name, manifest in manifests.items() if manifest.installable]
    if faults := [f"  {name}: {manifests[name].fault}" for name in wanted if manifests[name].fault]:
        raise UsageError("\n".join(["Odoo cannot install all of these modules:", *faults]))
    if not wanted:
        raise UsageError(f"{repository.name} has no module that can be installed in {', '.join(map(str, repository.addons))}")
    return wanted


def digests(names: Iterable[str], modules: Mapping[str, Path]) -> dict[str, str]:
    """Return, by module, the digest of its files as they are now; of those that are there."""
    return {name: Tree(str(modules[name]), str(modules[name].parent)).digest[:16] for name in names if name in modules}


@dataclass(frozen=True)
class Changes:
    """What an update brings in: modules that were `changed`, and `new` ones. `gone`: installed, but not in the checkout."""

    changed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Name them; "" where nothing is brought in."""
        parts = [f"changed: {', '.join(self.changed)}"] if self.changed else []
        return "; ".join([*parts, *([f"new: {', '.join(self.new)}"] if self.new else [])])


def changes_since(data: Data, repository: RepoConfig) -> Changes:
    """Return what is other than when the data was made or last updated, by the content of the modules' files."""
    modules = modules_of(repository)
    now = digests(data.modules, modules)
    changed = [name for name, digest in now.items() if digest != data.modules[name]]
    others = modules.keys() - data.modules.keys() if data.whole else ()
    manifests = {name: read_manifest(modules[name]) for name in sorted(others)}
    new = [name for name, manifest in manifests.items() if manifest.installable]
    return Changes(tuple(changed), tuple(new), tuple(name for name in data.modules if name not in modules))


def brought_in(
    installed: Iterable[str], before: Mapping[str, str], changes: Changes, seen: Mapping[str, str]
) -> dict[str, str]:
    """Return, by installed module, the digest of what is in the database: what was not brought in has that of `before`.

    `seen`: the digests from before Odoo read the modules, so that what was saved meanwhile counts as changed.
    """
    is_all = "base" in changes.changed
    updated = {*changes.changed, *changes.new}
    return {
        name: before[name] if name in before and name not in updated and not is_all else seen[name]
        for name in installed
        if name in seen
    }


def named_changes(data: Data, named: Sequence[str]) -> Changes:
    """Return what brings in just these modules, changed or not."""
    changed = tuple(name for name in dict.fromkeys(named) if name in data.modules)
    return Changes(changed, tuple(name for name in dict.fromkeys(named) if name not in data.modules))
