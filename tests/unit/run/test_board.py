"""Several runs in plain lines: each says whose it is, and what has ended stands apart; at a terminal the display is alive."""

from typing import Any

import pytest

from runner.ci_sections import Ci
from runner.run.board import Board
from runner.run.display import board_for, terminal_for
from runner.run.events import Event, Kind
from runner.run.live import LiveBoard, LiveTerminal
from runner.terminal import Terminal
from tests.unit.outcomes import passed


def test_a_block_stands_between_blank_lines_and_the_table_after_it_has_only_one(capsys: pytest.CaptureFixture[str]) -> None:
    board = Board(Terminal(), ["evv_core", "traction"])
    board.event("traction", Event(Kind.ENDED, "up 1.0 s"))
    board.ended(passed())
    board.event("traction", Event(Kind.STEP, "3 of 12"))
    board.event("traction", Event(Kind.LINE, "a line"))
    board.event("traction", Event(Kind.LINE, "another"))
    board.ended(passed())
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()] == [
        "traction | up 1.0 s",
        "",
        "evv_core: PASSED",
        "",
        "",
        "traction | a line",
        "traction | another",
        "",
        "evv_core: PASSED",
        "",
    ]


def test_every_line_says_whose_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Board(Terminal(), ["evv_core"]).event("evv_core", Event(Kind.LINE, "warning: first\nevv_core: PASSED"))
    assert capsys.readouterr().out == "evv_core | warning: first\nevv_core | evv_core: PASSED\n"


def test_a_note_is_of_no_run_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Board(Terminal(), ["evv_core"]).note("SIGINT: ending every run and tearing down")
    assert capsys.readouterr().out == "SIGINT: ending every run and tearing down\n"


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
    terminal = terminal_for(verbose=False, quiet=False, ci=None)
    assert (type(terminal), type(board_for(terminal, ["m"]))) == kinds


@pytest.mark.parametrize(
    ("asked", "is_shown", "is_told"),
    [
        ({}, False, True),
        ({"verbose": True}, True, False),
        ({"quiet": True}, False, False),
        ({"ci": Ci.GITLAB}, True, True),
        ({"ci": Ci.GITHUB, "verbose": True}, True, True),
        ({"ci": Ci.GITHUB, "quiet": True}, False, False),
    ],
)
def test_what_odoo_prints_is_shown_if_asked_for_and_in_a_ci(
    capsys: pytest.CaptureFixture[str], asked: dict[str, Any], is_shown: bool, is_told: bool
) -> None:
    terminal = terminal_for(**{"verbose": False, "quiet": False, "ci": None, **asked})
    with terminal.phase("tests"):
        terminal.output(b"of Odoo\n")
        terminal.told("a failing test")
    shown = capsys.readouterr().out
    assert ("of Odoo\n" in shown, "a failing test\n" in shown) == (is_shown, is_told)


def test_in_a_ci_no_display_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert type(terminal_for(verbose=False, quiet=False, ci=Ci.GITLAB)) is Terminal
