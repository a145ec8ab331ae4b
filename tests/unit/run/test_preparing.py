"""Making a prepared database within a run: what is published, and what sends the run back to an empty one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from runner.docker.process import Completed
from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed
from runner.odoo.addons import modules_of
from runner.odoo.command import assets_command
from runner.odoo.dependencies import Dependencies
from runner.reporting.proof_log import ProofLog
from runner.run.preparing import Preparation, prefetch_undeclared_names
from runner.snapshots.contents import NOT_SOURCES, contents_digest
from runner.snapshots.plan import Plan
from runner.snapshots.snapshot import DatabaseImage, Snapshot, Stage
from runner.snapshots.store import Store
from runner.terminal import Shows
from tests.unit.fake_engine import Said, Words, failed, status
from tests.unit.fake_environment import LABELS, Fakes
from tests.unit.odoo.test_dependencies import modules_in

RECORD = "2026-01-01 00:00:00,000 1 {} agent_test odoo.{}: {}\n"
CLEAN = RECORD.format("INFO", "modules.loading", "Modules loaded.")
INSTALLED = "base installed\nweb installed\n"
BASE = Stage("base", ("base",), "key-base", "key-base")
ASSETS = Stage("assets", ("base",), "key-assets", "key-base", assets=True)
OWN = Stage("own", ("evv_core",), "key-own", "key-base", own=True)
DATABASE = DatabaseImage("postgres:16", data_folder="/data")


@dataclass
class Making:
    """A run of evv_visits, which depends on evv_core, in which all goes well unless a test says otherwise."""

    fakes: Fakes
    environment: Environment

    def plan(self, *missing: Stage, **about: Any) -> None:
        modules = modules_of(self.fakes.repository)
        own = {"evv_core": modules["evv_core"]}
        plan = Plan(self.fakes.repository, "evv_visits", modules, Dependencies(own, ("base",)), DATABASE)
        digests = {
            "local_digest": contents_digest(own.values(), NOT_SOURCES),
            "mounted_digest": plan.surroundings.contents(),
        }
        self.environment.plan = replace(plan, missing=missing, **(digests | about))

    def installs(self, states: Said = INSTALLED, output: str = CLEAN, exit_code: int = 0) -> None:
        """What Odoo prints, how it ends, and what the database then says."""
        self.fakes.streams.executions = [(output.encode(), exit_code, None)]
        self.fakes.engine.answers["exec p-odoo-1"] = states

    def copies(self, **codes: int) -> None:
        """What the container that copies says to `take` and `store`."""

        def copied(words: Words) -> Said:
            kind = "store" if "sync" in words[4] else "take"
            return failed(f"{kind} failed", codes[kind]) if kind in codes else "61\n"

        self.fakes.engine.answers["exec p-snapshot"] = copied

    def go(self) -> str:
        """Make it, test, and finish; the proof."""
        folder = self.fakes.folder
        with ProofLog(folder, folder / "proof.log") as log:
            preparation = Preparation(self.environment, log)
            preparation.make()
            self.fakes.happens("tests")
            preparation.finish()
            log.publish()
        return (folder / "proof.log").read_text()

    @property
    def events(self) -> list[str]:
        """What happened since the environment was up."""
        return self.fakes.started[3:]

    @property
    def ready(self) -> dict[str, Snapshot]:
        """What was published, by the name of the stage."""
        return {snapshot.stage: snapshot for snapshot in Store(self.fakes.engine).volumes().ready.values()}

    @property
    def refused(self) -> list[str]:
        return list(Store(self.fakes.engine).volumes().refused)

    @property
    def why_over(self) -> str:
        """Why the run started over, without a prepared database; empty if it did not."""
        assert ("removed p" in self.events) == bool(self.environment.plan.unavailable_reason)
        return self.environment.plan.unavailable_reason


@pytest.fixture
def making(fakes: Fakes) -> Iterator[Making]:
    modules_in(fakes.repository.path, {"evv_core": {"depends": ["base"]}, "evv_visits": {"depends": ["evv_core"]}})
    fakes.engine.answers |= dict.fromkeys(("run", "stop", "start", "rm", "exec p-db-1"), "")
    fakes.containers = [status("db", volumes=(("data", "/data"),)), status(volumes=(("files", "/var/lib/odoo"),))]
    with fakes.environment() as environment:
        making = Making(fakes, environment)
        making.plan(BASE)
        making.installs()
        making.copies()
        yield making


def test_a_stage_is_copied_from_the_stopped_server_and_then_published_with_what_is_installed(making: Making) -> None:
    proof = making.go()
    assert making.events == [
        *("volume create", "run --detach", "odoo-prepare", "exec p-odoo-1"),
        *("stop --time", "exec p-snapshot-base", "start p-db-1", "exec p-snapshot-base", "exec p-db-1"),
        *("container inspect", "tests"),
        *("rm --force", "volume create", "volume ls"),
    ]
    snapshot = making.ready["base"]
    assert (snapshot.repository, snapshot.modules, snapshot.megabytes) == ("evv", ("base", "web"), 61)
    assert snapshot.key == "key-base"
    (copy,) = [words for words in making.fakes.engine.asked if words.startswith("run")]
    for part in (f"--volume={snapshot.volume}:/agent-test-new", "--env=PGDATA=/data"):
        assert part in copy
    assert [part for part in copy.split() if part.startswith("--volume") and snapshot.volume not in part] == [
        "--volume=files:/var/lib/odoo:ro,nocopy",
        "--volume=data:/data:nocopy",
    ]
    # So that the guard, and after it the janitor, find the container that copies.
    for label in ({"com.docker.compose.project": "p"} | LABELS).items():
        assert "--label={}={}".format(*label) in copy
    assert making.why_over == ""
    titles = (
        "PREPARATION: base\nmodules: base\n",
        "Modules loaded.",
        "PREPARED DATABASE\nprepared database: made by this run\n",
    )
    assert sorted(map(proof.index, titles)) == [proof.index(title) for title in titles]


def test_stages_follow_on_each_other(making: Making) -> None:
    making.plan(BASE, OWN)
    making.installs(INSTALLED + "evv_core installed\n")
    making.go()
    installed = [word for command in making.fakes.streams.executed for word in command if word.startswith("--init=")]
    assert installed == ["--init=base", "--init=evv_core"]
    assert list(making.ready) == ["base", "own"]


def test_a_stage_that_the_one_before_turns_out_to_hold_is_not_made(making: Making) -> None:
    making.plan(BASE, Stage("core", ("base", "web"), "key-core", "key-base"))
    making.go()
    assert list(making.ready) == ["base"]


def test_for_the_assets_bundles_nothing_is_installed(making: Making) -> None:
    making.plan(BASE, ASSETS)
    making.go()
    first, second = making.fakes.streams.executed
    assert first[3] == "odoo-prepare"
    assert second == assets_command(making.environment.context.options.test_timeout)
    assert list(making.ready) == ["base", "assets"]


def test_without_a_missing_stage_nothing_is_made_and_nothing_removed(making: Making) -> None:
    making.plan()
    making.go()
    assert making.events == ["tests"]


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"exit_code": 255}, "the installation of base was not clean: exit code 255"),
        ({"output": RECORD.format("ERROR", "addons.base", "Something is wrong")}, "was not clean: Something is wrong"),
        (
            {"output": RECORD.format("WARNING", "modules.module", "module hr: not installable, skipped")},
            "hr is not installable",
        ),
        ({"output": RECORD.format("WARNING", "modules.loading", "Module hr demo data failed to install")}, "demo data of hr"),
        ({"states": "web installed\n"}, "not installed after the preparation: base"),
        ({"states": INSTALLED + "hr to install\n"}, "not installed after the preparation: hr"),
        ({"states": Completed(2, INSTALLED, "")}, "not installed after the preparation"),
        ({"states": INSTALLED + "evv_visits installed\n"}, "evv_visits got into the prepared database"),
    ],
)
def test_an_installation_that_is_not_as_it_should_be_is_not_published_and_the_run_starts_over(
    making: Making, about: dict[str, Any], why: str
) -> None:
    making.plan(BASE, OWN)
    making.installs(**about)
    proof = making.go()
    assert why in making.why_over
    assert why in proof
    assert making.ready == {}
    # Not tried again with the same key: what would most likely end in the same way.
    assert making.refused == (["key-base"] if "output" in about else [])


@pytest.mark.parametrize("event", ["volume create", "run --detach", "stop --time", "start p-db-1", "exec p-db-1"])
def test_an_engine_that_fails_the_copy_sends_the_run_over_too_but_is_asked_again_by_the_next_run(
    making: Making, event: str
) -> None:
    making.fakes.failures[event] = [EnvironmentFailed(f"{event} failed")]
    assert f"{event} failed" in making.go()
    assert making.why_over == f"{event} failed"
    assert (making.ready, making.refused) == ({}, [])


@pytest.mark.parametrize(("code", "refused"), [(66, ["key-base"]), (1, []), (137, [])])
def test_a_cluster_that_no_run_can_copy_is_refused_but_not_for_a_full_disk(
    making: Making, code: int, refused: list[str]
) -> None:
    making.copies(take=code)
    making.go()
    assert making.why_over == "it cannot be copied: take failed"
    assert (making.ready, making.refused) == ({}, refused)


@pytest.mark.parametrize(
    ("message", "exit_code"),
    [
        ("could not extend file: No space left on device", 255),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", 255),
        ("Something is wrong", 137),
        ("Something is wrong", 124),
    ],
)
def test_what_the_machine_hindered_is_tried_again_by_the_next_run(making: Making, message: str, exit_code: int) -> None:
    making.installs(output=RECORD.format("ERROR", "addons.base", message), exit_code=exit_code)
    making.go()
    assert message in making.why_over
    assert (making.ready, making.refused) == ({}, [])


def test_a_hostile_log_does_not_speak_to_the_terminal(making: Making, capsys: pytest.CaptureFixture[str]) -> None:
    making.installs(output=RECORD.format("ERROR", "addons.base", "\x1b[2J\x1b]0;x\x07broken"))
    making.environment.context.terminal._shows = Shows.WHAT_IS_TOLD
    making.go()
    assert r"\x1b[2J\x1b]0;x\x07broken" in making.why_over
    assert "\x1b" not in capsys.readouterr().out


def test_a_copy_that_cannot_be_finished_is_said_and_does_not_matter_to_the_run(
    making: Making, capsys: pytest.CaptureFixture[str]
) -> None:
    making.copies(store=1)
    making.go()
    assert making.events[-2:] == ["tests", "rm --force"]
    assert (making.why_over, making.ready) == ("", {})
    assert "not kept for later runs: the copy of base failed: store failed" in capsys.readouterr().out


def test_a_stage_is_kept_even_if_the_next_one_fails(making: Making) -> None:
    making.plan(BASE, OWN)  # evv_core is not installed then
    making.go()
    assert "evv_core" in making.why_over
    assert list(making.ready) == ["base"]


def test_a_database_in_memory_is_taken_within_it_while_the_server_stands(making: Making) -> None:
    making.plan(BASE, in_memory=True)
    making.go()
    copies = [words for words in making.fakes.engine.asked if words.startswith("exec p-snapshot-base")]
    assert [words.split()[-1] for words in copies] == ["/agent-test-memory/base"] * 2


def test_sources_that_changed_during_the_preparation_are_not_published_under_the_old_key(making: Making) -> None:
    making.plan(OWN)
    making.installs(INSTALLED + "evv_core installed\n")
    (making.fakes.repository.addons[0] / "evv_core" / "model.py").write_text("VALUE = 2\n")
    making.go()
    assert "changed meanwhile" in making.why_over
    assert making.ready == {}


def test_sources_that_changed_since_the_database_was_chosen_are_not_tested_on_it(making: Making) -> None:
    making.plan(used=Snapshot("k", "k", "own", "agent-test-snapshot-x", "evv", ("base", "evv_core"), 0.0, 61, 9))
    (making.fakes.repository.addons[0] / "evv_core" / "model.py").write_text("VALUE = 2\n")
    making.go()
    assert "changed meanwhile" in making.why_over


def test_a_module_that_would_not_come_by_itself_is_found_once_the_modules_are_known(making: Making) -> None:
    modules_in(making.fakes.repository.path, {"glue": {"depends": ["web"], "auto_install": True}})
    making.plan(BASE)
    making.go()
    assert "glue would not be installed automatically" in making.why_over


def test_where_nothing_was_prepared_the_database_is_not_even_asked(making: Making) -> None:
    making.plan()
    assert prefetch_undeclared_names(making.environment) is None
    assert making.events == []


def test_what_is_prepared_is_asked_for_the_undeclared_names_of_the_module_and_its_local_dependencies(making: Making) -> None:
    making.plan(installed=("base", "web"))
    pending = prefetch_undeclared_names(making.environment)
    assert pending
    assert pending.result() == (0, INSTALLED)
    assert "in ('evv_core', 'evv_visits')" in making.fakes.engine.asked[-1]


class Pushes:
    """A registry, and what is pushed to it, by stage, with what had happened before."""

    def __init__(self, making: Making) -> None:
        self._making = making
        self.pushed: list[str] = []

    def push(self, snapshots: Iterable[Snapshot]) -> None:
        assert "tests" in self._making.events
        for snapshot in snapshots:
            assert self._making.ready[snapshot.stage].volume == snapshot.volume
            self.pushed.append(snapshot.stage)


def test_what_was_made_is_pushed_once_the_tests_are_over(making: Making) -> None:
    pushes = Pushes(making)
    making.environment._preflight = replace(making.environment.preflight, registry=pushes)  # type: ignore[arg-type]
    making.plan(BASE, OWN)
    making.installs(INSTALLED + "evv_core installed\n")
    making.go()
    assert pushes.pushed == ["base", "own"]


def test_without_anything_made_nothing_is_pushed(making: Making) -> None:
    pushes = Pushes(making)
    making.environment._preflight = replace(making.environment.preflight, registry=pushes)  # type: ignore[arg-type]
    making.plan()
    making.go()
    assert pushes.pushed == []
