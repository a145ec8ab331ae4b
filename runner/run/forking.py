"""A process that has imported all that a run needs, and forks itself for each: imports are most of what a run computes.

A process of its own, as one may fork safely that has no threads, which whoever follows several runs cannot say of itself.
"""

import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from runner.errors import EnvironmentFailed
from runner.signals import STARTER

# Seconds for the imports, once, and for a fork.
_PATIENCE = 60.0
# Of a fork: its request, its frames, and how it is.
_PIPES = 3
# A pid, then the exit code as Popen tells it.
_NUMBER = struct.Struct("q")


class Fork:
    """A process for one run: what is written to `request` is its standard input, its standard output comes from `frames`."""

    def __init__(self, request: int, frames: int, status: int) -> None:
        self.request = os.fdopen(request, "wb")
        self.frames = os.fdopen(frames, "rb")
        self._status: int | None = status
        self._code: int | None = None
        self.pid = 0

    def begin(self) -> None:
        """Wait until it is there. EnvironmentFailed if it does not come, or who forks it has ended."""
        assert self._status is not None
        told = self._number() if select.select([self._status], [], [], _PATIENCE)[0] else None
        if told is None:
            self.request.close()
            self.frames.close()
            self._end_of_status()  # unread: what is stopped says nothing
            raise EnvironmentFailed(
                "The process of this run cannot be started: is there memory for one, and may it be forked?"
            )
        self.pid = told

    def wait(self) -> int | None:
        """Wait for its end, and return its exit code as Popen does; None if nobody is left who could tell."""
        if self._status is not None:
            self._code = self._number()
            self._end_of_status()
        return self._code

    def send_signal(self, signum: int) -> bool:
        """Send it a signal, unless it has ended; tell whether that was so."""
        has_ended = self._status is None or bool(select.select([self._status], [], [], 0)[0])
        if not has_ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)
        return not has_ended

    def _end_of_status(self) -> None:
        assert self._status is not None
        os.close(self._status)
        self._status = None

    def _number(self) -> int | None:
        assert self._status is not None
        told = os.read(self._status, _NUMBER.size)
        return int(_NUMBER.unpack(told)[0]) if told else None


class ForkServer:
    """Forks `program`, which imports what it needs, calls `fork_for_each_request`, and goes on as one of the forks."""

    def __init__(self, program: str, environ: Mapping[str, str]) -> None:
        self._requests, theirs = socket.socketpair()
        package_parent = str(Path(__file__).resolve().parents[2])
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", program, package_parent],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                # The terminal's signals come through this process alone, once. If it is killed, the runs notice by themselves.
                start_new_session=True,
                cwd="/",
                env=environ,
            )

    def fork(self) -> Fork:
        """Return a new process. EnvironmentFailed if there is none."""
        request, frames, status = os.pipe(), os.pipe(), os.pipe()
        fork = Fork(request[1], frames[0], status[0])
        theirs = (request[0], frames[1], status[1])
        try:
            with contextlib.suppress(BrokenPipeError):  # `begin` says it
                socket.send_fds(self._requests, [b"."], theirs)
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        fork.begin()
        return fork

    def close(self) -> None:
        """End it. A run that goes on takes that for its starter's death, and tears down."""
        self._requests.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # stopped, by whoever did
            self._process.kill()
            self._process.wait()


def fork_for_each_request() -> None:
    """Return in a new process for each request that comes through standard input; end where no more can come.

    The new process has the request's pipes as standard input and output, a session of its own, and this one as its starter.
    """
    requests = socket.socket(fileno=os.dup(0))
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)  # the default would not wake
    signal.set_wakeup_fd(waking)
    os.environ[STARTER] = str(os.getpid())
    forks: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([requests.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 1024)
            _tell_of_ends(forks)
        if requests.fileno() in ready:
            asked, descriptors, _, _ = socket.recv_fds(requests, 1, _PIPES)
            if not asked:
                os._exit(0)
            # One that cannot be started is seen by the end of its pipes, and is no matter of the others.
            pid = _forked() if len(descriptors) == _PIPES else None
            if pid == 0:
                request, frames, _status = descriptors
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.dup2(request, 0)
                os.dup2(frames, 1)
                for descriptor in (*descriptors, woken, waking, *forks.values()):
                    os.close(descriptor)
                requests.close()
                os.setsid()
                return
            if pid:
                forks[pid] = os.dup(descriptors[-1])
                _tell(forks[pid], pid)
            for descriptor in descriptors:
                os.close(descriptor)


def _forked() -> int | None:
    try:
        return os.fork()
    except OSError:
        return None


def _tell(status: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(status, _NUMBER.pack(number))


def _tell_of_ends(forks: dict[int, int]) -> None:
    """Tell of each fork that has ended how it did."""
    for pid in list(forks):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _tell(forks[pid], os.waitstatus_to_exitcode(status))
            os.close(forks.pop(pid))
