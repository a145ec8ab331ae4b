"""The order of things: guard, port, questions, armed guard, `up`, healthy; and teardown on every way out."""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.cleanup import keep as keeping
from runner.cleanup.guard import GuardFailed
from runner.cleanup.owner import this_process
from runner.cleanup.teardown import Report
from runner.docker.clients import Question
from runner.docker.inventory import ContainerStatus, Image, Resource
from runner.docker.messages import PortTaken
from runner.environment import environment as environment_module
from runner.environment.environment import Environment
from runner.environment.isolation import PROBE_PORT
from runner.errors import ConfigError, EngineUnavailable, EnvironmentFailed, Interrupted, NoFreePort
from runner.signals import Signals
from runner.snapshots.prepared import PreparedDatabase
from runner.snapshots.snapshot import Snapshot
from runner.terminal import Terminal
from tests.unit.repositories import repository

RENDERED: dict[str, Any] = {
    "services": {"db": {"image": "postgres:16"}, "odoo": {"image": "odoo:18.0", "healthcheck": {"test": ["CMD", "true"]}}},
    "networks": {"default": None},
    "volumes": {"data": {}},
}
LABELS = {"agent-test.repository": "evv"}


def status(service: str = "odoo", state: str = "running", health: str | None = "healthy", **more: Any) -> ContainerStatus:
    facts = {"exit_code": 0, "oom_killed": False} | more
    return ContainerStatus(name=f"p-{service}-1", service=service, status=state, health=health, **facts)


