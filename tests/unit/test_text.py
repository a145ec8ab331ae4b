"""Text for people: columns, long lines broken where they may be, lengths of time as people say them."""

import pytest

from runner.text import age, first_of, table, wrapped


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table([("A", "N"), ("long", "1")], numbers=[1]) == ["A     N", "long  1"]


def test_what_cannot_be_printed_is_escaped() -> None:
    assert table([("A", "B"), ("\x1b[2J", "a\nb"), ("é", "\u2028")]) == [r"A        B", r"\x1b[2J  a\nb", r"é        \u2028"]


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


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 seconds"),
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (172800, "2 days"),
    ],
)
def test_an_age_is_told_in_the_largest_unit_of_which_there_are_two(seconds: float, expected: str) -> None:
    assert age(seconds) == expected


def test_of_many_names_the_first_are_told_and_the_number_of_the_others() -> None:
    assert first_of(["a", "b"], 2) == "a, b"
    assert first_of(["a", "b", "c", "d"], 2) == "a, b and 2 more"
