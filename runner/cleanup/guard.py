"""The guard: a detached process that tears a run's environment down, however the run ends. Both ends of its pipe are here.

It lives in a session of its own, ignores the signals that end the runner, and holds the reading end of a pipe whose only
writer is the runner. End of file, for whatever reason, is its sign: there is one teardown path for every ending. The runner
itself only closes the pipe and waits for the report. Standard library only: it has to start in tens of milliseconds.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from runner.cleanup.teardown import Report, remove_project
from runner.docker.process import COMMAND_TIMEOUT, docker_environ

# How long the guard tries; a daemon that restarts is back well within it.
BOUND = 120.0
_READY_TIMEOUT = 10.0
# A teardown that takes longer than this is worth a word to who waits for it.
_QUIET = 5.0
_ARM, _CALM, _RELEASE, _READY = b"arm\n", b"calm\n", b"release\n", b"ready\n"
_PROGRAM = "import sys; sys.path.insert(0, sys.argv.pop(1)); from runner.cleanup.guard import main; main(sys.argv[1:])"


class GuardFailed(Exception):
    """The guard could not be started, or ended without a report. Outside errors.py: the guard process has no use for that."""


class Guard:
    """The runner's end: start before the first docker call, arm before anything can be created, finish always."""

    def __init__(self, project: str, token: str, report_file: Path) -> None:
        """Start the guard and wait until it stands. GuardFailed if it does not within 10 s."""
        self._armed = False
        package_parent = str(Path(__file__).resolve().parents[2])
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _PROGRAM, package_parent, project, token, str(report_file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                cwd="/",
                env=docker_environ(os.environ),
            )
        except OSError as error:
            raise GuardFailed(f"The guard process cannot be started: {error}") from error
        assert self._process.stdin and self._process.stdout
        readable, _, _ = select.select([self._process.stdout], [], [], _READY_TIMEOUT)
        if not readable or self._process.stdout.readline() != _READY:
            self._process.kill()
            _, errors = self._process.communicate()
            raise GuardFailed(f"The guard process did not start: {errors.decode(errors='replace').strip()[-500:]}")

    @property
    def is_armed(self) -> bool:
        """Whether there may be something to tear down."""
        return self._armed

    def arm(self) -> None:
        """From here on the end of this process means teardown; before, there is nothing that could be left."""
        self._armed = True
        self._tell(_ARM)

    def calm(self) -> None:
        """Say that no client of this run that can create anything was killed: nothing more of it can appear."""
        self._tell(_CALM)

    def release(self) -> None:
        """Let the environment stand (`--keep`): the guard ends without touching it."""
        self._armed = False
        self._tell(_RELEASE)

    def _tell(self, word: bytes) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(word)
            self._process.stdin.flush()
        except OSError as error:
            raise GuardFailed(f"The guard process is gone: {error}") from error

    def finish(self, on_long_wait: Callable[[], None] = lambda: None) -> Report | None:
        """Let the guard tear down and wait for its report; None if it had nothing to do. GuardFailed if none comes.

        `on_long_wait` is called once if the teardown takes longer than a few seconds.
        """
        bound = BOUND + 3 * COMMAND_TIMEOUT
        try:
            try:
                output, errors = self._process.communicate(timeout=_QUIET)
            except subprocess.TimeoutExpired:
                on_long_wait()
                output, errors = self._process.communicate(timeout=bound)
        except subprocess.TimeoutExpired:
            raise GuardFailed(f"The guard process did not end within {bound:.0f} s.") from None
        try:
            content = json.loads(output)
        except ValueError:
            said = errors.decode(errors="replace").strip()[-500:] or f"exit code {self._process.returncode}"
            raise GuardFailed(f"The guard process ended without a report: {said}") from None
        return Report(**content) if content else None


def main(arguments: list[str]) -> None:
    """The guard process: PROJECT TOKEN REPORT_FILE. Writes its report to standard output and into the file."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT):
        signal.signal(signum, signal.SIG_IGN)
    project, token, report_file = arguments
    _write(_READY)
    armed = False
    settle: float | None = None
    for line in sys.stdin.buffer:
        if line == _CALM:
            settle = 0.0
        else:
            armed = line == _ARM or (armed and line != _RELEASE)
    if not armed:
        _write(b"null")
        return
    try:
        report = remove_project(project, bound=BOUND, token=token, settle=settle)
    except Exception:  # noqa: BLE001 - whatever it is, somebody has to read it
        report = Report(left={"unknown": ["the guard failed"]}, errors=[traceback.format_exc()])
    text = json.dumps({**asdict(report), "project": project, "ended": time.strftime("%Y-%m-%d %H:%M:%S")}, indent=1)
    try:
        Path(report_file).write_text(text + "\n")
    except OSError as error:  # the folder was deleted: the runner, if it lives, still reads the pipe
        report.errors.append(f"{report_file} cannot be written: {error}")
    _write(json.dumps(asdict(report)).encode())


def _write(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError:
        # The runner is dead: nobody reads. Point the descriptor elsewhere, or the interpreter complains at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
