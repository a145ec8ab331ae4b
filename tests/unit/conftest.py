"""No test here may reach a Docker engine: `docker` is a program that fails, and a test that starts it fails too."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.docker import engine
from runner.signals import Signals

from .fake_docker import FakeDocker
from .fake_environment import Fakes
from .scripted_docker import ScriptedDocker

_REFUSAL = """#!/bin/sh
echo "$*" >>"{log}"
echo "a unit test called docker $*" >&2
exit 97
"""


@pytest.fixture(scope="session")
def refusing_docker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the program, which writes down its calls in `calls`."""
    folder = tmp_path_factory.mktemp("no-docker")
    program = folder / "docker"
    program.write_text(_REFUSAL.format(log=folder / "calls"))
    program.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def no_container_is_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no test ask for the container that it runs in itself."""
    monkeypatch.setattr(engine, "own_container", lambda: "")


@pytest.fixture(autouse=True)
def docker_is_out_of_reach(refusing_docker: Path) -> Iterator[None]:
    """Put the program first in PATH; afterwards set every variable back, as the runner changes some for good."""
    before = dict(os.environ)
    os.environ["PATH"] = f"{refusing_docker}{os.pathsep}{before['PATH']}"
    os.environ["DOCKER_HOST"] = f"unix://{refusing_docker}/no-engine.sock"
    of_a_ci = ("CI", "GITHUB_ACTIONS", "GITLAB_CI")
    for name in ("DOCKER_CONTEXT", "AGENT_TEST_STARTER", "ODOO_IMAGE", "POSTGRES_IMAGE", *of_a_ci):
        os.environ.pop(name, None)
    yield
    os.environ.clear()
    os.environ.update(before)
    calls = refusing_docker / "calls"
    if calls.exists():
        said = calls.read_text()
        calls.unlink()
        pytest.fail(f"docker was called: {said}")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """A fake engine, reached through `docker` in PATH."""
    fake = FakeDocker(tmp_path / "fake-docker")
    monkeypatch.setenv("PATH", f"{fake.bin}{os.pathsep}{os.environ['PATH']}")
    return fake


@pytest.fixture
def script(tmp_path: Path) -> Iterator[ScriptedDocker]:
    """A docker that is a script of the test's own, reached through its `endpoint` only."""
    scripted = ScriptedDocker(tmp_path / "scripted-docker")
    yield scripted
    scripted.close()


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """Restore the handlers: once interrupted, a program of ours stays deaf to signals, which the tests must not."""
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


@pytest.fixture
def signals() -> Iterator[Signals]:
    """Signals of this process become errors, as in a run."""
    with Signals(lambda _signum: None).installed({}) as installed:
        yield installed


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, signals: Signals) -> Fakes:
    """Engine, guard and streams of every run are fakes."""
    return Fakes(tmp_path, signals).installed(monkeypatch)
