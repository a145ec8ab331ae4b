"""What the person sees, also where nobody looks any more."""

import subprocess
import sys

import pytest

from runner.errors import Interrupted
from runner.terminal import Terminal

from .processes import line, python


def test_lines_and_bytes_come_out_as_they_are_and_in_order(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    terminal = Terminal()
    terminal.line("one")
    terminal.output(b"caf\xe9\r\n")
    terminal.line()
    terminal.line("caf\udce9")
    assert capsysbinary.readouterr().out == b"one\ncaf\xe9\r\n\ncaf\\udce9\n"


def test_a_phase_that_ends_well_says_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal().phase("up"):
        pass
    words = capsys.readouterr().out.split()
    assert words[0] == "up"
    assert words[-1] == "s"
    assert "failed" not in words


def test_a_phase_that_fails_says_so_and_lets_the_error_through(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), Terminal().phase("up"):
        raise KeyboardInterrupt
    assert "failed" in capsys.readouterr().out.split()


def test_a_reader_that_goes_away_does_not_end_the_run() -> None:
    # As `... | head -1` does; the handler of PIPE is Python's own.
    program = """
import sys
from runner.terminal import Terminal
terminal = Terminal()
terminal.line("first")
sys.stdin.readline()
for _ in range(100):
    terminal.output(b"x" * 10000)
    terminal.line("more")
print("the end", file=sys.stderr)
"""
    with python(program) as process:
        assert line(process) == "first"
        assert process.stdout
        assert process.stdin
        process.stdout.close()
        process.stdin.write(b"go on\n")
        assert process.wait(20) == 0


def test_output_goes_out_at_once_not_when_the_run_ends() -> None:
    program = "from runner.terminal import Terminal; import sys; Terminal().line('now'); sys.stdin.read()"
    with python(program) as process:
        assert line(process) == "now"
        assert isinstance(process, subprocess.Popen)
        assert process.poll() is None


@pytest.mark.parametrize(("is_terminal", "expected"), [(True, "one two\n  three\n"), (False, "one two three\n")])
def test_long_lines_are_broken_for_a_person_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool, expected: str
) -> None:
    monkeypatch.setenv("COLUMNS", "8")
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
    Terminal().line("one two three")
    Terminal().error("one two three")
    told = capsys.readouterr()
    assert (told.out, told.err) == (expected, expected)


def test_a_phase_that_is_interrupted_has_not_failed(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    with pytest.raises(Interrupted), terminal.phase("tests"):
        raise Interrupted(2)
    assert capsys.readouterr().out.startswith("  tests      interrupted after 0.")
    assert [name for name, _seconds in terminal.phases] == ["tests"]
