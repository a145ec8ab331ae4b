"""Which sources a run tested: the git commit of the checkout, and which of its files differ from that commit.

The files are compared by their content, and not by what git's index says of them: a file can be marked there as unchanged
(`--assume-unchanged`, `--skip-worktree`), or have been changed within the index's own second.
"""

import os
import re
import stat
import time
from collections.abc import Collection, Iterator
from itertools import chain
from pathlib import Path

from runner.reporting.blobs import EXECUTABLE, LINK, REPOSITORY, Blob, is_converted, mode_on_disk
from runner.reporting.git import NoAnswer, ask, in_time, parts
from runner.text import counted, printable, shortened

# Seconds; a checkout of 53,000 files and 1 GB takes 3.
_TIMEOUT = 30.0
# More are not counted, or not compared.
_MOST_DIFFERENCES, _MOST_FILES = 1000, 300_000
# Submodules in each other.
_DEEPEST = 20
_SHOWN, _LONGEST_SHOWN = 3, 80
# What the runner itself writes there says nothing of the sources.
_OWN_FILE = re.compile(rb"proof_of_execution_tests.*\.log(\.\w+)?")
# What git ignores counts where Odoo would load it: in a module's folder, but for what Python and editors leave there.
_NOT_LOADED = re.compile(rb"\..*|__pycache__|.*~")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def commit_of(checkout: Path, modules: Collection[Path] = ()) -> str:
    """Name the commit, with `clean` or the files that differ from it; say why where git cannot tell.

    Files that git does not know count unless a `.gitignore` names them, and in the folders `modules` also those.
    """
    deadline = time.monotonic() + _TIMEOUT
    try:
        commit = _head(checkout, deadline)
    except NoAnswer as error:
        return f"unknown ({error or 'git does not say why'})"
    if not commit:
        return "no commit yet"
    try:
        found = _first(differing(checkout.resolve(), commit, modules, deadline))
    except (NoAnswer, OSError) as error:
        return f"{commit} (not compared with the files: {printable(str(error))})"
    return f"{commit} ({_said_of(found)})"


