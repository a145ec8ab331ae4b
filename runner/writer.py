"""Write to a stream whose reader may stand still: whoever writes never waits for it."""

import atexit
import os
import queue
import select
import stat
import threading
from collections.abc import Callable
from typing import IO

# Bytes that wait for the reader before what can be spared is left out: more than most runs print.
_MOST = 8_000_000


class Writer:
    """Everything reaches the stream, in its order, from a thread of its own; what fails once takes nothing more.

    The thread writes to the descriptor itself: a buffered stream has a lock at which a process would crash at its end.
    """

    def __init__(self, stream: Callable[[], IO[bytes]], most: int = _MOST) -> None:
        """`stream` returns it, as it may be another one later. `most`: bytes that may wait before `is_full`.

        `lost` is why it could not be written, None if it could.
        """
        self.lost: OSError | None = None
        self._stream = stream
        self._most = most
        self._given = self._written = 0
        self._was_full = self._is_given_up = False
        self._pieces: queue.SimpleQueue[bytes | Callable[[], None]] = queue.SimpleQueue()
        # For those who write, not for the thread. Reentrant: a signal's handler writes too, also in the midst of a write.
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        # Should a signal have come in the midst of a thread's start, there may be two; each takes a piece and writes it.
        self._turn = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Whether what can be spared is to be left out: until half of it is read, so that it is left out in one piece."""
        self._was_full = self._given - self._written > (self._most // 2 if self._was_full else self._most)
        return self._was_full

    def write(self, data: bytes) -> None:
        """Write: at once to a file, else as soon as the reader takes it."""
        if not _may_stall(self._stream()):
            self._to_a_file(data)
            return
        with self._lock:
            self._given += len(data)
            self._pieces.put(data)
            self._start()

    def wait(self, limit: float | None = None) -> None:
        """Return when all is written, or after `limit` seconds. A signal may interrupt it."""
        if self._thread:
            # No threading.Event: where a signal's handler waits too, the thread could not set that of whom it interrupted.
            written = threading.Lock()
            written.acquire()
            self._pieces.put(written.release)
            self._start()
            self._is_given_up = not written.acquire(timeout=-1 if limit is None else limit)

    def _start(self) -> None:
        """Have a thread that writes; a signal may have kept the one of before from its start."""
        if not self._thread:
            atexit.register(self._end)
        if not (self._thread and self._thread.is_alive()):
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _end(self) -> None:
        """Let no program end before what it said is read, unless it has waited for that in vain."""
        if not self._is_given_up:
            self.wait()

    def _run(self) -> None:
        while True:
            with self._turn:
                piece = self._pieces.get()
                if not isinstance(piece, bytes):
                    piece()
                    continue
                try:
                    _write_whole(self._stream().fileno(), piece)
                except OSError as error:
                    self._lose(error)
                self._written += len(piece)

    def _to_a_file(self, data: bytes) -> None:
        try:
            self._stream().write(data)
            self._stream().flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        """Have all further output go nowhere: the pipe is closed, the terminal is gone, the disk is full."""
        self.lost = error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream().fileno())
        os.close(nowhere)


def _may_stall(stream: IO[bytes]) -> bool:
    """Whether somebody reads at the other end; what is in memory has no descriptor."""
    try:
        return not stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except OSError:
        return False


def _write_whole(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # somebody who has the same pipe or terminal made it so
            select.select([], [descriptor], [])  # poll() of macOS knows no terminals
