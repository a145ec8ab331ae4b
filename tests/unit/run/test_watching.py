"""A watch from its first round to its signal, with an engine, an Odoo and a person who edits that do what a test wants."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.cleanup.teardown import Report
from runner.config.options import Options
from runner.environment.environment import Environment
from runner.environment.longest import WATCHED
from runner.errors import ConfigError, EngineUnavailable, EnvironmentFailed, RunnerError
from runner.odoo.dependencies import dependencies_of
from runner.reporting.proof_log import RunLog
from runner.run import watching
from runner.run.module_run import Request
from runner.run.watching import Watch
from runner.signals import Signals
from runner.snapshots.contents import NOT_SOURCES, contents_digest
from runner.snapshots.snapshot import Stage
from runner.terminal import Shows, Terminal
from tests.unit.environment.test_environment import mounting_addons
from tests.unit.fake_engine import Said, Words, failed, status
from tests.unit.fake_environment import Fakes
from tests.unit.odoo_logs import log, problem, real, result, starting
from tests.unit.repositories import write_module

GREEN = (real("evv_core-passed").encode(), 0)
ONE = log(starting(), result(tests=1)).encode(), 0
RED = log(starting(), problem("FAIL", "TestClient.test_one"), result(1)).encode(), 1
Edit = Callable[[], Iterable[Path]]


class FakeChanges:
    """A person who makes one edit whenever the watch waits, and gives Ctrl+C after the last."""

    def __init__(self, *edits: Edit) -> None:
        self.edits = list(edits)
        self.waits: list[float] = []
        self.folders: list[Path] = []
        self.files: list[Path] = []
        # Whether something was saved, whenever the watch asks for it at once.
        self.saved_meanwhile: list[bool] = []
        self.is_closed = False

    def __call__(self, _signals: Signals) -> "FakeChanges":
        return self

    def follow(self, folders: Iterable[Path], files: Iterable[Path]) -> None:
        self.folders, self.files = list(folders), list(files)

    def look(self) -> bool:
        return self.saved_meanwhile.pop(0)

    def wait(self, limit: float) -> list[Path]:
        self.waits.append(limit)
        if not self.edits:
            signal.raise_signal(signal.SIGINT)
        return list(self.edits.pop(0)())

    def close(self) -> None:
        self.is_closed = True


class Watched:
    """A watch of evv_core, which depends on evv_base. Odoo prints, one round after the other, what it is told to."""

    def __init__(self, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fakes, self.monkeypatch = fakes, monkeypatch
        self.module = self.made("evv_core", "{'name': 'Core', 'depends': ['evv_base']}\n")
        self.base = self.made("evv_base", "{'name': 'Base'}\n")
        (self.module / "tests").mkdir()
        (self.module / "tests/__init__.py").write_text("from . import test_client\n")
        (self.module / "client.py").write_text("one\n")
        fakes.engine.answers["exec p-odoo-1"] = "evv_core installed\n"
        self.changes = FakeChanges()
        self.again: list[RunnerError] = []
        self.terminal = Terminal()
        self.proof = fakes.repository.path / "proof_of_execution_tests.log"

    def made(self, name: str, manifest: str) -> Path:
        folder = write_module(self.fakes.repository.addons[0], name)
        (folder / "__manifest__.py").write_text(manifest)
        return folder

    def request(self, **options: Any) -> Request:
        given = Options(**{"health_timeout": 5, "test_timeout": 5, "snapshot": False, "watch": True, **options})
        return Request(self.fakes.repository, "evv_core", given, "command", self.proof)

    def run(self, *rounds: tuple[bytes, int], edits: Iterable[Edit] = (), **options: Any) -> int:
        self.fakes.streams.executions = [(output, code, None) for output, code in rounds]
        self.changes.edits = list(edits)
        self.monkeypatch.setattr(watching, "Changes", self.changes)
        request = self.request(**options)

        def again() -> Request:
            if self.again:
                raise self.again.pop(0)
            return request

        settings = [self.fakes.folder / "repos.yaml"]
        return Watch(request, again, settings, os.environ, self.terminal, self.fakes.signals).run()

    def edit(self, name: str = "client.py", text: str = "two\n") -> Edit:
        """Save a file of the module."""

        def edited() -> Iterable[Path]:
            (self.module / name).write_text(text)
            return [self.module / name]

        return edited

    @property
    def ups(self) -> int:
        return sum(event.startswith("up ") for event in self.fakes.events)

    @property
    def rounds(self) -> int:
        return self.fakes.events.count("odoo-tests")


@pytest.fixture
def watched(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(fakes, monkeypatch)


def test_each_change_is_tested_in_the_same_environment_until_a_signal_which_tears_down(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    code = watched.run(ONE, RED, ONE, edits=[watched.edit(), watched.edit("client.py", "one\n")])
    assert (code, watched.ups, watched.rounds) == (130, 1, 3)
    assert watched.fakes.events[-1] == "finish"
    assert watched.changes.is_closed
    said = capsys.readouterr().out
    parts = (
        "round 1\n",
        "evv_core: PASSED  1 test ran",
        "waiting for changes (Ctrl+C ends)",
        "round 2: addons/evv_core/client.py",
        "evv_core: FAILED",
        "  since round 1: newly failing: TestClient.test_one",
        "round 3: ",
        "  since round 2: newly passing: TestClient.test_one",
        "SIGINT: ending the run and tearing down",
        "evv_core: INTERRUPTED  3 rounds of tests, nothing proven\n  interrupted by SIGINT\n  nothing is left\n",
    )
    places = [said.index(part) for part in parts]
    assert places == sorted(places)


def test_every_round_has_a_database_that_no_test_has_seen_and_a_log_in_the_place_of_the_one_before(watched: Watched) -> None:
    watched.run(ONE, ONE, edits=[watched.edit()])
    assert [file.name for file in watched.fakes.repository.path.glob(".agent-tests/*/round-*")] == ["round-2.log"]
    events = [words for words in watched.fakes.engine.asked if " make-anew " in words]
    # Ahead of the round that the signal kept from coming, too.
    assert len(events) == 3
    assert all("drop database if exists agent_test" in words and "create database" not in words for words in events)


class Prepared:
    """Stands for a preparation: a prepared database is there already."""

    def __init__(self, environment: Environment, _log: RunLog) -> None:
        self._environment = environment

    def make(self) -> None:
        missing = (Stage("base", ("base",), "key", "key"),)
        plan = self._environment.plan
        local = dependencies_of("evv_core", plan.modules)
        self._environment.plan = replace(
            plan,
            installed=("base", "web"),
            missing=missing,
            unavailable_reason="",
            dependencies=local,
            local_digest=contents_digest(local.local.values(), NOT_SOURCES),
            mounted_digest=plan.surroundings.contents(),
        )

    def finish(self) -> None:
        pass


@pytest.fixture
def prepared(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(watching, "Preparation", Prepared)

    def answer(words: Words) -> Said:
        return "evv_core module web\n" if "recursive needs" in " ".join(words) else "evv_core installed\n"

    watched.fakes.engine.answers["exec p-odoo-1"] = answer
    return watched


def test_a_prepared_database_is_put_aside_once_and_copied_for_every_round(prepared: Watched) -> None:
    prepared.run(ONE, ONE, edits=[prepared.edit()])
    asked = prepared.fakes.engine.asked
    assert sum("rename to agent_test_template" in words for words in asked) == 1
    assert sum("create database agent_test template agent_test_template" in words for words in asked) == 3


def test_what_only_an_empty_database_decides_is_said_and_not_remembered(
    prepared: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    hint = "on the prepared database; only an empty one would count, as in a run without --watch"
    prepared.run(RED, ONE, edits=[prepared.edit()])
    red, _, green = capsys.readouterr().out.partition("round 2:")
    assert hint in red
    assert hint not in green
    assert prepared.ups == 1
    assert not list(prepared.fakes.repository.path.rglob("needs_empty_database"))


def test_what_passes_by_undeclared_uses_is_said_to_count_only_on_an_empty_database(
    prepared: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    (prepared.module / "client.py").write_text("LAYOUT = 'web.layout'\n")
    prepared.run(ONE)
    assert "as in a run without --watch: evv_core mentions the module web" in capsys.readouterr().out


def test_a_change_of_what_the_prepared_database_holds_starts_over(
    prepared: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    def edited() -> Iterable[Path]:
        (prepared.base / "base.py").write_text("two\n")
        return [prepared.base / "base.py"]

    prepared.run(ONE, edits=[prepared.edit(), edited])
    assert "starting over: what the prepared database holds changed" in capsys.readouterr().out
    assert (prepared.ups, prepared.rounds) == (2, 3)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda watched: watched.fakes.folder / "repos.yaml", "repos.yaml changed"),
        (lambda watched: watched.fakes.repository.compose_file, "docker-compose.agent.yml changed"),
        (lambda watched: watched.fakes.repository.addons[0], "addons changed"),
    ],
)
def test_a_change_of_what_is_fixed_takes_the_environment_down_and_another_one_up(
    watched: Watched, capsys: pytest.CaptureFixture[str], edit: Callable[[Watched], Path], why: str
) -> None:
    assert watched.run(ONE, edits=[lambda: [edit(watched)]]) == 130
    assert f"starting over: {why}\n" in capsys.readouterr().out
    events = watched.fakes.events
    first, second = (at for at, event in enumerate(events) if event.startswith("up "))
    assert first < events.index("finish") < second
    assert events[-1] == "finish"
    assert watched.rounds == 2
    assert edit(watched) in watched.changes.files


def test_a_module_that_depends_on_another_one_than_before_starts_over(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    watched.run(ONE, edits=[watched.edit("__manifest__.py", "{'name': 'Core', 'depends': ['mail']}\n")])
    assert "starting over: evv_core depends on other modules than before" in capsys.readouterr().out
    assert watched.ups == 2
    assert watched.changes.folders == [watched.module]
    # It may come to be in this repository.
    assert watched.fakes.repository.addons[0] / "mail/__manifest__.py" in watched.changes.files


def test_a_change_of_a_local_dependency_is_tested_and_both_are_followed(watched: Watched) -> None:
    watched.run(ONE, ONE, edits=[lambda: [watched.base / "base.py"]])
    assert (watched.ups, watched.rounds) == (1, 2)
    assert sorted(watched.changes.folders) == [watched.base, watched.module]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("__manifest__.py", "{'name': \n", "__manifest__.py is no valid Python: "),
        ("__manifest__.py", "", "__manifest__.py is empty"),
        (".agent-tests.yaml", "allow: 3\n", ".agent-tests.yaml:1: "),
    ],
)
def test_what_cannot_be_understood_while_somebody_types_is_said_and_waited_out(
    watched: Watched, capsys: pytest.CaptureFixture[str], name: str, text: str, why: str
) -> None:
    good = "{'name': 'Core', 'depends': ['evv_base']}\n" if name.endswith(".py") else "allow: {}\n"
    assert watched.run(ONE, ONE, edits=[watched.edit(name, text), watched.edit(name, good)]) == 130
    assert (watched.ups, watched.rounds) == (1, 2)
    said = capsys.readouterr().out
    assert "evv_core cannot be tested: " in said
    assert why in said
    assert "Traceback" not in said


def test_a_change_of_what_is_fixed_is_not_forgotten_while_the_module_cannot_be_tested(watched: Watched) -> None:
    good = "{'name': 'Core', 'depends': ['evv_base']}\n"

    def both() -> Iterable[Path]:
        return [*watched.edit("__manifest__.py", "{")(), watched.fakes.folder / "repos.yaml"]

    watched.run(ONE, edits=[both, watched.edit("__manifest__.py", good)])
    assert (watched.ups, watched.rounds) == (2, 2)


def test_what_was_saved_while_its_database_was_prepared_does_not_leave_it_without_one(
    prepared: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    make, made = Prepared.make, list[Prepared]()

    def fails_at_first(preparation: Prepared) -> None:
        if made:
            make(preparation)
        made.append(preparation)

    prepared.monkeypatch.setattr(Prepared, "make", fails_at_first)
    prepared.changes.saved_meanwhile = [True]
    prepared.run(ONE, edits=[prepared.edit()], snapshot=True)
    assert "starting over: something was saved while its database was prepared" in capsys.readouterr().out
    assert (prepared.ups, prepared.rounds) == (2, 1)


def test_a_module_that_cannot_be_tested_at_first_starts_nothing_until_it_can(watched: Watched) -> None:
    (watched.module / "__manifest__.py").write_text("{")
    seen = []

    def mended() -> Iterable[Path]:
        seen.append(watched.ups)
        return watched.edit("__manifest__.py", "{'name': 'Core'}\n")()

    assert watched.run(ONE, edits=[mended]) == 130
    assert (seen, watched.ups, watched.rounds) == ([0], 1, 1)


def test_a_module_that_is_deleted_is_waited_for(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    moved = watched.module.with_name("elsewhere")

    def deleted() -> Iterable[Path]:
        watched.module.rename(moved)
        return [watched.module]

    def back() -> Iterable[Path]:
        moved.rename(watched.module)
        return [watched.module]

    assert watched.run(ONE, ONE, edits=[deleted, back]) == 130
    assert "evv_core cannot be tested: evv_core is not in its repository any more" in capsys.readouterr().out
    assert (watched.ups, watched.rounds) == (1, 2)


def test_a_module_without_tests_has_a_verdict_at_once(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    (watched.module / "tests/__init__.py").write_text("")
    watched.run(ONE, edits=[watched.edit("tests/__init__.py", "from . import test_client\n")])
    assert "evv_core: NOT PROVEN" in capsys.readouterr().out
    assert watched.rounds == 1


def test_configuration_that_cannot_be_read_is_said_and_waited_out(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    config = watched.fakes.folder / "repos.yaml"
    watched.again = [ConfigError("repos.yaml:3: unknown key")]
    assert watched.run(ONE, edits=[lambda: [config], lambda: [config]]) == 130
    assert "repos.yaml:3: unknown key; waiting for changes" in capsys.readouterr().out
    assert watched.ups == 2


def test_quiet_or_not_it_is_said_where_the_last_verdict_is_not_of_the_sources_as_they_are(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    watched.terminal = Terminal(Shows.CLOSING_LINES)
    edits = [watched.edit("__manifest__.py", "{"), lambda: [watched.fakes.folder / "repos.yaml"]]
    watched.again = [ConfigError("what is wrong")]
    assert watched.run(ONE, edits=edits) == 130
    said = capsys.readouterr().out
    assert "evv_core cannot be tested: " in said
    assert "what is wrong; waiting for changes" in said
    assert "round 1" not in said


def test_an_environment_that_does_not_come_up_again_is_said_and_waited_out(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    config = watched.fakes.folder / "repos.yaml"

    def broken() -> Iterable[Path]:
        watched.fakes.streams.fails = [EnvironmentFailed("no such image")]
        return [config]

    assert watched.run(ONE, edits=[broken, lambda: [config]]) == 130
    said = capsys.readouterr().out
    assert "no such image" in said
    assert "nothing stands; waiting for changes" in said
    assert (watched.ups, watched.rounds) == (3, 2)


def test_the_first_environment_that_does_not_come_up_ends_it_as_a_run(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    watched.fakes.streams.fails = [EnvironmentFailed("no such image")]
    assert watched.run(ONE) == 5
    assert "evv_core: ERROR  0 rounds of tests, nothing proven\n  no such image\n" in capsys.readouterr().out


def test_a_signal_during_the_teardown_of_what_failed_ends_it_as_a_signal(watched: Watched) -> None:
    watched.fakes.streams.fails = [EnvironmentFailed("no such image")]
    watched.fakes.during_teardown = lambda: signal.raise_signal(signal.SIGTERM)
    assert watched.run(ONE) == 143


def test_sources_that_differ_in_a_later_round_are_no_reason_for_copies(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    mounting_addons(watched.fakes)
    other = {"digests": {"/mnt/extra-addons/evv_core": "another"}, "entries": {"/mnt/extra-addons/evv_core": {}}}

    def being_saved() -> Iterable[Path]:
        watched.fakes.in_container = other
        return watched.edit()()

    def saved() -> Iterable[Path]:
        watched.fakes.in_container = {}
        return watched.edit()()

    watched.changes.saved_meanwhile = [True]
    assert watched.run(ONE, edits=[being_saved, saved]) == 130
    assert "round 2 ended by a change: The container has other sources than this checkout" in capsys.readouterr().out
    assert (watched.ups, watched.rounds) == (1, 2)


def test_an_engine_that_is_gone_ends_it(watched: Watched) -> None:
    config = watched.fakes.folder / "repos.yaml"

    def stopped() -> Iterable[Path]:
        watched.fakes.failures["version"] = [EngineUnavailable("no daemon")]
        return [config]

    assert watched.run(ONE, edits=[stopped]) == 3


def test_a_container_that_died_while_nothing_changed_ends_it_with_the_next_round(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    def dies() -> Iterable[Path]:
        watched.fakes.containers = [status("db", "exited", None, exit_code=137), status()]
        return watched.edit()()

    watched.changes.saved_meanwhile = [False]
    assert watched.run(ONE, edits=[dies]) == 5
    assert "evv_core: ERROR  2 rounds" in capsys.readouterr().out
    assert watched.rounds == 1


def test_a_round_that_a_change_disturbed_is_made_again(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    answer = watched.fakes.engine.answers["exec p-odoo-1"]

    def breaks() -> Iterable[Path]:
        watched.fakes.engine.answers["exec p-odoo-1"] = failed("being written")
        return watched.edit()()

    def mends() -> Iterable[Path]:
        watched.fakes.engine.answers["exec p-odoo-1"] = answer
        return watched.edit()()

    watched.changes.saved_meanwhile = [True]
    assert watched.run(ONE, edits=[breaks, mends]) == 130
    assert "round 2 ended by a change: The database cannot be made anew: being written" in capsys.readouterr().out
    assert watched.rounds == 2


def test_what_cannot_be_removed_ends_it_with_8_and_nothing_is_started_anew(watched: Watched) -> None:
    watched.fakes.report = Report(left={"containers": ["p-odoo-1"]}, errors=["still in use"])
    assert watched.run(ONE, edits=[lambda: [watched.fakes.folder / "repos.yaml"]]) == 8
    assert watched.ups == 1


def test_an_environment_in_which_nothing_changes_for_long_is_taken_down_until_something_does(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    now = time.monotonic()

    def hours_later() -> Iterable[Path]:
        watched.monkeypatch.setattr("runner.run.watching.time.monotonic", lambda: now + 9 * 3600)
        return []

    stood: list[str] = []

    def back() -> Iterable[Path]:
        stood.append(watched.fakes.events[-1])
        return watched.edit()()

    watched.run(ONE, edits=[hours_later, back])
    assert "it has stood for 8 hours\n" in capsys.readouterr().out
    assert stood == ["finish"]
    assert watched.ups == 2
    assert watched.changes.waits[0] <= WATCHED


def test_no_proof_is_written_and_one_of_this_module_does_not_stay(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    watched.proof.write_text("PROOF OF EXECUTION\nrun:    p\nmodule:       evv_core\nverdict: PASSED\n")
    watched.run(ONE)
    assert not watched.proof.exists()
    assert f"removed, as it is of an earlier run of evv_core: {watched.proof}" in capsys.readouterr().out
    (log,) = watched.fakes.repository.path.glob(".agent-tests/*/round-1.log")
    assert "NO PROOF" in log.read_text().splitlines()[1]


def test_a_proof_of_another_module_stays(watched: Watched) -> None:
    watched.proof.write_text("PROOF OF EXECUTION\nmodule:       evv_core_more\n")
    watched.run(ONE)
    assert watched.proof.exists()


def test_a_selection_is_told(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    watched.run(ONE, test_tags="/evv_core:TestClient")
    assert "evv_core: PASSED, only /evv_core:TestClient  1 test ran" in capsys.readouterr().out
