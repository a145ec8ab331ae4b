"""Displays that are alive, for a person at a terminal: what goes on now stays in the last lines, the rest scrolls above."""

import contextlib
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from runner.foreign_text import visible
from runner.reporting.outcome import Outcome
from runner.run.board import Board
from runner.run.events import Event, Kind
from runner.terminal import Shows, Terminal
from runner.text import printable, wrapped
from runner.writer import Writer

_PER_SECOND = 8
_TURNING = "|/-\\"
# Characters of a line for whose end the display waits.
_LONGEST_LINE = 4000
_SECONDS_WIDTH = len("3600 s")
_BAR = 20
_COLOURS = {"PASSED": "green", "INTERRUPTED": "yellow"}
# Of the closing lines, and of what is told before: the head of a failing test, also of one of several runs.
_FAILING = re.compile(r"^(?:  |\S+ +\| )(?:FAIL|ERROR): \S+")


class _Screen:
    """Standard output as rich writes to it, which survives a terminal that goes away or stands still as plain lines do."""

    encoding = "utf-8"

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def write(self, text: str) -> int:
        # At a terminal that stands still nobody misses what is drawn again and again.
        if threading.current_thread() is threading.main_thread() or not self._writer.is_full:
            self._writer.write(text.encode(errors="backslashreplace"))
        return len(text)

    def flush(self) -> None:
        """Do nothing: every write is flushed."""

    def isatty(self) -> bool:
        return sys.stdout.isatty()

    def fileno(self) -> int:
        return sys.stdout.fileno()


def _colour(verdict: str) -> str:
    return _COLOURS.get(verdict, "red")


class Row:
    """What goes on in one run: its phase, later its verdict; where that is; and since when."""

    def __init__(self) -> None:
        self.state, self.step = Text("waiting", "dim"), ""
        self._began: float | None = None
        self._ended: float | None = None

    def start(self, phase: str) -> None:
        """Begin a phase."""
        self.state, self.step = Text(phase, "cyan"), ""
        if self._began is None:
            self._began = time.monotonic()

    def end(self, outcome: Outcome) -> None:
        """End the run."""
        self.state, self.step = Text(printable(outcome.title), _colour(outcome.label)), outcome.counts
        self._ended = time.monotonic()

    @property
    def seconds(self) -> str:
        """Since the run began; nothing for one that waits."""
        if self._began is None:
            return ""
        return f"{(self._ended or time.monotonic()) - self._began:.0f} s"


class LiveTerminal(Terminal):
    """One run: its lines above, its phase with the time and the test that runs in the last line."""

    def __init__(self, shows: Shows = Shows.ODOO) -> None:
        super().__init__(shows)
        self.console = Console(file=cast("TextIO", _Screen(self._out)), highlight=False, markup=False, emoji=False)
        self._row = Row()
        self._unfinished = ""

    def begin(self, what: str, project: str) -> None:
        """Begin a new line for a new run."""
        self._row = Row()
        super().begin(what, project)

    def closing(self, lines: Sequence[str], label: str = "") -> None:
        """Print the closing lines, with the verdict and the failing tests in colour."""
        self._end_output()
        for line in lines:
            text = self._text(line)
            if label:
                text.highlight_regex(rf"^\S+(?: \([\d.]+\))?: {label}(?=  |, only )", f"bold {_colour(label)}")
            self._print(text)

    def _print_line(self, text: str) -> None:
        """Print a line above the one that is alive; a long one as several."""
        self._print(self._text(text))

    def _text(self, line: str) -> Text:
        text = Text(wrapped(visible(line), self.console.width))
        text.highlight_regex(_FAILING, "red")
        return text

    def _print(self, text: Text) -> None:
        self.console.print(text, soft_wrap=True)

    def _show(self, text: str) -> None:
        """Show whole lines, a very long one in several."""
        lines, line_end, self._unfinished = (self._unfinished + text).rpartition("\n")
        if line_end:
            self._print(Text(lines))
        while len(self._unfinished) > _LONGEST_LINE:
            self._print(Text(self._unfinished[:_LONGEST_LINE]))
            self._unfinished = self._unfinished[_LONGEST_LINE:]

    def step(self, text: str, share: float | None = None) -> None:
        """Show where the phase is, with a bar of which as much is full as is done."""
        full = round(_BAR * min(1.0, share or 0.0))
        bar = f"[{'#' * full}{'-' * (_BAR - full)}] " if share is not None else ""
        self._row.step = f"{bar}{printable(text)}"

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Show the phase while it goes on; what it took stays as a line."""
        self._row = Row()  # the time is that of the phase
        self._row.start(name)

        def last_line() -> RenderableType:
            turning = _TURNING[int(time.monotonic() * _PER_SECOND) % len(_TURNING)]
            parts = (f"{turning} ", self._row.state, f"  {self._row.seconds}  {self._row.step}")
            return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")

        with _alive(self.console, last_line), super().phase(name):
            yield


class LiveBoard(Board):
    """Several runs: a line for each at the end of the screen, and above what stays when they have ended."""

    def __init__(self, terminal: LiveTerminal, names: Sequence[str]) -> None:
        super().__init__(terminal, names)
        self._console = terminal.console
        self._rows = {name: Row() for name in names}

    def shown(self) -> Live:
        """Show the lines within the block."""
        return _alive(self._console, self._table)

    def begins(self, name: str) -> None:
        """Bring the run's line to life."""
        self._rows[name].start("starting")

    def event(self, name: str, event: Event) -> None:
        """Change the run's line; only what is worth it stays."""
        row = self._rows[name]
        if event.kind is Kind.PHASE:
            row.start(event.text)
        elif event.kind is Kind.STEP:
            row.step = printable(event.text)
        elif event.kind is Kind.LINE:
            super().event(name, event)

    def ended(self, outcome: Outcome) -> None:
        """Put the verdict into the run's line; the rest stays above."""
        self._rows[outcome.name].end(outcome)
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
        for name, row in self._rows.items():
            table.add_row(name, row.state, row.seconds, row.step)
        return Group("", table)


def _alive(console: Console, content: Callable[[], RenderableType]) -> Live:
    """Keep `content` in the last lines of the console within the block."""
    # What is printed comes through the console; standard output itself must keep its buffer.
    return Live(
        get_renderable=content,
        console=console,
        refresh_per_second=_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
