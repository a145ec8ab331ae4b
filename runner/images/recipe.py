"""What goes into an image of a repository's own: packages and files of its checkout, of which nothing is trusted."""

import hashlib
import io
import json
import os
import posixpath
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.config.repositories import RepoConfig
from runner.errors import ConfigError
from runner.odoo.source_file import UnreadableSource, read_source, resolve_below
from runner.text import printable, shortened

# Rises with every change of what build.py makes of the same recipe.
_VERSION = 2
# Of what goes into one image; it is read in every run.
_MOST_FILES, _MOST_BYTES = 1000, 50_000_000
# Characters of what is told of a recipe.
_LONGEST_TOLD = 200
# A zip, as a wheel is, knows no earlier time.
_TIME = 315_619_200
# As pip understands it in its files, once lines that go on are one.
_INCLUDE = re.compile(rb"^[ \t]*(?:-r|-c|--requirement|--constraint)[\s=]*([^\s#]+)", re.MULTILINE)


@dataclass(frozen=True)
class Recipe:
    """Of one image: `base` is the image that it adds to, `files` a tar of what it needs of the checkout.

    `requirements` are names in that tar. So is `dockerfile`, where that describes the image instead. `tools`: what pip is to
    install where only a command sees it that asks for it (TOOLS_FOLDER).
    """

    base: str
    files: bytes
    requirements: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    dockerfile: str = ""
    tools: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What it adds, for a person."""
        names = ", ".join(filter(None, (*self.requirements, *self.packages, self.dockerfile, *self.tools)))
        return printable(shortened(names, _LONGEST_TOLD))

    def key(self, base_id: str) -> str:
        """Return what tells the image from every other one, with the ID of its base."""
        about = [_VERSION, base_id, self.requirements, self.packages, self.dockerfile, *([self.tools] if self.tools else [])]
        return hashlib.sha256(json.dumps(about).encode() + self.files).hexdigest()[:32]


def recipe_of(repository: RepoConfig) -> Recipe | None:
    """Read what a repository wants in its image; None where it goes with that which it names. ConfigError as of the files."""
    base = repository.images.odoo
    if repository.dockerfile:
        folder, name = _context(repository.path, repository.dockerfile)
        _read(folder, name)  # says so if there is none
        # By standard input, only some builders heed what is to be ignored: so none does.
        ignored = (".dockerignore", f"{name}.dockerignore")
        return Recipe(base, _archive(folder, (name for name in _all_in(folder) if name not in ignored)), dockerfile=name)
    if not (repository.requirements or repository.packages):
        return None
    names = tuple(path.as_posix() for path in repository.requirements)
    return Recipe(base, _archive(repository.path, _with_included(repository.path, names)), names, repository.packages)


def recipe_of_tools(tools: tuple[str, ...]) -> Recipe | None:
    """Return what adds these tools to an image; None where there are none."""
    return Recipe("", _archive(Path(), ()), tools=tools) if tools else None


def sources_of(repository: RepoConfig) -> list[Path]:
    """Name what the image is made of in the checkout: files for pip, or the folder of the Dockerfile. ConfigError as above."""
    if repository.dockerfile:
        return [(repository.path / repository.dockerfile).parent]
    names = (path.as_posix() for path in repository.requirements)
    return [repository.path / name for name in _with_included(repository.path, names)]


def _context(checkout: Path, dockerfile: Path) -> tuple[Path, str]:
    """The folder that the builder gets, and what the Dockerfile is called in there."""
    if len(dockerfile.parts) == 1:
        raise ConfigError(
            f"{checkout / dockerfile} (`dockerfile` in repos.yaml) lies at the top of the checkout, all of which the builder "
            "would get, and anew after every change. Move it into a folder of its own, with what it copies."
        )
    try:
        return resolve_below(checkout / dockerfile.parent, checkout), dockerfile.name
    except UnreadableSource as error:
        raise _wrong(checkout / dockerfile.parent, f"(`dockerfile` in repos.yaml) {error}") from error


def _with_included(checkout: Path, names: Iterable[str]) -> list[str]:
    """The files for pip, and those that are named in them."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = None
        if len(found) > _MOST_FILES:
            raise _wrong(checkout / name, f"is one file of more than {_MOST_FILES} for pip")
        for word in _INCLUDE.findall(_read(checkout, name).replace(b"\\\n", b"")):
            included = os.fsdecode(word).strip("\"'")
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), included))
            if "://" in included or path.startswith(("/", "../")):
                raise _wrong(
                    checkout / name,
                    f"(`requirements` in repos.yaml) includes {printable(included)}, which is no file of the checkout. Put "
                    "one there, so that its content is known",
                )
            waiting.append(path)
    return sorted(found)


def _all_in(folder: Path) -> Iterator[str]:
    """All that is in a folder and below it, by name. A link to a folder counts as a file, which it is not."""

    def fail(error: OSError) -> None:
        raise _wrong(Path(error.filename), f"(`dockerfile` in repos.yaml) cannot be read: {error.strerror}") from error

    count = 0
    for place, folders, files in os.walk(folder, onerror=fail):
        folders.sort()
        for name in sorted((*files, *(name for name in folders if Path(place, name).is_symlink()))):
            if (count := count + 1) > _MOST_FILES:
                raise _wrong(folder, f"(`dockerfile` in repos.yaml) holds more than {_MOST_FILES} files")
            yield Path(place, name).relative_to(folder).as_posix()


def _archive(folder: Path, names: Iterable[str]) -> bytes:
    """These files as a tar that is the same for the same contents; what a link leads to, as long as that is in the folder."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            data = _read(folder, name)
            entry.size, entry.mtime = len(data), _TIME
            entry.mode = 0o755 if os.access(folder / name, os.X_OK) else 0o644
            archive.addfile(entry, io.BytesIO(data))
            if content.tell() > _MOST_BYTES:
                raise _wrong(folder, f"holds more than {_MOST_BYTES // 1_000_000} MB for an image")
    return content.getvalue()


def _read(folder: Path, name: str) -> bytes:
    try:
        return read_source(folder / name, folder, _MOST_BYTES)
    except UnreadableSource as error:
        raise _wrong(folder / name, f"(for the image, by repos.yaml) {error}") from error


def _wrong(path: Path, why: str) -> ConfigError:
    return ConfigError(f"{printable(str(path))} {why}. Nothing was started.")
