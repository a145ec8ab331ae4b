"""What the person sees, also where nobody looks any more."""

import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from runner.ci_sections import Ci, ci_of
from runner.errors import Interrupted
from runner.terminal import Shows, Terminal
from tests.ci_logs import sections

from .processes import PATIENCE, line, python


def test_lines_and_output_come_out_in_order_and_what_is_no_utf_8_is_written_out(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    terminal = Terminal()
    terminal.line("one")
    terminal.output(b"caf\xe9\r\n")
    terminal.line()
    terminal.line("caf\udce9")
    assert capsysbinary.readouterr().out == b"one\ncaf\\xe9\n\ncaf\\udce9\n"


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


def test_nobody_waits_for_a_reader_that_stands_still_and_our_own_words_are_kept(tmp_path: Path) -> None:
    # More than a pipe holds and than waits for a reader; what we say ourselves is never left out.
    program = """
import sys
from runner.terminal import Terminal
terminal = Terminal()
for _ in range(200):
    terminal.output(b"x" * 99_999 + b"\\n")
terminal.line("the verdict")
open(sys.argv[1], "w").close()
terminal.finish()
"""
    with python(program, str(tmp_path / "alive")) as process:
        deadline = time.monotonic() + PATIENCE
        while not (tmp_path / "alive").exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        shown = process.communicate(timeout=PATIENCE)[0].splitlines()
    assert process.returncode == 0
    assert shown[0] == b"x" * 99_999
    assert shown[-2].endswith(b"00 bytes of output are left out here: they were not read in time. The log has them.]")
    assert shown[-1] == b"the verdict"


def test_a_program_whose_reader_stands_still_ends_when_it_has_waited_in_vain() -> None:
    program = "from runner.terminal import Terminal; t = Terminal(); t.line('x' * 100_000); t.finish(0.1)"
    with python(program) as process:
        assert process.wait(PATIENCE) == 0


FOREIGN = [
    (b"\x1b[3A\x1b[0JPASSED", r"\x1b[3A\x1b[0JPASSED"),
    (b"\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
    (b"10 %\r20 %", r"10 %\r20 %"),
    (b"\xc2\x9b2J \x9b2J \x7f", r"\x9b2J \x9b2J \x7f"),
    ("a\u202eb \u2066c \u200bd \u2028e".encode(), r"a\u202eb \u2066c \u200bd \u2028e"),
    ("ä \N{NO-BREAK SPACE}\t€ \N{GRINNING FACE}".encode(), "ä \N{NO-BREAK SPACE}\t€ \N{GRINNING FACE}"),
]


@pytest.mark.parametrize(("data", "shown"), FOREIGN)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_what_others_wrote_does_nothing_but_show_in_pieces_of_any_size(
    capsys: pytest.CaptureFixture[str], data: bytes, shown: str, size: int
) -> None:
    terminal = Terminal()
    for at in range(0, len(data), size):
        terminal.output(data[at : at + size])
    terminal.line()
    assert capsys.readouterr().out == f"{shown}\n\n"


def test_neither_do_our_own_lines_that_quote_them(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().line("of a test: \x1b[2J")
    Terminal().error("of docker: \x1b[2J\n::error::no")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("of a test: \\x1b[2J\n", "of docker: \\x1b[2J\n::error::no\n")


class Github:
    """What GitHub's runner takes for commands: one state for both streams of a step, lines that end with LF or CR."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self._token = ""

    def read(self, text: str) -> list[str]:
        """Take the lines of a stream; the commands so far."""
        for each in re.split(r"\r\n|\r|\n", text):
            found = re.match(r"\s*::([^ :]+)(?: .*?)?::(.*)", each) or re.search(r"##\[([^ \]]+)(?: .*?)?\](.*)", each)
            if not found:
                continue
            if self._token:
                self._token = "" if found[1] == self._token else self._token
            elif found[1] == "stop-commands":
                self._token = found[2]
            else:
                self.commands.append(found[0])
        return self.commands


HOSTILE = b"::error::a\n  ::add-mask::b\nx\r::warning::c\nd ##[error]e\n##[add-mask]f\n::stop-commands::g\n::g::\nno end"


def test_on_github_only_our_own_lines_are_commands(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(ci=Ci.GITHUB)
    terminal.output(HOSTILE)
    terminal.line(HOSTILE.decode())
    terminal.for_a_program("::error title=ours::yes")
    terminal.output(HOSTILE)
    terminal.error(HOSTILE.decode())
    terminal.finish()
    told = capsys.readouterr()
    assert Github().read(told.out + "::notice::of who comes after\n") == [
        "::error title=ours::yes",
        "::notice::of who comes after",
    ]
    assert Github().read(told.err) == []


def test_what_odoo_prints_is_shown_only_where_that_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(Shows.WHAT_IS_TOLD)
    terminal.output(b"of Odoo\n")
    terminal.told("  FAIL: one")
    assert capsys.readouterr().out == "  FAIL: one\n"


def test_where_odoo_is_shown_itself_nothing_of_it_is_told_twice(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.output(b"of Odoo\n")
    terminal.told("  FAIL: one")
    assert capsys.readouterr().out == "of Odoo\n"


def test_where_only_the_closing_lines_are_wanted_there_is_nothing_else_but_errors(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(Shows.CLOSING_LINES, ci=Ci.GITLAB)
    terminal.begin("evv / traction", "p-1")
    with terminal.phase("tests"):
        terminal.output(b"of Odoo\n")
        terminal.told("  FAIL: one")
    terminal.line("a warning")
    terminal.closing(["traction: FAILED"])
    terminal.error("Error: no")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("traction: FAILED\n", "Error: no\n")


OPENING = b"one\n::group::a\n::endgroup::\n##[endgroup]\n\x1b[0Ksection_end:1:x\r\x1b[0K\nno end"


@pytest.mark.parametrize("ci", Ci)
@pytest.mark.parametrize("error", [None, Interrupted(2), ValueError()])
@pytest.mark.parametrize("size", [1, 1000])
def test_in_a_ci_what_odoo_prints_is_a_section_that_ends_with_the_phase_and_is_followed_by_what_is_told(
    capsys: pytest.CaptureFixture[str], ci: Ci, error: BaseException | None, size: int
) -> None:
    terminal = Terminal(ci=ci)
    with suppress(Interrupted, ValueError), terminal.phase("tests"):
        for at in range(0, len(OPENING), size):
            terminal.output(OPENING[at : at + size])
        terminal.told("  FAIL: one")
        if error:
            raise error
    with terminal.phase("down"):
        pass
    with terminal.phase("prepare base"):
        terminal.output(b"two\n")
    terminal.finish()
    lines = sections(ci, capsys.readouterr().out)
    assert [line[:12] for line in lines[:2]] == ["(tests: what", "one"]
    assert lines[lines.index(")") - 1 :][:3] == ["no end", ")", "  FAIL: one"]
    assert [line.split()[0] for line in lines[lines.index("  FAIL: one") + 1 :]] == [
        "tests",
        "down",
        "(prepare",
        "two",
        ")",
        "prepare",
    ]


@pytest.mark.parametrize("ci", Ci)
def test_our_own_words_are_never_within_a_section(capsys: pytest.CaptureFixture[str], ci: Ci) -> None:
    terminal = Terminal(ci=ci)
    with terminal.phase("tests"):
        terminal.output(b"one\n")
        terminal.line("teardown is under way")
        terminal.output(b"two\n")
    lines = sections(ci, capsys.readouterr().out)
    title = "(tests: what Odoo prints"
    assert lines[:-1] == [title, "one", ")", "teardown is under way", title, "two", ")"]


def test_a_section_that_a_signal_left_open_ends_with_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(ci=Ci.GITLAB)
    phase = terminal.phase("tests")
    phase.__enter__()
    terminal.output(b"one\n")
    terminal.finish()
    assert sections(Ci.GITLAB, capsys.readouterr().out)[-1] == ")"


def test_outside_of_a_phase_there_is_no_section(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(ci=Ci.GITLAB)
    terminal.output(b"of the server\n")
    assert capsys.readouterr().out == "of the server\n"


@pytest.mark.parametrize(
    ("environ", "ci"),
    [
        ({"GITHUB_ACTIONS": "true"}, Ci.GITHUB),
        ({"GITLAB_CI": "true"}, Ci.GITLAB),
        ({"GITHUB_ACTIONS": "", "GITLAB_CI": "false"}, None),
        ({}, None),
    ],
)
def test_the_ci_is_known_by_its_variable(environ: dict[str, str], ci: Ci | None) -> None:
    assert ci_of(environ) is ci
