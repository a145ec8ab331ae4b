"""All runs of a call use the engine that was meant when it began, whatever the user changes meanwhile."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from runner.config.options import Options
from runner.docker.endpoint import pin
from runner.docker.process import Endpoint
from runner.errors import EngineUnavailable
from runner.reporting.last_failed import recall
from runner.reporting.machine_reports import MachineReports
from runner.reporting.outcome import Outcome
from runner.run import call as call_module
from runner.run.call import Call, make
from runner.run.module_run import Request
from runner.run.side_by_side import Ended
from runner.signals import Signals
from runner.terminal import Terminal
from tests.unit.outcomes import case, failed, failing, passed
from tests.unit.repositories import repository

# What a run is told of its engine: host, and context.
Engine = tuple[str | None, str | None]


class User:
    """Somebody who has chosen an engine by `docker context use`, and chooses another one while the first run goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uses("first")

    def uses(self, context: str) -> None:
        (self.folder / "config.json").write_text(json.dumps({"currentContext": context}))

    @property
    def environ(self) -> dict[str, str]:
        return {**{key: value for key, value in os.environ.items() if key != "DOCKER_HOST"}, "DOCKER_CONFIG": str(self.folder)}


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """Its contexts have their names as hosts; that which is called gone does not exist."""

    def settle(environ: Mapping[str, str]) -> Endpoint:
        pinned = pin(environ)
        context = pinned.pop("DOCKER_CONTEXT", None)
        if context == "gone":
            raise EngineUnavailable("Docker does not find its context")
        return Endpoint({"DOCKER_HOST": f"tcp://{context}"} | pinned)

    monkeypatch.setattr(call_module, "settle", settle)
    return User(tmp_path)


def make_call(user: User, environ: Mapping[str, str], jobs: int = 1) -> int:
    evv = repository(user.folder)
    evv.path.mkdir()
    call = Call(evv, ["evv_core", "traction"], Options(5, 5), "command", jobs)
    return make(call, MachineReports(None, None, "evv"), Terminal(), Signals(lambda _signum: None), environ)


@pytest.fixture
def engines(user: User, monkeypatch: pytest.MonkeyPatch) -> list[Engine]:
    """What each run was told."""
    told: list[Engine] = []

    def run_module(_request: object, environ: Mapping[str, str], *_: object) -> Outcome:
        told.append((environ.get("DOCKER_HOST"), environ.get("DOCKER_CONTEXT")))
        user.uses("second")
        return passed()

    monkeypatch.setattr(call_module, "run_module", run_module)
    return told


def test_docker_context_use_between_two_modules_moves_none(user: User, engines: list[Engine]) -> None:
    assert make_call(user, user.environ) == 0
    assert engines == [("tcp://first", None)] * 2


def test_of_a_context_that_does_not_exist_every_run_learns(user: User, engines: list[Engine]) -> None:
    make_call(user, user.environ | {"DOCKER_CONTEXT": "gone"})
    assert engines == [(None, "gone")] * 2


@pytest.mark.parametrize(
    ("named", "engine"),
    [({"DOCKER_CONTEXT": "mine"}, ("tcp://mine", None)), ({"DOCKER_HOST": "tcp://mine:2376"}, ("tcp://mine:2376", None))],
)
def test_the_host_or_context_of_the_environment_goes_before_the_current_context(
    user: User, engines: list[Engine], named: dict[str, str], engine: Engine
) -> None:
    make_call(user, user.environ | named)
    assert engines == [engine] * 2


