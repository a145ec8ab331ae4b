"""Whether the container has the sources of this checkout and Odoo loads them: what is asked there, and what speaks against it.

The sources are those of the module under test, of server-wide modules, and of their local dependencies.
"""

import ast
import json
import os
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from runner.config.repositories import RepoConfig
from runner.naming import is_module_name
from runner.odoo.addons import modules_of
from runner.odoo.command import PROGRAMS, targets_of
from runner.odoo.manifest import read_manifest
from runner.odoo.settings import server_wide_modules
from runner.odoo.source_tree import NOTHING, Tree, is_below, is_closed
from runner.text import counted, printable

_MOST_LINES = 10
_ADDONS_PATHS = re.compile(r"addons paths: [^\[]*(\[.{1,10000}\])")


@dataclass(frozen=True)
class Answer:
    """What the container says, by the modules' folders in it: digests, in full also entries, and where Odoo loads others from.

    `unreadable`: folder, file and reason. `elsewhere`: from where a module is loaded that lies in the folder. `missing`: those
    of the PROGRAMS that are not there.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unreadable: Sequence[tuple[str, str, str]] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    missing: Sequence[str] = ()


def read_answer(text: str) -> Answer:
    """Read what the command printed. ValueError if that is something else."""
    try:
        answer = json.loads(text)
        return Answer(
            {str(path): str(digest) for path, digest in answer["digests"].items()},
            {str(path): dict(entries) for path, entries in answer["entries"].items()},
            [(str(path), str(name), str(why)) for path, name, why in answer["unreadable"]],
            {str(path): str(place) for path, place in answer["elsewhere"].items()},
            [str(name) for name in answer["missing"]],
        )
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no answer: {error}") from error


def addons_paths_in(logger: str, message: str) -> list[str] | None:
    """Return where Odoo looks for modules, if this record tells it, as Odoo does at its start; else None."""
    match = _ADDONS_PATHS.match(message) if logger == "odoo" else None
    try:
        paths = ast.literal_eval(match[1]) if match else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else None


class MountedSources:
    """The sources of modules, of server-wide ones and of their local dependencies, here and where the container has them."""

    def __init__(self, module: str, repository: RepoConfig, beside: Iterable[str] = ()) -> None:
        # Whether the container has copies of them: see `is_copied`, and `expect`.
        self.are_copied = False
        self._addons = targets_of(repository)
        self._checkout = repository.path
        self._folders_of_addons = repository.addons
        targets = dict(zip(repository.addons, self._addons, strict=True))
        modules = modules_of(repository)
        names = [name for name in dict.fromkeys((module, *beside, *server_wide_modules(repository))) if name in modules]
        for name in names:
            depends = read_manifest(modules[name]).depends
            names += [other for other in dict.fromkeys(depends) if other in modules and other not in names]
        in_container = {name: f"{targets[folder.parent]}/{name}" for name, folder in modules.items()}
        self._folders = {in_container[name]: modules[name] for name in names}
        self._others = {in_container[name]: name for name in modules if name not in names and is_module_name(name)}

    @property
    def folders(self) -> list[Path]:
        """Return the folders of these modules here."""
        return [*self._folders.values()]

    @cached_property
    def trees(self) -> dict[str, Tree]:
        """Tell what lies here, by the folders in the container."""
        return {target: Tree(str(folder), str(folder.parent), self.are_copied) for target, folder in self._folders.items()}

    def command(self, places: Sequence[str] | None = None, *, in_full: bool = False) -> list[str]:
        """Return the command that tells of them in the container; `places`: where Odoo looks for modules, if that is known."""
        request = {
            "addons": self._addons,
            "places": places,
            "named": list(self._folders),
            "others": list(self._others),
            "in_full": in_full,
            "only_copied": self.are_copied,
            "programs": PROGRAMS,
        }
        script = Path(__file__).with_name("source_tree.py").read_text()
        # Isolated: nothing in the working directory or the checkout is imported.
        return ["python3", "-I", "-c", script, json.dumps(request)]

    def expect(self, *, copies: bool) -> None:
        """Compare with copies from here on, or with what is mounted; look anew what is here."""
        self.are_copied = copies
        self.read_again()

    def read_again(self) -> "MountedSources":
        """Look once more what is here: somebody may have saved a file."""
        self.__dict__.pop("trees", None)
        return self

    def are(self, answer: Answer) -> bool:
        """Tell whether the container has what is here."""
        return all(answer.digests.get(target) == tree.digest for target, tree in self.trees.items())

    def differences(self, answer: Answer) -> list[str]:
        """Say in what the container's sources, told in full, differ from those here."""
        lines = []
        for target, tree in self.trees.items():
            there = answer.entries.get(target, {})
            for name in sorted({*tree.entries, *there} - {*tree.unreadable}):
                mine, other = tree.entries.get(name), there.get(name)
                if mine != other and not any(name.startswith(f"{folder}/") for folder in tree.unreadable):
                    lines.append(f"{self._named(target, name)} {_how_they_differ(mine, other, tree.links.get(name))}")
        return _first(lines)

    def leading_out(self, mounts: Sequence[str]) -> list[str]:
        """Say which links lead to something here, but to nothing in the container, in which there are these `mounts`."""
        lines = []
        for target, tree in self.trees.items():
            for name, link in tree.links.items():
                path = posixpath.dirname(f"{target}/{name}".rstrip("/"))
                there = posixpath.normpath(posixpath.join(path, link))
                # An absolute one may be meant for what the image has at that place.
                is_ours = not link.startswith("/") or is_below(link, str(self._checkout))
                has_target = tree.entries.get(name) != NOTHING
                if has_target and is_ours and not any(is_below(there, mount) for mount in mounts):
                    lines.append(f"{self._named(target, name)} is a link to {printable(link)}")
        return _first(lines)

    def linked_folders(self) -> list[str]:
        """Name, as seen from the checkout, the folders of modules that are themselves links which lead out of the addons."""
        linked = [self._folders[target].resolve().parent for target, tree in self.trees.items() if "" in tree.links]
        return [printable(os.path.relpath(folder, self._checkout)) for folder in dict.fromkeys(linked)]

    def closed(self) -> list[str]:
        """Say what on this machine nobody but root may read."""
        closed = [str(folder) for folder in self._folders_of_addons if _is_roots(folder)]
        for target, tree in self.trees.items():
            closed += [self._named(target, name) for name, owner in tree.closed.items() if owner == 0]
        return _first(closed)

    def unreadable(self, answer: Answer) -> list[str]:
        """Say what Odoo's user cannot read in the container."""
        return _first([f"{self._named(target, name)}: {printable(why)}" for target, name, why in answer.unreadable])

    def elsewhere(self, answer: Answer) -> list[str]:
        """Say which of the sources are not those that Odoo loads, and which are."""
        return [self._elsewhere(target, answer.elsewhere[target]) for target in self._folders if target in answer.elsewhere]

    def elsewhere_beside(self, answer: Answer) -> dict[str, str]:
        """Say the same of the repository's other modules, by name: it matters only if they get installed."""
        beside = {self._others[target]: target for target in self._others if target in answer.elsewhere}
        return {name: self._elsewhere(target, answer.elsewhere[target]) for name, target in beside.items()}

    def _elsewhere(self, target: str, place: str) -> str:
        name = target.rpartition("/")[2]
        return (
            f"Odoo loads {printable(name)} from {printable(place)}, not from this repository, which is mounted at "
            f"{printable(target)}: Odoo finds that one first. Rename the module of the repository, or leave the other out of "
            "the image."
        )

    def _named(self, target: str, name: str) -> str:
        folder = self._folders.get(target)
        module = folder.name if folder else target
        return printable(f"{module}/{name}" if name else module)


def _is_roots(folder: Path) -> bool:
    try:
        status = folder.stat()
    except OSError:
        return False
    return status.st_uid == 0 and is_closed(status)


def _how_they_differ(mine: str | None, other: str | None, link: str | None) -> str:
    if link and other in (None, NOTHING):
        return f"is a link to {printable(link)}, which leads out of the addons folder and to nothing in the container"
    if other is None:
        return "is only here"
    return "is only in the container" if mine is None else "has other content in the container"


def _first(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], *([f"and {counted(more, 'more file')}"] if more > 0 else [])]
