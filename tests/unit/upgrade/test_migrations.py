"""Which migration scripts are for an update, by Odoo's rules, and why others do not run."""

from pathlib import Path

import pytest

from runner.upgrade.migrations import Update, is_higher, scripts_not_run
from runner.verdict.beginning import Version
from runner.verdict.record import Record
from tests.unit.upgrade.history import write

SCRIPT = "def migrate(cr, version):\n    pass\n"


def heard(*messages: str, logger: str = "odoo.modules.migration", level: str = "INFO") -> Update:
    update = Update()
    for message in messages:
        update.hear(Record("", level, "agent_test", logger, message))
    return update


def not_run(tmp_path: Path, path: str, before: str, after: str, *ran: str, text: str = SCRIPT) -> list[str]:
    """Why a new script at that path did not run."""
    write(tmp_path / "now" / path, text)
    return scripts_not_run(tmp_path / "now", tmp_path / "before", Version("evv_core", before, after), heard(*ran))


@pytest.mark.parametrize(
    ("message", "script"),
    [
        ("module evv_core: Running migration [>1.1] pre-rename ", ("evv_core", "1.1", "pre-rename")),
        ("module evv_core: Running migration [19.0.1.1>] post-a b", ("evv_core", "19.0.1.1", "post-a b")),
        ("module evv_core: Running migration [$0.0.0] end-x", ("evv_core", "0.0.0", "end-x")),
    ],
)
def test_a_script_that_runs_is_heard_in_each_stage(message: str, script: tuple[str, str, str]) -> None:
    assert heard(message).scripts == {script}
    assert heard(message, logger="odoo.addons.evv_core").scripts == set()


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("migrations/1.1/pre-x.py", "19.0.1.0", "19.0.1.1"),
        ("migrations/1.1.0/post-x.py", "19.0.1.0", "19.0.1.1"),
        ("upgrades/19.0.1.1/end-x.py", "19.0.1.0", "19.0.2.0"),
        ("migrations/0.0.0/pre-x.py", "19.0.1.0", "19.0.1.1"),
        ("migrations/2.0/pre-x.py", "18.0.1.9", "19.0.2.0"),
    ],
)
def test_a_script_that_is_due_has_to_run(tmp_path: Path, path: str, before: str, after: str) -> None:
    (reason,) = not_run(tmp_path, path, before, after)
    assert reason == f"the migration script evv_core/{path} did not run: Odoo did not run it"
    _, version, file = path.split("/")
    assert not not_run(tmp_path, path, before, after, f"module evv_core: Running migration [>{version}] {file[:-3]}")
    assert not_run(tmp_path, path, before, after, f"module evv_other: Running migration [>{version}] {file[:-3]}")


