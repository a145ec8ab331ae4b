"""A docker client that is read, and fed, while it works: what it prints may have any length."""

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Generator, Iterable, Mapping

from runner.docker.process import REAP, Client, DockerStalled

# Bytes that are read at once.
_PIECE = 65_536


class Stream(Client):
    """One docker client whose output is read while it comes, piece by piece: it waits where nobody reads."""

    def __init__(self, words: tuple[str, ...], environ: Mapping[str, str], source: Iterable[bytes] | None = None) -> None:
        """Start `docker WORDS`, as every Client.

        `source`: what the client reads, asked for only as fast as it does; it may end before it has read all.
        """
        self.exit_code = -1
        self._source, self._unread = iter(source or ()), b""
        stdin = subprocess.DEVNULL if source is None else subprocess.PIPE
        super().__init__(words, environ, stdin=stdin, stderr=subprocess.STDOUT)

    def pieces(self, deadline: float, silence: float | None = None) -> Generator[bytes, None, None]:
        """Return what the client prints, both streams in the order of writing, then set its `exit_code`.

        After `silence`, in seconds, in which nothing came nor was read, an empty piece. DockerStalled if it has not ended at
        `deadline` (monotonic). However this is left, also by an error of the source, the client is ended.
        """
        assert self._process.stdout
        pipe, entrance = self._process.stdout.fileno(), self._process.stdin
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        try:
            if entrance:
                os.set_blocking(entrance.fileno(), False)
                poll.register(entrance, select.POLLOUT)
            while left := _left(deadline):
                ready = [
                    descriptor for descriptor, _event in poll.poll(1000 * (left if silence is None else min(left, silence)))
                ]
                if entrance and entrance.fileno() in ready and not self._feed(entrance.fileno()):
                    poll.unregister(entrance)
                    entrance.close()
                    entrance = None
                if pipe in ready:
                    if not (piece := os.read(pipe, _PIECE)):
                        self.exit_code = self._process.wait(_left(deadline))
                        return
                    yield piece
                elif silence is not None and silence <= left and not ready:
                    yield b""
            raise DockerStalled("its output did not end in time")
        except subprocess.TimeoutExpired:
            raise DockerStalled("it did not end in time") from None
        finally:
            self._end()

    def _feed(self, entrance: int) -> bool:
        """Write what the client takes at once; False once there is nothing more, or nobody to read it."""
        has_more = True
        while has_more and len(self._unread) < _PIECE:
            piece = next(self._source, b"")
            self._unread, has_more = self._unread + piece, bool(piece)
        try:
            with contextlib.suppress(BlockingIOError):
                self._unread = self._unread[os.write(entrance, self._unread) :]
        except BrokenPipeError:  # why, the client says itself
            return False
        return has_more or bool(self._unread)

    def _end(self) -> None:
        if self._process.returncode is None:
            self._kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(REAP)
        if self._process.stdin:
            self._process.stdin.close()
        # Not read to its end: a child that took its mark off may hold it.
        assert self._process.stdout
        self._process.stdout.close()


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
