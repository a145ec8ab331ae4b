"""The runner, started as a person starts it, and never left behind: `with Started(...)`."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

from runner.signals import STARTER

from .subject import ROOT

# Seconds. Pulling images, starting, installing and testing are all in it, on a slow machine.
PATIENCE = 1800.0
# The guard's own bound, and some more.
_TEARDOWN = 240.0


class Started:
    """`python -m runner ARGUMENTS` in `folder`; on leaving, a run that still goes on is ended and tears down."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.command = shlex.join(["python", "-m", "runner", *arguments])
        self.output = ""
        self._more = threading.Condition()
        # In a session of its own, which gets its Ctrl+C from us alone; it also ends if we are killed (STARTER).
        self._process = subprocess.Popen(
            [sys.executable, "-m", "runner", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", STARTER: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Started":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(_TEARDOWN)
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                with self._more:
                    self.output += line
                    self._more.notify_all()
        with self._more:
            self._more.notify_all()

    def wait_for(self, text: str) -> bool:
        """Whether the output comes to hold the text, before the run ends and within PATIENCE."""
        with self._more:
            self._more.wait_for(lambda: text in self.output or not self._reader.is_alive(), PATIENCE)
            return text in self.output

    def ctrl_c(self) -> None:
        """What a terminal does on Ctrl+C: SIGINT to the whole process group."""
        os.killpg(self._process.pid, signal.SIGINT)

    def finish(self) -> int | None:
        """The exit code, None if it did not end within PATIENCE; the output is whole then."""
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join()
        return code
