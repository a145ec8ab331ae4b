"""A folder of this machine as a tar stream, which is made while it is read: never whole in memory nor on disk."""

import contextlib
import errno
import os
import posixpath
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from runner.errors import EnvironmentFailed, cause_of
from runner.odoo.source_tree import is_copied, is_source
from runner.text import printable

# Bytes that are read at once.
_PIECE = 65_536
_BLOCK = tarfile.BLOCKSIZE
# What changes in each of so many tries is not copied while it changes.
_TRIES = 4
# What is not there any more, or something else.
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)
# Of runs, which write there at that moment.
_OURS = ".agent-tests"


class _Changed(Exception):
    """A file is not any more what it was a moment ago."""


def is_needed(root: str, folder: str, name: str) -> bool:
    """Tell whether Odoo or a test may want what is called so in a folder below `root`, which has addons.

    All that is a source. But beside the modules nothing that is hidden can be loaded, nor from a Python of its own.
    """
    if not is_source(name) or not is_copied(folder, name):
        return False
    return bool(folder) or not (name.startswith(".") or os.path.exists(f"{root}/{name}/pyvenv.cfg"))  # noqa: PTH110 - as a text


class Archive:
    """All that is in a folder, but for what is not wanted: owned by root and readable for all, links lead where they lead.

    `target`: where containers have it. `files` and `bytes` say how much of it has been read. Sockets, pipes and devices are
    left out.
    """

    def __init__(
        self, root: Path, target: str, is_wanted: Callable[[str, str, str], bool] = lambda _root, _folder, name: name != _OURS
    ) -> None:
        self._root = str(root)
        self._target = target
        self._is_wanted = is_wanted
        self.files = self.bytes = 0

    def unreadable(self) -> list[str]:
        """Name what this user cannot read."""
        unreadable, waiting = [], [""]
        while waiting:
            name = waiting.pop()
            with contextlib.suppress(OSError):  # gone in between
                mode = self._status(name).st_mode
                needed = os.R_OK | os.X_OK if stat.S_ISDIR(mode) else os.R_OK
                if (stat.S_ISDIR(mode) or stat.S_ISREG(mode)) and not os.access(self._path(name), needed):
                    unreadable.append(self._path(name))
                elif stat.S_ISDIR(mode):
                    waiting += self._below(name)
        return unreadable

    def pieces(self) -> Iterator[bytes]:
        """Return the stream. EnvironmentFailed, with its path, for what cannot be read, or changes again and again.

        What changes while it is read comes once more, later in the stream, and replaces what came before.
        """
        self.files = self.bytes = 0
        waiting = [""]
        for _ in range(_TRIES):
            again = []
            while waiting:
                name = waiting.pop()
                try:
                    yield from self._entry(name, waiting)
                except _Changed:
                    again.append(name)
                except OSError as error:
                    if error.errno not in _GONE:
                        raise EnvironmentFailed(f"{self._told(name)} cannot be copied: {cause_of(error)}.") from error
                    again.append(name)
            waiting = again
        if changing := [name for name in waiting if os.path.lexists(self._path(name))]:
            raise EnvironmentFailed(f"{self._told(changing[0])} changes while it is copied. Run again when nothing writes it.")
        yield bytes(2 * _BLOCK)

    def _entry(self, name: str, waiting: list[str]) -> Iterator[bytes]:
        """One entry of the stream; what is below a folder is added to `waiting`."""
        path = self._path(name)
        status = self._status(name)
        entry = tarfile.TarInfo(name or ".")
        entry.mtime, entry.mode = int(status.st_mtime), 0o755
        if stat.S_ISDIR(status.st_mode):
            waiting += self._below(name)
            entry.type = tarfile.DIRTYPE
            yield _header(entry)
        elif stat.S_ISLNK(status.st_mode):
            entry.type, entry.linkname = tarfile.SYMTYPE, self._link(name, os.readlink(path))  # noqa: PTH115
            yield _header(entry)
        elif stat.S_ISREG(status.st_mode):
            yield from self._file(path, entry)

    def _link(self, name: str, text: str) -> str:
        """What a link says: the engine takes none that leads out of the folder, but for those that begin at the root."""
        place = posixpath.normpath(posixpath.join(posixpath.dirname(name), text))
        leads_out = place == ".." or place.startswith("../")
        return posixpath.normpath(posixpath.join("/", self._target, place)) if leads_out else text

    def _file(self, path: str, entry: tarfile.TarInfo) -> Iterator[bytes]:
        # What is put in the file's place meanwhile must not keep us, nor lead elsewhere.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise _Changed
            entry.size = before.st_size
            entry.mode = 0o755 if before.st_mode & 0o111 else 0o644
            yield _header(entry)
            left = entry.size
            while left and (piece := os.read(descriptor, min(left, _PIECE))):
                left -= len(piece)
                yield piece
            is_short, after = left > 0, os.fstat(descriptor)
            left += -entry.size % _BLOCK
            while left:  # what was announced has to come
                yield bytes(min(left, _PIECE))
                left -= min(left, _PIECE)
            if is_short or (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise _Changed
            self.files += 1
            self.bytes += entry.size
        finally:
            os.close(descriptor)

    def _below(self, name: str) -> list[str]:
        below = [entry for entry in os.listdir(self._path(name)) if self._is_wanted(self._root, name, entry)]  # noqa: PTH208
        return [f"{name}/{entry}" if name else entry for entry in sorted(below, reverse=True)]

    def _status(self, name: str) -> os.stat_result:
        # The engine follows a link at the root itself, too.
        return os.lstat(self._path(name)) if name else os.stat(self._root)  # noqa: PTH116 - as a text

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _told(self, name: str) -> str:
        return printable(self._path(name))


def _header(entry: tarfile.TarInfo) -> bytes:
    # GNU's, as it takes names of any bytes, length and size of file as they are.
    return entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
