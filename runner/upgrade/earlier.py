"""The sources of a repository as they were at a commit, in a folder of the run, beside those of the checkout."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

from runner.cleanup.guard_process import EARLIER
from runner.config.repositories import RepoConfig
from runner.errors import EnvironmentFailed, UsageError, cause_of
from runner.odoo.addons import MANIFEST, modules_of
from runner.odoo.command import addons_targets
from runner.odoo.mounted_sources import MountedSources
from runner.odoo.source_tree import NOTHING, Tree
from runner.reporting.blobs import EXECUTABLE, FILE, LINK, is_pointer
from runner.reporting.git import NoAnswer, contents
from runner.text import counted, first_of, printable
from runner.upgrade.revision import TIMEOUT, Entry, Revision

# Bytes of one file, which is read as a whole.
_LONGEST = 200_000_000
# A link's text is a path.
_LONGEST_LINK = 4096
_NAMED = 5
# The last one was written by very old versions of git.
_FILES = (FILE, EXECUTABLE, "100664")
_TARGET = "/mnt/agent-test-earlier"


@dataclass(frozen=True)
class Earlier:
    """What is installed before it is updated: `repository` is as it was at `revision`, with its folders mounted elsewhere."""

    revision: Revision
    repository: RepoConfig
    module: str
    pointers: int

    @cached_property
    def mounts(self) -> dict[Path, str]:
        """Tell which folders containers get besides, and where."""
        own = dict(zip(self.repository.addons, self.repository.mounted_at, strict=True))
        return {folder: target for folder, target in own.items() if target.startswith(_TARGET)}

    @cached_property
    def modules(self) -> dict[str, Path]:
        """Name the modules that there were, with their folders."""
        return modules_of(self.repository)

    @cached_property
    def sources(self) -> MountedSources:
        """Give those of the module and of what it depended on in its repository, here and where the container has them."""
        return MountedSources(self.module, self.repository)

    @property
    def warnings(self) -> list[str]:
        """Say what is not as it was then, or not there."""
        lfs = f"{counted(self.pointers, 'file')} of Git LFS: only the pointers are in the commit, and are what is installed"
        links = [f"{target.rpartition('/')[2]}/{link}" for target, tree in self.sources.trees.items() for link in _dead(tree)]
        dead = f"links that led out of the folders of addons lead to nothing: {first_of([*map(printable, links)], _NAMED)}"
        return [*self.revision.warnings, *([lfs] if self.pointers else []), *([dead] if links else [])]


def _dead(tree: Tree) -> list[str]:
    return [name for name in tree.links if tree.entries.get(name) == NOTHING]


def take_out(revision: Revision, module: str, folder: Path) -> Earlier:
    """Write what the commit holds into the run's `folder`, for `module` to be installed from there.

    Content is written as git keeps it. UsageError if the commit lacks the module, or has what cannot be written as it is;
    EnvironmentFailed where this machine cannot keep it.
    """
    if module not in revision.modules:
        raise revision.lacks(module)
    tree = folder / EARLIER
    try:
        pointers = _write(revision, tree)
    except NoAnswer as error:
        raise UsageError(f"--upgrade-from {revision.ref}: {printable(str(error))}.") from error
    except OSError as error:
        raise EnvironmentFailed(f"The sources of {revision.ref} cannot be written: {cause_of(error)}.") from error
    earlier = Earlier(revision, _as_it_was(revision, tree), module, pointers)
    if module not in earlier.modules:  # a link that leads to nothing there
        raise revision.lacks(module)
    return earlier


def _as_it_was(revision: Revision, tree: Path) -> RepoConfig:
    repository = revision.repository
    folders: dict[Path, str] = {}
    for number, (addons, as_ever) in enumerate(zip(repository.addons, addons_targets(len(repository.addons)), strict=True), 1):
        if addons in revision.elsewhere:
            folders[addons] = as_ever
        elif (place := revision.folders[addons]) is not None:
            folders[tree / place] = f"{_TARGET}-{number}"
    path = tree / os.path.relpath(repository.path, revision.top)
    there = {"path": path, "addons": tuple(folders), "mounted_at": tuple(folders.values())}
    return repository.model_copy(update=there)


def _write(revision: Revision, tree: Path) -> int:
    """Write all of it; the number of Git LFS's pointers."""
    deadline = time.monotonic() + TIMEOUT
    # As files in them, since a folder of addons may be empty.
    paths = [*revision.entries, *(f"{place}/{MANIFEST}" for place in revision.folders.values() if place)]
    # All folders before all files before all links: so nothing is written through a link, whatever the commit holds.
    for folder in sorted({tree / above for path in paths for above in Path(path).parents}):
        folder.mkdir()
        folder.chmod(0o755)  # for Odoo's user, whatever this one's umask is
    files = {path: entry for path, entry in revision.entries.items() if entry.mode in _FILES}
    pointers = 0
    for path, content in _contents(files, _LONGEST, deadline):
        file = tree / path
        with file.open("xb") as stream:
            stream.write(content)
        file.chmod(0o755 if files[path].mode == EXECUTABLE else 0o644)
        pointers += is_pointer(content)
    links = {path: entry for path, entry in revision.entries.items() if entry.mode == LINK}
    for path, content in _contents(links, _LONGEST_LINK, deadline):
        os.symlink(content, os.fsencode(tree / path))  # noqa: PTH211 - bytes
    return pointers


def _contents(entries: Mapping[str, Entry], longest: int, deadline: float) -> Iterator[tuple[str, bytes]]:
    """Give what each of them holds."""
    for source, group in groupby(
        sorted(entries, key=lambda path: str(entries[path].source)), lambda path: entries[path].source
    ):
        paths = list(group)
        digests = [entries[path].digest for path in paths]
        for path, (size, pieces) in zip(paths, contents(source, digests, deadline), strict=True):
            if size > longest:
                raise NoAnswer(f"it holds a file of more than {longest // 1_000_000} MB: {printable(path)}")
            yield path, b"".join(pieces)