def test_runs_side_by_side_get_the_engine_of_the_call_too(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    class FakeRuns:
        def __init__(self, jobs: int, environ: Mapping[str, str], **_: object) -> None:
            assert (jobs, environ["DOCKER_HOST"]) == (2, "tcp://first")

        def run(self, requests: Sequence[Request]) -> Ended:
            assert [request.module for request in requests] == ["evv_core", "traction"]
            return Ended([passed(), passed()])

    monkeypatch.setattr(call_module, "SideBySide", FakeRuns)
    assert make_call(user, user.environ, jobs=2) == 0


def test_each_module_is_run_in_each_series_and_has_a_log_of_its_own_there(tmp_path: Path) -> None:
    evv = repository(tmp_path)
    series = [evv.model_copy(update={"series": name}) for name in ("18.0", "19.0")]
    call = Call(evv, ["evv_core", "traction"], Options(5, 5), "command", in_series=series)
    assert [(request.name, request.proof.name) for request in call.requests] == [
        ("evv_core (18.0)", "proof_of_execution_tests.evv_core.18.0.log"),
        ("evv_core (19.0)", "proof_of_execution_tests.evv_core.19.0.log"),
        ("traction (18.0)", "proof_of_execution_tests.traction.18.0.log"),
        ("traction (19.0)", "proof_of_execution_tests.traction.19.0.log"),
    ]
    assert call.joint_file
    alone = Call(evv, ["evv_core"], Options(5, 5), "command", in_series=series[:1])
    assert [request.proof.name for request in alone.requests] == ["proof_of_execution_tests.log"]
    assert alone.joint_file is None


def test_each_repetition_has_a_name_and_a_log_of_its_own(tmp_path: Path) -> None:
    evv = repository(tmp_path)
    call = Call(evv, ["evv_core"], Options(5, 5), "command", repeat=2)
    assert [(request.name, request.proof.name) for request in call.requests] == [
        ("evv_core #1", "proof_of_execution_tests.evv_core.1.log"),
        ("evv_core #2", "proof_of_execution_tests.evv_core.2.log"),
    ]
    series = [evv.model_copy(update={"series": "19.0"})]
    call = Call(evv, ["evv_core"], Options(5, 5), "command", in_series=series, repeat=2)
    assert [(request.name, request.proof.name) for request in call.requests][1] == (
        "evv_core (19.0) #2",
        "proof_of_execution_tests.evv_core.19.0.2.log",
    )


def test_logs_of_more_repetitions_than_now_are_removed_with_those_of_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_module, "run_module", lambda request, *_: request.named(passed()))
    evv = repository(tmp_path)
    evv.path.mkdir()
    stay = ["evv_core.log", "evv_core.19.0.log", "evv_core.1.old.log", "traction.3.log", "evv_core_x.3.log"]
    for name in (*stay, "evv_core.1.log", "evv_core.3.log", "evv_core.10.log", "evv_core.19.0.3.log"):
        (evv.path / f"proof_of_execution_tests.{name}").touch()
    call = Call(evv, ["evv_core"], Options(5, 5), "command", repeat=2)
    assert make(call, MachineReports(None, None, "evv"), Terminal(), Signals(lambda _signum: None), os.environ) == 0
    assert {file.name for file in evv.path.iterdir()} == {
        "proof_of_execution_tests.log",
        *(f"proof_of_execution_tests.{name}" for name in stay),
    }


def test_each_module_is_narrowed_to_its_own_tests_and_its_log_is_named_by_it_alone(tmp_path: Path) -> None:
    tests = {"evv_core": ("TestClient.test_one",), "traction": ()}
    call = Call(repository(tmp_path), list(tests), Options(5, 5), "command", tests=tests)
    assert [(request.options.tests, request.proof.name) for request in call.requests] == [
        (("TestClient.test_one",), "proof_of_execution_tests.evv_core.log"),
        ((), "proof_of_execution_tests.traction.log"),
    ]


def test_what_was_red_in_some_repetitions_is_told_at_the_end_and_remembered_with_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = iter([failed(failing("TestClient.test_a")), passed(case(name="TestClient.test_a", seconds=3.5))])
    monkeypatch.setattr(call_module, "run_module", lambda request, *_: request.named(next(ended)))
    evv = repository(tmp_path)
    (evv.path / ".agent-tests").mkdir(parents=True)
    call = Call(evv, ["evv_core"], Options(5, 5), "command", repeat=2, slowest=1)
    assert make(call, MachineReports(None, None, "evv"), Terminal(), Signals(lambda _signum: None), os.environ) == 1
    told = capsys.readouterr().out
    assert "evv_core: 1 of 2 runs red\n  TEST               RED\n  TestClient.test_a  1 of 2  flaky\n" in told
    assert "  3.500  evv_core #2  TestClient.test_a\n" in told.replace("    3.500", "  3.500")
    assert "TestClient.test_a  1 of 2  flaky" in call.requests[0].proof.with_name("proof_of_execution_tests.log").read_text()
    assert recall(evv.path, "evv_core") == ["TestClient.test_a"]
