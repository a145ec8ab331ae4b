"""The lock by which the runners of all users of a machine agree on its ports: a file for each, in a folder for all."""

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from pathlib import Path

# Who has a lock that is had.
ANOTHER_RUN = "another test run"
_FOLDER = "agent-test-ports"
# Several users make their locks in it; sticky, so that none removes or replaces one that another has.
_FOLDER_MODE = 0o1777
# Enough for flock, and lets users lock a file that another one made.
_FILE_MODE = 0o644
_TRIES = 3
# Links are not followed: anybody may have put one there, and root would make a file wherever it leads.
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NoLock(Exception):
    """Who or what keeps the lock of a port from being had."""


def lock(port: int) -> int:
    """Lock the port's file, and return its descriptor; the kernel frees it when its holders end.

    NoLock if another process has it, and also where it cannot be used: whatever stands there may be another's lock.
    """
    name = f"{port}.lock"
    where = name
    try:
        folder = Path(tempfile.gettempdir()) / _FOLDER
        where = str(folder / name)
        descriptor = _opened(folder, name)
    except OSError as error:
        raise NoLock(f"whoever has its lock, {where}, which cannot be used: {error.strerror or error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise NoLock(ANOTHER_RUN) from error
    return descriptor


def _opened(folder: Path, name: str) -> int:
    for tries_left in reversed(range(_TRIES)):
        try:
            within = _folder(folder)
            try:
                return _file(name, within)
            finally:
                os.close(within)
        except (FileNotFoundError, FileExistsError):  # another process was quicker with what was missing here
            if not tries_left:
                raise
    raise AssertionError("the last try returns or raises")


def _folder(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return _checked(path, os.open(path, _OPEN | os.O_DIRECTORY))
    # With its mode at once, whatever the umask: nobody finds one that is not for all.
    made = tempfile.mkdtemp(prefix=f"{_FOLDER}-", dir=path.parent)
    Path(made).chmod(_FOLDER_MODE)
    try:
        Path(made).rename(path)
    except OSError:
        Path(made).rmdir()
    return _checked(path, os.open(path, _OPEN | os.O_DIRECTORY))


def _checked(path: Path, descriptor: int) -> int:
    mode = os.fstat(descriptor).st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        os.close(descriptor)
        raise OSError(errno.EPERM, f"others can replace what is in {path}: chmod 1777 it")
    return descriptor


def _file(name: str, within: int) -> int:
    # Without O_CREAT where it is there: in a sticky folder the kernel may refuse that for another user's file.
    try:
        descriptor = os.open(name, _OPEN, dir_fd=within)
    except FileNotFoundError:
        descriptor = os.open(name, _OPEN | os.O_CREAT | os.O_EXCL, _FILE_MODE, dir_fd=within)
        os.fchmod(descriptor, _FILE_MODE)  # whatever the umask
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no file; remove it")
    return descriptor
