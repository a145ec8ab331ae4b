"""What lies in the folders of modules, and where Python and Odoo find modules: the same on this machine and in the container.

The text of this file is also run in the odoo container, by Python 3.7 or newer and as Odoo's user (`python3 -I -c`). It only
reads, imports nothing of what it looks at, and prints a bounded answer: see `answer_to`.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
import sys
from importlib.machinery import PathFinder
from typing import Any

# Beside sources, and read by neither Odoo nor Python: what version control, editors and tools keep there; and bytecode, which
# source_only.py has Python not look at.
_NOT_SOURCES = {"__pycache__", ".git", ".hg", ".svn", ".idea", ".vscode", ".DS_Store"}
_NOT_SOURCES |= {".mypy_cache", ".pytest_cache", ".ruff_cache", ".agent-tests"}
_NO_SOURCE_ENDS = (".pyc", ".pyo", "~", ".swp", ".swo", ".swx")
_MOST_ENTRIES = 50000
# Bytes: of a file beyond the first, and of all beyond the second, only the size is compared.
_LONGEST, _MOST = 50000000, 1000000000
_MOST_NAMED = 20
NOTHING = "leads to nothing"


def is_source(name: str) -> bool:
    """Tell whether Odoo or Python may read a file or folder of that name."""
    return name not in _NOT_SOURCES and not name.endswith(_NO_SOURCE_ENDS) and not name.startswith((".#", "#"))


def is_copied(folder: str, name: str) -> bool:
    """Tell whether what is called so is copied with sources: JavaScript's tools are large, what is `static` is served."""
    return name != "node_modules" or "/static/" in f"/{folder}/"


def is_below(path: str, folder: str) -> bool:
    """Tell whether the path is the folder, or one in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def is_closed(status: os.stat_result) -> bool:
    """Tell whether only its owner, and root, may read a file, or read and enter a folder."""
    wanted = 5 if stat.S_ISDIR(status.st_mode) else 4
    return wanted not in (status.st_mode & wanted, status.st_mode >> 3 & wanted)


class Tree:
    """What lies in one module's folder, by its path in it: `entries` of what can be told, `unreadable` with the reason.

    Folders are followed through links in `mount`, the addons folder. `links`: those that lead out of it, or to nothing.
    `closed`: what only its owner, or root, may read, with the owner's number. `only_copied`: of what `is_copied`.
    """

    def __init__(self, folder: str, mount: str, only_copied: bool = False) -> None:
        self.entries: dict[str, str] = {}
        self.unreadable: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.closed: dict[str, int] = {}
        self._mount = os.path.realpath(mount)
        self._only_copied = only_copied
        self._seen: set[str] = set()
        self._bytes = 0
        self._count = 0
        waiting = [(folder, "")]
        while waiting:
            waiting += self._add(*waiting.pop())

    @property
    def digest(self) -> str:
        """Digest all of it."""
        return hashlib.sha256(json.dumps(sorted(self.entries.items())).encode()).hexdigest()

    def _add(self, path: str, name: str) -> list[tuple[str, str]]:
        """Add a file, or nothing yet of a folder but what is in it: as paths and names."""
        is_link = os.path.islink(path)
        try:
            if is_link and not is_below(os.path.realpath(path), self._mount):
                self.links[name] = os.readlink(path)
            status = os.stat(path)
            if is_closed(status):
                self.closed[name] = status.st_uid
            if stat.S_ISDIR(status.st_mode) and name not in self.links:
                return self._in_folder(path, name)
            if stat.S_ISREG(status.st_mode):
                self.entries[name] = self._content(path, status)
            else:
                self.entries[name] = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
        except OSError as error:
            if is_link and not os.path.exists(path):
                self.links[name] = os.readlink(path)
                self.entries[name] = NOTHING
            else:
                self.unreadable[name] = error.strerror or str(error)
        return []

    def _in_folder(self, path: str, name: str) -> list[tuple[str, str]]:
        real = os.path.realpath(path)
        if real in self._seen:
            return []
        self._seen.add(real)
        names = sorted(below for below in os.listdir(path) if is_source(below))
        if self._only_copied:
            names = [below for below in names if is_copied(name, below)]
        self._count += len(names)
        if self._count > _MOST_ENTRIES:
            self.entries[name] = "too many files"
            return []
        return [(path + "/" + below, name + "/" + below if name else below) for below in reversed(names)]

    def _content(self, path: str, status: os.stat_result) -> str:
        # What is put in the file's place meanwhile must not keep us.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            self._bytes += status.st_size
            if status.st_size > _LONGEST or self._bytes > _MOST:
                return f"{status.st_size} bytes"
            digest, left = hashlib.sha256(), _LONGEST
            while left > 0:
                piece = os.read(descriptor, 1 << 20)
                if not piece:
                    break
                digest.update(piece)
                left -= len(piece)
            return digest.hexdigest()
        finally:
            os.close(descriptor)


def addons_places(addons: list[str]) -> list[str]:
    """Name, in their order, the folders in which Odoo looks for modules, as far as they are known without starting it.

    Its own and those of other packages, that of its data folder, then the addons folders (`initialize_sys_path`, 14-19).
    """
    packages = [path + "/odoo/addons" for path in sys.path if path and os.path.isdir(path + "/odoo/addons")]
    return packages + [f"/var/lib/odoo/addons/{series}" for series in map(_series, packages) if series][:1] + addons


def _series(package: str) -> str:
    """Odoo's series, such as 19.0, by the folder of its addons."""
    try:
        with open(os.path.join(package, "../release.py"), encoding="utf-8") as file:
            match = re.search(r"^version_info *= *\((\d+), *(\d+)", file.read(100000), re.MULTILINE)
    except (OSError, ValueError):
        return ""
    return ".".join(match.groups()) if match else ""


