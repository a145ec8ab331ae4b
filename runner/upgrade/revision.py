"""What a commit holds of a repository's folders of addons: by git's objects alone, without a checkout, hooks and filters."""

import contextlib
import difflib
import os
import posixpath
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from runner.config.options import Ref
from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.odoo.addons import MANIFEST
from runner.odoo.source_tree import is_copied, is_source
from runner.reporting.blobs import LINK, REPOSITORY
from runner.reporting.git import NoAnswer, ask, in_time, parts
from runner.text import first_of, printable, shortened

# Seconds, for all that git is asked.
TIMEOUT = 120.0
# As what is compared in the container (odoo/source_tree.py); bytes.
_MOST_FILES, _MOST_BYTES = 50_000, 1_000_000_000
# Submodules in each other.
_DEEPEST = 20
_NAMED = 12
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """A file or link of a commit: its mode, the digest and size of its content, and the folder whose git repository has it."""

    mode: str
    digest: str
    size: int
    source: Path


@dataclass(frozen=True)
class Revision:
    """What a commit holds of the folders of addons: `entries`, by their paths below `top`, of what Odoo may load.

    `folders`: by those that repos.yaml names, where they are below `top`, None where the commit has none; what is of another
    git repository is in `elsewhere`. `lacking`: submodules of which the commit is not here.
    """

    repository: RepoConfig
    ref: Ref
    top: Path
    folders: Mapping[Path, str | None] = field(default_factory=dict)
    elsewhere: tuple[Path, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict, repr=False)
    lacking: tuple[str, ...] = ()

    @cached_property
    def modules(self) -> frozenset[str]:
        """Name the modules; one that is a link is only known to be one when it is followed."""
        places = [place for place in self.folders.values() if place is not None]
        found = set()
        for path, entry in self.entries.items():
            folder, name = posixpath.split(path)
            if name == MANIFEST and posixpath.dirname(folder) in places:
                found.add(posixpath.basename(folder))
            elif entry.mode == LINK and folder in places:
                found.add(name)
        return frozenset(found)

    def lacks(self, module: str) -> UsageError:
        """Say that there was no such module then, and what there was."""
        near = difflib.get_close_matches(module, self.modules, n=3)
        having = f"near is {', '.join(near)}" if near else f"it has: {first_of(sorted(self.modules), _NAMED) or 'none'}"
        lines = [f"{self.ref} lacks the module {module}; {having}."]
        if gone := [str(folder) for folder, place in self.folders.items() if place is None]:
            lines.append(f"It has no folder {', '.join(map(printable, gone))}, which repos.yaml names under `addons`.")
        return UsageError("\n".join([*lines, *self.warnings]))

    @property
    def warnings(self) -> list[str]:
        """Say what is not as it was then, or not there."""
        told = [f"{printable(str(folder))} is of another git repository, and is as it is now" for folder in self.elsewhere]
        told += [f"{printable(path)} is a submodule of which that commit is not here: fetch in it" for path in self.lacking]
        return told


def read_revision(repository: RepoConfig, name: str, commit: str = "") -> Revision:
    """Read what is there at `name`; `commit`: that which it named before. UsageError where git cannot tell."""
    deadline = time.monotonic() + TIMEOUT
    try:
        commit = commit or _commit(repository.path, name, deadline)
        return _Reading(repository, Ref(name, commit), deadline).revision
    except (NoAnswer, OSError) as error:
        why = printable(str(error)) or "git does not say why"
        raise UsageError(f"--upgrade-from {printable(name)}: {why} ({printable(str(repository.path))}).") from error


def _commit(checkout: Path, name: str, deadline: float) -> str:
    """The commit that is called so. NoAnswer, also where a tag and a branch of that name are not the same."""
    found = {ref: commit for ref in (f"refs/tags/{name}", f"refs/heads/{name}") if (commit := _named(checkout, ref, deadline))}
    if len(set(found.values())) > 1:
        raise NoAnswer(f"it is a tag and a branch. Say which: {' or '.join(found)}")
    commit = _named(checkout, name, deadline)
    if not _COMMIT.fullmatch(commit):
        ask(checkout, "rev-parse", "--git-dir", deadline=deadline)  # NoAnswer where there is no git repository
        is_shallow = ask(checkout, "rev-parse", "--is-shallow-repository", deadline=deadline) == "true"
        advice = "the clone is shallow: `git fetch --unshallow --tags` brings it" if is_shallow else "was it fetched?"
        raise NoAnswer(f"git knows no such commit, or more than one that begins so; {advice}")
    return commit


