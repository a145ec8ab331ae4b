"""Run a command to its end, with the time of every line it prints, and what it took of the machine."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from .usage import Watch

# Seconds that a command has to end after SIGTERM; the runner's guard tries for 120.
_PATIENCE = 180.0


@dataclass(frozen=True)
class Timed:
    """How a command went: `lines` with the seconds since its start; `cpu` in seconds, of it and of all it waited for."""

    exit_code: int
    seconds: float
    lines: tuple[tuple[float, str], ...]
    cpu: float

    @property
    def output(self) -> str:
        """What it printed."""
        return "\n".join(line for _, line in self.lines)


def run(command: Sequence[str], folder: Path, environ: Mapping[str, str], watch: Watch | None = None) -> Timed:
    """Run it in `folder`. Where this process is interrupted, the command is told to end, and waited for."""
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A Ctrl+C at the terminal reaches this process alone, which passes it on in order.
        start_new_session=True,
    )
    lines: list[tuple[float, str]] = []
    try:
        assert process.stdout
        with watch.following(process.pid) if watch else nullcontext(), process.stdout:
            for line in process.stdout:
                lines.append((time.monotonic() - started, line.decode(errors="replace").rstrip()))
            # Not process.wait(): only wait4 tells the usage of this one child.
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        if process.returncode is None:
            with suppress(ProcessLookupError):  # it had ended
                os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=_PATIENCE)
        raise
    return Timed(process.returncode, time.monotonic() - started, tuple(lines), usage.ru_utime + usage.ru_stime)
