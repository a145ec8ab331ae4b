"""Which tags can select tests outside of a module, and which have to be told."""

import pytest

from runner.odoo.test_tags import stays_within, told_selection


@pytest.mark.parametrize(
    "tags",
    [
        None,
        "",
        "/m",
        "+/m",
        " /m , /m:TestOne ",
        "/m:TestOne",
        "/m:TestOne.test_a",
        "/m.test_a",
        "*/m",
        "slow/m",
        "post_install/m:TestOne",
        "/m:TestOne[-speed]",
        "/m,-/m:TestOne",
        "/m,-slow",
        "/m,-/other",
        "/m/tests/test_one.py",
    ],
)
def test_tags_that_name_the_module_stay_within_it(tags: str | None) -> None:
    assert stays_within(tags, "m")


@pytest.mark.parametrize(
    "tags",
    [
        "/dep,/m",
        "/m,/dep",
        "/dep",
        "m",  # deprecated: the module's name as a tag, which others may have as well
        "standard",
        "post_install",
        "/m,post_install",
        "/m,+standard",
        "*",
        "+",
        ":TestOne",
        ".test_a",
        "/m,:TestOne",
        "-/m:TestOne",  # without any that selects, Odoo selects all of `standard`
        "-slow",
        "-/m[fast]",
        " ",
        ",",
        "/m2",
        "/mm",
        "/M",
        "/dep/m",
        "/m/dep",
        "/m/../dep/tests/test_one.py",
        "/dep/tests/test_one.py",
        "/m/tests/tests/test_one.py",  # by its end it is a file of a module `tests`, too
        "/m/tests/test_one.py/dep",
        "/m[a,/dep,b]",  # series without parameters part it at every comma
        "/m[a],/dep[b]",
        "/m\n,/dep",
        "/m;/dep",
        "/.",
        "//m",
    ],
)
def test_whatever_else_can_select_others_tests(tags: str) -> None:
    assert not stays_within(tags, "m")


@pytest.mark.parametrize("tags", [None, "", "/m", " /m ", "/m,/m"])
def test_the_whole_module_needs_no_word(tags: str | None) -> None:
    assert told_selection(tags, "m") == ""


@pytest.mark.parametrize("tags", ["/m:TestOne", "/m,-/m:TestOne", "-slow", "post_install", "/m.test_a", "/dep,/m", "/m,-slow"])
def test_any_other_selection_is_told_as_it_was_given(tags: str) -> None:
    assert told_selection(tags, "m") == tags


def test_a_selection_does_nothing_to_a_terminal_and_fills_none() -> None:
    assert told_selection("/m:\x1b[31mT\n::error::x", "m") == r"/m:\x1b[31mT\n::error::x"
    assert told_selection(" ", "m") == "' '"
    assert len(told_selection("/m:" + "T" * 1000, "m")) < 210
