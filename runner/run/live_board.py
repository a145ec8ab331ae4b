"""The display of several runs at once that is alive: a line for each at the end of the screen."""

import contextlib
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from runner.live_terminal import LiveTerminal, Row, alive
from runner.reporting.outcome import Outcome
from runner.run.board import Board
from runner.run.events import Event, Kind

_SECONDS_WIDTH = len("3600 s")


class LiveBoard(Board):
    """Several runs: a line for each at the end of the screen, and above what stays when they have ended."""

    def __init__(self, terminal: LiveTerminal, modules: Sequence[str]) -> None:
        super().__init__(terminal, modules)
        self._console = terminal.console
        self._rows = {module: Row() for module in modules}

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Show the lines within the block."""
        with alive(self._console, self._table):
            yield

    def begins(self, module: str) -> None:
        """The run's line comes to life."""
        self._rows[module].start("starting")

    def event(self, module: str, event: Event) -> None:
        """Change the run's line; only what is worth it stays."""
        row = self._rows[module]
        if event.kind is Kind.PHASE:
            row.start(event.text)
        elif event.kind is Kind.STEP:
            row.step = event.text
        elif event.kind is Kind.LINE:
            super().event(module, event)

    def ended(self, outcome: Outcome) -> None:
        """The verdict goes into the run's line; the rest stays above."""
        self._rows[outcome.module].end(outcome.label)
        self._rows[outcome.module].step = outcome.counts
        if outcome.exit_code:
            super().ended(outcome)

    def _table(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        # Rich takes from every column alike where it is too wide; only the last one may lose.
        words = max(len(row.state.plain) for row in self._rows.values())
        table.add_column(no_wrap=True, min_width=self._width)
        table.add_column(no_wrap=True, min_width=words)
        table.add_column(no_wrap=True, min_width=_SECONDS_WIDTH, justify="right")
        table.add_column(no_wrap=True, overflow="ellipsis")
        for module, row in self._rows.items():
            table.add_row(module, row.state, row.seconds, row.step)
        return Group("", table)
