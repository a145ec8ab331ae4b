"""Somebody at a terminal gets a display that is alive, everybody else plain lines."""

import pytest

from runner.live_terminal import LiveTerminal
from runner.run.board import Board
from runner.run.display import board_for, terminal_for
from runner.run.live_board import LiveBoard
from runner.terminal import Terminal


@pytest.mark.parametrize(
    ("is_terminal", "term", "kinds"),
    [
        (True, "xterm-256color", (LiveTerminal, LiveBoard)),
        (True, "dumb", (Terminal, Board)),
        (True, None, (Terminal, Board)),
        (False, "xterm-256color", (Terminal, Board)),
    ],
)
def test_the_display_is_alive_only_at_a_terminal_that_can_show_it(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, term: str | None, kinds: tuple[type, type]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    monkeypatch.delenv("TERM", raising=False)
    if term:
        monkeypatch.setenv("TERM", term)
    terminal = terminal_for(quiet=False)
    assert (type(terminal), type(board_for(terminal, ["m"]))) == kinds