@pytest.mark.parametrize(
    ("path", "before", "after", "why"),
    [
        ("migrations/1.1/pre_x.py", "19.0.1.0", "19.0.1.1", "its name has to begin with pre-, post- or end-"),
        ("migrations/1.1/migrate.py", "19.0.1.0", "19.0.1.1", "its name has to begin with pre-, post- or end-"),
        ("migrations/v1.1/pre-x.py", "19.0.1.0", "19.0.1.1", "v1.1 is no version, such as 1.1 or 18.0.1.1.0"),
        ("migrations/1/pre-x.py", "19.0.1.0", "19.0.1.1", "1 is no version"),
        ("migration/1.1/pre-x.py", "19.0.1.0", "19.0.1.1", "Odoo looks in migrations and upgrades, not in migration"),
        ("upgrade/1.1/pre-x.py", "19.0.1.0", "19.0.1.1", "Odoo looks in migrations and upgrades, not in upgrade"),
        ("migrations/1.0/pre-x.py", "19.0.1.0", "19.0.1.1", "its version is not above that before (19.0.1.0)"),
        ("migrations/1.2/pre-x.py", "19.0.1.0", "19.0.1.1", "its version is above that of the module (19.0.1.1)"),
        ("migrations/18.0.1.1/pre-x.py", "19.0.1.0", "19.0.1.1", "its version is not above that before (19.0.1.0)"),
        ("migrations/1.1/pre-x.py", "19.0.1.0", "19.0.1.0", "the version of evv_core is not above that before (19.0.1.0)"),
        ("migrations/1.1/pre-x.py", "19.0.2.0", "19.0.1.1", "the version of evv_core is not above that before (19.0.2.0)"),
        ("migrations/0.0.0/pre-x.py", "19.0.1.0", "19.0.1", "the version of evv_core is not above that before (19.0.1.0)"),
    ],
)
def test_a_new_script_that_cannot_run_is_told_with_the_reason(
    tmp_path: Path, path: str, before: str, after: str, why: str
) -> None:
    (reason,) = not_run(tmp_path, path, before, after)
    assert reason.startswith(f"the migration script evv_core/{path} did not run: {why}")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("migrations/1.1/helpers.py", "def rename(cr):\n    pass\n"),
        ("migrations/1.1/prefix.py", "X = 1\n"),
        ("migrations/tests/test_pre.py", SCRIPT),
        ("migrations/1.1/deep/pre-x.py", SCRIPT),
        ("migrations/pre-x.py", SCRIPT),
        ("scripts/1.1/pre-x.py", SCRIPT),
        ("migrations/1.1/README.txt", ""),
    ],
)
def test_what_is_no_script_need_not_run(tmp_path: Path, path: str, text: str) -> None:
    assert not_run(tmp_path, path, "19.0.1.0", "19.0.1.1", text=text) == []


def test_a_script_that_was_there_before_and_is_not_due_need_not_run(tmp_path: Path) -> None:
    write(tmp_path / "before/migrations/1.0/pre-x.py", SCRIPT)
    assert not_run(tmp_path, "migrations/1.0/pre-x.py", "19.0.1.0", "19.0.1.1") == []
    changed = not_run(tmp_path, "migrations/1.0/pre-x.py", "19.0.1.0", "19.0.1.1", text=SCRIPT + "x = 1\n")
    assert len(changed) == 1


def test_a_script_that_was_there_before_and_is_due_has_to_run(tmp_path: Path) -> None:
    write(tmp_path / "before/migrations/1.1/pre-x.py", SCRIPT)
    assert len(not_run(tmp_path, "migrations/1.1/pre-x.py", "19.0.1.0", "19.0.1.1")) == 1


@pytest.mark.parametrize(
    ("before", "after", "higher"),
    [("19.0.1.9", "19.0.1.10", True), ("19.0.1.0", "19.0.1", False), ("", "19.0.1", True), ("19.0.2", "19.0.1", False)],
)
def test_versions_are_compared_as_numbers(before: str, after: str, higher: bool) -> None:
    assert is_higher(Version("evv_core", before, after)) is higher


@pytest.mark.parametrize(
    "message",
    [
        'column "name" of relation "shop_item" contains null values',
        'could not create unique index "x_uniq"\nDETAIL:  Key (name)=(a) is duplicated.',
        'check constraint "x_check" of relation "x" is violated by some row',
        "Table 'x': unable to set NOT NULL on column 'name'",
    ],
)
def test_a_constraint_that_old_rows_do_not_satisfy_is_a_misfit(message: str) -> None:
    for level in ("WARNING", "ERROR"):
        (told,) = heard(message, message, logger="odoo.schema", level=level).misfits
        assert told.startswith("Odoo could not add a constraint, as rows from before do not satisfy it: ")
        assert "\n" not in told
    assert not heard(message, logger="odoo.schema").misfits  # it is tried once more at the end
    assert not heard(message, logger="odoo.addons.evv_core", level="ERROR").misfits


def test_other_words_of_odoo_about_the_schema_are_none() -> None:
    told = ["Missing not-null constraint on x.name", "Index attribute on x.name ignored"]
    assert not heard(*told, logger="odoo.schema", level="WARNING").misfits
