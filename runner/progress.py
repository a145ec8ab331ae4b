"""What the person sees on standard output."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator


class Terminal:
    """Standard output that survives its reader: after `| head -1` the run goes on and its log and exit code stay true."""

    def line(self, text: str = "") -> None:
        """Print a line at once."""
        self.raw(text.encode(errors="backslashreplace") + b"\n")

    def raw(self, data: bytes) -> None:
        """Write bytes as they are: a test's output need not be UTF-8."""
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except (BrokenPipeError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Say how long the block took, or that it failed."""
        started = time.monotonic()
        outcome = "failed"
        try:
            yield
            outcome = ""
        finally:
            self.line(f"  {name:<10} {outcome}{' ' if outcome else ''}{time.monotonic() - started:.1f} s")
