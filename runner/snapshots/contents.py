"""What is in files and folders, as a digest: a change of anything that a container could see of them is another one."""

import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from runner.errors import cause_of
from runner.odoo.dependencies import SnapshotUnavailable
from runner.text import printable

# Beyond that nobody waits for a digest; of all paths together.
MOST_FILES = 10_000
MOST_BYTES = 200_000_000
# What Python and version control leave beside a module's sources, and Odoo does not read.
NOT_SOURCES = ("__pycache__", ".git")


def contents_digest(roots: Iterable[Path], leave_out: Collection[str] = (), forbidden: bytes = b"") -> str:
    """Digest all that is at and below these paths, in their order: names, modes, contents, and where links point to.

    A link at a root itself is followed, as the engine does. What is called as in `leave_out` does not count.
    SnapshotUnavailable if anything cannot be read or is no file, folder or link, if it is too much, or if `forbidden` stands
    in a line that does not set the addons path.
    """
    digest = hashlib.sha256()
    files = size = 0
    for root in roots:
        _add(digest, b"root")
        for path, status in _entries(root, leave_out):
            files += 1
            name = os.fsencode(path.relative_to(root))
            # Who owns it matters only to whom it is not open to.
            is_open = status.st_mode & 0o004 and (status.st_mode & 0o001 or not stat.S_ISDIR(status.st_mode))
            owner = "" if is_open else f"{status.st_uid}:{status.st_gid}"
            _add(digest, name, f"{status.st_mode:o} {owner}".encode())
            content = b"" if stat.S_ISDIR(status.st_mode) else _content(path, status, root, MOST_BYTES - size)
            size += len(content)
            if files > MOST_FILES or size > MOST_BYTES:
                raise SnapshotUnavailable(
                    f"{_named(root)} holds more than {MOST_FILES} files or {MOST_BYTES // 1_000_000} MB, "
                    "too much to be compared by every run"
                )
            if forbidden and forbidden in content and _is_named_by(content, forbidden):
                raise SnapshotUnavailable(f"{_named(path)} names {forbidden.decode()}, where the module under test is")
            _add(digest, content)
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", *parts: bytes) -> None:
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)


def _entries(root: Path, leave_out: Collection[str]) -> Iterator[tuple[Path, os.stat_result]]:
    """The root, and all that is below it; links are not followed but for that of the root."""
    waiting = [root]
    while waiting:
        path = waiting.pop()
        try:
            status = path.stat() if path is root else path.lstat()
            yield path, status
            if stat.S_ISDIR(status.st_mode):
                with os.scandir(path) as entries:
                    names = sorted((entry.name for entry in entries if entry.name not in leave_out), reverse=True)
                waiting += [path / name for name in names]
        except OSError as error:
            raise _unreadable(path, error) from error


def _content(path: Path, status: os.stat_result, root: Path, limit: int) -> bytes:
    """The content of a file; of a link where it points to, and what is there if that is a file out of the root."""
    if not stat.S_ISLNK(status.st_mode) or path == root:
        return _read(path, limit, os.O_NOFOLLOW if path != root else 0)
    try:
        target = os.fsencode(path.readlink())
        real, around = Path(os.path.realpath(path)), Path(os.path.realpath(root))
        if real.is_relative_to(around) or not real.exists():
            return target
    except (OSError, RuntimeError) as error:
        raise _unreadable(path, error) from error
    if real.is_dir():
        raise SnapshotUnavailable(f"{_named(path)} is a link to a folder out of {_named(root)}")
    return target + b"\0" + _read(real, limit, 0)


def _read(path: Path, limit: int, flags: int) -> bytes:
    try:
        # Not to wait for the other end of a pipe that has come to be there.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
        with open(descriptor, "rb", buffering=0) as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SnapshotUnavailable(f"{_named(path)} is not a file")
            parts, size = [], 0
            while size <= limit and (part := stream.read(1 << 20)):
                parts.append(part)
                size += len(part)
    except OSError as error:
        raise _unreadable(path, error) from error
    return b"".join(parts)


def _is_named_by(content: bytes, forbidden: bytes) -> bool:
    """Whether a line names it that does not only set the addons path, as Odoo's configuration does."""
    lines = [line.lower() for line in content.splitlines() if forbidden in line]
    return any(b"addons_path" not in line and b"addons-path" not in line for line in lines)


def _unreadable(path: Path, error: Exception) -> SnapshotUnavailable:
    why = error.strerror if isinstance(error, OSError) and error.strerror else cause_of(error)
    return SnapshotUnavailable(f"{_named(path)} cannot be read: {why}")


def _named(path: Path) -> str:
    return printable(str(path))
