"""What the person sees on standard output."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from runner.errors import Interrupted
from runner.text import wrapped


class Terminal:
    """Output that survives its reader: after `| head -1` the run goes on, and its log and exit code stay true."""

    def __init__(self, *, quiet: bool = False) -> None:
        """`quiet`: show nothing of what Odoo prints. `lost` is why standard output could not be written, None if it could."""
        self.phases: list[tuple[str, float]] = []
        self.lost: OSError | None = None
        self._quiet = quiet

    def begin(self, what: str, project: str) -> None:
        """Say that a run begins, in an environment of this name."""
        self.phases.clear()
        self.line(f"{what}: {project}")

    def line(self, text: str = "") -> None:
        """Print a line at once; at a terminal, a long one as several."""
        self._write(_fitting(text, sys.stdout).encode(errors="backslashreplace") + b"\n")

    def closing(self, lines: Sequence[str], label: str) -> None:
        """Say how a run has ended; `label` is the verdict, for a display that has colours."""
        for line in lines:
            self.line(line)

    def error(self, text: str) -> None:
        """Print a line on standard error."""
        write(sys.stderr, _fitting(text, sys.stderr).encode(errors="backslashreplace") + b"\n")

    def output(self, data: bytes) -> None:
        """Show what Odoo printed, byte for byte: a test's output need not be UTF-8."""
        if not self._quiet:
            self._write(data)

    def step(self, text: str) -> None:
        """Say where the phase is, to a display that is alive; lines in a file would only be noise."""

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Say how long the block took, or that it failed; `phases` has the seconds of each of this run."""
        with self._timed(name, lambda took: self.line(f"  {name:<10} {took}")):
            yield

    @contextlib.contextmanager
    def _timed(self, name: str, say: Callable[[str], None]) -> Iterator[None]:
        started = time.monotonic()
        outcome = "failed after "
        try:
            yield
            outcome = ""
        except Interrupted:
            outcome = "interrupted after "
            raise
        finally:
            seconds = time.monotonic() - started
            self.phases.append((name, seconds))
            say(f"{outcome}{seconds:.1f} s")

    def _write(self, data: bytes) -> None:
        self.lost = write(sys.stdout, data) or self.lost


def _fitting(text: str, stream: TextIO) -> str:
    """Text for a terminal of its width; for a file as it is, so that it can be searched."""
    return wrapped(text, shutil.get_terminal_size().columns) if stream.isatty() else text


def write(stream: TextIO, data: bytes) -> OSError | None:
    """Write and flush; where that cannot be done, return why, and all further output goes nowhere."""
    try:
        stream.buffer.write(data)
        stream.buffer.flush()
    except OSError as error:  # a closed pipe, a terminal that is gone, a full disk
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        return error
    return None
