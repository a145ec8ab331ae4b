"""What the person sees on standard output and standard error."""

import contextlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import TextIO

from runner.ci_sections import Ci, Section
from runner.errors import Interrupted
from runner.foreign_text import VisibleStream, visible
from runner.text import printable, wrapped
from runner.workflow_commands import defused, new_token, resume, stop, without_groups
from runner.writer import Writer

# Seconds that one stream waits for the other, for whom both are one.
_IN_STEP = 1.0


class Shows(Enum):
    """How much is shown of a run."""

    CLOSING_LINES = "how it ended"
    WHAT_IS_TOLD = "that, its phases, and what is told of Odoo's log"
    ODOO = "all that Odoo prints"


class Terminal:
    """Output that its reader cannot hold up, and that does nothing but show.

    After `| head -1`, and before a reader who stands still, the run goes on, and its log and exit code stay true. What others
    wrote (Odoo, tests, docker, names) cannot move a cursor, change a colour, or be a command to GitHub.
    """

    def __init__(self, shows: Shows = Shows.ODOO, *, ci: Ci | None = None) -> None:
        """`ci`: that whose job reads the output. What Odoo prints in a phase is then a section."""
        self.phases: list[tuple[str, float]] = []
        self._shows = shows
        self._ci = ci
        self._phase = ""
        self._section: Section | None = None
        self._held: list[str] = []  # what is told when the section is closed
        self._out, self._err = Writer(lambda: sys.stdout.buffer), Writer(lambda: sys.stderr.buffer)
        self._odoo = VisibleStream()
        self._is_mid_line = False
        self._left_out = 0
        self._token = ""  # while GitHub takes no line for a command
        self._tail = ""  # what GitHub was shown last

    @property
    def lost(self) -> OSError | None:
        """Why standard output could not be written; None if it could."""
        return self._out.lost

    def begin(self, what: str, project: str) -> None:
        """Say that a run begins, in an environment of this name."""
        self.phases.clear()
        self.line(f"{what}: {project}")

    def line(self, text: str = "") -> None:
        """Print a line at once, but not where only the closing lines are wanted; at a terminal, a long one as several."""
        if self._shows is not Shows.CLOSING_LINES:
            self._say(text)

    def closing(self, lines: Sequence[str], label: str = "") -> None:
        """Say how a run, or all of them, ended; `label` is the verdict, for a display that has colours."""
        for line in lines:
            self._say(line)

    def told(self, text: str) -> None:
        """Print what Odoo's log tells, unless that is shown itself; in a job of a CI after the section with the log."""
        if self._shows is Shows.ODOO and self._ci:
            self._held.append(text)
        elif self._shows is not Shows.ODOO:
            self.line(text)

    def error(self, text: str) -> None:
        """Print a line on standard error, after what was said before."""
        self._out.wait(_IN_STEP)
        text = _fitting(visible(text), sys.stderr)
        self._err.write(_encoded(f"{defused(text) if self._ci is Ci.GITHUB else text}\n"))
        self._err.wait(_IN_STEP)

    def output(self, data: bytes) -> None:
        """Show what Odoo printed. Of what nobody reads in time the middle is left out, with a word of how much it was."""
        if self._shows is not Shows.ODOO:
            return
        if self._ci and self._phase and not self._section:
            self._section = Section(self._ci, f"{printable(self._phase)}: what Odoo prints")
            self._for_a_program(self._section.begin)
        if self._out.is_full:
            self._left_out += len(data)
            return
        if self._left_out:
            self._end_output()
        if text := self._odoo.feed(data):
            self._is_mid_line = not text.endswith("\n")
            self._show(text)

    def catch_up(self) -> None:
        """Wait until what was shown so far is read, however long that takes; a signal may interrupt it."""
        self._out.wait()

    def for_a_program(self, text: str) -> None:
        """Print a line that a program reads, as GitHub a command: as it is, with nothing about it."""
        self._end_section()
        self._for_a_program(text)

    def step(self, text: str, share: float | None = None) -> None:
        """Say where the phase is, and which `share` of it is done, to a display that is alive; in a file it would be noise."""

    def finish(self, limit: float | None = None) -> None:
        """Wait until all is read, or for `limit` seconds: nothing must depend on it any more. A signal may interrupt it."""
        self._end_section()
        self._end_output()
        self._resume_commands()
        started = time.monotonic()
        self._out.wait(limit)
        self._err.wait(limit if limit is None else max(0.0, started + limit - time.monotonic()))

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Say how long the block took, or that it failed; `phases` has the seconds of each of this run."""
        with self._timed(name, lambda took: self.line(f"  {name:<10} {took}")):
            self._phase = name
            try:
                yield
            finally:
                self._phase = ""
                held, self._held = self._held, []
                for text in held:
                    self.line(text)

    @contextlib.contextmanager
    def _timed(self, name: str, say: Callable[[str], None]) -> Iterator[None]:
        started = time.monotonic()
        outcome = "failed after "
        try:
            yield
            outcome = ""
        except Interrupted:
            outcome = "interrupted after "
            raise
        finally:
            seconds = time.monotonic() - started
            self.phases.append((name, seconds))
            say(f"{outcome}{seconds:.1f} s")

    def _say(self, text: str) -> None:
        """Print a line, outside of the section."""
        self._end_section()
        self._end_output()
        self._print_line(text)

    def _print_line(self, text: str) -> None:
        self._write(f"{_fitting(visible(text), sys.stdout)}\n")

    def _show(self, text: str) -> None:
        self._write(text)

    def _end_section(self) -> None:
        """Close the section. A signal in the midst of it has it closed once more, which does nothing."""
        if self._section:
            self._for_a_program(self._section.end)
            self._section = None

    def _for_a_program(self, text: str) -> None:
        self._end_output()
        self._resume_commands()
        self._out.write(_encoded(f"{text}\n"))

    def _end_output(self) -> None:
        """Have what is said next begin a line, after a word of what was left out before."""
        rest = self._odoo.end()
        if rest or self._is_mid_line:
            self._is_mid_line = False
            self._show(f"{rest}\n")
        if number := self._left_out:
            self._left_out = 0
            self._print_line(f"[{number} bytes of output are left out here: they were not read in time. The log has them.]")

    def _write(self, text: str) -> None:
        if self._ci is Ci.GITHUB:
            text, tail = without_groups(text, self._tail), (self._tail + text)[-2:]
            self._tail = tail
            if not self._token:
                self._token = new_token()
                text = stop(self._token) + text
        self._out.write(_encoded(text))

    def _resume_commands(self) -> None:
        if self._token:
            self._out.write(_encoded(resume(self._token)))
            self._token = ""


def _encoded(text: str) -> bytes:
    return text.encode(errors="backslashreplace")


def _fitting(text: str, stream: TextIO) -> str:
    """Text for a terminal of its width; for a file as it is, so that it can be searched."""
    return wrapped(text, shutil.get_terminal_size().columns) if stream.isatty() else text
