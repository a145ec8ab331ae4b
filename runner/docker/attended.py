"""A docker client that has a person's terminal: what they type reaches it, what it prints reaches them, and is read besides.

Docker's own `exec -it` would have it all for itself. So it gets a pseudo-terminal, and what passes between the two terminals
passes through here.
"""

import contextlib
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import tty
from collections.abc import Callable, Generator, Iterator, Mapping

from runner.docker.process import REAP, Client, DockerFailed, DockerStalled

# Bytes that are read at once; those of an escape sequence that is not whole yet.
_PIECE, _LONGEST_ESCAPE = 65_536, 64
# Colours, and what editors of lines say to a terminal; the end of a line has CR LF there.
_FOR_TERMINALS = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[=>]|\r(?=\n)")
_UNFINISHED = re.compile(rb"(?:\x1b(?:\[[0-?]*[ -/]*)?|\r)\Z")
# No sequence of keys that a person types: docker's own, Ctrl+P, is that for the line before.
_DETACH_KEYS = "--detach-keys=ctrl-@,ctrl-@,ctrl-@"
# Ctrl+], as of telnet and others.
_ENDS = b"\x1d"
_READ, _WRITTEN = 0, 1


class PlainText:
    """What was printed for a terminal, as it would be in a file: `feed` returns what is certain of a piece."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next piece."""
        data, self._rest = self._rest + data, b""
        unfinished = _UNFINISHED.search(data)
        if unfinished and len(unfinished[0]) < _LONGEST_ESCAPE:
            data, self._rest = data[: unfinished.start()], unfinished[0]
        return _FOR_TERMINALS.sub(b"", data)

    def end(self) -> bytes:
        """Return what is left once nothing more comes."""
        rest, self._rest = self._rest, b""
        return rest


def has_terminal() -> bool:
    """Tell whether standard input and output are a terminal, in which this process is at the front."""
    try:
        return all(map(os.isatty, (_READ, _WRITTEN))) and os.tcgetpgrp(_READ) == os.getpgrp()
    except OSError:
        return False


class Attended(Client):
    """One command in a container, as by `docker exec -it`, at the terminal of this process; `exit_code` is that of its end."""

    def __init__(self, container: str, command: list[str], environ: Mapping[str, str]) -> None:
        """Start it. DockerFailed if that fails."""
        self.exit_code = -1
        try:
            self._master, slave = pty.openpty()
        except OSError as error:
            raise DockerFailed(f"there is no pseudo-terminal: {error}") from error
        try:
            _copy_size(self._master)
            words = ("exec", "--interactive", "--tty", _DETACH_KEYS, container, *command)
            super().__init__(words, environ, stdin=slave, stdout=slave, stderr=slave)
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)

    def pieces(self, deadline: float, silence: float | None = None) -> Generator[bytes, None, None]:
        """Return what the command prints, as plain text, while the person sees it; as `Stream.pieces`.

        Every key is the command's, also Ctrl+C, but Ctrl+]: that is for this process what Ctrl+C is else.
        DockerFailed, with the client ended, if the terminal is closed. However this is left, the terminal is as it was.
        """
        plain = PlainText()
        try:
            with _raw(), _followed(self._resize):
                while (left := deadline - time.monotonic()) > 0:
                    ready = select.select([_READ, self._master], [], [], left if silence is None else min(left, silence))[0]
                    if _READ in ready:
                        self._pass_on()
                    if self._master in ready:
                        if not (piece := self._printed()):
                            break
                        _write(_WRITTEN, piece)
                        yield plain.feed(piece)
                    elif not ready:
                        yield b""
                else:
                    raise DockerStalled("its output did not end in time")
            yield plain.end()
            self.exit_code = self._process.wait(REAP)
        except subprocess.TimeoutExpired:
            raise DockerStalled("it did not end in time") from None
        finally:
            self._end()

    def _pass_on(self) -> None:
        """Give the command what was typed."""
        try:
            typed = os.read(_READ, _PIECE)
        except OSError:
            typed = b""
        if not typed:
            raise DockerFailed("the terminal was closed")
        if _ENDS in typed:
            os.kill(os.getpid(), signal.SIGINT)
        with contextlib.suppress(OSError):  # it has ended
            _write(self._master, typed)

    def _printed(self) -> bytes:
        """Read what was printed; nothing once it has ended, which Linux calls an error."""
        try:
            return os.read(self._master, _PIECE)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return b""

    def _resize(self) -> None:
        _copy_size(self._master)
        self._process.send_signal(signal.SIGWINCH)  # the terminal is not the client's own, from which it would come

    def _end(self) -> None:
        if self._process.returncode is None:
            self._kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(REAP)
        with contextlib.suppress(OSError):
            os.close(self._master)


def _copy_size(terminal: int) -> None:
    """Have a terminal be as large as that of this process."""
    with contextlib.suppress(OSError):
        size = fcntl.ioctl(_WRITTEN, termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)


@contextlib.contextmanager
def _raw() -> Iterator[None]:
    """Have every key, also Ctrl+C, be only read; lines that this process writes meanwhile still begin at the left."""
    before = termios.tcgetattr(_READ)
    try:
        tty.setraw(_READ, termios.TCSADRAIN)
        now = termios.tcgetattr(_READ)
        now[1] = before[1]
        termios.tcsetattr(_READ, termios.TCSADRAIN, now)
        yield
    finally:
        with contextlib.suppress(termios.error):  # it is gone
            termios.tcsetattr(_READ, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _followed(resize: Callable[[], None]) -> Iterator[None]:
    """Call it whenever the window of the terminal has another size."""
    before = signal.signal(signal.SIGWINCH, lambda *_: resize())
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # whoever has the same terminal made it so
            select.select([], [descriptor], [])
