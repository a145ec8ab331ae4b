"""A daemon that is restarted or stopped in the middle of a run. The daemon is the test's own, beside the machine's."""

import os
import signal
from collections.abc import Iterator

import pytest

from .phases import guard_of
from .second_engine import SecondEngine, second_engine
from .tiny_repository import PASSES, RUNNING, WAITS, TinyRepository


@pytest.fixture
def daemon() -> Iterator[SecondEngine]:
    with second_engine() as engine:
        yield engine


def test_a_daemon_that_is_restarted_in_the_tests_fails_the_run_and_leaves_nothing(
    tiny: TinyRepository, daemon: SecondEngine
) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits", DOCKER_HOST=daemon.host)
    run.wait_for(RUNNING)
    daemon.stop()
    daemon.start()
    assert run.finish() == 5, run.output
    assert "Traceback" not in run.output
    assert daemon.left() == []


def test_a_daemon_that_is_stopped_is_named_and_the_guard_waits_for_its_return(
    tiny: TinyRepository, daemon: SecondEngine
) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits", DOCKER_HOST=daemon.host)
    run.wait_for(RUNNING)
    daemon.stop()
    run.wait_for("the teardown takes longer than usual")
    daemon.start()
    assert run.finish() == 5, run.output
    assert "Cannot connect to the Docker daemon" in run.output
    assert daemon.left() == []


def test_what_a_run_left_at_a_daemon_that_was_away_goes_with_the_next_run(tiny: TinyRepository, daemon: SecondEngine) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits", DOCKER_HOST=daemon.host)
    run.wait_for(RUNNING)
    daemon.stop()
    # The guard gives up after two minutes; killing it is the same, sooner.
    guard = guard_of(run.process.pid)
    run.send(signal.SIGSTOP)
    os.kill(guard, signal.SIGKILL)
    run.send(signal.SIGKILL)
    run.finish()
    daemon.start()
    assert daemon.left() != []
    tiny.module("good", PASSES)
    code, output = tiny.run("run", "tiny", "good", DOCKER_HOST=daemon.host)
    assert code == 0, output
    assert "left by a dead run" in output
    assert daemon.left() == []
