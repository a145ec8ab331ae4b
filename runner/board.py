"""What the person sees of several runs at once: each line says which run it is of."""

import contextlib
from collections.abc import Iterator, Sequence

from .events import Event, Kind
from .outcome import Outcome
from .progress import Terminal
from .summary import lines_for


class Board:
    """Plain lines, for a file, a pipe or a CI log."""

    def __init__(self, terminal: Terminal, modules: Sequence[str]) -> None:
        self._terminal = terminal
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
            self._terminal.line(f"{module:<{self._width}} | {event.text}")

    def ended(self, outcome: Outcome) -> None:
        """A run has ended."""
        for line in lines_for(outcome):
            self._terminal.line(line)
        self._terminal.line()

    def note(self, text: str) -> None:
        """Something that is of no run alone."""
        self._terminal.line(text)
