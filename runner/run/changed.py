"""Which modules of a repository changed since a commit, with all that depend on them."""

import itertools
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.images.recipe import sources_of
from runner.odoo.addons import modules_of
from runner.odoo.manifest import read_manifest
from runner.reporting.git import NoAnswer, ask
from runner.reporting.provenance import commit_named, differing
from runner.run.selection import Selection
from runner.text import counted, printable

# Seconds; all files are compared by their content, 53,000 in 3.
_TIMEOUT = 120.0
_RUNNER = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Changed:
    """The names of the modules that changed, and of those that depend on them, also of such as are not there any more.

    `all_for`: the file for whose change all modules count as changed; empty if there is none.
    """

    names: frozenset[str] = frozenset()
    all_for: str = ""

    def __contains__(self, module: object) -> bool:
        return bool(self.all_for) or module in self.names


def only_changed(
    selection: Selection, repository: RepoConfig, settings: Collection[Path], ref: str, say: Callable[[str], None]
) -> Selection:
    """Return the selection without the modules that did not change since `ref`, and say how many did. UsageError, as below."""
    changed = changed_since(repository, settings, ref)
    selected = selection.only(changed)
    why = f": {changed.all_for} did, and with that all" if changed.all_for else ""
    number = f"{len(selected.modules)} of {counted(len(selection.modules), 'module')} with tests"
    say(f"{repository.name}: {number} changed since {printable(ref)}, or what they depend on{why}")
    return selected


def changed_since(repository: RepoConfig, settings: Collection[Path], ref: str) -> Changed:
    """Compare the checkout, as it is now, with the commit at which HEAD's history left that of `ref`.

    All modules count as changed where one of the `settings`, which are repos.yaml and what overrides it, the compose file,
    what the repository's own image is made of, or the runner is in the same git repository and changed. UsageError if git
    cannot tell, ConfigError for an image that cannot be made.
    """
    deadline = time.monotonic() + _TIMEOUT
    checkout, config = repository.path.resolve(), next(iter(settings)).resolve().parent
    modules = modules_of(repository)
    try:
        base = _base(checkout, ref, deadline)
        top = Path(ask(checkout, "rev-parse", "--show-toplevel", deadline=deadline))
        root = config if checkout.is_relative_to(config) and config.is_relative_to(top) else checkout
        paths = [root / os.fsdecode(path) for path in differing(root, base, tuple(modules.values()), deadline)]
    except (NoAnswer, OSError) as error:
        raise UsageError(
            f"--changed-since {printable(ref)}: git cannot compare {printable(str(checkout))} with it: "
            f"{printable(str(error)) or 'it does not say why'}"
        ) from error
    for_all = {_real(file) for file in (*settings, repository.compose_file, *sources_of(repository), _RUNNER)}
    for path in paths:
        if not for_all.isdisjoint((_real(path), *path.parents)):
            return Changed(all_for=printable(os.path.relpath(path, root)))
    return Changed(_with_dependents(_modules_at(paths, modules, repository.addons), modules))


def _base(checkout: Path, ref: str, deadline: float) -> str:
    """The last commit that HEAD has in common with `ref`. NoAnswer."""
    commit = commit_named(checkout, ref, deadline)
    try:
        return ask(checkout, "merge-base", commit, "HEAD", deadline=deadline)
    except NoAnswer as error:
        raise NoAnswer(str(error) or "HEAD has no commit in common with it. Was all of the history fetched?") from error


def _modules_at(paths: Iterable[Path], modules: Mapping[str, Path], addons: Iterable[Path]) -> set[str]:
    """The modules at, above or below these paths; one that may be gone by the first name below a folder of addons."""
    roots = {_real(folder) for folder in addons}
    # A module may be a link to a folder elsewhere in the checkout, and a link may now lead to one that did not change.
    folders = {_real(folder): name for name, folder in modules.items()}
    below: dict[Path, set[str]] = {}
    for folder, name in folders.items():
        for place in (folder, *folder.parents):
            below.setdefault(place, set()).add(name)
    found: set[str] = set()
    for place in {place for path in paths for place in (path, _real(path))}:
        found |= below.get(place, set())
        for folder, parent in itertools.pairwise((place, *place.parents)):
            found |= {folder.name} if parent in roots else set()
            found |= {folders[parent]} if parent in folders else set()
    return found


def _real(path: Path) -> Path:
    # Path.resolve raises an error for links in a circle, which a checkout may have.
    return Path(os.path.realpath(path))


def _with_dependents(names: set[str], modules: Mapping[str, Path]) -> frozenset[str]:
    depends = {name: {*read_manifest(folder).depends} for name, folder in modules.items()}
    while more := {name for name, needed in depends.items() if name not in names and needed & names}:
        names = names | more
    return frozenset(names)
