"""What is saved in folders of sources, and in single files beside them, from a moment on."""

import os
import signal
import stat
import time
from collections.abc import Generator, Iterable
from pathlib import Path

from watchfiles import Change, watch

from runner.errors import EnvironmentFailed, Interrupted
from runner.odoo.source_tree import is_source
from runner.signals import Signals
from runner.text import printable

# In milliseconds: a look for changes, and a part of it.
_LOOK, _STEP = 50, 25
# In seconds: what an editor, a formatter or git writes together comes together; not for ever.
_TOGETHER = 2.0
# A folder may go in the moment in which it is to be followed.
_ATTEMPTS = 5
_ADVICE = (
    "Where the system follows no more files (fs.inotify.max_user_watches), or cannot tell of those of another machine, set "
    "WATCHFILES_FORCE_POLLING=1: they are then looked through all the time."
)


class Changes:
    """What was saved since `follow`. What editors, version control and Python keep beside sources is none of it.

    Of a file that is looked at alone it is noticed also when it appears, goes, or is replaced by another one; of a folder that
    it is another one.
    """

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._roots: dict[Path, object] = {}
        # Whether a root itself was removed or moved: what is told of it may be of one that is not there any more.
        self._is_doubtful = False
        self._events: Generator[set[tuple[Change, str]], None, None] | None = None
        self._files: dict[Path, object] = {}
        # In the order in which they were found.
        self._found: dict[Path, None] = {}

    def follow(self, folders: Iterable[Path], files: Iterable[Path]) -> None:
        """Follow these from here on: the folders with all that is in them, the files, or folders, each by itself.

        A file that was followed already is compared with what it was. EnvironmentFailed if the system cannot tell of changes.
        """
        known = self._files
        self._files = {path: known[path] if path in known else _identity(path) for path in files}
        before = self._events
        for attempt in range(_ATTEMPTS):
            roots = {folder: _identity(folder) for folder in folders if os.path.isdir(folder)}  # noqa: PTH112 - Path.is_dir raises errors
            if self._events and roots == self._roots and not self._is_doubtful:
                return
            self._roots, self._is_doubtful = roots, False
            self._events = self._followed()
            try:
                self._look()
                break
            except FileNotFoundError as error:
                self._events = None
                if attempt == _ATTEMPTS - 1:
                    raise _not_followed(error) from error
            except (OSError, RuntimeError) as error:
                raise _not_followed(error, _ADVICE) from error
        if before:
            before.close()

    def _followed(self) -> Generator[set[tuple[Change, str]], None, None] | None:
        if not self._roots:
            return None
        return watch(
            *self._roots,
            watch_filter=None,
            step=_STEP,
            rust_timeout=_LOOK,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )

    def look(self) -> bool:
        """Look for a moment, and tell whether there is more than before. Interrupted at once by a signal.

        EnvironmentFailed if the system cannot tell any more, as of links in a circle where it polls.
        """
        try:
            return self._look()
        except (OSError, RuntimeError) as error:
            raise _not_followed(error) from error

    def _look(self) -> bool:
        known, changed = len(self._found), set[tuple[Change, str]]()
        try:
            if self._events:
                changed = next(self._events)
            else:
                time.sleep(_LOOK / 1000)
        except KeyboardInterrupt:  # it has swallowed what our handler raised
            raise Interrupted(self._signals.first or signal.SIGINT) from None
        for path in sorted(Path(name) for _, name in changed):
            self._is_doubtful |= path in self._roots
            if self._is_source(path):
                self._found[path] = None
        for path, identity in self._files.items():
            if (now := _identity(path)) != identity:
                self._files[path] = now
                self._found[path] = None
        return len(self._found) > known

    def wait(self, limit: float) -> list[Path]:
        """Return what has changed, as soon as it has and no more comes at once; nothing if that takes `limit` seconds."""
        deadline = time.monotonic() + limit
        while not self._found and time.monotonic() < deadline:
            self.look()
        together = time.monotonic() + _TOGETHER
        while self._found and time.monotonic() < together and self.look():
            pass
        found, self._found = list(self._found), {}
        return found

    def close(self) -> None:
        """Follow nothing any more."""
        if self._events:
            self._events.close()

    def _is_source(self, path: Path) -> bool:
        return any(path.is_relative_to(root) and all(map(is_source, path.relative_to(root).parts)) for root in self._roots)


def _not_followed(error: Exception, advice: str = "") -> EnvironmentFailed:
    return EnvironmentFailed(f"Changes of files cannot be followed: {printable(str(error))}. {advice}".rstrip())


def _identity(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    content = () if stat.S_ISDIR(status.st_mode) else (status.st_mtime_ns, status.st_size)
    return (os.path.realpath(path), status.st_dev, status.st_ino, *content)
