"""Which display somebody gets: one that is alive at a terminal, plain lines everywhere else."""

import os
import sys
from collections.abc import Sequence

from runner.ci_sections import Ci
from runner.run.board import Board
from runner.terminal import Shows, Terminal


def _is_watched() -> bool:
    """Whether somebody looks at standard output while it comes; a terminal that can do nothing is like a file."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def terminal_for(*, verbose: bool, quiet: bool, ci: Ci | None, shared: bool = False) -> Terminal:
    """Return the display for runs in turn. In a job of `ci` what Odoo prints is shown, in sections, but for `quiet`.

    `shared`: another program writes to the terminal, too, so that no line of it can be alive.
    """
    if quiet:
        return Terminal(Shows.CLOSING_LINES, ci=ci)
    shows = Shows.ODOO if verbose or ci else Shows.WHAT_IS_TOLD
    if ci or shared or not _is_watched():
        return Terminal(shows, ci=ci)
    from runner.run.live import LiveTerminal  # noqa: PLC0415 - rich takes a tenth of a second, for people only

    return LiveTerminal(shows)


def board_for(terminal: Terminal, names: Sequence[str]) -> Board:
    """Return the display of runs side by side."""
    if not _is_watched():
        return Board(terminal, names)
    from runner.run.live import LiveBoard, LiveTerminal  # noqa: PLC0415

    return LiveBoard(terminal, names) if isinstance(terminal, LiveTerminal) else Board(terminal, names)
