"""The corpus on real Odoo: tiny addons, green and red, with the verdict that each must get.

One database with `base` is prepared in each of two environments and copied for every case, so that a case takes 3 s.
"""

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import yaml

from runner.config.repositories import load
from runner.errors import ExitCode
from tests.corpus.case import Case, Outcome, differences, verdict_of
from tests.corpus.cases import CASES
from tests.corpus.engine import LABEL, PORTS, PREFIX, OtherSeries, outcomes_of
from tests.corpus.hanging import STACK, WAITS

from .tiny_repository import ROOT, Started, environ_without_starter, left

# By thread: the bounds of the runner's own calls of the engine use the alarm signal.
pytestmark = [pytest.mark.odoo, pytest.mark.timeout(900, method="thread")]

_WHOLE_RUN = "test_a_hang_ends_a_whole_run"
# Odoo initialises the database in it, beside the cases.
_HANG_TIMEOUT = 60


@pytest.fixture(scope="module")
def nothing_left() -> Iterator[None]:
    yield
    assert left(LABEL) == []


@pytest.fixture(scope="module")
def whole_run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, nothing_left: None
) -> Iterator[Started | None]:
    """`python -m runner run` of a module that hangs, started before the cases: it mostly waits, and they need not."""
    if not any(item.name == _WHOLE_RUN for item in request.session.items):
        yield None
        return
    folder = tmp_path_factory.mktemp("whole-run")
    Case("hangs", "", WAITS).write(folder / "checkout/addons")
    images = next(iter(load(ROOT, os.environ).repositories.values())).images
    repository = {
        "prefix": PREFIX,
        "path": "checkout",
        "addons": ["addons"],
        "compose_file": str(ROOT / "docker-compose.agent.yml"),
        "ports": str(PORTS),
        "images": images.model_dump(),
    }
    (folder / "repos.yaml").write_text(yaml.safe_dump({"repositories": {"corpus": repository}}))
    command = [sys.executable, "-m", "runner", "run", "corpus", "hangs", "--verbose", "--test-timeout", str(_HANG_TIMEOUT)]
    started = Started(command, folder, environ_without_starter() | {"PYTHONPATH": str(ROOT)}, patience=600)
    yield started
    if started.process.poll() is None:
        started.send(signal.SIGTERM)
        started.finish()


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, nothing_left: None, whole_run: Started | None
) -> Iterator[dict[str, "Future[Outcome]"]]:
    """The outcomes of the selected cases, as they come."""
    selected = {item.callspec.id for item in request.session.items if isinstance(item, pytest.Function) and _has_case(item)}
    try:
        with outcomes_of([case for case in CASES if case.name in selected], tmp_path_factory.mktemp("corpus")) as futures:
            yield futures
    except OtherSeries as reason:
        pytest.skip(str(reason))


def _has_case(item: pytest.Function) -> bool:
    return item.module.__name__ == __name__ and hasattr(item, "callspec")


@pytest.mark.parametrize("case", [case for case in CASES if not case.like], ids=lambda case: case.name)
def test_a_case_gets_its_verdict(case: Case, outcomes: dict[str, "Future[Outcome]"], tmp_path: Path) -> None:
    outcome = outcomes[case.name].result()
    found = differences(case, verdict_of(case, outcome, case.write(tmp_path)))
    assert found == [], outcome.output.decode(errors="replace")[-3000:]


def test_a_hang_ends_a_whole_run(whole_run: Started | None) -> None:
    assert whole_run is not None
    assert whole_run.finish() == ExitCode.TIMED_OUT, whole_run.output[-3000:]
    assert "the tests ran past their time (--test-timeout); the last one started was TestOne.test_one" in whole_run.output
    assert STACK in whole_run.output
