"""`nox -s cleanup` removes what dead runs left, and nothing else."""

import os
import signal
import subprocess
from pathlib import Path

from .tiny_repository import RUNNING, WAITS, Started, TinyRepository, left


def _kill_with_its_guard(run: Started) -> None:
    """What a cgroup kill does: nobody is left to tear down."""
    guards = subprocess.run(
        ["pgrep", "--parent", str(run.process.pid)], check=True, capture_output=True, text=True
    ).stdout.split()
    run.process.send_signal(signal.SIGSTOP)
    for pid in guards:
        os.kill(int(pid), signal.SIGKILL)
    run.send_group(signal.SIGKILL)
    run.finish()


def test_cleanup_removes_what_a_run_left_whose_guard_was_killed_too(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    _kill_with_its_guard(run)
    assert left() != []
    code, output = tiny.run("cleanup")
    assert code == 0, output
    assert "tiny-agent-test-waits-" in output
    assert left() == []


def test_cleanup_does_not_touch_a_living_run(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    before = left()
    code, output = tiny.run("cleanup", "tiny")
    assert code == 0, output
    assert "Nothing is left of dead runs of tiny." in output
    assert left() == before
    run.send(signal.SIGTERM)
    assert run.finish() == 143


def test_cleanup_of_an_unknown_repository_is_refused(tiny: TinyRepository, tmp_path: Path) -> None:
    code, output = tiny.run("cleanup", "tinny")
    assert code == 2
    assert "Perhaps you meant 'tiny'?" in output