def place_of(path: str, places: list[str]) -> str:
    """Say where Odoo reads the module in the folder `path` from, or Python imports it from, if that is elsewhere; else ""."""
    name = path.rpartition("/")[2]
    manifests = ("/__manifest__.py", "/__openerp__.py")
    folders = [f"{place}/{name}" for place in places]
    found = [folder for folder in folders if any(os.path.isfile(folder + manifest) for manifest in manifests)][:1]
    # By its last name only: one without `__init__` would ask for the package `odoo.addons`, which is not loaded here.
    spec = PathFinder.find_spec(name, places)
    if spec:
        found += spec.submodule_search_locations or [spec.origin or ""]
    for other in found:
        if os.path.exists(path) and os.path.realpath(other) != os.path.realpath(path):
            return other
    return ""


def answer_to(request: dict[str, Any]) -> dict[str, Any]:
    """Tell of the modules whose folders are `named`; of `others` only where they are loaded from. `in_full`: also entries."""
    addons, named = request["addons"], request["named"]
    places = addons_places(addons) if request["places"] is None else request["places"]
    trees = {path: Tree(path, path.rpartition("/")[0], request["only_copied"]) for path in named}
    unreadable = [(path, "", _why_closed(path)) for path in addons if not os.access(path, os.R_OK | os.X_OK)]
    unreadable += [(path, *item) for path, tree in trees.items() for item in sorted(tree.unreadable.items())]
    return {
        "digests": {path: tree.digest for path, tree in trees.items()},
        "entries": {path: tree.entries for path, tree in trees.items()} if request["in_full"] else {},
        "unreadable": unreadable[:_MOST_NAMED],
        "elsewhere": {path: place for path in named + request["others"] for place in [place_of(path, places)] if place},
        "missing": [name for name in request["programs"] if not _is_program(name)],
    }


def _is_program(name: str) -> bool:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return any(os.path.isfile(file) and os.access(file, os.X_OK) for file in (f"{folder}/{name}" for folder in folders))


def _why_closed(folder: str) -> str:
    return os.strerror(errno.EACCES if os.path.isdir(folder) else errno.ENOENT)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer_to(json.loads(sys.argv[1]))) + "\n")
