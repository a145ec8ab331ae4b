"""Names of modules and projects."""

import re

import pytest

from runner import naming
from runner.errors import UsageError
from runner.naming import MAX_PROJECT_NAME, check_module_name, project_name


@pytest.mark.parametrize("module", ["traction", "evv_visits", "l10n_de", "x", "Hospital_Stay", "2fa_login", "_x", "9", "été"])
def test_technical_names_of_modules_are_accepted(module: str) -> None:
    check_module_name(module, "evv-agent-test")


@pytest.mark.parametrize(
    "module",
    ["", "evv-visits", "a b", "a;rm", "../x", "a'b", "x\n", "-i", "--help", "a.b", "/x", "x\x1b[31m", "\udcff", "__pycache__"],
)
def test_anything_else_is_refused_before_it_reaches_a_shell_or_a_query(module: str) -> None:
    with pytest.raises(UsageError, match="not the technical name"):
        check_module_name(module, "evv-agent-test")


def test_the_longest_possible_name_is_accepted_and_one_character_more_is_not() -> None:
    room = MAX_PROJECT_NAME - len(project_name("evv-agent-test", ""))
    check_module_name("m" * room, "evv-agent-test")
    assert len(project_name("evv-agent-test", "m" * room)) == MAX_PROJECT_NAME
    with pytest.raises(UsageError, match="too long"):
        check_module_name("m" * (room + 1), "evv-agent-test")


def test_a_project_s_name_is_prefix_module_timestamp_and_something_random() -> None:
    assert re.fullmatch(r"evv-agent-test-evv_visits-\d{8}-\d{6}-[0-9a-f]{6}", project_name("evv-agent-test", "evv_visits"))


@pytest.mark.parametrize("module", ["evv_visits", "Hospital_Stay", "2fa_login", "_x", "été", "İ", "日本"])
def test_compose_accepts_a_project_s_name_whatever_the_module_is_called(module: str) -> None:
    # Compose's own rule: lowercase letters, digits, dashes and underscores, beginning with a letter or digit.
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", project_name("evv-agent-test", module))


def test_a_message_shows_no_more_of_a_name_than_a_line_can_hold() -> None:
    for name in ("m" * 250, "\x1b]0;title\x07" * 50, "a\nb"):
        with pytest.raises(UsageError) as caught:
            check_module_name(name, "evv-agent-test")
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 300


def test_two_runs_in_the_same_second_get_different_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "_STAMP", "20260101-000000")
    names = {project_name("evv-agent-test", module) for module in ["traction", "Traction"] * 25}
    assert len(names) > 45
