"""The locks by which the runners of all users of a machine agree on what is its own, as a port: a file each, in one folder."""

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

# Who has a lock that is had.
ANOTHER_RUN = "another test run"
_FOLDER = "agent-test-ports"
# Several users make their locks in it; sticky, so that none removes or replaces one that another has.
_FOLDER_MODE = 0o1777
# Enough for flock, and lets users lock a file that another one made.
_FILE_MODE = 0o644
_TRIES = 3
# In seconds, between two looks at a lock that another run has.
_PAUSE = 0.2
# Links are not followed: anybody may have put one there, and root would make a file wherever it leads.
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NoLock(Exception):
    """Who or what keeps a lock from being had."""


@contextlib.contextmanager
def held(what: str, patience: float, say_waiting: Callable[[], None]) -> Iterator[None]:
    """Have a lock for the time of the block, for what it does no harm to do twice.

    It is waited for at most `patience` seconds. After that, or where it cannot be used, the block goes without.
    """
    deadline, descriptor, is_waiting = time.monotonic() + patience, -1, False
    while descriptor < 0 and time.monotonic() < deadline:
        try:
            descriptor = lock(what)
        except NoLock as reason:
            if str(reason) != ANOTHER_RUN:
                break
            if not is_waiting:
                say_waiting()
            is_waiting = True
            time.sleep(_PAUSE)
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def lock(what: int | str) -> int:
    """Lock the file of a port, or of what else there is one of, and return its descriptor; the kernel frees it at the end.

    NoLock if another process has it, and also where it cannot be used: whatever stands there may be another's lock.
    """
    name = f"{what}.lock"
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
