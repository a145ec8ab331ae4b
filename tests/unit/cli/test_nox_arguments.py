"""Which parameter of the session runs, and that a typo in a repository's name is not green."""

from pathlib import Path

import pytest

from runner.cli.nox_arguments import arguments_for, install_is_current, mark_installed

KNOWN = ["evv", "hub"]
ALL = ["nox", "-s", "odoo_tests", "--"]


def test_only_the_named_repository_runs() -> None:
    words = ["hub", "traction", "--path", "/srv"]
    assert arguments_for("hub", KNOWN, words, [*ALL, *words]) == words
    assert arguments_for("evv", KNOWN, words, [*ALL, *words]) is None


@pytest.mark.parametrize("words", [["hbu", "traction"], ["traction"], []])
@pytest.mark.parametrize(
    "command_line",
    [ALL, ["nox", "-sodoo_tests"], ["/usr/bin/nox", "--session=odoo_tests"], ["nox", "--sessions", "odoo_tests", "--"]],
)
def test_words_that_name_no_repository_reach_the_runner_once_which_refuses_them(
    words: list[str], command_line: list[str]
) -> None:
    assert arguments_for("evv", KNOWN, words, [*command_line, *words]) == words
    assert arguments_for("hub", KNOWN, words, [*command_line, *words]) is None


@pytest.mark.parametrize("words", [["--help"], ["hub", "-h"], ["hub", "traction", "--zzz"]])
def test_help_and_wrong_options_are_said_once(words: list[str]) -> None:
    assert [arguments_for(each, KNOWN, words, [*ALL, *words]) for each in KNOWN] == [words, None]
    asked = ["nox", "-s", "odoo_tests(hub)", "--", *words]
    assert arguments_for("hub", KNOWN, words, asked) == words


@pytest.mark.parametrize("choice", [["-k", "hub"], ["-khub"], ["--keywords=hub"]])
def test_a_parameter_that_was_chosen_by_a_keyword_is_not_skipped(choice: list[str]) -> None:
    """The first one may be left out by nox: then nobody else would say what is wrong."""
    command_line = ["nox", "-s", "odoo_tests", *choice, "--", "hbu", "traction"]
    assert arguments_for("hub", KNOWN, ["hbu", "traction"], command_line) == ["hub", "hbu", "traction"]


@pytest.mark.parametrize(
    "command_line",
    [["nox", "-s", "odoo_tests(evv)", "--"], ["nox", "-t", "evv", "--"], ["nox", "--session=odoo_tests(evv)", "--"]],
)
def test_the_repository_may_be_left_out_where_its_parameter_was_asked_for(command_line: list[str]) -> None:
    assert arguments_for("evv", KNOWN, ["traction"], [*command_line, "traction"]) == ["evv", "traction"]


def test_the_repository_may_also_be_repeated_there() -> None:
    command_line = ["nox", "-s", "odoo_tests(evv)", "--", "evv", "traction"]
    assert arguments_for("evv", KNOWN, ["evv", "traction"], command_line) == ["evv", "traction"]


def test_a_module_called_like_the_session_is_not_taken_for_it() -> None:
    words = ["odoo_tests"]
    assert arguments_for("evv", KNOWN, words, ["nox", "-s", "odoo_tests(evv)", "--", *words]) == ["evv", "odoo_tests"]


def test_the_words_are_passed_on_as_a_new_list() -> None:
    words = ["evv", "traction"]
    given = arguments_for("evv", KNOWN, words, ALL)
    assert given == words
    assert given is not words


def test_an_installation_is_current_until_its_source_changes(tmp_path: Path) -> None:
    stamp, source = tmp_path / ".installed", tmp_path / "pyproject.toml"
    source.write_text("one")
    assert not install_is_current(stamp, source)
    mark_installed(stamp, source)
    assert install_is_current(stamp, source)
    source.write_text("two")
    assert not install_is_current(stamp, source)
    source.write_text("one")
    assert install_is_current(stamp, source)
