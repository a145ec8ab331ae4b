"""The runner's end of the guard: started before the first docker call, armed before anything is created, always finished."""

import contextlib
import json
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from runner.cleanup.guard_process import ARM, AT_ENGINE, BOUND, DISARM, READY, SKIP_SETTLING
from runner.cleanup.teardown import Report
from runner.docker.process import Endpoint
from runner.errors import EnvironmentFailed
from runner.processes import HAS_PROC

# In seconds: until the guard stands; a teardown worth a word to who waits for it; for the guard's own end after its bound.
_READY_TIMEOUT, _QUIET, _MARGIN = 10.0, 5.0, 30.0
# Clients of a teardown that work one after another: over ssh each of them takes long.
_STEPS = 6
_PROGRAM = "import sys; sys.path.insert(0, sys.argv.pop(1)); from runner.cleanup.guard_process import main; main(sys.argv[1:])"


class _GuardFailed(Exception):
    """A guard could not be started, or ended without a report."""


class Guard:
    """The guard of one project, for as long as the run lives: if it is killed itself, another one does the teardown.

    Without a guard nothing is started: EnvironmentFailed if it does not start, or is gone when it is to be armed.
    """

    def __init__(
        self,
        project: str,
        token: str,
        endpoint: Endpoint,
        report_file: Path,
        say: Callable[[str], None],
        locks: Sequence[int] = (),
    ) -> None:
        """`locks`: descriptors that the guard has, too, so that nobody gets these locks before the teardown is over."""
        self._project = project
        self._token = token
        self._endpoint = endpoint
        self._report_file = report_file
        self._say = say
        self._locks = locks
        self._engine_id = ""
        # Seconds that an answer of the engine takes.
        self.latency = 0.0
        self._at_engine = False
        self.is_armed = False
        try:
            self._process = self._start()
        except _GuardFailed as error:
            raise _nothing_started(error) from error

    def arm(self, engine_id: str, *, at_engine: bool = False) -> None:
        """Have the end of this process mean teardown from here on. EnvironmentFailed if the guard is gone.

        `engine_id`: that of the engine on which the project will be; "" for an engine that has none. `at_engine`: there will
        be a guard there, too.
        """
        self.is_armed, self._engine_id, self._at_engine = True, engine_id, at_engine
        try:
            self._tell_to_arm()
        except _GuardFailed as error:
            raise _nothing_started(error) from error

    def disarm(self) -> None:
        """Let the environment stand (`--keep`)."""
        self.is_armed = False
        try:
            self._tell(DISARM)
        except _GuardFailed as error:
            self._say(f"  {error}")  # it tears nothing down any more, which is what is wanted

    def finish(self, *, skip_settling: bool) -> Report | None:
        """Have the project torn down, by another guard if this one is gone; the report, or None if nothing was armed.

        `skip_settling`: no client of the run that can create anything was killed or given up, so nothing more can appear.
        """
        if skip_settling and self.is_armed:
            with contextlib.suppress(_GuardFailed):  # it is gone: then its report tells why
                self._tell(SKIP_SETTLING)
        try:
            return self._report()
        except _GuardFailed as failure:
            return self._retry_with_a_new_guard(failure) if self.is_armed else None

    def _retry_with_a_new_guard(self, failure: _GuardFailed) -> Report:
        """The guard was killed: a new one tears down all the same. The failure is in the report."""
        self._say(f"  {str(failure).rstrip('.')}. A new one tears down.")
        try:
            self._process = self._start()
            self._tell_to_arm()
            report = self._report()
        except _GuardFailed as again:
            report = Report(left={"unknown": [f"whatever has the label of project {self._project}"]}, errors=[str(again)])
        assert report
        report.errors.insert(0, str(failure))
        return report

    def _start(self) -> "subprocess.Popen[bytes]":
        package_parent = str(Path(__file__).resolve().parents[2])
        # Of what is installed beside Python it needs at most psutil, where there is no /proc.
        options = ["-I", "-S"] if HAS_PROC else ["-I"]
        words = [sys.executable, *options, "-c", _PROGRAM, package_parent]
        try:
            process = subprocess.Popen(
                [*words, self._project, self._token, str(self._report_file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                cwd="/",
                env=self._endpoint.environ,
                pass_fds=self._locks,
            )
        except (OSError, ValueError) as error:  # ValueError: a null byte in a variable
            raise _GuardFailed(f"The guard process cannot be started: {error}") from error
        assert process.stdin and process.stdout
        readable, _, _ = select.select([process.stdout], [], [], _READY_TIMEOUT)
        if not readable or process.stdout.readline() != READY:
            process.kill()
            _, errors = process.communicate()
            raise _GuardFailed(f"The guard process did not start: {errors.decode(errors='replace').strip()[-500:]}")
        return process

    def _tell_to_arm(self) -> None:
        self._tell(ARM + self._engine_id.encode() + b"\n" + (AT_ENGINE if self._at_engine else b""))

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError as error:
            raise _GuardFailed(f"The guard process is gone: {error}") from error

    def _report(self) -> Report | None:
        """Close the pipe, which is the guard's signal, and wait for its report."""
        try:
            try:
                output, errors = self._process.communicate(timeout=_QUIET + _STEPS * self.latency)
            except subprocess.TimeoutExpired:
                self._say("  the teardown takes longer than usual; it is tried for at most 120 s")
                output, errors = self._process.communicate(timeout=BOUND + _MARGIN)
        except subprocess.TimeoutExpired:
            self._process.kill()  # as one that was stopped: it would wait for ever
            self._process.communicate()
            raise _GuardFailed(f"The guard process did not end within {BOUND + _MARGIN:.0f} s.") from None
        try:
            content = json.loads(output)
        except ValueError:
            said = errors.decode(errors="replace").strip()[-500:] or f"exit code {self._process.returncode}"
            raise _GuardFailed(f"The guard process ended without a report: {said}") from None
        return Report(**content) if content else None


def _nothing_started(error: _GuardFailed) -> EnvironmentFailed:
    return EnvironmentFailed(f"{str(error).rstrip('.')}. Nothing was started.")
