"""What a person sees at a terminal of 80 columns, as the terminal itself shows it."""

import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from tests.unit.processes import PATIENCE, ROOT

_WIDTH, _HEIGHT = 80, 24


def shown(program: str, until: str = "") -> str:
    """What the program writes to a terminal, up to and with `until`, or its end; it is killed then."""
    master, slave = pty.openpty()
    environ = os.environ | {"TERM": "xterm", "COLUMNS": str(_WIDTH), "LINES": str(_HEIGHT), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", program], stdin=slave, stdout=slave, stderr=slave, env=environ)
    os.close(slave)
    data = b""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not (until and until.encode() in data):
        if select.select([master], [], [], 0.1)[0]:
            try:
                data += os.read(master, 65536)
            except OSError:  # the program has ended
                break
    os.close(master)
    process.kill()
    process.wait()
    return data.decode(errors="replace")


_RUN = """
import time
from runner.run.live import LiveTerminal
terminal = LiveTerminal()
terminal.begin("evv / traction", "p-1")
with terminal.phase("tests"):
    terminal.output(b"a line of Odoo with [brackets] and caf\\xe9\\n")
    terminal.step("3 of 12 tests: TestTraction.test_three", 3 / 12)
    terminal.told("of a verbose run nothing is told")
    time.sleep(WAIT)
terminal.line("the end")
"""


def test_a_phase_shows_where_it_is_while_it_goes_on() -> None:
    screen = shown(_RUN.replace("WAIT", "60"), until="test_three")
    assert "evv / traction: p-1" in screen
    assert "[#####---------------] 3 of 12 tests: TestTraction.test_three" in screen
    assert "nothing is told" not in screen


def test_a_failing_test_is_told_in_colour_above_a_bar_that_is_never_more_than_full() -> None:
    told = _RUN.replace("LiveTerminal()", "LiveTerminal(Shows.WHAT_IS_TOLD)").replace("3 / 12", "13 / 12")
    told = told.replace("import time\n", "import time\nfrom runner.terminal import Shows\n").replace(
        "of a verbose run nothing", "  FAIL: one"
    )
    screen = shown(told.replace("WAIT", "60"), until=f"[{'#' * 20}]")
    assert "\x1b[31m  FAIL: one\x1b[0m is told" in screen
    assert "a line of Odoo" not in screen


def test_what_odoo_printed_is_shown_as_it_is_not_as_markup() -> None:
    assert "a line of Odoo with [brackets] and caf\\xe9" in shown(_RUN.replace("WAIT", "0"))


def test_of_a_phase_its_time_remains_and_the_cursor_is_back() -> None:
    screen = shown(_RUN.replace("WAIT", "0"))
    assert "  tests      0." in screen
    assert screen.rpartition("\x1b[?25h")[2].count("\x1b[?25l") == 0
    assert screen.rstrip().endswith("the end")


def test_a_long_step_is_cut_at_the_width_and_does_not_wrap() -> None:
    long = _RUN.replace("TestTraction.test_three", "T" * 300).replace("WAIT", "60")
    line = shown(long, until="TTT").partition("3 of 12 tests: ")[2]
    assert line.count("T") < _WIDTH


_RUNS = """
import time
from pathlib import Path
from runner.run.events import Event, Kind
from runner.run.live import LiveBoard, LiveTerminal
from runner.reporting.outcome import Outcome
from runner.reporting.summary import lines_for
board = LiveBoard(LiveTerminal(), ["evv_core", "traction", "waits"])
with board.shown():
    for module in ("evv_core", "traction"):
        board.begins(module)
        board.event(module, Event(Kind.PHASE, "tests"))
    board.event("traction", Event(Kind.STEP, "3 of 12: TestTraction.test_three"))
    board.event("traction", Event(Kind.LINE, "left by a dead run: x"))
    board.ended(Outcome("evv_core", 1, "FAILED", ("FAIL: TestCore.test_one",), Path("/p.log")))
    time.sleep(60)
"""


def test_several_runs_have_a_line_each_and_what_is_red_is_told_above() -> None:
    screen = shown(_RUNS, until="\x1b[31mFAILED")
    assert "traction | left by a dead run: x" in screen
    assert "FAIL: TestCore.test_one" in screen
    lines = screen.splitlines()
    assert any("evv_core" in line and "FAILED" in line for line in lines)
    assert any("traction" in line and "tests" in line and "3 of 12" in line for line in lines)
    assert any("waits" in line and "waiting" in line for line in lines)


def test_a_long_name_of_a_test_takes_nothing_from_the_other_columns() -> None:
    long = _RUNS.replace("TestTraction.test_three", "T" * 300)
    lines = shown(long, until="\x1b[31mFAILED").splitlines()
    line = next(line for line in reversed(lines) if "TTT" in line)
    assert line.startswith("traction  ")
    assert "tests" in line
    assert line.count("T") < _WIDTH


def test_a_terminal_that_goes_away_does_not_end_the_run() -> None:
    program = """
import os, sys
from runner.run.live import LiveTerminal
terminal = LiveTerminal()
reader, writer = os.pipe()
os.close(reader)
os.dup2(writer, 1)
with terminal.phase("tests"):
    for _ in range(100):
        terminal.output(b"x" * 1000 + b"\\n")
terminal.line("more")
print("alive", file=sys.stderr)
"""
    assert "alive" in shown(program)


_CLOSING = """
from pathlib import Path
from runner.run.live import LiveTerminal
from runner.reporting.outcome import Outcome
from runner.reporting.summary import lines_for
reasons = ("FAIL: TestCore.test_one (evv_core/tests/test_core.py:1)", "one of " + "many words " * 12)
outcome = Outcome("evv_core", EXIT, "WORD", reasons, Path("/p.log"), series=SERIES)
LiveTerminal().closing(lines_for(outcome), outcome.label)
"""


def closing(word: str, series: str = "") -> str:
    return shown(_CLOSING.replace("WORD", word).replace("EXIT", "1").replace("SERIES", repr(series)))


@pytest.mark.parametrize(
    ("word", "colour", "series"),
    [("PASSED", "32", ""), ("FAILED", "31", "19.0"), ("NOT PROVEN", "31", ""), ("INTERRUPTED", "33", "")],
)
def test_the_verdict_and_what_fails_stand_out(word: str, colour: str, series: str) -> None:
    screen = closing(word, series)
    assert f"\x1b[1;{colour}mevv_core{f' ({series})' if series else ''}: {word}\x1b[0m  no test ran" in screen
    assert "\x1b[31m  FAIL: TestCore.test_one\x1b[0m (evv_core/tests/test_core.py:1)" in screen


def test_long_lines_are_broken_between_words() -> None:
    lines = closing("FAILED").splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("  one of"))
    assert len(lines[first]) <= _WIDTH
    assert re.match("    (many|words) ", lines[first + 1])


