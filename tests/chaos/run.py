"""A run that is played: started as by nox, with a reader of its output that can stop reading."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from .marked import runners

ENDED = "runner ended with"
# Does what nox does, and ends when whoever plays is killed: then its run ends, and nothing of it is left.
_STARTER = f"""
import os, subprocess, sys, threading
os.environ["AGENT_TEST_STARTER"] = str(os.getpid())
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
runner = subprocess.Popen([sys.executable, "-m", "runner", *sys.argv[1:]], stdin=subprocess.DEVNULL)
print("{ENDED}", runner.wait(), flush=True)
"""
_STARTED_WITHIN = 30.0
# Bytes that are read at once.
_PIECE = 4096


class Run:
    """`around` is a command that becomes, or starts, the starter: as another user, or in a namespace of its own."""

    def __init__(
        self, place: str, arguments: Sequence[str], cwd: Path, environ: dict[str, str], around: Sequence[str], umask: int
    ) -> None:
        self._place = place
        self._process = subprocess.Popen(
            [*around, sys.executable, "-c", _STARTER, *arguments],
            cwd=cwd,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=umask,
            bufsize=0,
        )
        self.output = ""
        self._is_read = threading.Event()
        self._is_read.set()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as stream:
            while self._is_read.wait() and (piece := os.read(stream.fileno(), _PIECE)):
                self.output += piece.decode(errors="replace")

    def wait_until_started(self) -> None:
        """Return when the runner is there, or has ended."""
        deadline = time.monotonic() + _STARTED_WITHIN
        while not runners(self._place) and self._process.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no runner within {_STARTED_WITHIN:.0f} s: {self.output}")
            time.sleep(0.02)

    def stop_reading(self) -> None:
        """Read no more, from a pipe that is full: as if that had been so for long."""
        self._is_read.clear()
        assert self._process.stdout
        with contextlib.suppress(OSError, ValueError):  # it has ended
            pipe = os.open(f"/proc/self/fd/{self._process.stdout.fileno()}", os.O_WRONLY | os.O_NONBLOCK)
            try:
                for _ in range(2):  # the reader may have begun to read before
                    with contextlib.suppress(BlockingIOError):
                        while os.write(pipe, b"\n"):
                            pass
                    time.sleep(0.1)
            finally:
                os.close(pipe)

    def read_on(self) -> None:
        """Read again."""
        self._is_read.set()

    def to_runner(self, signum: signal.Signals) -> None:
        for pid in runners(self._place):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)

    def to_starter(self, signum: signal.Signals) -> None:
        self._process.send_signal(signum)

    def to_group(self, signum: signal.Signals) -> None:
        """What a terminal does on Ctrl+C."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signum)

    @property
    def exit_code(self) -> int | None:
        """The runner's, as its starter saw it."""
        found = re.search(rf"{ENDED} (-?\d+)", self.output)
        return int(found.group(1)) if found else None

    def has_ended(self, seconds: float) -> bool:
        """Wait for the end of runner and starter, for so many seconds; whether it came."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self._reader.join(1.0 if self._process.poll() is not None else 0)
        return self._process.poll() is not None
