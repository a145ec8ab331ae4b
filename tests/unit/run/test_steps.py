"""An upgrade and a reinstallation, with an engine and an Odoo that do what a test wants, and real git."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.config.options import Options, Ref
from runner.odoo.command import DATABASE
from runner.reporting.outcome import Outcome
from runner.reporting.proof_log import proof_file
from runner.run.module_run import Request, run_module
from runner.terminal import Terminal
from runner.verdict.beginning import Step
from tests.unit.fake_engine import Said, Words, failed
from tests.unit.fake_environment import Fakes
from tests.unit.odoo_logs import log, problem, record, result, starting
from tests.unit.upgrade.history import commit, git, module, write

NO_TESTS = log(record("odoo.modules.loading", "Loading module evv_core (2/2)"), result(tests=0)).encode()
RAN = record("odoo.modules.migration", "module evv_core: Running migration [>1.1] pre-x")
LOADING = record("odoo.modules.loading", "Loading module evv_core (2/2)")
TESTED = log(LOADING, RAN, starting(), result(tests=1)).encode()
BROKEN = log(record("odoo.service.server", "Failed to initialize database", "CRITICAL")).rpartition("2026-")[0].encode()
SCRIPT = "def migrate(cr, version):\n    pass\n"


class Database:
    """Answers the questions to the database by how many processes of Odoo have run."""

    def __init__(self, fakes: Fakes) -> None:
        self._fakes = fakes
        self.versions: list[dict[str, str]] = [{"evv_core": "19.0.1.0"}, {"evv_core": "19.0.1.1"}]
        self.states = ["installed"]

    def __call__(self, words: Words) -> Said:
        at = len(self._fakes.streams.executed) - 1
        if "latest_version" in words[-1]:
            versions = self.versions[min(at, len(self.versions) - 1)]
            return "".join(f"{name} {version}\n" for name, version in versions.items())
        state = self.states[min(at, len(self.states) - 1)]
        return f"evv_core {state}\n"


Go = Callable[..., Outcome]


@pytest.fixture
def database(fakes: Fakes) -> Database:
    return Database(fakes)


@pytest.fixture
def go(fakes: Fakes, database: Database) -> Go:
    """Run evv_core, which is 1.0 at v1, and has a migration script to its 1.1 now. All goes well, unless a test says else."""
    folder = module(fakes.repository.addons[0], "evv_core", "1.0")
    case = "from odoo.tests import TransactionCase\n\nclass TestClient(TransactionCase):\n    def test_one(self): ...\n"
    write(folder / "tests/__init__.py", "from . import test_client\n")
    write(folder / "tests/test_client.py", case)
    git(fakes.repository.path, "init", "-q", "-b", "main")
    write(fakes.repository.path / ".gitignore", ".agent-tests\n*.log\n")
    commit(fakes.repository.path, "v1")
    module(fakes.repository.addons[0], "evv_core", "1.1")
    write(folder / "migrations/1.1/pre-x.py", SCRIPT)
    fakes.repository.addons[1].mkdir()
    fakes.streams.executions = [(NO_TESTS, 0, None), (TESTED, 0, None)]
    fakes.engine.answers["exec p-odoo-1"] = database

    def gone(environ: Mapping[str, str] = {"HOME": "/"}, **options: Any) -> Outcome:
        given = Options(**{"health_timeout": 5, "test_timeout": 5, "snapshot": False, **options})
        proof = proof_file(fakes.repository.path, "evv_core", only=True)
        return run_module(Request(fakes.repository, "evv_core", given, "command", proof), environ, Terminal(), fakes.signals)

    return gone


@pytest.fixture
def upgrade(go: Go, fakes: Fakes) -> Go:
    def gone(ref: str = "v1", **options: Any) -> Outcome:
        return go(upgrade_from=Ref(ref, git(fakes.repository.path, "rev-parse", f"{ref}^{{commit}}")), **options)

    return gone


def words(fakes: Fakes, option: str) -> list[str]:
    """What each process of Odoo was given for an option."""
    found = [[word for word in command if word.startswith(f"--{option}=")] for command in fakes.streams.executed]
    return [(given or [""])[0].partition("=")[2] for given in found]


def test_the_module_is_installed_as_it_was_and_then_updated_with_tests(upgrade: Go, fakes: Fakes) -> None:
    outcome = upgrade()
    assert (outcome.exit_code, outcome.title, outcome.reasons) == (0, "PASSED, updated from v1", ())
    assert outcome.notes == ()
    assert words(fakes, "init") == ["evv_core", ""]
    assert words(fakes, "update") == ["", "evv_core"]
    assert words(fakes, "addons-path") == ["/mnt/agent-test-earlier-1", "/mnt/extra-addons,/mnt/extra-addons-2"]
    assert words(fakes, "test-tags") == ["/agent_test_no_tests", "/evv_core"]
    proof = outcome.proof.read_text()
    for told in (
        f"upgrade from: v1 (commit {git(fakes.repository.path, 'rev-parse', 'v1')[:12]})",
        "version of evv_core: 1.0 -> 1.1",
        "verdict:   PASSED, updated from v1",
        "  evv_core: 19.0.1.0 -> 19.0.1.1",
        "  ran: evv_core [>1.1] pre-x",
        "files differ from it: addons/evv_core",
    ):
        assert told in proof
    assert [name for name, _ in outcome.phases] == ["up", "healthy", "install", "tests", "down"]


def test_containers_have_the_earlier_sources_beside_those_of_the_checkout_read_only(upgrade: Go, fakes: Fakes) -> None:
    upgrade()
    override = json.loads(fakes.streams.started[0].files[1].read_text())
    mounts = {mount["target"]: mount for mount in override["services"]["odoo"]["volumes"]}
    assert set(mounts) == {"/mnt/extra-addons-2", "/mnt/agent-test-earlier-1"}
    assert mounts["/mnt/agent-test-earlier-1"]["source"].endswith("/earlier/addons")
    assert mounts["/mnt/agent-test-earlier-1"]["read_only"] is True


@pytest.mark.parametrize("has_copies", [False, True])
def test_where_sources_are_copied_the_earlier_ones_are_too(upgrade: Go, fakes: Fakes, has_copies: bool) -> None:
    if has_copies:
        fakes.repository = fakes.repository.model_copy(update={"sources": "copy"})
    upgrade()
    assert any(b"'1.0'" in copied for copied in fakes.streams.copied) is has_copies


def test_an_earlier_module_that_cannot_be_installed_is_told_from_an_update_that_fails(
    upgrade: Go, fakes: Fakes, database: Database
) -> None:
    fakes.streams.executions = [(BROKEN, 255, None)]
    database.states = ["to install"]
    outcome = upgrade()
    assert (outcome.exit_code, outcome.title) == (7, "NOT PROVEN, at the installation as of v1")
    assert outcome.reasons[0].startswith("evv_core as of v1 (commit ")
    assert "could not be installed, so that no update was tested: Failed to initialize database" in outcome.reasons[0]
    assert len(fakes.streams.executed) == 1


def test_an_update_that_fails_is_told_as_one(upgrade: Go, fakes: Fakes, database: Database) -> None:
    fakes.streams.executions = [(NO_TESTS, 0, None), (BROKEN, 255, None)]
    database.versions = [{"evv_core": "19.0.1.0"}]
    outcome = upgrade()
    assert (outcome.exit_code, outcome.title) == (7, "NOT PROVEN, at the update from v1")
    assert outcome.reasons[0].startswith("the update from v1 failed: Failed to initialize database")
    assert outcome.beginning
    assert outcome.beginning.failed is Step.UPDATE


def test_tests_that_cannot_be_imported_after_an_update_are_no_failed_update(upgrade: Go, fakes: Fakes) -> None:
    fakes.streams.executions = [(NO_TESTS, 0, None), (BROKEN, 255, None)]
    outcome = upgrade()
    assert (outcome.exit_code, outcome.title) == (7, "NOT PROVEN, updated from v1")
    assert outcome.reasons[0].startswith("Failed to initialize database")


def test_a_test_that_fails_after_the_update_is_a_failed_test(upgrade: Go, fakes: Fakes) -> None:
    failing = log(LOADING, RAN, starting(), problem("FAIL", "TestClient.test_one"), result(1, tests=1)).encode()
    fakes.streams.executions = [(NO_TESTS, 0, None), (failing, 1, None)]
    outcome = upgrade()
    assert (outcome.exit_code, outcome.title) == (1, "FAILED, updated from v1")
    assert outcome.reasons == ("FAIL: TestClient.test_one",)


def test_a_new_script_that_did_not_run_proves_nothing(upgrade: Go, fakes: Fakes) -> None:
    write(fakes.repository.addons[0] / "evv_core/migrations/1.1/post_y.py", SCRIPT)
    outcome = upgrade()
    assert (outcome.exit_code, outcome.label) == (7, "NOT PROVEN")
    assert outcome.reasons == (
        "the migration script evv_core/migrations/1.1/post_y.py did not run: its name has to begin with pre-, post- or end-",
    )


def test_a_constraint_that_old_rows_do_not_satisfy_proves_nothing(upgrade: Go, fakes: Fakes) -> None:
    misfit = record("odoo.schema", 'column "name" of relation "evv" contains null values', "WARNING")
    fakes.streams.executions = [
        (NO_TESTS, 0, None),
        (log(LOADING, RAN, misfit, starting(), result(tests=1)).encode(), 0, None),
    ]
    outcome = upgrade()
    assert outcome.exit_code == 7
    assert "rows from before do not satisfy it: column" in outcome.reasons[0]


def test_a_module_that_is_the_same_is_noted(upgrade: Go, fakes: Fakes, database: Database) -> None:
    commit(fakes.repository.path, "v2")
    database.versions = [{"evv_core": "19.0.1.1"}]
    fakes.streams.executions = [(NO_TESTS, 0, None), (log(LOADING, starting(), result(tests=1)).encode(), 0, None)]
    outcome = upgrade("v2")
    assert (outcome.exit_code, outcome.label) == (0, "PASSED")
    assert outcome.notes == ("evv_core and what it depends on here are the same at v2: no change of them was tested",)
    assert outcome.beginning
    assert outcome.beginning.lines == ["evv_core: 19.0.1.1 -> 19.0.1.1", "no migration script ran"]


def test_a_version_that_is_not_higher_is_noted(upgrade: Go, fakes: Fakes, database: Database) -> None:
    git(fakes.repository.path, "stash", "-q", "-u")
    write(fakes.repository.addons[0] / "evv_core/models.py", "x = 1\n")
    fakes.repository.addons[1].mkdir(exist_ok=True)
    database.versions = [{"evv_core": "19.0.1.0"}]
    fakes.streams.executions = [(NO_TESTS, 0, None), (log(LOADING, starting(), result(tests=1)).encode(), 0, None)]
    assert upgrade().notes == ("the version of evv_core is not above that at v1 (19.0.1.0): Odoo runs no migration script",)


def test_what_the_module_depends_on_is_updated_where_it_changed(upgrade: Go, fakes: Fakes, database: Database) -> None:
    addons = fakes.repository.addons[0]
    git(fakes.repository.path, "stash", "-q", "-u")
    for name in ("evv_base", "evv_same"):
        module(addons, name)
    module(addons, "evv_core", "1.0", "evv_base", "evv_same")
    commit(fakes.repository.path, "v2")
    module(addons, "evv_base", "1.1")
    module(addons, "evv_new")
    module(addons, "evv_core", "1.0", "evv_base", "evv_same", "evv_new")
    fakes.repository.addons[1].mkdir(exist_ok=True)
    before = {"evv_core": "19.0.1.0", "evv_base": "19.0.1.0", "evv_same": "19.0.1.0"}
    database.versions = [before, before | {"evv_base": "19.0.1.1"}]
    outcome = upgrade("v2")
    assert words(fakes, "update") == ["", "evv_core,evv_base"]
    assert outcome.beginning
    assert outcome.beginning.lines[:2] == ["evv_core: 19.0.1.0 -> 19.0.1.0", "evv_base: 19.0.1.0 -> 19.0.1.1"]


def test_what_is_not_as_of_the_commit_in_the_container_is_not_tested(upgrade: Go, fakes: Fakes) -> None:
    answers = fakes.engine.answers["exec p-odoo-1 python3"]
    assert callable(answers)

    def other(given: Words) -> Said:
        said = json.loads(str(answers(given)))
        for of_module in ("digests", "entries"):
            said[of_module].pop("/mnt/agent-test-earlier-1/evv_core", None)
        return json.dumps(said)

    fakes.engine.answers["exec p-odoo-1 python3"] = other
    outcome = upgrade()
    assert outcome.exit_code == 5
    assert "The container has other sources than v1" in outcome.reasons[0]
    assert "\n  evv_core/__manifest__.py is only here" in outcome.reasons[0]
    assert fakes.streams.executed == []


def test_a_link_that_led_out_of_the_addons_is_warned_of(upgrade: Go, fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    link = fakes.repository.addons[0] / "evv_core/out.py"
    link.symlink_to("../../out.py")
    write(fakes.repository.path / "out.py", "")
    commit(fakes.repository.path, "v2")
    link.unlink()
    upgrade("v2")
    told = "warning: links that led out of the folders of addons lead to nothing: evv_core/out.py\n"
    assert told in capsys.readouterr().out


def test_a_link_into_another_folder_of_addons_is_refused_before_anything_is_started(upgrade: Go, fakes: Fakes) -> None:
    write(fakes.repository.addons[1] / "lib.py", "")
    link = fakes.repository.addons[0] / "evv_core/lib.py"
    link.symlink_to("../../more/lib.py")
    commit(fakes.repository.path, "v2")
    link.unlink()
    outcome = upgrade("v2")
    assert (outcome.exit_code, fakes.streams.started) == (2, [])
    assert outcome.reasons[0].startswith("v2 (commit ")
    assert "evv_core/lib.py is a link to ../../more/lib.py" in outcome.reasons[0]


def test_time_that_is_over_in_the_installation_is_told_as_such(upgrade: Go, fakes: Fakes) -> None:
    fakes.streams.executions = [(b"", 124, None)]
    outcome = upgrade(test_timeout=0)
    assert (outcome.exit_code, outcome.title) == (6, "TIMED OUT, at the installation as of v1")
    assert "it ran past its time (--test-timeout)" in outcome.reasons[0]


def test_a_module_that_there_was_not_then_says_so(go: Go, fakes: Fakes) -> None:
    fakes.streams.executions = [(log(starting(), result(tests=1)).encode(), 0, None)]
    outcome = go(new_since=Ref("v1", "0" * 40))
    assert (outcome.exit_code, outcome.title) == (0, "PASSED, new since v1")
    assert words(fakes, "init") == ["evv_core"]
    assert "upgrade from: nothing, as v1 (commit 000000000000) lacks the module" in outcome.proof.read_text()


def test_a_reinstallation_is_three_processes_on_one_database(go: Go, fakes: Fakes, database: Database) -> None:
    database.states = ["installed", "uninstalled", "installed"]
    fakes.streams.executions = [(NO_TESTS, 0, None), (b"", 0, None), (TESTED, 0, None)]
    outcome = go(reinstall=True)
    assert (outcome.exit_code, outcome.title, outcome.notes) == (0, "PASSED, reinstalled", ())
    assert words(fakes, "init") == ["evv_core", "", "evv_core"]
    assert words(fakes, "test-tags") == ["/agent_test_no_tests", "", "/evv_core"]
    assert "button_immediate_uninstall" in fakes.streams.executed[1][2]
    assert '("name", "=", "evv_core")' in fakes.streams.executed[1][2]
    assert f"--database={DATABASE}" in fakes.streams.executed[1]
    assert [name for name, _ in outcome.phases] == ["up", "healthy", "install", "uninstall", "tests", "down"]


@pytest.mark.parametrize(
    ("executions", "states", "title", "reason"),
    [
        ([(BROKEN, 255)], ["to install"], "at the first installation", "the first installation failed: Failed to init"),
        ([(NO_TESTS, 0), (b"", 1)], ["installed"], "at the uninstallation", "the uninstallation failed: Odoo ended with"),
        (
            [(NO_TESTS, 0), (b"", 0), (BROKEN, 255)],
            ["installed", "uninstalled", "uninstalled"],
            "at the second installation",
            "after the uninstallation, the module could not be installed again: Failed to init",
        ),
    ],
)
def test_the_step_of_a_reinstallation_that_fails_is_told(
    go: Go, fakes: Fakes, database: Database, executions: list[tuple[bytes, int]], states: list[str], title: str, reason: str
) -> None:
    database.states = states
    fakes.streams.executions = [(output, code, None) for output, code in executions]
    outcome = go(reinstall=True)
    assert (outcome.exit_code, outcome.title) == (7, f"NOT PROVEN, {title}")
    assert outcome.reasons[0].startswith(reason)
    assert len(fakes.streams.executed) == len(executions)


def test_a_module_that_is_still_installed_was_not_uninstalled_whatever_odoo_s_exit_code_is(go: Go, fakes: Fakes) -> None:
    fakes.streams.executions = [(NO_TESTS, 0, None), (b"", 0, None)]
    outcome = go(reinstall=True)
    assert "module evv_core is not uninstalled (its state: installed)" in outcome.reasons


def test_a_database_that_does_not_tell_is_a_reason_and_no_error_of_the_environment(
    go: Go, fakes: Fakes, database: Database
) -> None:
    fakes.streams.executions = [(BROKEN, 255, None)]
    fakes.engine.answers["exec p-odoo-1"] = failed("psql: error", 2)
    outcome = go(reinstall=True)
    assert outcome.exit_code == 7
    assert any("the database could not be asked which modules are installed: psql: error" in why for why in outcome.reasons)


def test_the_earlier_sources_are_where_the_guard_looks_for_them(upgrade: Go, fakes: Fakes) -> None:
    seen: list[Path] = []
    fakes.during_teardown = lambda: seen.extend(fakes.repository.path.glob(".agent-tests/*/earlier"))
    upgrade()
    (report_file,) = {Path(str(about[3])) for about in fakes.guards}
    assert seen == [report_file.parent / "earlier"]