def _named(checkout: Path, name: str, deadline: float) -> str:
    with contextlib.suppress(NoAnswer):
        return ask(checkout, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", deadline=deadline)
    in_time(deadline)
    return ""


class _Reading:
    """One reading of a commit. UsageError for what is too much."""

    def __init__(self, repository: RepoConfig, ref: Ref, deadline: float) -> None:
        self._deadline = deadline
        self._entries: dict[str, Entry] = {}
        self._lacking: list[str] = []
        self._bytes = 0
        top = Path(os.path.realpath(ask(repository.path, "rev-parse", "--show-toplevel", deadline=deadline)))
        folders: dict[Path, str | None] = {}
        elsewhere: list[Path] = []
        for addons in repository.addons:
            own_top = self._top_of(addons)
            if own_top == top:
                source, commit, place = top, ref.commit, ""
            elif own_top and own_top.is_relative_to(top) and (commit := self._submodule(top, ref.commit, own_top)):
                source, place = own_top, own_top.relative_to(top).as_posix()
            else:
                elsewhere.append(addons)
                continue
            below, root = ("" if addons == folder else addons.relative_to(folder).as_posix() for folder in (source, top))
            self._read(source, commit, place, below, root)
            is_there = any(f"{path}/".startswith(f"{root}/") for path in (*self._entries, *self._lacking))
            folders[addons] = root if is_there or not root else None
        told = tuple(dict.fromkeys(self._lacking))
        self.revision = Revision(repository, ref, top, folders, tuple(elsewhere), self._entries, told)

    def _top_of(self, folder: Path) -> Path | None:
        with contextlib.suppress(NoAnswer):
            return Path(os.path.realpath(ask(folder, "rev-parse", "--show-toplevel", deadline=self._deadline)))
        in_time(self._deadline)
        return None

    def _submodule(self, top: Path, commit: str, folder: Path) -> str:
        """The commit of the submodule in that folder; empty where it is none."""
        path = folder.relative_to(top).as_posix()
        for line in parts(top, "ls-tree", "-z", "--full-tree", commit, "--", path, deadline=self._deadline):
            mode, _, digest = line.partition(b"\t")[0].decode("ascii").split()
            if mode == REPOSITORY:
                return digest
        return ""

    def _read(self, source: Path, commit: str, place: str, below: str, root: str, depth: int = 0) -> None:
        """Read what a commit of the repository `source`, which is at `place`, has in the folder `below` it.

        `root`: the folder of addons, as a path from the top, as all in `_entries`.
        """
        if depth > _DEEPEST:
            raise NoAnswer("it has submodules in submodules without end")
        try:
            for path, mode, digest, size in self._listed(source, commit, below):
                name = posixpath.join(place, path)
                if not _is_wanted(name, root) or name in self._entries:
                    continue
                if mode != REPOSITORY:
                    self._take(name, Entry(mode, digest, size, source))
                elif (source / path / ".git").exists():
                    self._read(source / path, digest, name, "", root, depth + 1)
                else:
                    self._lacking.append(name)
        except NoAnswer:
            in_time(self._deadline)
            if not place:
                raise
            self._lacking.append(place)

    def _listed(self, source: Path, commit: str, below: str) -> Iterator[tuple[str, str, str, int]]:
        only = ("--", below) if below else ()
        for line in parts(source, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, *only, deadline=self._deadline):
            about, _, path = line.partition(b"\t")
            mode, _, digest, size = about.decode("ascii").split()
            yield os.fsdecode(path), mode, digest, int(size) if size.isdigit() else 0

    def _take(self, name: str, entry: Entry) -> None:
        self._entries[name] = entry
        self._bytes += entry.size
        if len(self._entries) > _MOST_FILES or self._bytes > _MOST_BYTES:
            raise UsageError(
                f"At that commit the folders of addons have more than {_MOST_FILES:,} files"
                f" or {_MOST_BYTES // 1_000_000_000} GB."
            )


def _is_wanted(path: str, root: str) -> bool:
    """Tell whether a copy of the folder of addons `root` would have what is at that path in it.

    NoAnswer for one that no checkout of git's can have, and that leads elsewhere.
    """
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise NoAnswer(f"it has a file that no folder can have: {printable(shortened(path, 100))}")
    names = path.removeprefix(f"{root}/").split("/")
    above = ["/".join(names[:at]) for at in range(len(names))]
    return all(is_source(name) and is_copied(folder, name) for folder, name in zip(above, names, strict=True))