def test_without_colours_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = closing("FAILED")
    assert "evv_core: FAILED" in screen
    assert not re.search("\x1b\\[[0-9;]*3[0-9]m", screen)


def test_what_comes_in_pieces_is_shown_in_lines_and_a_line_without_an_end_too() -> None:
    program = """
from runner.run.live import LiveTerminal
terminal = LiveTerminal()
with terminal.phase("tests"):
    for piece in (b"one", b" line\\nan", b"other\\r\\n", b"x" * 9000, b" the end"):
        terminal.output(piece)
"""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown(program))
    assert "one line" in text
    assert "another" in text
    assert re.search("x{200}", text.replace("\r", "").replace("\n", ""))
    assert " the end" in text


def test_a_terminal_that_stands_still_holds_nobody_up() -> None:
    # As after Ctrl+S.
    program = """
from runner.run.live import LiveTerminal
terminal = LiveTerminal()
with terminal.phase("tests"):
    for _ in range(300):
        terminal.output(b"x" * 49_999 + b"\\n")
terminal.line("the verdict")
terminal.finish(0.1)
"""
    master, slave = pty.openpty()
    environ = os.environ | {"TERM": "xterm", "PYTHONPATH": str(ROOT)}
    try:
        process = subprocess.Popen([sys.executable, "-c", program], stdin=slave, stdout=slave, env=environ)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


def test_what_others_wrote_does_nothing_but_show() -> None:
    program = """
from runner.run.live import LiveTerminal
terminal = LiveTerminal()
with terminal.phase("tests"):
    terminal.output(b"of a test \\x1b]52;c;aGk=\\x07[red]no[/red]\\n")
    terminal.step("\\x1b[7Aa step")
terminal.line("a reason \\x1b[7A")
terminal.closing(["of the end \\x1b[7A"], "PASSED")
"""
    screen = shown(program)
    assert r"of a test \x1b]52;c;aGk=\x07[red]no[/red]" in screen
    assert r"a reason \x1b[7A" in screen
    assert r"of the end \x1b[7A" in screen
    assert "\x1b[7A" not in screen
