"""The order of things: guard, questions, port, armed guard, `up`, healthy; and teardown on every way out."""

import contextlib
import copy
import itertools
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runner.cleanup import keep as keeping
from runner.cleanup.engine_guard import NoEngineGuard
from runner.cleanup.keep import Served
from runner.cleanup.owner import this_process
from runner.cleanup.teardown import Report
from runner.config.model import Limits
from runner.config.options import Keep
from runner.config.repositories import RepoConfig
from runner.docker import questions
from runner.docker.inventory import Image
from runner.docker.listing import Resource
from runner.docker.messages import PortTaken
from runner.docker.process import SECRET_FILES, Completed, Endpoint
from runner.environment.environment import Environment
from runner.environment.isolation import PROBE_PORT
from runner.environment.longest import longest_run
from runner.environment.rendering import PROBE
from runner.errors import ConfigError, EngineUnavailable, EnvironmentFailed, HealthTimeout, Interrupted, NoFreePort
from runner.signals import Signals
from runner.snapshots.needs_empty import remember
from runner.snapshots.plan import Plan
from runner.snapshots.snapshot import DatabaseImage, Snapshot, Stage
from runner.snapshots.store import KEY_LABEL
from tests.unit.fake_engine import failed, status
from tests.unit.fake_environment import ENDPOINT, LABELS, RENDERED, Fakes
from tests.unit.repositories import repository, write_module

QUESTIONS = ["version", "ps", "network ls", "volume ls", "compose"]
COMES_UP = ["ps", "container inspect"]


def test_the_guard_stands_before_docker_is_asked_and_is_armed_before_anything_is_created(fakes: Fakes) -> None:
    with fakes.environment() as environment:
        images = ["image inspect", "image inspect"]
        assert fakes.events == ["guard", *QUESTIONS, "info", "port 18000", *images, "arm", "up 18000", *COMES_UP]
        assert environment.teardown is None
    assert fakes.events[-1] == "finish"
    assert environment.teardown == fakes.report


def test_the_guard_knows_the_run_and_the_engine_that_were_settled_at_its_start(fakes: Fakes) -> None:
    with fakes.environment() as environment:
        project, token, endpoint, report_file, _say, locks = fakes.guards[0]
        assert locks == ()
        assert (project, token, endpoint, report_file) == ("p", "t", ENDPOINT, fakes.folder / "teardown.json")
        assert fakes.engine_id == "the-engine"
        assert environment.engine.client_environ == {**ENDPOINT.environ, "AGENT_TEST_TOKEN": "t"}


def with_guard(fakes: Fakes, where: str) -> None:
    fakes.repository = fakes.repository.model_copy(update={"guard": where})


def test_a_guard_at_the_engine_is_known_to_the_local_one_first_and_stands_before_anything_is_created(fakes: Fakes) -> None:
    with_guard(fakes, "engine")
    with fakes.environment() as environment:
        expected = ["arm for both", "guard at the engine", "ready at the engine", "up 18000"]
        assert [event for event in fakes.events if event in expected] == expected
        (about,) = fakes.engine_guards
        assert (about["image"].digest, about["labels"]) == ("sha256:odoo", environment.preflight.labels)
        assert environment.guards == "local, and at the engine"
    assert fakes.events[-2:] == ["finish", "closed"]


@pytest.mark.parametrize(
    ("where", "address", "expected"), [("auto", "tcp://far", 1), ("local", "tcp://far", 0), ("auto", "unix:///s", 0)]
)
def test_there_is_one_at_the_engine_where_the_local_one_may_go_without_it(
    fakes: Fakes, where: str, address: str, expected: int
) -> None:
    with_guard(fakes, where)
    with Environment(fakes.context(), Endpoint({"DOCKER_HOST": address})):
        assert len(fakes.engine_guards) == expected


def test_its_image_is_that_of_repos_yaml_whatever_a_compose_file_names(fakes: Fakes) -> None:
    with_guard(fakes, "engine")
    fakes.rendered = json.loads(json.dumps(RENDERED).replace("odoo:18.0", "of-a-stranger"))
    fakes.images["of-a-stranger"] = "sha256:stranger"
    with fakes.environment():
        assert fakes.engine_guards[0]["image"].digest == "sha256:odoo"


