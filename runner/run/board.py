"""What the person sees of several runs at once: each line says which run it is of."""

import contextlib
from collections.abc import Iterator, Sequence

from runner.reporting.outcome import Outcome
from runner.reporting.summary import lines_for
from runner.run.events import Event, Kind
from runner.terminal import Terminal


class Board:
    """Plain lines, for a file, a pipe or a CI log."""

    def __init__(self, terminal: Terminal, modules: Sequence[str]) -> None:
        self._terminal = terminal
        self._after_a_block = False
        self._width = max(len(module) for module in modules)

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Within the block the runs go on."""
        yield

    def begins(self, module: str) -> None:
        """A run begins."""

    def event(self, module: str, event: Event) -> None:
        """A run says something."""
        if event.kind in (Kind.PROJECT, Kind.ENDED, Kind.LINE):
            self.note(f"{module:<{self._width}} | {event.text}")

    def ended(self, outcome: Outcome) -> None:
        """A run has ended."""
        self._terminal.closing(lines_for(outcome), outcome.label)
        self._after_a_block = True

    def note(self, text: str) -> None:
        """A line by itself."""
        if self._after_a_block:
            self._terminal.line()
        self._after_a_block = False
        self._terminal.line(text)
