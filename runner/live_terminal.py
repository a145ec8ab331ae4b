"""A display that is alive, for a person at a terminal: what goes on now stays in the last line, the rest scrolls above."""

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO, cast

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from runner.terminal import Terminal, write
from runner.text import wrapped

_PER_SECOND = 8
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


class Row:
    """What goes on in one run: the phase, where it is, and since when."""

    def __init__(self) -> None:
        self.phase, self.step, self.verdict = "waiting", "", ""
        self._began: float | None = None
        self._took: float | None = None

    def start(self, phase: str) -> None:
        """A phase begins."""
        self.phase, self.step = phase, ""
        if self._began is None:
            self._began = time.monotonic()

    def end(self, verdict: str) -> None:
        """The run has ended."""
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
        self._row = Row()

    def begin(self, what: str, project: str) -> None:
        """A new line for a new run."""
        self._row = Row()
        super().begin(what, project)

    def line(self, text: str = "") -> None:
        """Print a line above the one that is alive; a long one as several."""
        self._print(Text(wrapped(text, self.console.width)))

    def closing(self, lines: Sequence[str], label: str) -> None:
        """The closing lines, with the verdict and the failing tests in colour."""
        for line in lines:
            text = Text(wrapped(line, self.console.width))
            text.highlight_regex(rf"^\S+: {label}(?=  )", f"bold {_colour(label)}")
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
        self._row = Row()  # the time is that of the phase
        self._row.start(name)

        def last_line() -> RenderableType:
            turning = _TURNING[int(time.monotonic() * _PER_SECOND) % len(_TURNING)]
            parts = (f"{turning} ", self._row.state, f"  {self._row.seconds}  {self._row.step}")
            return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")

        with alive(self.console, last_line), super().phase(name):
            yield


def alive(console: Console, content: Callable[[], RenderableType]) -> Live:
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
