"""Modules that a checkout may have where Odoo does not look: in other folders of it, or in git submodules that are empty."""

import itertools
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from runner.config.repositories import RepoConfig
from runner.odoo.addons import MANIFEST, is_there
from runner.odoo.source_file import UnreadableSource, read_source
from runner.text import first_of, printable

_SUBMODULE = re.compile(r"^[ \t]*path[ \t]*=[ \t]*(\S.*?)[ \t\r]*$", re.MULTILINE)
# A folder of addons is hardly deeper, and a checkout may hold anything.
_DEEPEST = 4
_MOST_FOLDERS = 5_000
_MOST_NAMED = 5


def advice_on(modules: Collection[str], repository: RepoConfig) -> list[str]:
    """Say which folders of the checkout have some of the modules, and which of its git submodules are empty; only reads."""
    top = _top_of(repository.path)
    named = {folder.resolve() for folder in repository.addons}
    lines = []
    for folder, names in _folders_with(modules, top) if modules else ():
        if folder.resolve() not in named:
            told = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} in `{_told(folder, repository.path)}`"
            lines.append(f"{told}, which is not among the `addons` of {repository.name} in repos.yaml: add that.")
    if empty := [_told(top / path, repository.path) for path in _submodules(top) if _is_empty(top / path)]:
        told = f"{first_of(empty, _MOST_NAMED)} {'is empty' if len(empty) == 1 else 'are empty'}"
        lines.append(f"Of the git submodules of the checkout {told}: `git submodule update --init` fills them.")
    return lines


def _told(folder: Path, checkout: Path) -> str:
    return printable(os.path.relpath(folder, checkout))


def _top_of(checkout: Path) -> Path:
    """The top of the git repository that the checkout is in, or the checkout."""
    return next((folder for folder in (checkout, *checkout.parents) if os.path.lexists(folder / ".git")), checkout)


def _folders_with(modules: Collection[str], top: Path) -> Iterator[tuple[Path, list[str]]]:
    for place, names, _files in itertools.islice(os.walk(top), _MOST_FOLDERS):  # follows no links
        folder = Path(place)
        if here := [name for name in sorted(modules) if name in names and is_there(folder / name / MANIFEST)]:
            yield folder, here
        is_deep = len(folder.relative_to(top).parts) >= _DEEPEST
        names[:] = [] if is_deep else sorted(name for name in names if not name.startswith(".") and name != "node_modules")


def _submodules(top: Path) -> list[str]:
    try:
        text = read_source(top / ".gitmodules", top).decode(errors="replace")
    except UnreadableSource:
        return []
    return [path.strip('"') for path in _SUBMODULE.findall(text)]


def _is_empty(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except FileNotFoundError:
        return True
    except OSError:
        return False
