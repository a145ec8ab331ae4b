"""Displays that are alive, for a person at a terminal: what goes on now stays in the last lines, the rest scrolls above."""

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .board import Board
from .events import Event, Kind
from .outcome import Outcome
from .progress import Terminal, write
from .summary import lines_for
from .wrapping import wrapped

_PER_SECOND = 8
_SECONDS_WIDTH = len("3600 s")
_TURNING = "|/-\\"
_COLOURS = {"PASSED": "green", "INTERRUPTED": "yellow", "waiting": "dim"}
# Of the closing lines: the head of a failing test.
_FAILING = re.compile(r"^  (?:FAIL|ERROR): \S+")


class _Screen:
    """Standard output as rich writes to it, which survives a terminal that goes away as plain lines do."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        write(sys.stdout, text.encode(errors="backslashreplace"))
        return len(text)

    def flush(self) -> None:
        """Every write is flushed."""

    def isatty(self) -> bool:
        return sys.stdout.isatty()

    def fileno(self) -> int:
        return sys.stdout.fileno()


def _console() -> Console:
    return Console(file=cast("TextIO", _Screen()), highlight=False, markup=False, emoji=False)


def _colour(verdict: str) -> str:
    return _COLOURS.get(verdict, "red")


class _Row:
    """What goes on in one run: the phase, where it is, and since when."""

    def __init__(self) -> None:
        self.phase, self.step, self.verdict = "waiting", "", ""
        self._began: float | None = None
        self._took: float | None = None

    def start(self, phase: str) -> None:
        self.phase, self.step = phase, ""
        if self._began is None:
            self._began = time.monotonic()

    def end(self, verdict: str) -> None:
        self.verdict = verdict
        self._took = self._seconds()

    def _seconds(self) -> float:
        return time.monotonic() - self._began if self._began is not None else 0.0

    @property
    def state(self) -> Text:
        """The verdict, or the phase that goes on."""
        word = self.verdict or self.phase
        return Text(word, _colour(word) if self.verdict else _COLOURS.get(word, "cyan"))

    @property
    def seconds(self) -> str:
        """Since the run began; nothing for one that waits."""
        took = self._took if self._took is not None else self._seconds()
        return f"{took:.0f} s" if self._began is not None else ""


class LiveTerminal(Terminal):
    """One run: its lines above, its phase with the time and the test that runs in the last line."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self.console = _console()
        self._row = _Row()

    def begin(self, what: str, project: str) -> None:
        """A new line for a new run."""
        self._row = _Row()
        super().begin(what, project)

    def line(self, text: str = "") -> None:
        """Print a line above the one that is alive; a long one as several."""
        self._print(Text(wrapped(text, self.console.width)))

    def closing(self, outcome: Outcome) -> None:
        """The closing lines, with the verdict and the failing tests in colour."""
        for line in lines_for(outcome):
            text = Text(wrapped(line, self.console.width))
            text.highlight_words([f"{outcome.module}: {outcome.word}"], f"bold {_colour(outcome.word)}")
            text.highlight_regex(_FAILING, "red")
            self._print(text)

    def _print(self, text: Text) -> None:
        self.console.print(text, soft_wrap=True)

    def output(self, data: bytes) -> None:
        """Show a line of what Odoo printed; the log has its very bytes."""
        if not self._quiet:
            self._print(Text(data.decode(errors="backslashreplace").rstrip("\r\n")))

    def step(self, text: str) -> None:
        """Show where the phase is."""
        self._row.step = text

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Show the phase while it goes on; what it took stays as a line."""
        self._row = _Row()  # the time is that of the phase
        self._row.start(name)

        def last_line() -> RenderableType:
            turning = _TURNING[int(time.monotonic() * _PER_SECOND) % len(_TURNING)]
            parts = (f"{turning} ", self._row.state, f"  {self._row.seconds}  {self._row.step}")
            return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")

        with _alive(self.console, last_line), super().phase(name):
            yield


def _alive(console: Console, content: Callable[[], RenderableType]) -> Live:
    # What is printed comes through the console; standard output itself must keep its buffer.
    return Live(
        get_renderable=content,
        console=console,
        refresh_per_second=_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


class LiveBoard(Board):
    """Several runs: a line for each at the end of the screen, and above what stays when they have ended."""

    def __init__(self, terminal: LiveTerminal, modules: Sequence[str]) -> None:
        super().__init__(terminal, modules)
        self._console = terminal.console
        self._rows = {module: _Row() for module in modules}

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Show the lines within the block."""
        with _alive(self._console, self._table):
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
        self._rows[outcome.module].end(outcome.word)
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
