"""What the demonstration asks of the documents: that they hold what a developer needs, and name only what exists."""

from pathlib import Path

import pytest

from tests.demonstrations.documents import REQUIRED, commands_in, review, sessions_of, unknown_in
from tests.demonstrations.record import disagreements
from tests.unit.processes import ROOT

SESSIONS = sessions_of((ROOT / "noxfile.py").read_text())


def test_the_documents_hold_what_the_demonstration_asks_for() -> None:
    expected, seen = review(ROOT)
    assert seen.faults == ()
    assert disagreements(expected, seen) == ["somebody looked at what is left"]  # the demonstration does


def test_a_document_that_is_missing_or_lacks_something_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "noxfile.py").write_text("")
    (tmp_path / "docs").mkdir()
    onboarding, template, reference = REQUIRED
    (tmp_path / template).write_text("`nox -s odoo_tests -- REPO MODULE`")
    (tmp_path / reference).write_text("| 0 | PASSED |")
    wrong = disagreements(*review(tmp_path))
    assert f"there is a `{onboarding}`" in wrong
    assert f"`{template}` says `docker ps -a | grep PREFIX`" in wrong
    assert next(each for each in wrong if each.startswith(f"`{reference}`")) == f"`{reference}` says `| 1 |`"
    assert f"{template}: `nox -s odoo_tests -- REPO MODULE`: there is no session 'odoo_tests'" in wrong


def test_the_sessions_of_the_noxfile_are_known_by_their_names() -> None:
    assert {"odoo_tests", "cleanup", "list", "shell", "logs", "demonstrate", "lint"} <= set(SESSIONS)
    assert "list_" not in SESSIONS
    assert "install" not in SESSIONS


def test_commands_are_found_in_code_and_in_blocks_each_once() -> None:
    text = (
        "Say `nox -s list` or\n\n    nox --non-interactive -s setup lint\n\nor `nox -s list`, `python -m runner run REPO`.\n"
    )
    assert commands_in(text) == ["nox -s list", "nox --non-interactive -s setup lint", "python -m runner run REPO"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    nox -s odoo_test -- evv traction", "there is no session 'odoo_test'"),
        ("    nox -s setup tsets", "there is no session 'tsets'"),
        ("    nox -s odoo_tests -- evv traction --kept", "there is no option --kept"),
        ("    nox -s cleanup -- --keep", "there is no option --keep"),
        ("    python -m runner clean", "there is no subcommand 'clean'"),
        ("    python -m runner list --all-of-them", "there is no option --all-of-them"),
        ("add `--keeps failed`", "there is no option --keeps"),
    ],
)
def test_what_does_not_exist_is_found(text: str, said: str) -> None:
    (found,) = unknown_in(text, SESSIONS)
    assert found.endswith(said)


@pytest.mark.parametrize(
    "text",
    [
        '    nox -s "odoo_tests(hub)" -- hub_compliance --keep failed',
        "    nox -s cleanup -- evv --dry-run",
        "`nox -s cleanup [-- REPO ...]`",
        "    nox -s setup lint  # today's checks",
        "    nox -s setup && nox -s tests",
        "    nox -s logs -- traction --follow --service db",
        "add `--strict`, as `--help` says",
        "instead of `docker compose down --remove-orphans`",
    ],
)
def test_what_exists_is_no_fault(text: str) -> None:
    assert unknown_in(text, SESSIONS) == []
