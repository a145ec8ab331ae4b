"""Several runs at once, each in a process of its own: start them, follow them, and end all of them if need be."""

import contextlib
import pickle
import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runner.cleanup.guard_process import BOUND
from runner.cleanup.teardown import Report, remove_project
from runner.docker.endpoint import settle
from runner.errors import EnvironmentFailed, ExitCode, Interrupted, RunnerError
from runner.reporting.outcome import Outcome, decide
from runner.run.board import Board
from runner.run.events import Event, Kind, frames
from runner.run.forking import ForkServer
from runner.run.module_run import Request
from runner.run.worker import PROGRAM
from runner.signals import Signals

# Seconds from the signal until every run must have torn down: the guard's own bound, and the commands around it.
_PATIENCE = BOUND + 120.0
_LOOK = 1.0


@dataclass
class Ended:
    """The outcomes in the order in which they were asked for, and the names of what did not run, each with the reason."""

    outcomes: list[Outcome] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)


class _Worker:
    """A process that runs one request; its frames, then None, go to `inbox`."""

    def __init__(
        self,
        request: Request,
        server: ForkServer,
        environ: Mapping[str, str],
        inbox: "queue.Queue[tuple[_Worker, Event | None]]",
    ) -> None:
        self.request = request
        self._environ = environ
        self.project: str | None = None
        self.outcome: Outcome | None = None
        self.is_stopped = False
        self._sent = 0
        self.process = server.fork()
        self._reader = threading.Thread(target=self._read, args=(inbox,), daemon=True)
        self._reader.start()
        with contextlib.suppress(BrokenPipeError), self.process.request as stream:  # if it was killed, that is seen
            pickle.dump(request, stream)

    def _read(self, inbox: "queue.Queue[tuple[_Worker, Event | None]]") -> None:
        with self.process.frames as stream:
            for frame in frames(stream):
                if isinstance(frame, Event):
                    if frame.kind is Kind.PROJECT:
                        self.project = frame.text
                    inbox.put((self, frame))
                else:
                    self.outcome = frame
        inbox.put((self, None))

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to be read of it."""
        return not self._reader.is_alive()

    def end(self, signum: int) -> None:
        """Ask the run to end; it tears down first."""
        if self.process.send_signal(signum):
            self._sent = signum

    def final_outcome(self) -> Outcome:
        """Return the outcome that it told, or, if it was killed, what became of its environment."""
        code = self.process.wait()
        if self.outcome is not None:
            return self.outcome
        if self._sent and self.project is None and code in (None, -self._sent, 128 + self._sent):
            return self.request.outcome_of(Interrupted(self._sent))  # it had not even begun
        error = EnvironmentFailed(f"The process of this run was {_told(code)} before it had a verdict.")
        if self.project is None:
            return self.request.outcome_of(error)
        outcome = decide(
            module=self.request.module,
            proof=self.request.proof,
            project=self.project,
            verdict=None,
            error=error,
            teardown=_removed(self.project, self._environ),
        )
        return self.request.named(replace(outcome, has_proof=False))


def _told(code: int | None) -> str:
    if code is None:
        return "lost, with the one that starts them,"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _removed(project: str, environ: Mapping[str, str]) -> Report:
    try:
        return remove_project(settle(environ), project, bound=BOUND, guard=True)
    except RunnerError as error:
        return Report(left={"unknown": [f"whatever has the label of project {project}"]}, errors=[str(error)])


class SideBySide:
    """Runs requests, at most `jobs` at once. `fail_fast`: after the first that is not green the others are ended."""

    def __init__(self, jobs: int, environ: Mapping[str, str], *, fail_fast: bool, board: Board, signals: Signals) -> None:
        self._jobs = jobs
        self._environ = environ
        self._fail_fast = fail_fast
        self._board = board
        self._signals = signals
        self._inbox: queue.Queue[tuple[_Worker, Event | None]] = queue.Queue()
        self._server: ForkServer | None = None
        self._running: list[_Worker] = []
        self._outcomes: dict[str, Outcome] = {}
        self._not_run: dict[str, str] = {}

    def run(self, requests: Sequence[Request]) -> Ended:
        """Run them all; also after a signal, every run that began has ended when this returns."""
        waiting = deque(requests)
        try:
            with self._undisturbed():
                self._server = ForkServer(PROGRAM, self._environ)
            while waiting or self._running:
                while waiting and len(self._running) < self._jobs:
                    with self._undisturbed():
                        self._start(waiting.popleft())
                        self._stop_after_a_failure(waiting)
                try:
                    # Not for ever: a signal just before a wait that has no end would be seen at its end.
                    worker, event = self._inbox.get(timeout=_LOOK)
                except queue.Empty:
                    continue
                with self._undisturbed():
                    self._handle(worker, event)
                    self._stop_after_a_failure(waiting)
        except Interrupted as interrupt:
            self._board.note(f"{signal.Signals(interrupt.signum).name}: ending every run and tearing down")
            self._outcomes |= {request.name: request.outcome_of(interrupt) for request in waiting}
            self._end_all(interrupt.signum)
        except BaseException:
            self._end_all(signal.SIGTERM)
            raise
        finally:
            if self._server:
                self._server.close()
        order = [request.name for request in requests]
        return Ended([self._outcomes[name] for name in order if name in self._outcomes], self._not_run)

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Let a signal wait until the block is done: a process that nobody knows of could not be ended."""
        self._signals.shield()
        yield
        self._signals.lift_shield()
        if self._signals.first is not None:
            raise Interrupted(self._signals.first)

    def _start(self, request: Request) -> None:
        assert self._server
        try:
            worker = _Worker(request, self._server, self._environ, self._inbox)
        except EnvironmentFailed as error:
            outcome = self._outcomes[request.name] = request.outcome_of(error)
            self._board.ended(outcome)
        else:
            self._running.append(worker)
            self._board.begins(request.name)

    def _handle(self, worker: _Worker, event: Event | None) -> None:
        if event is not None:
            self._board.event(worker.request.name, event)
        elif worker in self._running:
            self._running.remove(worker)
            self._ended(worker, worker.final_outcome())

    def _ended(self, worker: _Worker, outcome: Outcome) -> None:
        name = worker.request.name
        if worker.is_stopped and outcome.exit_code == 128 + signal.SIGTERM:
            self._not_run[name] = "ended by --fail-fast"
            # The signal was ours: nobody who reads the reason has sent one.
            outcome = replace(outcome, reasons=("ended by --fail-fast", *outcome.reasons[1:]))
        else:
            self._outcomes[name] = outcome
        self._board.ended(outcome)

    def _stop_after_a_failure(self, waiting: "deque[Request]") -> None:
        if self._fail_fast and any(outcome.exit_code for outcome in self._outcomes.values()):
            self._not_run |= {request.name: "not started (--fail-fast)" for request in waiting}
            waiting.clear()
            for worker in self._running:
                if not worker.is_stopped:
                    worker.is_stopped = True
                    worker.end(signal.SIGTERM)

    def _end_all(self, signum: int) -> None:
        """Pass the signal on, and wait until every run has torn down."""
        for worker in self._running:
            worker.end(signum)
        deadline = time.monotonic() + _PATIENCE
        while self._running:
            try:
                worker, event = self._inbox.get(timeout=_LOOK)
            except queue.Empty:
                # The signal may have come in the instant in which a run's end was read.
                for worker in [worker for worker in self._running if worker.has_ended]:
                    self._handle(worker, None)
            else:
                self._handle(worker, event)
            if time.monotonic() >= deadline:
                self._outcomes |= {worker.request.name: _not_ended(worker) for worker in self._running}
                return


def _not_ended(worker: _Worker) -> Outcome:
    error = RunnerError(
        f"Its process (pid {worker.process.pid}) did not end within {_PATIENCE:.0f} s; its guard goes on.\n"
        f"Look with: docker ps -a --filter label=com.docker.compose.project={worker.project}"
    )
    return replace(worker.request.outcome_of(error), exit_code=int(ExitCode.LEFT_BEHIND), label="LEFT BEHIND")