def test_where_it_cannot_be_had_that_is_said_and_the_run_goes_on(fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    fakes.failures["ready at the engine"] = [NoEngineGuard("there is no socket")]
    with Environment(fakes.context(), Endpoint({"DOCKER_HOST": "tcp://far"})) as environment:
        assert environment.guards == "local only; none at the engine: there is no socket"
    said = "no guard at the engine, so what a killed runner leaves stays for a while: there is no socket\n"
    assert said in capsys.readouterr().out
    assert fakes.started


def test_where_it_cannot_be_had_and_is_wanted_nothing_is_started(fakes: Fakes) -> None:
    with_guard(fakes, "engine")
    fakes.failures["ready at the engine"] = [NoEngineGuard("there is no socket")]
    environment = fakes.environment(keep=Keep.FAILED)
    with pytest.raises(EnvironmentFailed, match=r"`guard: engine`.*there is no socket\. Nothing else was"), environment:
        pass
    assert (fakes.started, fakes.events[-1], environment.teardown) == ([], "finish", fakes.report)


def test_before_an_environment_is_kept_its_guard_at_the_engine_is_removed(fakes: Fakes) -> None:
    with_guard(fakes, "engine")
    with fakes.environment(keep=Keep.ALWAYS) as environment:
        environment.keep(Served())
    assert fakes.events[-4:] == ["removed at the engine", "disarm", "finish", "closed"]


def test_an_environment_whose_guard_cannot_be_removed_is_not_kept(fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    with_guard(fakes, "engine")
    fakes.failures["removed at the engine"] = [EnvironmentFailed("no answer")]
    with fakes.environment(keep=Keep.ALWAYS) as environment:
        environment.keep(Served())
    assert "not kept: its guard stays (no answer)" in capsys.readouterr().out
    assert (environment.kept, environment.teardown) == (False, fakes.report)


def test_a_guard_at_the_engine_that_somebody_ended_is_told(fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    with_guard(fakes, "engine")
    with fakes.environment():
        fakes.engine_guard.has_ended = True
    assert "the guard at the engine did not live as long as the run; the local one tears down" in capsys.readouterr().out


def test_of_one_that_never_stood_nobody_says_that_it_ended(fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    with_guard(fakes, "engine")
    fakes.engine_guard.has_ended = True
    (fakes.folder / "compose.override.json").mkdir()
    with pytest.raises(EnvironmentFailed, match="cannot be written"), fakes.environment():
        pass
    assert fakes.events[-2:] == ["finish", "closed"]
    assert "did not live as long" not in capsys.readouterr().out


def test_podman_which_is_another_engine_in_every_answer_is_asked_for_its_time_alone(fakes: Fakes) -> None:
    server = {"Version": "5.0", "KernelVersion": "6.1", "Components": [{"Name": "Podman Engine"}]}
    fakes.engine.answers["version"] = json.dumps({"Server": server})
    with fakes.environment():
        assert fakes.engine_id == ""


def test_every_start_has_limits_also_one_that_starts_over(fakes: Fakes) -> None:
    with fakes.environment() as environment:
        override = environment.context.folder / "compose.override.json"
        for _ in range(2):
            database = json.loads(override.read_text())["services"]["db"]
            assert (database["mem_limit"], database["pids_limit"]) == (str(8 * 2**30), 4096)
            assert database["labels"]
            environment.start_over("a test wants it")


def test_a_limit_that_the_engine_does_not_know_is_a_warning(fakes: Fakes) -> None:
    fakes.repository = fakes.repository.model_copy(update={"limits": Limits.model_validate({"memory": "1g"})})
    fakes.engine.answers["info"] = json.dumps(["the-engine", "2026-11-26T10:00:00Z", 16 * 2**30, 2, False, False, False])
    with fakes.environment() as environment:
        (warning,) = environment.preflight.warnings
        assert warning == "limits.memory of repos.yaml does not count: this engine cannot limit it (docker info)"


def test_the_guard_knows_how_long_the_engine_takes_to_answer(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(100.0, 0.5)
    monkeypatch.setattr("runner.environment.preflight.time", SimpleNamespace(monotonic=lambda: next(clock)))
    with fakes.environment():
        pass
    assert fakes.latency == 0.5


def test_the_environment_knows_its_port_images_engine_and_container(fakes: Fakes) -> None:
    with fakes.environment() as environment:
        assert environment.port == 18000
        assert environment.preflight.images == {"odoo:18.0": "sha256:odoo", "postgres:16": "sha256:pg"}
        assert environment.preflight.engine_name == "Docker 28.0"
        assert environment.odoo_container == "p-odoo-1"


@pytest.mark.parametrize(
    ("interface", "told"),
    [("127.0.0.1", "127.0.0.1:18000 on far"), ("0.0.0.0", "far:18000"), (None, "127.0.0.1:18000 on far")],
)
def test_the_address_is_that_by_which_the_compose_file_publishes_the_server(
    fakes: Fakes, interface: str | None, told: str
) -> None:
    with_guard(fakes, "local")
    published = [{"target": 8069, "published": PROBE, "host_ip": interface}] if interface else []
    fakes.rendered = {
        **RENDERED,
        "services": {**RENDERED["services"], "odoo": {**RENDERED["services"]["odoo"], "ports": published}},
    }
    with Environment(fakes.context(), Endpoint({"DOCKER_HOST": "tcp://far"})) as environment:
        assert str(environment.address) == told


def test_a_missing_image_is_pulled_before_the_guard_is_armed(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    def pull(image: str) -> None:
        fakes.happens(f"pull {image}")
        fakes.images[image] = "sha256:pulled"

    del fakes.images["odoo:18.0"]
    monkeypatch.setattr(fakes.streams, "pull", pull)
    with fakes.environment() as environment:
        assert fakes.events.index("pull odoo:18.0") < fakes.events.index("arm")
        assert environment.preflight.images["odoo:18.0"] == "sha256:pulled"


@pytest.mark.parametrize("event", [*QUESTIONS, "info", "image inspect"])
def test_a_failure_before_anything_was_created_needs_no_teardown(fakes: Fakes, event: str) -> None:
    fakes.failures[event] = [EngineUnavailable("no daemon")]
    environment = fakes.environment()
    with pytest.raises(EngineUnavailable), environment:
        pass
    assert fakes.events[-1] == "finish"
    assert environment.teardown is None
    assert fakes.started == []


@pytest.mark.parametrize("event", ["up 18000", "container inspect"])
@pytest.mark.parametrize("error", [EnvironmentFailed("no space"), Interrupted(2), KeyError("a defect")])
def test_every_failure_while_it_comes_up_ends_in_the_teardown(fakes: Fakes, event: str, error: BaseException) -> None:
    fakes.failures[event] = [error]
    environment = fakes.environment()
    with pytest.raises(type(error)), environment:
        pass
    assert fakes.events[-1] == "finish"
    assert environment.teardown == fakes.report


WAYS_OUT = [EnvironmentFailed("died"), Interrupted(15), KeyError("a defect"), SystemExit(0)]


@pytest.mark.parametrize("error", WAYS_OUT)
def test_every_way_out_of_the_block_ends_in_the_teardown_and_keeps_the_error(fakes: Fakes, error: BaseException) -> None:
    environment = fakes.environment()
    with pytest.raises(type(error)) as caught, environment:
        raise error
    assert caught.value is error
    assert fakes.events.count("finish") == 1
    assert environment.teardown == fakes.report


@pytest.mark.parametrize("error", [None, *WAYS_OUT])
def test_no_client_is_left_at_work_on_any_way_out_of_the_block(fakes: Fakes, error: BaseException | None) -> None:
    with pytest.raises(type(error)) if error else contextlib.nullcontext(), fakes.environment() as environment:
        environment.engine.prefetch(questions.command("exec", "p-odoo-1", "slow"))
        assert fakes.engine.at_work == ["exec p-odoo-1 slow"]
        if error:
            raise error
    assert fakes.engine.at_work == []


@pytest.mark.parametrize("event", [*QUESTIONS, "info", "port 18000", "image inspect", "arm", "up 18000", *COMES_UP])
@pytest.mark.parametrize("error", [EnvironmentFailed("no space"), Interrupted(2), KeyError("a defect")])
def test_no_client_is_left_at_work_whatever_goes_wrong_while_it_comes_up(
    fakes: Fakes, event: str, error: BaseException
) -> None:
    fakes.failures[event] = [error]
    with pytest.raises(type(error)), fakes.environment():
        pass
    assert fakes.engine.at_work == []


def test_a_guard_that_does_not_start_means_that_nothing_is_started(fakes: Fakes) -> None:
    fakes.failures["guard"] = [EnvironmentFailed("no memory. Nothing was started.")]
    environment = fakes.environment()
    with pytest.raises(EnvironmentFailed, match=r"no memory\. Nothing was started"), environment:
        pass
    environment.close()
    assert fakes.events == ["guard"]


def test_a_guard_that_cannot_be_armed_means_that_nothing_is_started(fakes: Fakes) -> None:
    fakes.failures["arm"] = [EnvironmentFailed("The guard process is gone. Nothing was started.")]
    with pytest.raises(EnvironmentFailed, match="Nothing was started"), fakes.environment():
        pass
    assert fakes.started == []


@pytest.mark.parametrize("complete", [True, False])
def test_what_the_guard_reports_is_the_teardown_and_hides_no_error(fakes: Fakes, complete: bool) -> None:
    fakes.report = Report(left={} if complete else {"volumes": ["data"]}, errors=["the guard was killed"])
    environment = fakes.environment()
    with pytest.raises(KeyError, match="first"), environment:
        raise KeyError("first")
    assert environment.teardown == fakes.report


@pytest.mark.parametrize(("error", "signum", "skips"), [(None, None, True), (KeyError(), None, False), (None, 2, False)])
def test_the_teardown_waits_for_nothing_more_only_where_no_client_was_killed(
    fakes: Fakes, signals: Signals, error: BaseException | None, signum: int | None, skips: bool
) -> None:
    with contextlib.suppress(KeyError), fakes.environment():
        signals.first = signum
        if error:
            raise error
    assert fakes.skipped_settling == skips


def test_no_value_of_a_run_goes_through_the_environment_of_this_process(fakes: Fakes) -> None:
    before = dict(os.environ)
    with fakes.environment():
        assert dict(os.environ) == before
        (rendering,) = [environ for words, environ in fakes.engine.environs.items() if words.startswith("compose")]
        assert rendering["DB_PASSWORD"] == fakes.streams.started[0].variables["DB_PASSWORD"] == "secret"
        others = [environ for words, environ in fakes.engine.environs.items() if not words.startswith("compose")]
        assert others
        assert not [environ for environ in others if "DB_PASSWORD" in environ]
    assert dict(os.environ) == before


# Keeping


def test_a_kept_environment_is_marked_and_the_guard_disarmed_and_nothing_is_torn_down(fakes: Fakes) -> None:
    with fakes.environment() as environment:
        environment.keep(Served())
    assert fakes.events[-2:] == ["disarm", "finish"]
    assert environment.teardown is None
    assert environment.kept
    assert keeping.is_marked(fakes.folder)


def test_a_signal_ends_an_environment_that_was_to_be_kept(fakes: Fakes, signals: Signals) -> None:
    with fakes.environment() as environment:
        environment.keep(Served())
        signals.first = 15
    assert "disarm" not in fakes.events
    assert environment.teardown == fakes.report
    assert not environment.kept
    assert not keeping.is_marked(fakes.folder)


@pytest.mark.parametrize(
    ("keep", "error", "kept"),
    [
        (Keep.FAILED, EnvironmentFailed("not healthy"), True),
        (Keep.ALWAYS, EnvironmentFailed("not healthy"), True),
        (Keep.NEVER, EnvironmentFailed("not healthy"), False),
        (Keep.FAILED, Interrupted(2), False),
        (Keep.ALWAYS, KeyError("a defect"), False),
    ],
)
def test_an_environment_that_failed_is_kept_only_if_that_was_asked_for(
    fakes: Fakes, keep: Keep, error: BaseException, kept: bool
) -> None:
    fakes.failures["container inspect"] = [error]
    environment = fakes.environment(keep=keep)
    with pytest.raises(type(error)), environment:
        pass
    assert environment.kept == kept
    assert ("disarm" in fakes.events) == kept


def test_nothing_is_kept_where_nothing_was_started(fakes: Fakes) -> None:
    fakes.failures["compose"] = [EnvironmentFailed("no answer")]
    environment = fakes.environment(keep=Keep.ALWAYS)
    with pytest.raises(EnvironmentFailed), environment:
        pass
    assert not environment.kept
    assert "disarm" not in fakes.events


# What a person is told


def test_a_port_that_is_lost_and_a_signal_are_said(fakes: Fakes, signals: Signals, capsys: pytest.CaptureFixture[str]) -> None:
    fakes.streams.fails = [PortTaken("port is already allocated")]
    with pytest.raises(Interrupted), fakes.environment():
        signals._handle(2, None)
    told = capsys.readouterr().out.splitlines()
    assert "  port 18000 was taken meanwhile; trying the next one" in told
    assert "  SIGINT: ending the run and tearing down" in told


def test_what_cannot_be_marked_is_not_kept_which_is_said(
    fakes: Fakes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_folder: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(keeping, "mark", full)
    environment = fakes.environment()
    with environment:
        environment.keep(Served())
    assert not environment.kept
    assert environment.teardown == fakes.report
    assert "  not kept: without its mark it would be taken for a leftover (disk full)" in capsys.readouterr().out


# Before and after


def test_what_dead_runs_left_is_removed_before_a_port_is_looked_for(fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    mine = LABELS | this_process().labels()
    dead = mine | {"agent-test.owner-start": "1"}
    fakes.left_by_others = [
        Resource(f"{project}-odoo-1", labels | {"com.docker.compose.project": project})
        for project, labels in {"dead": dead, "alive": mine, "other": dead | {"agent-test.repository": "hub"}}.items()
    ]
    with fakes.environment():
        pass
    assert fakes.events[fakes.events.index("removed dead") + 1] == "port 18000"
    assert [event for event in fakes.events if event.startswith("removed")] == ["removed dead"]
    assert "  left by a dead run: dead (dead): removed in 0 s" in capsys.readouterr().out


def test_what_a_run_makes_says_when_it_is_over_by_the_engine_s_clock_after_every_wait_for_a_port_and_for_images(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pull(_image: str) -> None:
        fakes.images["odoo:18.0"] = "sha256:pulled"
        clock[0] += 1000

    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    fakes.engine.answers["info"] = '["the-engine", "2030-01-01T00:00:00Z", 8, 2]'
    del fakes.images["odoo:18.0"]
    monkeypatch.setattr(fakes.streams, "pull", pull)
    with fakes.environment() as environment:
        deadline = datetime(2030, 1, 1, tzinfo=timezone.utc).timestamp() + 1000 + longest_run(environment.context.options)
        override = json.loads((fakes.folder / "compose.override.json").read_text())
        for section in ("services", "networks", "volumes"):
            for part in override[section].values():
                assert part["labels"]["agent-test.deadline"] == f"{deadline:.0f}"
        assert environment.preflight.labels == LABELS | {"agent-test.deadline": f"{deadline:.0f}"}


def test_the_teardown_is_shielded_from_signals(fakes: Fakes, signals: Signals) -> None:
    with fakes.environment():
        assert not signals._shielded
    assert signals._shielded


def test_a_port_that_went_in_between_is_followed_by_the_next(fakes: Fakes) -> None:
    fakes.streams.fails = [PortTaken("port is already allocated")] * 2
    with fakes.environment() as environment:
        assert fakes.streams.ports == ["18000", "18001", "18002"]
        assert environment.port == 18002


def test_when_every_port_went_the_error_names_the_range_and_the_environment_is_removed(fakes: Fakes) -> None:
    fakes.streams.fails = [PortTaken("port is already allocated")] * 9
    with pytest.raises(NoFreePort, match="18002: somebody who was quicker"), fakes.environment():
        pass
    assert fakes.events[-1] == "finish"


def test_two_environments_at_once_have_different_ports_and_give_them_back(fakes: Fakes) -> None:
    with fakes.environment() as first, fakes.environment() as second:
        assert {first.port, second.port} == {18000, 18001}
    with fakes.environment() as third:
        assert third.port == 18000


def test_without_a_free_port_nothing_is_started_and_the_holders_are_named(fakes: Fakes) -> None:
    fakes.repository = repository(fakes.folder, ports="18000-18000")
    with fakes.environment():
        before = len(fakes.events)
        with pytest.raises(NoFreePort, match="18000: another test run"), fakes.environment():
            pass
        assert fakes.events[before:] == ["guard", *QUESTIONS, "info", "ps", "finish"]


def test_the_override_is_written_where_the_run_s_log_is(fakes: Fakes) -> None:
    with fakes.environment() as environment:
        override = fakes.folder / "compose.override.json"
        assert json.loads(override.read_text())["services"]["db"]["labels"] == environment.preflight.labels
        assert fakes.streams.started[0].files[1] == override


def test_what_may_hold_secrets_in_a_file_goes_with_the_guard_where_the_run_cannot_remove_it(fakes: Fakes) -> None:
    with fakes.environment():
        assert fakes.streams.started[0].files[0].match(SECRET_FILES)


def test_the_override_is_never_written_through_a_link(fakes: Fakes) -> None:
    (fakes.folder / "theirs").write_text("theirs")
    (fakes.folder / "compose.override.json").symlink_to(fakes.folder / "theirs")
    with fakes.environment():
        assert (fakes.folder / "theirs").read_text() == "theirs"
        assert fakes.streams.started != []


@pytest.mark.parametrize("name", [".launch-compose.json", "compose.override.json"])
def test_a_file_of_the_run_that_cannot_be_written_is_an_error_of_the_environment_and_nothing_is_started(
    fakes: Fakes, name: str
) -> None:
    (fakes.folder / name).mkdir()
    environment = fakes.environment()
    with (
        pytest.raises(EnvironmentFailed, match=r"The compose file of this run cannot be written: Is a directory: "),
        environment,
    ):
        pass
    assert fakes.started == []
    assert environment.teardown is None


def test_a_compose_file_that_breaks_the_isolation_is_refused_before_anything_is_created(fakes: Fakes) -> None:
    fakes.rendered = {**RENDERED, "volumes": {"data": {"external": True, "name": "common"}}}
    with (
        pytest.raises(ConfigError, match=r"docker-compose\.agent\.yml .*Nothing was started(.|\n)*volumes\.data\.external"),
        fakes.environment(),
    ):
        pass
    assert fakes.events == ["guard", *QUESTIONS, "info", "port 18000", "finish"]


def test_what_is_unwise_in_the_compose_file_is_said_and_known(fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    odoo = {**RENDERED["services"]["odoo"], "restart": "always"}
    fakes.rendered = {**RENDERED, "services": {"odoo": odoo}}
    with fakes.environment() as environment:
        (warning,) = environment.preflight.warnings
        assert warning.startswith("services.odoo.restart: ")
        assert f"  warning: {warning}\n" in capsys.readouterr().out


class Starting:
    """What Compose finds in the run's files at each `up`, which fails as often as it is told."""

    def __init__(self, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found: list[dict[str, Any]] = []
        self.modes: list[int] = []
        up = fakes.streams.up

        def read(project: questions.ComposeProject, *look: Callable[[], None]) -> None:
            self.found.append(json.loads(project.files[0].read_text()))
            self.modes.append(project.files[0].stat().st_mode & 0o777)
            up(project, *look)

        monkeypatch.setattr(fakes.streams, "up", read)


@pytest.fixture
def starting(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Starting:
    return Starting(fakes, monkeypatch)


def rendered_with(**odoo: Any) -> dict[str, Any]:
    return {**RENDERED, "services": {**RENDERED["services"], "odoo": {**RENDERED["services"]["odoo"], **odoo}}}


def test_compose_starts_what_was_judged_with_the_run_s_port_and_without_the_password(fakes: Fakes, starting: Starting) -> None:
    port = {"target": 8069, "published": str(PROBE_PORT), "host_ip": "127.0.0.1"}
    fakes.rendered = rendered_with(ports=[port], environment={"URL": f"http://x:{PROBE}", "PASSWORD": "secret", "A": "b$$c"})
    fakes.streams.fails = [PortTaken("port is already allocated")]
    with fakes.environment():
        (rendering,) = [environ for words, environ in fakes.engine.environs.items() if words.startswith("compose")]
        assert (rendering["ODOO_PORT"], fakes.streams.ports) == (PROBE, ["18000", "18001"])
        assert not fakes.streams.started[0].files[0].exists()
    for started, number in zip(starting.found, ("18000", "18001"), strict=True):
        odoo = started["services"]["odoo"]
        assert odoo["ports"] == [{**port, "published": number}]
        assert odoo["environment"] == {"URL": f"http://x:{number}", "PASSWORD": "${DB_PASSWORD}", "A": "b$$c"}
    assert starting.modes == [0o600, 0o600]


def test_a_file_that_is_named_by_the_port_cannot_be_read_and_is_said_so(fakes: Fakes) -> None:
    fakes.engine.answers["compose"] = failed(f"open /srv/odoo-{PROBE}.yml: no such file or directory")
    fakes.engine.answers["compose version"] = "Docker Compose version v2.26.1"
    with pytest.raises(ConfigError, match=r"no such file or directory\n.*ODOO_PORT cannot be in the name of a file\.$"):
        fakes.environment().__enter__()
    assert fakes.started == []


def test_what_the_run_asks_for_its_health_has_the_run_s_port(fakes: Fakes) -> None:
    fakes.rendered = rendered_with(healthcheck={"test": ["CMD", "curl", f"http://127.0.0.1:{PROBE}/$$x"]})
    fakes.containers = [status("db"), status(health="starting")]
    fakes.engine.answers["exec p-odoo-1 sh"] = ""
    with fakes.environment():
        assert any(words.endswith("curl http://127.0.0.1:18000/$x") for words in fakes.engine.asked)


def test_a_folder_that_is_gone_or_turned_into_another_s_before_a_second_start_is_refused(fakes: Fakes) -> None:
    source = fakes.folder / "conf"
    source.mkdir()
    mount = {"type": "bind", "source": str(source), "target": "/conf", "read_only": True}
    fakes.rendered = rendered_with(volumes=[mount])

    def up(event: str) -> None:
        fakes.events.append(event)
        source.rmdir()
        raise PortTaken("port is already allocated")

    fakes.streams = type(fakes.streams)(happens=up)
    with pytest.raises(ConfigError, match=r"conf does not exist"), fakes.environment():
        pass
    assert fakes.events.count("up 18000") == 1
    assert "up 18001" not in fakes.events


def test_what_is_mounted_and_missing_is_refused_before_anything_is_created(fakes: Fakes) -> None:
    mount = {"type": "bind", "source": str(fakes.folder / "gone"), "target": "/conf", "read_only": True}
    fakes.rendered = rendered_with(volumes=[mount])
    with pytest.raises(ConfigError, match=r"Nothing was started\.\n  services\.odoo\.volumes: .*/gone does not exist"):
        fakes.environment().__enter__()
    assert fakes.events == ["guard", *QUESTIONS, "info", "port 18000", "finish"]


def test_a_signal_in_the_instant_of_leaving_keeps_no_environment_from_its_teardown(
    fakes: Fakes, signals: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = fakes.environment()
    shield = signals.shield

    def interrupted() -> None:
        monkeypatch.setattr(signals, "shield", shield)
        raise Interrupted(2)

    with pytest.raises(Interrupted), environment:
        monkeypatch.setattr(signals, "shield", interrupted)
    assert "finish" not in fakes.events
    environment.close()
    assert fakes.events.count("finish") == 1
    environment.close()
    assert fakes.events.count("finish") == 1


# Prepared databases

SNAPSHOT = Snapshot("key", "key", "base", "agent-test-snapshot-x", "evv", ("base",), 0.0, 61, 9)


def test_who_wants_no_prepared_database_does_not_ask_for_any(fakes: Fakes) -> None:
    with fakes.environment() as environment:
        assert environment.plan.unavailable_reason == "--no-snapshot"
    assert not [words for words in fakes.engine.asked if KEY_LABEL in words]


@pytest.mark.parametrize("tags", ["/evv_visits,/evv_core", "standard", "-/evv_core:TestOne"])
def test_tags_that_may_select_others_tests_need_an_empty_database(fakes: Fakes, tags: str) -> None:
    with fakes.environment(snapshot=True, test_tags=tags) as environment:
        assert environment.plan.unavailable_reason == "--test-tags may select tests of other modules"
    assert not [words for words in fakes.engine.asked if KEY_LABEL in words]


def test_where_none_can_be_had_the_run_goes_on_without_and_says_why(fakes: Fakes) -> None:
    with fakes.environment(snapshot=True) as environment:
        assert environment.plan.unavailable_reason == "evv_core is not in its repository any more"
        assert passwords(fakes) == ["secret"]
    assert len([words for words in fakes.engine.asked if KEY_LABEL in words]) == 1


Plans = Callable[..., None]


@pytest.fixture
def planned(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Plans:
    """Have this plan chosen: with a snapshot, unless it is said otherwise."""

    def plan(**about: Any) -> None:
        def choose(
            *_: object,
            rendered: object,
            override: dict[str, Any],
            images: dict[str, Image],
            environ: Mapping[str, str],
            password: str,
            memory_of: str | None,
            assets: bool,
            is_foreign: Callable[[str], bool],
            checkout: RepoConfig,
        ) -> Plan:
            assert not assets
            assert checkout == fakes.repository
            assert (rendered, set(images)) == (fakes.rendered, {"odoo:18.0", "postgres:16"})
            assert (password, memory_of, environ["DB_PASSWORD"]) == ("secret", "6.1", "secret")
            assert set(override["volumes"]) == {"data"}
            assert not is_foreign("/etc/hosts")
            return replace(Plan(fakes.repository, "evv_core", {}), **{"used": SNAPSHOT, **about})

        monkeypatch.setattr("runner.environment.preflight.choose", choose)

    plan()
    return plan


def written(fakes: Fakes) -> set[str]:
    """The volumes in the second compose file."""
    return set(json.loads((fakes.folder / "compose.override.json").read_text())["volumes"])


def passwords(fakes: Fakes) -> list[str]:
    return [project.variables["DB_PASSWORD"] for project in fakes.streams.started]


def test_a_run_starts_from_its_snapshot_with_a_password_of_its_own(fakes: Fakes, planned: Plans) -> None:
    with fakes.environment(snapshot=True):
        assert written(fakes) == {"data", "agent-test-snapshot"}
        assert passwords(fakes) == ["secret"]
        assert fakes.started == ["up 18000", *COMES_UP]


def test_sources_that_are_known_to_need_an_empty_database_get_one_at_once(fakes: Fakes, planned: Plans) -> None:
    module = write_module(fakes.repository.addons[0], "evv_core")
    planned(modules={"evv_core": module})
    fakes.folder /= "run"
    fakes.folder.mkdir()
    remember(fakes.folder.parent, Plan(fakes.repository, "evv_core", {"evv_core": module}, used=SNAPSHOT), "it mentions web")
    with fakes.environment(snapshot=True) as environment:
        assert written(fakes) == {"data"}
        assert environment.plan.unavailable_reason == "an earlier run with these sources found: it mentions web"
        assert passwords(fakes) == ["secret"]
        assert fakes.started == ["up 18000", *COMES_UP]
    with fakes.environment(snapshot=True, watch=True) as environment:  # which is no proof in any case
        assert environment.plan.used == SNAPSHOT


def test_what_is_to_be_kept_is_on_disk(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = []

    def choose(*_: object, memory_of: str | None, **__: object) -> Plan:
        kernels.append(memory_of)
        return Plan(fakes.repository, "evv_core", {})

    monkeypatch.setattr("runner.environment.preflight.choose", choose)
    for keep in Keep:
        with fakes.environment(snapshot=True, keep=keep):
            pass
    assert kernels == ["6.1", None, None]


def test_a_snapshot_that_does_not_start_is_dropped_and_the_run_goes_on_without(
    fakes: Fakes, planned: Plans, capsys: pytest.CaptureFixture[str]
) -> None:
    fakes.failures["container inspect"] = [EnvironmentFailed("The container of db ended with secret 1.\nIts log")]
    with fakes.environment(snapshot=True) as environment:
        again = ["removed p", "up 18000", *COMES_UP]
        assert fakes.started == ["up 18000", *COMES_UP, *again, "volume rm", "volume rm"]  # its marker, its data
        assert f"volume rm --force {SNAPSHOT.volume}" in fakes.engine.asked
        assert written(fakes) == {"data"}
        assert passwords(fakes) == ["secret", "secret"]
        assert environment.plan.unavailable_reason == "it does not start: The container of db ended with *** 1."
    assert "it does not start: The container of db ended with *** 1.\n" in capsys.readouterr().out
    assert fakes.events.count("finish") == 1
    assert fakes.skipped_settling is False


def test_who_starts_over_ends_the_clients_of_what_goes(fakes: Fakes, planned: Plans) -> None:
    with fakes.environment(snapshot=True) as environment:
        environment.engine.prefetch(questions.command("exec", "p-odoo-1", "slow"))
        environment.start_over("of a test")
        assert fakes.engine.at_work == []
        assert environment.plan.unavailable_reason == "of a test"


@pytest.mark.parametrize(("is_answered", "asked"), [(True, 1), (False, 2)])
def test_what_was_answered_is_not_asked_again_by_who_starts_over(
    fakes: Fakes, planned: Plans, is_answered: bool, asked: int
) -> None:
    environment = fakes.environment(snapshot=True)
    environment.first_command = lambda: ["python3", "first"]
    fakes.engine.answers["exec p-odoo-1 python3 first"] = "an answer\n"
    with environment:
        if is_answered:
            assert environment.first_answer() == (0, "an answer\n")
        environment.start_over("of a test")
    assert fakes.engine.asked.count("exec p-odoo-1 python3 first") == asked


def test_what_is_asked_while_it_comes_up_is_asked_anew_by_who_asks_again(fakes: Fakes) -> None:
    environment = fakes.environment()
    environment.first_command = lambda: ["python3", "first"]
    fakes.engine.answers["exec p-odoo-1 python3"] = "an answer\n"
    with environment:
        environment.first_answer()
        environment.first_command = lambda: ["python3", "second"]
        environment.first_answer()
    assert [words for words in fakes.engine.asked if "python3" in words][-1] == "exec p-odoo-1 python3 second"


@pytest.mark.parametrize(("when", "starts_over"), [("up 18000", True), ("container inspect", False)])
def test_an_engine_that_does_not_mount_memory_gets_a_database_on_disk(
    fakes: Fakes, planned: Plans, capsys: pytest.CaptureFixture[str], when: str, starts_over: bool
) -> None:
    refusal = "`docker compose up` failed:\nfailed to mount local volume: operation not permitted"
    fakes.failures[when] = [EnvironmentFailed(refusal)]
    planned(used=None, in_memory=True)
    environment = fakes.environment(snapshot=True)
    with contextlib.nullcontext() if starts_over else pytest.raises(EnvironmentFailed, match="not permitted"), environment:
        assert environment.plan.in_memory is False
    assert ("removed p" in fakes.events) == starts_over
    assert ("it does not start: failed to mount local volume" in capsys.readouterr().out) == starts_over
    assert "volume rm" not in fakes.events


def test_what_does_not_start_without_either_is_not_the_snapshot_s_fault(fakes: Fakes, planned: Plans) -> None:
    fakes.failures["container inspect"] = [EnvironmentFailed("no memory")] * 2
    with pytest.raises(EnvironmentFailed, match="no memory"), fakes.environment(snapshot=True):
        pass
    assert "volume rm" not in fakes.events
    assert fakes.events.count("finish") == 1


@pytest.mark.parametrize(
    ("answer", "waits"), [(Completed(0, "1\n", ""), 1), (failed("psql: error: connection refused", 2), 2)]
)
def test_a_health_timeout_is_not_repeated_where_the_prepared_database_answers(
    fakes: Fakes, planned: Plans, answer: Completed, waits: int
) -> None:
    fakes.failures["container inspect"] = [HealthTimeout("Not healthy after 300 s: mail is running, health starting.")]
    fakes.engine.answers["exec p-odoo-1 bash"] = answer
    with contextlib.nullcontext() if waits == 2 else pytest.raises(HealthTimeout), fakes.environment(snapshot=True):
        pass
    assert len(fakes.streams.started) == waits


@pytest.mark.parametrize("error", [Interrupted(2), KeyError("a defect")])
def test_who_is_interrupted_does_not_start_over(fakes: Fakes, planned: Plans, error: BaseException) -> None:
    fakes.failures["container inspect"] = [error]
    with pytest.raises(type(error)), fakes.environment(snapshot=True):
        pass
    assert "removed p" not in fakes.events


def test_an_environment_that_cannot_be_removed_cannot_start_over(fakes: Fakes, planned: Plans) -> None:
    fakes.removal = Report(left={"volumes": ["data"]}, errors=["still in use"])
    expected = pytest.raises(EnvironmentFailed, match="cannot be started anew: still in use")
    with expected, fakes.environment(snapshot=True) as environment:
        environment.start_over("of a test")
    assert fakes.events.count("finish") == 1


def mounting_addons(fakes: Fakes, sources: str = "auto") -> None:
    """Have the folders of addons, a compose file that mounts the first of them, and this setting."""
    for folder in fakes.repository.addons:
        folder.mkdir(parents=True, exist_ok=True)
    fakes.repository = fakes.repository.model_copy(update={"sources": sources})
    fakes.rendered = copy.deepcopy(RENDERED)
    fakes.rendered["services"]["odoo"]["volumes"] = [mount_of(fakes.repository.addons[0], "/mnt/extra-addons")]


def mount_of(source: object, target: str) -> dict[str, Any]:
    bind = {"create_host_path": False}
    return {"type": "bind", "source": str(source), "target": target, "read_only": True, "bind": bind}


COPIES = [
    *["volume create"] * 2,
    "create --pull=never",
    *(f"copy /agent-test-copy/{number}" for number in (0, 1)),
    "rm --force",
]


def test_copies_are_made_when_the_guard_is_armed_before_the_start_and_again_by_who_starts_over(fakes: Fakes) -> None:
    mounting_addons(fakes, "copy")
    with fakes.environment() as environment:
        armed = fakes.events.index("arm")
        assert fakes.events[armed:] == ["arm", *COPIES, "up 18000", *COMES_UP]
        started = json.loads((fakes.folder / "compose.override.json").read_text())
        (mount,) = started["services"]["odoo"]["volumes"]
        assert (mount["type"], mount["source"], mount["target"]) == ("volume", "agent-test-copy-2", "/mnt/extra-addons-2")
        assert environment.copies.told.startswith("copied (0 files")
        assert environment.sources.are_copied
        fakes.events.clear()
        environment.start_over("a test wants it")
        assert fakes.events == ["removed p", *COPIES, "up 18000", *COMES_UP]


def test_what_is_mounted_costs_nothing_more(fakes: Fakes) -> None:
    mounting_addons(fakes)
    with fakes.environment() as environment:
        assert environment.copies.told == "mounted"
        assert [event for event in fakes.events if event in COPIES] == []


def test_the_copy_of_a_single_file_takes_a_compose_that_can_and_is_refused_before_anything_starts(fakes: Fakes) -> None:
    mounting_addons(fakes, "copy")
    (fakes.folder / "word").write_text("word")
    fakes.rendered["configs"] = {"word": {"file": str(fakes.folder / "word")}}
    fakes.engine.answers["compose version"] = "Docker Compose version v2.20.3\n"
    with pytest.raises(EngineUnavailable, match="no copy of a single file"), fakes.environment():
        pass
    assert "up 18000" not in fakes.events


@pytest.mark.parametrize(
    "said",
    [
        'invalid mount config for type "bind": bind source path does not exist: /x',
        "Mounts denied: The path /x is not shared from the host and is not known to Docker.",
        'Error response from daemon: invalid mount config for type "bind": stat /x: permission denied',
    ],
)
@pytest.mark.parametrize("sources", ["auto", "mount"])
def test_an_engine_that_has_nothing_to_mount_gets_copies_once(fakes: Fakes, said: str, sources: str) -> None:
    mounting_addons(fakes, sources)
    fakes.failures["up 18000"] = [EnvironmentFailed(f"failed:\n{said}") for _ in range(2)]
    with pytest.raises(EnvironmentFailed, match="failed"), fakes.environment():
        pass
    assert fakes.events.count("up 18000") == (2 if sources == "auto" else 1)
    assert fakes.events.count("copy /agent-test-copy/0") == (1 if sources == "auto" else 0)


def test_what_has_gone_from_here_as_well_is_no_reason_for_copies(fakes: Fakes) -> None:
    mounting_addons(fakes)
    gone = fakes.folder / "gone"
    gone.mkdir()
    fakes.rendered["services"]["db"]["volumes"] = [mount_of(gone, "/x")]
    fakes.failures["up 18000"] = [EnvironmentFailed(f"failed:\nbind source path does not exist: {gone}")]

    def happens(event: str) -> None:
        gone.rmdir()
        fakes.happens(event)

    fakes.streams._happens = happens
    with pytest.raises(EnvironmentFailed, match="bind source path"), fakes.environment():
        pass
    assert fakes.streams.ports == ["18000"]


def test_with_copies_the_prepared_database_stays_unless_something_of_another_machine_is_mounted(
    fakes: Fakes, planned: Plans, capsys: pytest.CaptureFixture[str]
) -> None:
    planned()
    mounting_addons(fakes)
    with fakes.environment(snapshot=True) as environment:
        environment.start_over_with_copies("a test wants it")
        assert environment.plan.used
        assert environment.copies.told.startswith("copied")
    assert "with copies of the sources, because a test wants it" in capsys.readouterr().out
    fakes.rendered["services"]["db"]["volumes"] = [mount_of("/usr", "/usr")]
    with fakes.environment(snapshot=True) as environment:
        environment.start_over_with_copies("a test wants it")
        assert environment.plan.unavailable_reason == "what else is mounted may not be what is here"
        assert "agent-test-snapshot" not in json.loads((fakes.folder / "compose.override.json").read_text())["volumes"]


def test_sources_that_odoo_s_user_cannot_read_are_copied_unless_they_must_be_mounted(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.environment.preflight.closed_to_odoo", lambda *_: "What odoo cannot read")
    mounting_addons(fakes)
    with fakes.environment() as environment:
        assert environment.copies.told.startswith("copied")
    fakes.repository = fakes.repository.model_copy(update={"sources": "mount"})
    with pytest.raises(ConfigError, match="What odoo cannot read"), fakes.environment():
        pass


class FakeRegistry:
    """Has what it is told to have; `asked`: what was asked for, with what had happened before."""

    def __init__(self, fakes: Fakes, *has: str) -> None:
        self._fakes, self._has = fakes, has
        self.asked: list[list[str]] = []

    def __call__(self, *_about: object) -> "FakeRegistry":
        return self

    def pull(self, stages: Sequence[Stage]) -> bool:
        self._fakes.happens("pull from the registry")
        self.asked.append([stage.name for stage in stages])
        return any(stage.name in self._has for stage in stages)


def with_registry(fakes: Fakes, monkeypatch: pytest.MonkeyPatch, *has: str) -> FakeRegistry:
    fakes.repository = fakes.repository.model_copy(update={"snapshots": "ghcr.io/org/prepared"})
    registry = FakeRegistry(fakes, *has)
    monkeypatch.setattr("runner.environment.preflight.Registry", registry)

    def choose(*_: object, **__: object) -> Plan:
        plan = Plan(fakes.repository, "evv_core", {}, database=DatabaseImage("postgres:16"))
        is_there = registry.asked and has
        return replace(plan, used=SNAPSHOT) if is_there else replace(plan, missing=(Stage("base", ("base",), "key", "key"),))

    monkeypatch.setattr("runner.environment.preflight.choose", choose)
    return registry


def test_what_a_run_would_have_to_make_is_pulled_under_the_guard_and_started_from(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = with_registry(fakes, monkeypatch, "base")
    with fakes.environment(snapshot=True) as environment:
        assert (environment.plan.used, environment.plan.missing) == (SNAPSHOT, ())
        assert "agent-test-snapshot" in written(fakes)
    expected = ["guard", "arm", "pull from the registry", "arm", "up 18000", "finish"]
    assert [event for event in fakes.events if event in expected] == expected
    assert registry.asked == [["base"]]


def test_what_no_registry_has_is_made_and_the_registry_known_to_who_makes_it(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = with_registry(fakes, monkeypatch)
    with fakes.environment(snapshot=True) as environment:
        assert [stage.name for stage in environment.plan.missing] == ["base"]
        assert environment.preflight.registry is registry  # type: ignore[comparison-overlap]


def test_no_registry_is_asked_where_nothing_is_to_be_made(
    fakes: Fakes, planned: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = FakeRegistry(fakes)
    monkeypatch.setattr("runner.environment.preflight.Registry", registry)
    with fakes.environment(snapshot=True) as environment:
        assert environment.preflight.registry is None
    assert registry.asked == []


def test_with_an_image_that_no_other_machine_has_no_registry_is_asked(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = with_registry(fakes, monkeypatch, "base")
    monkeypatch.setattr(RepoConfig, "has_own_image", True)
    with fakes.environment(snapshot=True) as environment:
        assert (registry.asked, environment.preflight.registry) == ([], None)
    assert (
        "warning: `snapshots` of evv is not used, as its own image is another one on each machine" in capsys.readouterr().out
    )
