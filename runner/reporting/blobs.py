"""Compare what is on the disk with what a git commit holds at that place, by content."""

import hashlib
import os
import re
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from runner.reporting.git import ask, in_time

FILE, EXECUTABLE, LINK, REPOSITORY = "100644", "100755", "120000", "160000"
_PIECE = 1 << 20
# Of text whose line ends git may have converted.
_LARGEST_TEXT = 1 << 24
# What a commit holds in place of a large file (Git LFS): https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTER = re.compile(r"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize \d+")
_LONGEST_POINTER = 1024


class Blob(NamedTuple):
    """What a commit holds at a path: the kind of thing, as git writes it, and the hash of its content."""

    mode: str
    digest: str


def is_pointer(content: bytes) -> bool:
    """Tell whether this stands for a large file in Git LFS."""
    return len(content) <= _LONGEST_POINTER and bool(_POINTER.fullmatch(content.decode(errors="replace").removesuffix("\n")))


def mode_on_disk(file: bytes, blob: Blob, deadline: float) -> int | None:
    """Return the mode of the file or link if it has the content of `blob`, else None. NoAnswer if that takes too long."""
    try:
        mode = os.lstat(file).st_mode
        if blob.mode == LINK:
            same = stat.S_ISLNK(mode) and _digest_of(os.readlink(file), blob) == blob.digest  # noqa: PTH115 - bytes
        else:
            same = stat.S_ISREG(mode) and _digest(file, partial(_begin, blob), deadline) == blob.digest
    except (FileNotFoundError, NotADirectoryError):
        return None
    return mode if same else None


def is_converted(checkout: Path, file: bytes, blob: Blob, deadline: float) -> bool:
    """Tell whether a file that differs is what git makes of `blob` on checkout: by its line ends, or by Git LFS.

    So no filter need be run, which is a program that the checkout's configuration names. NoAnswer.
    """
    try:
        about = os.lstat(file)
        if not stat.S_ISREG(about.st_mode) or blob.mode == LINK:
            return False
        if about.st_size <= _LARGEST_TEXT and _digest_of(_content(file).replace(b"\r\n", b"\n"), blob) == blob.digest:
            return True
        if int(ask(checkout, "cat-file", "-s", blob.digest, deadline=deadline)) > _LONGEST_POINTER:
            return False
        pointer = _POINTER.fullmatch(ask(checkout, "cat-file", "blob", blob.digest, deadline=deadline))
        return bool(pointer) and _digest(file, lambda _size: hashlib.sha256(), deadline) == pointer[1]  # type: ignore[index]
    except (FileNotFoundError, NotADirectoryError):
        return False


def converted_digests(content: bytes) -> set[str]:
    """Return SHA-256 of what git may make of a blob's content on checkout, and of what the blob may be of such a content.

    Line ends, either way; and what stands behind a pointer of Git LFS.
    """
    unix = content.replace(b"\r\n", b"\n")
    digests = {hashlib.sha256(each).hexdigest() for each in (content, unix, unix.replace(b"\n", b"\r\n"))}
    short = content[: _LONGEST_POINTER + 1].decode(errors="replace").removesuffix("\n")
    pointer = _POINTER.fullmatch(short) if len(content) <= _LONGEST_POINTER else None
    return digests | ({pointer[1]} if pointer else set())


def _digest(file: bytes, begin: Callable[[int], "hashlib._Hash"], deadline: float) -> str:
    """Hash a file's content; `begin` gets its size."""
    descriptor = _open(file)
    try:
        digest = begin(os.fstat(descriptor).st_size)
        while piece := os.read(descriptor, _PIECE):
            in_time(deadline)
            digest.update(piece)
        return digest.hexdigest()
    finally:
        os.close(descriptor)


def _content(file: bytes) -> bytes:
    with open(_open(file), "rb") as stream:
        return stream.read(_LARGEST_TEXT)


def _open(file: bytes) -> int:
    """Open a regular file; what was put in its place meanwhile is not followed, nor waited for."""
    return os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _digest_of(content: bytes, blob: Blob) -> str:
    digest = _begin(blob, len(content))
    digest.update(content)
    return digest.hexdigest()


def _begin(blob: Blob, size: int) -> "hashlib._Hash":
    """The hash that git uses in this repository."""
    kind = hashlib.sha1 if len(blob.digest) == 40 else hashlib.sha256
    return kind(b"blob %d\0" % size)