def _head(checkout: Path, deadline: float) -> str:
    """The commit; nothing where there is none yet. NoAnswer where HEAD is broken."""
    try:
        commit = ask(checkout, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", deadline=deadline)
    except NoAnswer as error:
        if str(error):
            raise
        branch = ask(checkout, "symbolic-ref", "--quiet", "HEAD", deadline=deadline)
        stored = ask(checkout, "rev-parse", "--git-path", branch, deadline=deadline)
        if (checkout / stored).exists():
            raise NoAnswer("HEAD names no commit") from error
        return ""
    if not _COMMIT.fullmatch(commit):
        raise NoAnswer("HEAD names no commit")
    return commit


def commit_named(checkout: Path, ref: str, deadline: float) -> str:
    """Return the commit that a name, a tag or a branch means. NoAnswer if it means none."""
    try:
        return ask(checkout, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", deadline=deadline)
    except NoAnswer as error:
        # A warning is all that it says where it would have fetched the commit.
        why = "" if str(error).startswith("warning: ") else str(error)
        raise NoAnswer(why or "it knows no such commit. Was it fetched?") from error


def _first(paths: Iterator[bytes]) -> list[bytes]:
    """The differing paths, sorted; one more than are counted stands for all the others."""
    seen: set[bytes] = set()
    for path in paths:
        seen.add(path)
        if len(seen) > _MOST_DIFFERENCES:
            break
    return sorted(seen)


def _said_of(paths: list[bytes]) -> str:
    if not paths:
        return "clean"
    number = counted(len(paths), "file") if len(paths) <= _MOST_DIFFERENCES else f"more than {_MOST_DIFFERENCES} files"
    names = [shortened(printable(os.fsdecode(path)), _LONGEST_SHOWN) for path in paths[:_SHOWN]]
    more = ", ..." if len(paths) > len(names) else ""
    return f"{number} {'differs' if len(paths) == 1 else 'differ'} from it: {', '.join(names)}{more}"


def differing(checkout: Path, commit: str, modules: Collection[Path], deadline: float, depth: int = 0) -> Iterator[bytes]:
    """Yield the paths below the checkout at which there is something else than in the commit, relative to it.

    Files that git does not know count as in `commit_of`. `deadline` is of time.monotonic(). NoAnswer, OSError.
    """
    if depth > _DEEPEST:
        raise NoAnswer("it has submodules in submodules without end")
    blobs = blobs_of(checkout, commit, deadline)
    yield from _changed(checkout, blobs, deadline)
    inner = {path + b"/" for path, blob in blobs.items() if blob.mode == REPOSITORY}
    unknown = parts(checkout, "ls-files", "--others", "-z", "--exclude-per-directory=.gitignore", deadline=deadline)
    for path in chain(unknown, _loaded(checkout, modules)):
        in_time(deadline)
        if path not in blobs and not _is_own(path) and not any(path.startswith(folder) for folder in inner):
            yield path
    for folder in inner:
        submodule = checkout / os.fsdecode(folder)
        if (submodule / ".git").exists():
            below = differing(submodule, blobs[folder[:-1]].digest, _within(modules, submodule), deadline, depth + 1)
            yield from (folder + path for path in below)
        else:  # not fetched, or no repository any more
            yield from (folder + path for path in _files(os.fsencode(submodule)))


def _is_own(path: bytes) -> bool:
    return bool(_OWN_FILE.fullmatch(path.rpartition(b"/")[2]))


def _within(modules: Collection[Path], folder: Path) -> list[Path]:
    return [module for module in modules if module.resolve().is_relative_to(folder)]


def blobs_of(checkout: Path, commit: str, deadline: float) -> dict[bytes, Blob]:
    """Return what the commit holds below the checkout, by path; not proof logs. NoAnswer."""
    blobs: dict[bytes, Blob] = {}
    for line in parts(checkout, "ls-tree", "-r", "-z", commit, deadline=deadline):
        about, _, path = line.partition(b"\t")
        mode, _, digest = about.decode("ascii").split(" ")
        if not _is_own(path):
            blobs[path] = Blob(mode, digest)
        if len(blobs) > _MOST_FILES:
            raise NoAnswer(f"it has more than {_MOST_FILES} files")
    return blobs


def _changed(checkout: Path, blobs: dict[bytes, Blob], deadline: float) -> Iterator[bytes]:
    """The paths of the commit at which there is something else, or nothing."""
    has_attributes = any(path.endswith(b".gitattributes") for path in blobs)
    other_mode: list[bytes] = []
    has_modes = False
    for path, blob in blobs.items():
        in_time(deadline)
        if blob.mode == REPOSITORY:
            continue  # what is in it is compared with its own commit
        file = os.path.join(os.fsencode(checkout), path)  # noqa: PTH118 - bytes
        mode = mode_on_disk(file, blob, deadline)
        if mode is None:
            if not (has_attributes and is_converted(checkout, file, blob, deadline)):
                yield path
        elif blob.mode != LINK:
            is_executable = bool(mode & stat.S_IXUSR)
            has_modes = has_modes or not is_executable
            if is_executable != (blob.mode == EXECUTABLE):
                other_mode.append(path)
    if has_modes:  # else everything is executable, as on a disk of Windows
        yield from other_mode


def _loaded(checkout: Path, modules: Collection[Path]) -> Iterator[bytes]:
    """The files in the modules' folders, relative to the checkout; a folder outside of it stands for its files."""
    for module in modules:
        folder = module.resolve()
        if folder.is_relative_to(checkout):
            above = os.fsencode(folder.relative_to(checkout))
            yield from (above + b"/" + path for path in _files(os.fsencode(folder)))
        else:
            yield os.fsencode(os.path.relpath(module, checkout)) + b"/"


def _files(folder: bytes) -> Iterator[bytes]:
    """All files and links below a folder that Odoo may load, relative to it."""
    waiting = [b""]
    while waiting:
        below = waiting.pop()
        with os.scandir(os.path.join(folder, below)) as entries:  # noqa: PTH118 - bytes
            for entry in entries:
                if not _NOT_LOADED.fullmatch(entry.name):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(below + entry.name + b"/")
                    else:
                        yield below + entry.name
