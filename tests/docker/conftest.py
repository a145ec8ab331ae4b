"""Every test here runs on the real engine, and fails if anything with our labels is left afterwards."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from runner.cleanup import orphans
from runner.docker.endpoint import settle
from runner.docker.engine import Engine
from runner.environment.ports import can_bind

from . import tiny_image as tiny_image_
from .second_engine import RemoteEngine, remote_engine
from .tiny_repository import ROOT, TinyRepository, abandoned_volumes, dangling_volumes, left

FIRST_PORT, LAST_PORT = 18090, 18099
# The repositories of the tests, of their corpus, and of the addons of others.
OURS = ("tiny", "corpus", "public", "saved")
# What is marked `odoo`.
REAL_ODOO = ("test_corpus.py", "test_odoo.py", "test_public_addons.py", "test_saved.py", "test_snapshots.py")


class _TwoKinds(LoadScopeScheduling):  # type: ignore[misc]  # of a package without types
    """Real Odoo is tested beside the tiny services, which have other labels and ports, but no two tests of a kind."""

    def _split_scope(self, nodeid: str) -> str:
        return "odoo" if Path(nodeid.partition("::")[0]).name in REAL_ODOO else "tiny"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _TwoKinds(config, log)


@pytest.fixture(scope="session", autouse=True)
def nothing_left_by_an_earlier_suite() -> None:
    """Remove what a suite left that was killed together with its guards: it would be taken for what the tests leave."""
    engine = Engine(settle(os.environ))
    dead = orphans.to_remove(orphans.look(engine), OURS, everything=False)
    assert orphans.remove(dead, engine.endpoint, print, 60)


@pytest.fixture(scope="session")
def tiny_image() -> None:
    """Have the image of the tiny services in the engine."""
    tiny_image_.make()


@pytest.fixture
def tiny(tiny_image: None, tmp_path: Path) -> Iterator[TinyRepository]:
    """A repository of tiny modules; afterwards nothing of it may be left, and its ports must be free."""
    dangling = dangling_volumes()
    repository = TinyRepository(tmp_path, f"{FIRST_PORT}-{LAST_PORT}")
    yield repository
    repository.kill_what_still_runs()  # after a test that failed; its environment goes with it
    remains = left()
    if remains:
        repository.run("cleanup", "--all", "--timeout", "10")
    assert remains == []
    assert abandoned_volumes(dangling) == set()
    assert [port for port in range(FIRST_PORT, LAST_PORT + 1) if not can_bind(port)] == []


@pytest.fixture(scope="session")
def far_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteEngine]:
    """One engine by tcp for all tests, which has none of the checkout's files."""
    with remote_engine(hidden=[ROOT, tmp_path_factory.getbasetemp()]) as engine:
        yield engine


@pytest.fixture
def remote(far_engine: RemoteEngine) -> Iterator[RemoteEngine]:
    """The engine by tcp, on which nothing of the tests may be left afterwards."""
    yield far_engine
    far_engine.relay.mend()
    assert left(environ=far_engine.environ) == []
    assert dangling_volumes(far_engine.environ) == set()
