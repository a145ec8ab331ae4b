"""The files of a commit, written into a folder as a checkout of them would be: without an index, filters, or hooks."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from runner.reporting.blobs import LINK, REPOSITORY, Blob
from runner.reporting.git import NoAnswer, contents, in_time
from runner.reporting.provenance import blobs_of
from runner.text import printable

# Seconds, and bytes.
_TIMEOUT, _MOST = 300.0, 4_000_000_000
# Submodules in each other.
_DEEPEST = 20
_LONGEST_LINK = 4096


def write_files(checkout: Path, commit: str, folder: Path) -> None:
    """Write what a commit has below the checkout into an empty folder. NoAnswer, OSError if that cannot be done.

    Of a submodule that is not fetched there is nothing. Content is as the commit has it: line ends, pointers of Git LFS.
    """
    deadline = time.monotonic() + _TIMEOUT
    links: list[tuple[Path, str]] = []
    for source, files, target in _repositories(checkout, commit, folder, deadline):
        left = _MOST
        blobs = contents(source, [blob.digest for blob in files.values()], deadline)
        for (path, blob), (size, pieces) in zip(files.items(), blobs, strict=True):
            in_time(deadline)
            left -= size
            if left < 0 or (blob.mode == LINK and size > _LONGEST_LINK):
                raise NoAnswer(f"it is too large: {printable(os.fsdecode(path))}")
            place = target / _checked(path)
            if blob.mode == LINK:
                links.append((place, os.fsdecode(b"".join(pieces))))
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as file:
                file.writelines(pieces)
    # At the end, so that nothing is written through one.
    for place, leads_to in links:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(leads_to)


def _repositories(
    checkout: Path, commit: str, folder: Path, deadline: float, depth: int = 0
) -> Iterator[tuple[Path, dict[bytes, Blob], Path]]:
    """Yield the checkout, and each submodule that is there: where it is, its files, and where these go."""
    if depth > _DEEPEST:
        raise NoAnswer("it has submodules in submodules without end")
    blobs = blobs_of(checkout, commit, deadline)
    yield checkout, {path: blob for path, blob in blobs.items() if blob.mode != REPOSITORY}, folder
    for path, blob in blobs.items():
        submodule = checkout / _checked(path)
        if blob.mode == REPOSITORY and (submodule / ".git").exists():
            yield from _repositories(submodule, blob.digest, folder / _checked(path), deadline, depth + 1)


def _checked(path: bytes) -> str:
    """Return a path of a commit, which anybody may have written. NoAnswer if it leads elsewhere."""
    if any(part in (b"", b".", b"..") or part.lower() == b".git" for part in path.split(b"/")):
        raise NoAnswer(f"it has a file that no checkout may have: {printable(os.fsdecode(path))}")
    return os.fsdecode(path)
