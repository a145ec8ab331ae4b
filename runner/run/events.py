"""What a run in a process of its own tells the one that started it, frame by frame through a pipe."""

import contextlib
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import IO

from runner.ci_sections import Ci
from runner.reporting.outcome import Outcome
from runner.terminal import Shows, Terminal
from runner.writer import Writer

# Seconds until who started a run must have heard its name; if it is stopped, the run has a guard.
_PATIENCE = 5.0


class Kind(Enum):
    """What an event says."""

    PROJECT = "the project's name"
    PHASE = "a phase begins"
    ENDED = "a phase ended"
    STEP = "where the phase is"
    LINE = "a line for the person"


@dataclass(frozen=True)
class Event:
    """One thing that a run says while it goes on."""

    kind: Kind
    text: str


class EventTerminal(Terminal):
    """Sends events where a terminal prints; what Odoo prints goes to the log alone: side by side it could not be read.

    Nor does this run wait for its reader: who started it may be stopped.
    """

    def __init__(self, stream: IO[bytes], *, ci: Ci | None = None) -> None:
        super().__init__(Shows.WHAT_IS_TOLD, ci=ci)
        self._frames = Writer(lambda: stream)

    def begin(self, what: str, project: str) -> None:
        """Tell the project's name: with it, whatever happens to this process can be cleaned up and proven."""
        self.phases.clear()
        self._tell(Event(Kind.PROJECT, project))
        self._frames.wait(_PATIENCE)

    def _say(self, text: str) -> None:
        """Send a line."""
        self._tell(Event(Kind.LINE, text.strip()))

    def step(self, text: str, _share: float | None = None) -> None:
        """Send where the phase is, unless nobody has read that for long."""
        if not self._frames.is_full:
            self._tell(Event(Kind.STEP, text))

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Tell that it begins, and that it ended, with its time."""
        self._tell(Event(Kind.PHASE, name))
        with self._timed(name, lambda took: self._tell(Event(Kind.ENDED, f"{name} {took}"))):
            yield

    def end(self, outcome: Outcome) -> None:
        """Send the last frame, and wait until all are read, or who started this process is dead."""
        self._tell(outcome)
        self._frames.wait()

    def _tell(self, frame: "Event | Outcome") -> None:
        self._frames.write(pickle.dumps(frame))


def frames(stream: IO[bytes]) -> "Iterator[Event | Outcome]":
    """Return the frames until the process at the other end is gone, also one that was killed in the middle of one."""
    with contextlib.suppress(EOFError, pickle.UnpicklingError):
        while True:
            yield pickle.load(stream)  # noqa: S301 - written by our own child
