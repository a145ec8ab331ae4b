"""While the tests run, their output goes to log and terminal, and the display says which one it is."""

from collections.abc import Iterator
from pathlib import Path

from runner.docker.inventory import ContainerStatus
from runner.reporting.proof_log import ProofLog
from runner.run.testing import run_tests
from runner.terminal import Terminal
from runner.verdict.sources import read_sources
from runner.verdict.verdict import Verdict
from tests.unit.odoo_logs import log, real, record, result, starting
from tests.unit.repositories import write_module

ASSETS = record("odoo.addons.base.models.ir_qweb", "Pregenerating assets bundles")


class Steps(Terminal):
    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.steps: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)


class FakeEnvironment:
    """An environment in which Odoo prints what a test wants; the engine is itself."""

    odoo_container = "p-odoo-1"

    def __init__(self, output: str) -> None:
        self._output = output
        self.engine = self.streams = self
        self.exit_code = 0
        self.prepared = type("Prepared", (), {"holds": ()})

    def execute(self, _container: str, _command: list[str], _limit: float) -> "FakeEnvironment":
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield from self._output.encode().splitlines(keepends=True)

    def begin(self, *_questions: tuple[str, ...]) -> None:
        """The answers are here."""

    def states(self, containers: list[str]) -> list[ContainerStatus]:
        return [ContainerStatus(each, "odoo", "running", "healthy", 0, oom_killed=False) for each in containers]

    def query(self, _container: str, _command: list[str]) -> tuple[int, str]:
        return 0, "evv_core installed\n"


def run(tmp_path: Path, output: str, steps: Steps) -> Verdict:
    tests = write_module(tmp_path, "evv_core") / "tests"
    tests.mkdir()
    (tests / "__init__.py").write_text("from . import test_client\n")
    (tests / "test_client.py").write_text(
        "class TestClient(HttpCase):\n    def test_one(self): ...\n    def test_two(self): ...\n"
    )
    with ProofLog(tmp_path, tmp_path / "proof.log") as proof:
        return run_tests(
            FakeEnvironment(output),  # type: ignore[arg-type]
            module="evv_core",
            tags=None,
            addons_folders=1,
            timeout=5,
            sources=read_sources(tmp_path / "evv_core"),
            strict=False,
            log=proof,
            terminal=steps,
        )


def test_the_display_counts_the_tests_and_says_what_takes_long_between_them(tmp_path: Path) -> None:
    steps = Steps()
    output = log(starting("TestClient.test_one"), ASSETS, starting("TestClient.test_two"), result(2))
    run(tmp_path, output, steps)
    assert steps.steps == [
        "1 of 2: TestClient.test_one",
        "1 of 2 ran; Odoo generates its assets bundles for HttpCase",
        "2 of 2: TestClient.test_two",
    ]


def test_all_that_odoo_printed_is_in_the_log_as_it_was(tmp_path: Path) -> None:
    printed = real("evv_core-passed")
    run(tmp_path, printed, Steps())
    assert (tmp_path / "tests.log").read_text() == printed
