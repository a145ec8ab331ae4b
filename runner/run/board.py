"""What the person sees of several runs at once."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from runner.reporting.outcome import Outcome
from runner.reporting.summary import lines_for
from runner.run.events import Event, Kind
from runner.terminal import Terminal


class Board:
    """Several runs, each by its name, in plain lines, for a file, a pipe or a CI log: each line says which run it is of."""

    def __init__(self, terminal: Terminal, names: Sequence[str]) -> None:
        self._terminal = terminal
        self._after_a_block = False
        self._width = max(map(len, names))

    def shown(self) -> AbstractContextManager[object]:
        """Within the block the runs go on."""
        return nullcontext()

    def begins(self, name: str) -> None:
        """Show that a run begins."""

    def event(self, name: str, event: Event) -> None:
        """Show what a run says."""
        if event.kind in (Kind.PROJECT, Kind.ENDED, Kind.LINE):
            whose = f"{name:<{self._width}} | "
            self.note("\n".join(f"{whose}{line}" for line in event.text.split("\n")))

    def ended(self, outcome: Outcome) -> None:
        """Show that a run has ended."""
        self._terminal.closing(lines_for(outcome), outcome.label)
        self._after_a_block = True

    def note(self, text: str) -> None:
        """Print a line by itself."""
        if self._after_a_block:
            self._terminal.line()
        self._after_a_block = False
        self._terminal.line(text)
