"""Which display somebody gets: one that is alive at a terminal, plain lines everywhere else."""

import os
import sys
from collections.abc import Sequence

from runner.run.board import Board
from runner.terminal import Terminal


def _is_watched() -> bool:
    """Whether somebody looks at standard output while it comes; a terminal that can do nothing is like a file."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def terminal_for(*, quiet: bool, on_github: bool) -> Terminal:
    """Return the display of runs one after another. `quiet`: without what Odoo prints. `on_github`: in a job of its."""
    if on_github or not _is_watched():
        return Terminal(quiet=quiet, on_github=on_github)
    from runner.run.live import LiveTerminal  # noqa: PLC0415 - rich takes a tenth of a second, for people only

    return LiveTerminal(quiet=quiet)


def board_for(terminal: Terminal, names: Sequence[str]) -> Board:
    """Return the display of runs side by side."""
    if not _is_watched():
        return Board(terminal, names)
    from runner.run.live import LiveBoard, LiveTerminal  # noqa: PLC0415

    return LiveBoard(terminal, names) if isinstance(terminal, LiveTerminal) else Board(terminal, names)
