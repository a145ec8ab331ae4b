"""Names of modules and projects."""

import re

import pytest

from runner import naming
from runner.errors import UsageError
from runner.naming import MAX_PROJECT_NAME, check_module_name, project_name


@pytest.mark.parametrize("module", ["traction", "evv_visits", "l10n_de", "x"])
def test_technical_names_of_modules_are_accepted(module: str) -> None:
    check_module_name(module, "evv-agent-test")


@pytest.mark.parametrize(
    "module", ["", "Traction", "evv-visits", "9lives", "_x", "a b", "a;rm", "../x", "a'b", "é", "x\n", "-i", "a.b", "/x"]
)
def test_anything_else_is_refused_before_it_reaches_a_shell_or_a_query(module: str) -> None:
    with pytest.raises(UsageError, match="is not the technical name"):
        check_module_name(module, "evv-agent-test")


def test_the_longest_possible_name_is_accepted_and_one_character_more_is_not() -> None:
    room = MAX_PROJECT_NAME - len(project_name("evv-agent-test", ""))
    check_module_name("m" * room, "evv-agent-test")
    assert len(project_name("evv-agent-test", "m" * room)) == MAX_PROJECT_NAME
    with pytest.raises(UsageError, match="too long"):
        check_module_name("m" * (room + 1), "evv-agent-test")


def test_a_project_s_name_is_prefix_module_timestamp_and_something_random() -> None:
    assert re.fullmatch(r"evv-agent-test-evv_visits-\d{8}-\d{6}-[0-9a-f]{6}", project_name("evv-agent-test", "evv_visits"))


def test_compose_accepts_a_project_s_name_as_it_is() -> None:
    # Compose's own rule: lowercase letters, digits, dashes and underscores, beginning with a letter or digit.
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", project_name("evv-agent-test", "evv_visits"))


def test_two_runs_in_the_same_second_get_different_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "_STAMP", "20260101-000000")
    names = {project_name("evv-agent-test", "traction") for _ in range(50)}
    assert len(names) > 45
