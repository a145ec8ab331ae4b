"""What the person sees on standard output."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TextIO


class Terminal:
    """Output that survives its reader: after `| head -1` the run goes on, and its log and exit code stay true."""

    def __init__(self, *, quiet: bool = False) -> None:
        """`quiet`: show nothing of what Odoo prints."""
        self.phases: list[tuple[str, float]] = []
        self._quiet = quiet

    def begin(self, what: str, project: str) -> None:
        """A run begins, in an environment of this name."""
        self._forget_phases()
        self.line(f"{what}: {project}")

    def line(self, text: str = "") -> None:
        """Print a line at once."""
        write(sys.stdout, text.encode(errors="backslashreplace") + b"\n")

    def error(self, text: str) -> None:
        """Print a line on standard error."""
        write(sys.stderr, text.encode(errors="backslashreplace") + b"\n")

    def output(self, data: bytes) -> None:
        """Show what Odoo printed, byte for byte: a test's output need not be UTF-8."""
        if not self._quiet:
            write(sys.stdout, data)

    def step(self, text: str) -> None:
        """Say where the phase is, to a display that is alive; lines in a file would only be noise."""

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Say how long the block took, or that it failed; `phases` has the seconds of each of this run."""
        started = time.monotonic()
        outcome = "failed after "
        try:
            yield
            outcome = ""
        finally:
            self.line(f"  {name:<10} {outcome}{self._note_phase(name, started):.1f} s")

    def _note_phase(self, name: str, started: float) -> float:
        seconds = time.monotonic() - started
        self.phases.append((name, seconds))
        return seconds

    def _forget_phases(self) -> None:
        self.phases.clear()


def write(stream: TextIO, data: bytes) -> None:
    """Write and flush; where nobody can read any more, all further output goes nowhere."""
    try:
        stream.buffer.write(data)
        stream.buffer.flush()
    except OSError:  # a closed pipe, a terminal that is gone
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
