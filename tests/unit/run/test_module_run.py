"""One run from its request to its proof, with an environment that only says what a test wants."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import pytest

from runner.cleanup.teardown import Report
from runner.config.repositories import RepoConfig
from runner.docker.clients import Question
from runner.docker.inventory import ContainerStatus
from runner.errors import EngineUnavailable, EnvironmentFailed, Interrupted, NoFreePort, UsageError
from runner.odoo import command as odoo
from runner.reporting.outcome import Outcome
from runner.run import module_run as run_module_module
from runner.run.module_run import Keep, Options, run_module
from runner.signals import Signals
from runner.terminal import Terminal
from tests.unit.odoo_logs import log, problem, real, result, starting
from tests.unit.repositories import repository, write_module

CLEAN: dict[str, list[str]] = {"containers": [], "networks": [], "volumes": []}
GREEN = real("evv_core-passed").encode()


class FakeExecution:
    def __init__(self, output: bytes, exit_code: int, error: BaseException | None = None) -> None:
        self.exit_code = -1
        self._output, self._exit_code, self._error = output, exit_code, error

    def __iter__(self) -> Iterator[bytes]:
        yield from self._output.splitlines(keepends=True)
        if self._error:
            raise self._error
        self.exit_code = self._exit_code


class FakeEnvironment:
    """Stands for the environment, the engine and the guard. What they do is set on the class by each test."""

    output: bytes = GREEN
    odoo_exit = 0
    odoo_status = "running"
    answer: tuple[bytes, int] = (b"evv_core installed\n", 0)
    error_entering: BaseException | None = None
    error_in_tests: BaseException | None = None
    signal_in_teardown: int | None = None
    report: Report | None = Report(left=CLEAN, seconds=0.6)
    made: ClassVar[list["FakeEnvironment"]] = []

    def __init__(
        self, *, project: str, labels: dict[str, str], variables: dict[str, str], signals: Signals, **more: Any
    ) -> None:
        self.project, self.labels, self.variables, self._signals = project, labels, variables, signals
        self.engine_version, self.port, self.images = "28.0", 18000, {"odoo:18.0": "sha256:odoo"}
        self.warnings: list[str] = ["services.odoo.ports: open"]
        self.odoo_container, self.kept = "p-odoo-1", False
        self.teardown: Report | None = None
        self.prepared = more["prepared"]
        self.engine = self
        self.commands: list[list[str]] = []
        FakeEnvironment.made.append(self)

    def __enter__(self) -> "FakeEnvironment":
        if self.error_entering:
            self.teardown = self.report
            raise self.error_entering
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.teardown = None if self.kept else self.report
        self.during_teardown()
        if self.signal_in_teardown is not None:
            self._signals.first = self.signal_in_teardown

    def during_teardown(self) -> None:
        """What else happens then."""

    def close(self) -> None:
        """It was left already."""

    def keep(self) -> None:
        self.kept = True

    def start_over(self, _why: str) -> None:
        """On an empty database the tests fail."""
        self.output, self.odoo_exit = log(starting(), problem("FAIL", "TestClient.test_one"), result(1)).encode(), 1

    def begin(self, *_questions: Question) -> None:
        """The answers are here."""

    @property
    def streams(self) -> "FakeEnvironment":
        return self

    def states(self, containers: list[str]) -> list[ContainerStatus]:
        assert containers == ["p-odoo-1"]
        return [ContainerStatus("p-odoo-1", "odoo", self.odoo_status, "healthy", 137, oom_killed=True)]

    def logs(self, _container: str, _lines: int) -> str:
        return "its last lines"

    def query(self, _container: str, command: list[str]) -> tuple[int, str]:
        assert command == odoo.states_command(["evv_core"])
        output, exit_code = self.answer
        return exit_code, output.decode()

    def execute(self, _container: str, command: list[str], _limit: float) -> FakeExecution:
        self.commands.append(command)
        return FakeExecution(self.output, self.odoo_exit, self.error_in_tests)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeEnvironment]:
    class Fake(FakeEnvironment):
        pass

    FakeEnvironment.made = []
    monkeypatch.setattr(run_module_module, "Environment", Fake)
    return Fake


Go = Callable[..., Outcome]


@pytest.fixture
def checkout(tmp_path: Path) -> RepoConfig:
    tests = write_module(tmp_path / "evv" / "addons", "evv_core") / "tests"
    tests.mkdir()
    (tests / "__init__.py").write_text("from . import test_client\n")
    return repository(tmp_path)


@pytest.fixture
def go(fake: type[FakeEnvironment], checkout: RepoConfig) -> Go:
    def gone(only: bool = True, keep: Keep = Keep.NEVER) -> Outcome:
        return run_module(
            checkout,
            "evv_core",
            Options(health_timeout=5, test_timeout=5, keep=keep, snapshot=False),
            only=only,
            command="python -m runner run evv evv_core",
            terminal=Terminal(),
            signals=Signals(lambda _signum: None),
        )

    return gone


def test_a_green_run_ends_with_0_and_a_proof_of_everything(go: Go, checkout: RepoConfig) -> None:
    outcome = go()
    assert (outcome.exit_code, outcome.label, outcome.reasons) == (0, "PASSED", ())
    assert outcome.proof == checkout.path / "proof_of_execution_tests.log"
    proof = outcome.proof.read_text()
    for part in (
        "python -m runner run evv evv_core",
        "Docker 28.0",
        "sha256:odoo",
        "127.0.0.1:18000",
        "warning: services.odoo.ports: open",
        GREEN.decode(),
        "PASSED",
        "12 tests ran, 0 failed",
        "teardown: complete, 0.6 s",
        "(nothing)",
    ):
        assert part in proof
    assert proof.index("PROOF OF EXECUTION") < proof.index("ENVIRONMENT") < proof.index("VERDICT") < proof.index("(nothing)")


def test_odoo_s_output_goes_to_the_terminal_and_the_log_as_it_is(
    go: Go, fake: type[FakeEnvironment], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    fake.output = GREEN + b"caf\xe9 \xff\r\n"
    outcome = go()
    assert outcome.exit_code == 0
    assert fake.output in outcome.proof.read_bytes()
    assert fake.output in capfdbinary.readouterr().out


def test_what_passed_by_chance_is_tested_again_and_only_that_counts(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module_module, "passed_by_chance", lambda _environment: ["evv_core mentions the module web"])
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (1, "FAILED")
    proof = outcome.proof.read_text()
    why = proof.index("NOT COUNTED\nthat it passed: evv_core mentions the module web\n")
    assert proof.index(GREEN.decode()) < why < proof.index("FAIL: TestClient")


def test_what_failed_is_not_tested_again(go: Go, fake: type[FakeEnvironment], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module_module, "passed_by_chance", lambda _environment: pytest.fail("it was asked"))
    fake.output, fake.odoo_exit = log(starting(), problem("FAIL", "TestClient.test_one"), result(1)).encode(), 1
    assert go().exit_code == 1


def test_a_failed_test_ends_with_1(go: Go, fake: type[FakeEnvironment]) -> None:
    fake.output, fake.odoo_exit = log(starting(), problem("FAIL", "TestClient.test_one"), result(1)).encode(), 1
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (1, "FAILED")
    assert "FAIL: TestClient.test_one" in outcome.proof.read_text()


@pytest.mark.parametrize("answer", [(b"evv_core uninstalled\n", 0), (b"", 0), (b"psql: error: refused\n", 2), (b"", 2)])
def test_a_green_log_is_not_believed_without_the_database(
    go: Go, fake: type[FakeEnvironment], answer: tuple[bytes, int]
) -> None:
    fake.answer = answer
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (7, "NOT PROVEN")
    assert outcome.reasons != ()


def test_states_are_not_believed_when_psql_failed(go: Go, fake: type[FakeEnvironment]) -> None:
    fake.answer = (b"evv_core installed\n", 2)
    assert go().exit_code == 7


@pytest.mark.parametrize(
    ("error", "code"),
    [(EngineUnavailable("no daemon"), 3), (NoFreePort("none"), 4), (EnvironmentFailed("no space"), 5), (Interrupted(2), 130)],
)
def test_an_error_or_a_signal_while_it_comes_up_is_an_outcome_with_a_proof(
    go: Go, fake: type[FakeEnvironment], error: BaseException, code: int
) -> None:
    fake.error_entering = error
    outcome = go()
    assert outcome.exit_code == code
    assert outcome.reasons == (str(error),)
    proof = outcome.proof.read_text()
    assert str(error) in proof
    assert "PASSED" not in proof
    assert "teardown: complete" in proof


@pytest.mark.parametrize(("signum", "code"), [(2, 130), (15, 143), (1, 129)])
def test_a_signal_while_tests_run_keeps_what_odoo_had_said(
    go: Go, fake: type[FakeEnvironment], signum: int, code: int
) -> None:
    fake.output, fake.error_in_tests = GREEN[:3000], Interrupted(signum)
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (code, "INTERRUPTED")
    assert GREEN[:3000] in outcome.proof.read_bytes()


def test_a_signal_during_the_teardown_of_a_green_run_is_not_green(go: Go, fake: type[FakeEnvironment]) -> None:
    fake.signal_in_teardown = 2
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (130, "INTERRUPTED")


@pytest.mark.parametrize("error", [None, EnvironmentFailed("died"), Interrupted(2)])
def test_what_is_left_outweighs_everything_and_is_listed(
    go: Go, fake: type[FakeEnvironment], error: BaseException | None
) -> None:
    fake.error_in_tests = error
    fake.report = Report(left={**CLEAN, "networks": ["p_default"]}, errors=["still in use"])
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (8, "LEFT BEHIND")
    assert "nox -s cleanup" in outcome.reasons[0]
    if error:
        assert str(error) in outcome.reasons
    proof = outcome.proof.read_text()
    for part in ("INCOMPLETE", "  p_default", "  error: still in use"):
        assert part in proof


def test_the_proof_of_an_earlier_run_never_survives_not_even_a_defect(
    go: Go, fake: type[FakeEnvironment], checkout: RepoConfig
) -> None:
    earlier = checkout.path / "proof_of_execution_tests.log"
    earlier.write_text("PASSED, yesterday")
    fake.error_entering = KeyError("a defect")
    with pytest.raises(KeyError):
        go()
    assert not earlier.exists()


def test_without_a_place_for_the_log_nothing_is_started(go: Go, checkout: RepoConfig) -> None:
    shutil.rmtree(checkout.path)
    checkout.path.touch()
    with pytest.raises(UsageError, match="The log cannot be written"):
        go()
    assert FakeEnvironment.made == []


def test_a_container_that_died_under_the_tests_is_an_error_with_its_last_lines(go: Go, fake: type[FakeEnvironment]) -> None:
    fake.output, fake.odoo_exit, fake.odoo_status = GREEN[:2000], 137, "exited"
    outcome = go()
    assert outcome.exit_code == 5
    assert "ran out of memory while the tests ran" in outcome.reasons[0]


def test_a_proof_that_cannot_be_written_is_no_proof(
    go: Go, fake: type[FakeEnvironment], checkout: RepoConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = checkout.path / "proof_of_execution_tests.log"
    monkeypatch.setattr(fake, "during_teardown", lambda _self: proof.mkdir())
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (7, "NOT PROVEN")
    assert "proof log cannot be written" in outcome.reasons[-1]


@pytest.mark.parametrize(
    ("keep", "odoo_exit", "kept"),
    [
        (Keep.NEVER, 0, False),
        (Keep.NEVER, 1, False),
        (Keep.FAILED, 0, False),
        (Keep.FAILED, 1, True),
        (Keep.ALWAYS, 0, True),
        (Keep.ALWAYS, 1, True),
    ],
)
def test_an_environment_is_kept_as_asked_and_the_commands_for_it_are_told(
    go: Go, fake: type[FakeEnvironment], capsys: pytest.CaptureFixture[str], keep: Keep, odoo_exit: int, kept: bool
) -> None:
    fake.odoo_exit = odoo_exit
    outcome = go(keep=keep)
    (environment,) = FakeEnvironment.made
    assert environment.kept == kept
    for told in (outcome.proof.read_text(), capsys.readouterr().out):
        assert (f"nox -s cleanup -- {environment.project}" in told) == kept
        assert "(nothing)" not in told or not kept


def test_several_modules_have_a_proof_each(go: Go, checkout: RepoConfig) -> None:
    assert go(only=False).proof == checkout.path / "proof_of_execution_tests.evv_core.log"


def test_every_run_has_its_own_project_token_and_password_and_its_owner_s_labels(go: Go, checkout: RepoConfig) -> None:
    go()
    go()
    first, second = FakeEnvironment.made
    assert first.project != second.project
    for name in ("AGENT_TEST_TOKEN", "DB_PASSWORD"):
        assert first.variables[name] != second.variables[name]
        assert len(first.variables[name]) >= 32
    assert first.variables["ODOO_ADDONS"] == str(checkout.addons[0])
    assert first.labels["agent-test.repository"] == "evv"
    assert first.labels["agent-test.module"] == "evv_core"
    assert "agent-test.owner-pid" in first.labels


def test_secrets_are_not_written_into_the_proof(go: Go) -> None:
    proof = go().proof.read_text()
    for name in ("AGENT_TEST_TOKEN", "DB_PASSWORD"):
        assert FakeEnvironment.made[0].variables[name] not in proof
