"""Long lines break between words, and never where somebody would copy."""

import pytest

from runner.text import wrapped


def test_a_line_that_fits_stays_as_it_is() -> None:
    assert wrapped("  a  line\nand   another ", 14) == "  a  line\nand   another "


def test_a_long_line_breaks_between_words_and_its_rest_is_indented() -> None:
    assert wrapped("  one two three", 10) == "  one two\n    three"


@pytest.mark.parametrize(
    "command",
    ["nox -s odoo_tests -- evv traction", "`docker compose version`", "docker ps -a", "python -m pip install ."],
)
@pytest.mark.parametrize("after", ["", ", or a wider range", ". That is all", ")", ";"])
def test_a_command_is_never_broken(command: str, after: str) -> None:
    for width in range(len(command) + 12, 60):
        assert command in wrapped(f"Something is wrong here. To mend it: {command}{after}", width)


def test_neither_is_a_path_or_a_name_even_if_it_is_too_long() -> None:
    path = "/home/me/some-where/evv-agent-test-evv_core-20261124-182001-c681c0"
    assert wrapped(f"There is no {path} here", 30) == f"There is no\n  {path}\n  here"


def test_each_of_several_lines_is_broken_for_itself() -> None:
    assert wrapped("one two\nthree four", 7) == "one two\nthree\n  four"
