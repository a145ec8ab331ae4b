"""Engines that are others than the machine's: rootless Docker, and Podman. The guard is at the engine, too."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import tiny_image
from .other_engines import Podman, Rootless, install
from .phases import guard_of, wait_until
from .second_engine import SecondEngine, second_engine
from .tiny_repository import FAILS, PASSES, RUNNING, WAITS, TinyRepository, dangling_volumes


@pytest.fixture(params=[Rootless, Podman])
def other(request: pytest.FixtureRequest) -> Iterator[SecondEngine]:
    install()
    with second_engine(kind=request.param) as engine:
        tiny_image.make_with_python(engine.environ)
        yield engine


def test_runs_end_there_as_they_do_on_docker(tmp_path: Path, other: SecondEngine) -> None:
    tiny = TinyRepository(tmp_path, "18090-18099")
    tiny.images["odoo"] = tiny_image.WITH_PYTHON
    tiny.configure(guard="engine")
    for name, behaviour in {"good": PASSES, "bad": FAILS, "waits": WAITS}.items():
        tiny.module(name, behaviour)
    there = {"DOCKER_HOST": other.host}
    code, output = tiny.run("run", "tiny", "good", "bad", "--jobs", "2", **there)
    assert (code, other.left()) == (1, []), output
    assert "good: PASSED" in output
    assert "bad: FAILED" in output
    run = tiny.start("run", "tiny", "waits", **there)
    run.wait_for(RUNNING)
    os.kill(guard_of(run.process.pid), signal.SIGKILL)
    run.send_group(signal.SIGKILL)
    run.finish()
    wait_until(lambda: not other.left(), "the guard at the engine removes all")
    assert dangling_volumes(other.environ) == set()
    code, output = tiny.run("doctor", **there)
    assert code == 0, output
    assert other.ABOUT in next(line for line in output.splitlines() if line.startswith("ok     engine "))
    code, output = tiny.run("cleanup", **there)
    assert code == 0, output
