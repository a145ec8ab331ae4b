"""Tools of the system that fail end with one clear message."""

import pytest

from runner.setup.shell import ProvisionError, fail, output_of, run, say
from tests.unit.processes import PATIENCE, python


def test_a_command_that_fails_is_shown_with_its_exit_code_and_the_end_of_its_output() -> None:
    with pytest.raises(ProvisionError) as caught:
        run("sh", "-c", "seq 30; echo the reason >&2; exit 3")
    first, *rest = str(caught.value).splitlines()
    assert first == "`sh -c seq 30; echo the reason >&2; exit 3` failed (3):"
    assert rest == [*(str(number) for number in range(12, 31)), "the reason"]


def test_a_command_that_does_not_exist_is_said() -> None:
    with pytest.raises(ProvisionError, match=r"no-such-command cannot be run: No such file or directory$"):
        run("no-such-command")


def test_output_is_none_where_a_command_fails_or_does_not_exist() -> None:
    assert output_of("echo", "yes") == "yes\n"
    assert output_of("false") is None
    assert output_of("no-such-command") is None


def test_what_a_tool_said_does_nothing_but_show(capsys: pytest.CaptureFixture[str]) -> None:
    say("of a name: \x1b[2J")
    fail("of apt: \x1b[2J")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("of a name: \\x1b[2J\n", "Error: of apt: \\x1b[2J\n")


def test_a_reader_that_goes_away_does_not_end_the_setup() -> None:
    with python("from runner.setup.shell import say; input(); say('one'); say('two'); input()") as process:
        assert process.stdout
        assert process.stdin
        process.stdout.close()
        process.stdin.write(b"go on\nand end\n")
        assert process.wait(PATIENCE) == 0