class Fakes:
    """A guard and an engine that write down, in one list, what happens to them, and fail where they are told to."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.failures: dict[str, BaseException] = {}
        self.images = {"postgres:16": "sha256:pg", "odoo:18.0": "sha256:odoo"}
        self.rendered = RENDERED
        self.ports_taken = 0
        self.variables: dict[str, str] = {}
        self.resources: list[Resource] = []
        self.report: Report | None = Report(left={"containers": []})

    def happens(self, event: str) -> None:
        self.events.append(event)
        if event in self.failures:
            raise self.failures[event]

    def guard(self, _project: str, _token: str, _report_file: Path) -> "FakeGuard":
        self.happens("guard")
        return FakeGuard(self)

    def engine(self, variables: dict[str, str]) -> "FakeEngine":
        self.variables.update(variables)
        return FakeEngine(self)


class FakeGuard:
    def __init__(self, fakes: Fakes) -> None:
        self._fakes = fakes
        self.is_armed = False

    def arm(self) -> None:
        self.is_armed = True
        self._fakes.happens("arm")

    def calm(self) -> None:
        self._fakes.happens("calm")

    def release(self) -> None:
        self.is_armed = False
        self._fakes.happens("release")

    def finish(self, _on_long_wait: Callable[[], None]) -> Report | None:
        self._fakes.happens("finish")
        return self._fakes.report if self.is_armed else None


class FakeEngine:
    def __init__(self, fakes: Fakes) -> None:
        self._fakes = fakes

    def set_variables(self, variables: dict[str, str]) -> None:
        self._fakes.variables.update(variables)

    def check(self) -> str:
        self._fakes.happens("check")
        return "28.0"

    def labelled(self, label: str) -> list[Resource]:
        assert label == "agent-test.repository=evv"
        self._fakes.happens("labelled")
        return self._fakes.resources

    def use_project(self, name: str, compose_files: list[Path]) -> None:
        self.project, self.compose_files = name, compose_files

    def rendered(self) -> dict[str, Any]:
        self._fakes.happens("config")
        return self._fakes.rendered

    def begin_a_run(self, label: str, *_questions: Question) -> None:
        assert label == "agent-test.repository=evv"
        assert self.project
        self._fakes.happens("begin")

    def begin(self, *_questions: Question) -> None:
        pass

    def drop_questions(self) -> None:
        self._fakes.happens("drop")

    def image(self, name: str) -> Image | None:
        return Image(self._fakes.images[name], {}) if name in self._fakes.images else None

    @property
    def streams(self) -> "FakeEngine":
        return self

    def pull(self, image: str) -> None:
        self._fakes.happens("pull")
        self._fakes.images[image] = "sha256:pulled"

    def up(self) -> None:
        self._fakes.happens(f"up {self._fakes.variables['ODOO_PORT']}")
        if self._fakes.ports_taken:
            self._fakes.ports_taken -= 1
            raise PortTaken("port is already allocated")

    def remove_containers(self, _project: str) -> None:
        self._fakes.happens("remove")

    def containers(self, _project: str) -> list[ContainerStatus]:
        self._fakes.happens("containers")
        return [status("db"), status()]

    def logs(self, container: str, _lines: int) -> str:
        return f"log of {container}"


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fakes:
    fakes = Fakes()
    monkeypatch.setattr("runner.cleanup.guarded.Guard", fakes.guard)
    monkeypatch.setattr(environment_module, "Engine", fakes.engine)
    monkeypatch.setattr("runner.environment.ports.can_bind", lambda _port: True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # the locks of the ports
    return fakes


@pytest.fixture
def signals() -> Iterator[Signals]:
    with Signals(lambda _signum: None).installed({}) as installed:
        yield installed


Make = Callable[..., Environment]


@pytest.fixture
def make(fakes: Fakes, tmp_path: Path, signals: Signals) -> Make:
    def made(ports: str = "18000-18002", keep_if_it_fails: bool = False) -> Environment:
        evv = repository(tmp_path, addons=("addons", "more"), ports=ports)
        return Environment(
            project="p",
            token="t",
            repository=evv,
            folder=tmp_path,
            labels=LABELS,
            variables={"DB_PASSWORD": "secret"},
            health_timeout=5,
            wait_for_port=0,
            keep_if_it_fails=keep_if_it_fails,
            prepared=PreparedDatabase(evv, "evv_core", wanted=False, may_be_in_memory=False),
            terminal=Terminal(),
            signals=signals,
        )

    return made


def test_the_guard_stands_before_docker_is_asked_and_is_armed_before_anything_is_created(make: Make, fakes: Fakes) -> None:
    with make() as environment:
        assert fakes.events == ["guard", "begin", "check", "labelled", "config", "arm", "up 18000", "containers"]
        assert environment.teardown is None
    assert fakes.events[-1] == "finish"
    assert environment.teardown == fakes.report


def test_the_environment_knows_its_port_images_engine_and_container(make: Make) -> None:
    with make() as environment:
        assert environment.port == 18000
        assert environment.images == {"odoo:18.0": "sha256:odoo", "postgres:16": "sha256:pg"}
        assert environment.engine_version == "28.0"
        assert environment.odoo_container == "p-odoo-1"


def test_a_missing_image_is_pulled_before_the_guard_is_armed(make: Make, fakes: Fakes) -> None:
    del fakes.images["odoo:18.0"]
    with make() as environment:
        assert fakes.events.index("pull") < fakes.events.index("arm")
        assert environment.images["odoo:18.0"] == "sha256:pulled"


@pytest.mark.parametrize("event", ["check", "labelled", "config"])
def test_a_failure_before_anything_was_created_needs_no_teardown(make: Make, fakes: Fakes, event: str) -> None:
    fakes.failures[event] = EngineUnavailable("no daemon")
    environment = make()
    with pytest.raises(EngineUnavailable), environment:
        pass
    assert fakes.events[-1] == "finish"
    assert environment.teardown is None
    assert not [each for each in fakes.events if each.startswith("up")]


@pytest.mark.parametrize("event", ["up 18000", "containers"])
@pytest.mark.parametrize("error", [EnvironmentFailed("no space"), Interrupted(2), KeyError("a defect")])
def test_every_failure_while_it_comes_up_ends_in_the_teardown(
    make: Make, fakes: Fakes, event: str, error: BaseException
) -> None:
    fakes.failures[event] = error
    environment = make()
    with pytest.raises(type(error)), environment:
        pass
    assert fakes.events[-1] == "finish"
    assert environment.teardown == fakes.report


@pytest.mark.parametrize("error", [EnvironmentFailed("died"), Interrupted(15), KeyError("a defect"), SystemExit(0)])
def test_every_way_out_of_the_block_ends_in_the_teardown_and_keeps_the_error(
    make: Make, fakes: Fakes, error: BaseException
) -> None:
    environment = make()
    with pytest.raises(type(error)) as caught, environment:
        raise error
    assert caught.value is error
    assert fakes.events.count("finish") == 1
    assert environment.teardown == fakes.report


def test_a_guard_that_does_not_start_means_that_nothing_is_started(make: Make, fakes: Fakes) -> None:
    fakes.failures["guard"] = GuardFailed("no memory.")
    with pytest.raises(EnvironmentFailed, match=r"no memory\. Nothing was started"), make():
        pass
    assert fakes.events == ["guard"]


def test_a_guard_that_was_killed_is_followed_by_another_which_tears_down(make: Make, fakes: Fakes) -> None:
    def once(event: str) -> None:
        fakes.events.append(event)
        if event == "finish" and fakes.events.count("finish") == 1:
            raise GuardFailed("The guard was killed.")

    fakes.happens = once  # type: ignore[method-assign]
    environment = make()
    with environment:
        pass
    assert fakes.events[-4:] == ["finish", "guard", "arm", "finish"]
    assert environment.teardown is not None
    assert environment.teardown.complete
    assert environment.teardown.errors == ["The guard was killed."]


def test_guards_that_fail_are_an_incomplete_teardown_and_do_not_hide_the_first_error(make: Make, fakes: Fakes) -> None:
    fakes.failures["finish"] = GuardFailed("the guard was killed")
    environment = make()
    with pytest.raises(KeyError, match="first"), environment:
        raise KeyError("first")
    assert environment.teardown is not None
    assert not environment.teardown.complete
    assert "the guard was killed" in environment.teardown.errors


def test_a_guard_that_cannot_be_armed_means_that_nothing_is_started(make: Make, fakes: Fakes) -> None:
    fakes.failures["arm"] = GuardFailed("The guard process is gone.")
    with pytest.raises(EnvironmentFailed, match="Nothing was started"), make():
        pass
    assert not [each for each in fakes.events if each.startswith("up")]


# Keeping


def test_a_kept_environment_is_released_marked_and_not_torn_down(make: Make, fakes: Fakes, tmp_path: Path) -> None:
    with make() as environment:
        environment.keep()
    assert fakes.events[-3:] == ["drop", "release", "finish"]
    assert environment.teardown is None
    assert environment.kept
    assert keeping.is_marked(tmp_path)


def test_a_signal_ends_an_environment_that_was_to_be_kept(make: Make, fakes: Fakes, signals: Signals, tmp_path: Path) -> None:
    with make() as environment:
        environment.keep()
        signals.first = 15
    assert "release" not in fakes.events
    assert environment.teardown == fakes.report
    assert not environment.kept
    assert not keeping.is_marked(tmp_path)


@pytest.mark.parametrize(
    ("keep", "error", "kept"),
    [
        (True, EnvironmentFailed("not healthy"), True),
        (False, EnvironmentFailed("not healthy"), False),
        (True, Interrupted(2), False),
        (True, KeyError("a defect"), False),
    ],
)
def test_an_environment_that_failed_is_kept_only_if_that_was_asked_for(
    make: Make, fakes: Fakes, keep: bool, error: BaseException, kept: bool
) -> None:
    fakes.failures["containers"] = error
    environment = make(keep_if_it_fails=keep)
    with pytest.raises(type(error)), environment:
        pass
    assert environment.kept == kept
    assert ("release" in fakes.events) == kept


def test_nothing_is_kept_where_nothing_was_started(make: Make, fakes: Fakes) -> None:
    fakes.failures["config"] = EnvironmentFailed("no answer")
    environment = make(keep_if_it_fails=True)
    with pytest.raises(EnvironmentFailed), environment:
        pass
    assert not environment.kept
    assert "release" not in fakes.events


# What a person is told


def test_a_port_that_is_lost_and_a_signal_are_said(
    make: Make, fakes: Fakes, signals: Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    fakes.ports_taken = 1
    with pytest.raises(Interrupted), make():
        signals._handle(2, None)
    told = capsys.readouterr().out.splitlines()
    assert "  port 18000 went to somebody else in between; trying the next one" in told
    assert "  SIGINT: ending the run and tearing down" in told


def test_what_cannot_be_marked_is_not_kept_which_is_said(
    make: Make, fakes: Fakes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_folder: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(keeping, "mark", full)
    environment = make()
    with environment:
        environment.keep()
    assert not environment.kept
    assert "  not kept: without its mark it would be taken for a leftover (disk full)" in capsys.readouterr().out


# Before and after


def test_what_dead_runs_left_is_removed_before_a_port_is_looked_for(
    make: Make, fakes: Fakes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def removed(project: str, **_: Any) -> Report:
        fakes.events.append(f"removed {project}")
        return Report(left={})

    monkeypatch.setattr("runner.cleanup.orphans.remove_project", removed)
    mine = {"agent-test.repository": "evv"} | this_process().labels()
    fakes.resources = [Resource("dead", mine | {"agent-test.owner-start": "1"}), Resource("alive", mine)]
    with make():
        pass
    assert fakes.events[3:6] == ["labelled", "removed dead", "config"]
    assert "removed alive" not in fakes.events
    assert "  left by a dead run: dead (dead): removed in 0 s" in capsys.readouterr().out


def test_the_teardown_is_shielded_from_signals(make: Make, signals: Signals) -> None:
    with make():
        assert not signals._shielded
    assert signals._shielded


def test_a_port_that_went_in_between_is_followed_by_the_next(make: Make, fakes: Fakes) -> None:
    fakes.ports_taken = 2
    with make() as environment:
        assert [each for each in fakes.events if each.startswith("up")] == ["up 18000", "up 18001", "up 18002"]
        assert environment.port == 18002
        assert fakes.variables["ODOO_PORT"] == "18002"


def test_when_every_port_went_the_error_names_the_range_and_the_environment_is_removed(make: Make, fakes: Fakes) -> None:
    fakes.ports_taken = 9
    with pytest.raises(NoFreePort, match="18002: somebody who was quicker"), make():
        pass
    assert fakes.events[-1] == "finish"


def test_two_environments_at_once_have_different_ports_and_give_them_back(make: Make) -> None:
    with make() as first, make() as second:
        assert {first.port, second.port} == {18000, 18001}
    with make() as third:
        assert third.port == 18000


def test_without_a_free_port_nothing_is_started_and_the_holders_are_named(make: Make, fakes: Fakes) -> None:
    with make("18000-18000"):
        before = len(fakes.events)
        with pytest.raises(NoFreePort, match="18000: another test run"), make("18000-18000"):
            pass
        assert fakes.events[before:] == ["guard", "begin", "check", "labelled", "drop", "finish"]


def test_the_override_is_written_where_the_run_s_log_is(make: Make, tmp_path: Path) -> None:
    with make() as environment:
        written = json.loads((tmp_path / "compose.override.json").read_text())
        assert written["services"]["db"]["labels"] == LABELS
        files = environment.engine.compose_files  # type: ignore[attr-defined]
        assert files == [tmp_path / "docker-compose.agent.yml", tmp_path / "compose.override.json"]


def test_a_compose_file_that_breaks_the_isolation_is_refused_before_anything_is_created(make: Make, fakes: Fakes) -> None:
    fakes.rendered = {**RENDERED, "volumes": {"data": {"external": True, "name": "common"}}}
    with (
        pytest.raises(ConfigError, match=r"docker-compose\.agent\.yml .*Nothing was started(.|\n)*volumes\.data\.external"),
        make(),
    ):
        pass
    assert fakes.events == ["guard", "begin", "check", "labelled", "config", "drop", "finish"]


def test_what_is_unwise_in_the_compose_file_is_said_and_known(
    make: Make, fakes: Fakes, capsys: pytest.CaptureFixture[str]
) -> None:
    odoo = {**RENDERED["services"]["odoo"], "restart": "always"}
    fakes.rendered = {**RENDERED, "services": {"odoo": odoo}}
    with make() as environment:
        (warning,) = environment.warnings
        assert warning.startswith("services.odoo.restart: ")
        assert f"  warning: {warning}\n" in capsys.readouterr().out


def test_the_compose_file_is_judged_with_a_port_that_is_no_run_s_and_started_with_the_run_s(make: Make, fakes: Fakes) -> None:
    ports: list[str] = []

    def noted(event: str) -> None:
        if event == "config" or event.startswith("up"):
            ports.append(fakes.variables["ODOO_PORT"])

    fakes.happens = noted  # type: ignore[method-assign]
    with make():
        assert ports == [str(PROBE_PORT), "18000"]


def test_a_signal_in_the_instant_of_leaving_keeps_no_environment_from_its_teardown(
    make: Make, fakes: Fakes, signals: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = make()

    def interrupted() -> None:
        monkeypatch.undo()
        raise Interrupted(2)

    with pytest.raises(Interrupted), environment:
        monkeypatch.setattr(signals, "shield", interrupted)
    assert "finish" not in fakes.events
    environment.close()
    assert fakes.events.count("finish") == 1
    environment.close()
    assert fakes.events.count("finish") == 1


# Prepared databases


class FakePrepared:
    """A snapshot that is there, and what became of it."""

    def __init__(self, fakes: Fakes) -> None:
        self.used: Snapshot | None = None
        self.store: FakePrepared | None = self
        self.is_there, self.in_memory = True, False
        self._fakes = fakes

    questions, why_not = (), ""

    def choose(self, _engine: object, rendered: object, images: dict[str, Image], password: str) -> None:
        assert (rendered, set(images), password) == (RENDERED, {"odoo:18.0", "postgres:16"}, "secret")
        if self.is_there:
            self.used = Snapshot("key", "key", "base", "volume", "evv", ("base",), 0.0, 61, "the snapshot's")

    def override(self, override: dict[str, Any], _rendered: object, labels: dict[str, str]) -> dict[str, Any]:
        assert labels == LABELS
        return {**override, "snapshot": True}

    def give_up(self, _why: str) -> None:
        self.used, self.in_memory = None, False

    def drop(self, snapshot: Snapshot) -> None:
        self._fakes.happens(f"drop {snapshot.volume}")


@pytest.fixture
def with_snapshot(make: Make, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Make:
    def removed(project: str, **_: Any) -> Report:
        fakes.happens(f"removed {project}")
        return Report(left={})

    def made() -> Environment:
        environment = make()
        environment.prepared = FakePrepared(fakes)  # type: ignore[assignment]
        return environment

    monkeypatch.setattr(environment_module, "remove_project", removed)
    return made


def test_a_run_starts_from_its_snapshot_with_the_password_that_this_has(
    with_snapshot: Make, fakes: Fakes, tmp_path: Path
) -> None:
    with with_snapshot() as environment:
        assert json.loads((tmp_path / "compose.override.json").read_text())["snapshot"]
        assert (environment.password, fakes.variables["DB_PASSWORD"]) == ("the snapshot's", "the snapshot's")
        assert not [each for each in fakes.events if each.startswith(("drop", "removed"))]


def test_a_snapshot_that_does_not_start_is_dropped_and_the_run_goes_on_without(
    with_snapshot: Make, fakes: Fakes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def once(event: str) -> None:
        fakes.events.append(event)
        if event == "containers" and fakes.events.count(event) == 1:
            raise EnvironmentFailed("The container of db ended with exit code 1.\nIts log")

    fakes.happens = once  # type: ignore[method-assign]
    with with_snapshot() as environment:
        started = fakes.events.index("up 18000")
        assert fakes.events[started:] == [
            *("up 18000", "containers", "drop", "removed p"),
            *("up 18000", "containers", "drop volume"),
        ]
        assert "snapshot" not in json.loads((tmp_path / "compose.override.json").read_text())
        assert (environment.password, fakes.variables["DB_PASSWORD"]) == ("secret", "secret")
    assert "it does not start: The container of db ended with exit code 1.\n" in capsys.readouterr().out
    assert fakes.events.count("finish") == 1


@pytest.mark.parametrize(("when", "starts_over"), [("up 18000", True), ("containers", False)])
def test_an_engine_that_does_not_mount_memory_gets_a_database_on_disk(
    with_snapshot: Make, fakes: Fakes, capsys: pytest.CaptureFixture[str], when: str, starts_over: bool
) -> None:
    def once(event: str) -> None:
        fakes.events.append(event)
        if event == when and fakes.events.count(event) == 1:
            raise EnvironmentFailed("`docker compose up` failed:\nfailed to mount local volume: operation not permitted")

    fakes.happens = once  # type: ignore[method-assign]
    environment = with_snapshot()
    environment.prepared.is_there = False  # type: ignore[attr-defined]
    environment.prepared.in_memory = True
    with contextlib.nullcontext() if starts_over else pytest.raises(EnvironmentFailed, match="not permitted"), environment:
        assert environment.prepared.in_memory is False
    assert ("removed p" in fakes.events) == starts_over
    assert ("it does not start: failed to mount local volume" in capsys.readouterr().out) == starts_over
    assert "drop volume" not in fakes.events


def test_what_does_not_start_without_either_is_not_the_snapshot_s_fault(with_snapshot: Make, fakes: Fakes) -> None:
    fakes.failures["containers"] = EnvironmentFailed("no memory")
    with pytest.raises(EnvironmentFailed, match="no memory"), with_snapshot():
        pass
    assert "drop volume" not in fakes.events
    assert fakes.events.count("finish") == 1


@pytest.mark.parametrize("error", [Interrupted(2), KeyError("a defect")])
def test_who_is_interrupted_does_not_start_over(with_snapshot: Make, fakes: Fakes, error: BaseException) -> None:
    fakes.failures["containers"] = error
    with pytest.raises(type(error)), with_snapshot():
        pass
    assert "removed p" not in fakes.events


def test_an_environment_that_cannot_be_removed_cannot_start_over(
    with_snapshot: Make, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = Report(left={"volumes": ["data"]}, errors=["still in use"])
    monkeypatch.setattr(environment_module, "remove_project", lambda *_, **__: stuck)
    with pytest.raises(EnvironmentFailed, match="cannot be started anew: still in use"), with_snapshot() as environment:
        environment.start_over("of a test")
    assert fakes.events.count("finish") == 1
