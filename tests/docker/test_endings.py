"""However a run ends, nothing of it is left. The fixture `tiny` asserts that after every test."""

import signal
import sys
from pathlib import Path

import pytest

from .tiny_repository import RUNNING, WAITS, Started, TinyRepository, left, left_after_teardown


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_run_after_its_teardown(tiny: TinyRepository, signum: signal.Signals, code: int) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    run.send(signum)
    assert run.finish() == code, run.output
    assert left() == []
    assert f"interrupted by {signum.name}" in tiny.proof.read_text()


def test_four_times_ctrl_c_interrupts_no_teardown(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    run.send_group(signal.SIGINT)
    run.wait_for("SIGINT: ending the run and tearing down")
    for again in range(1, 4):
        run.send_group(signal.SIGINT)
        run.wait_for("  teardown is under way and is not interrupted\n" * again)
    assert run.finish() == 130, run.output
    assert left() == []


def test_sigkill_of_the_runner_leaves_nothing(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    run.send(signal.SIGKILL)
    run.finish()
    assert left_after_teardown() == []
    assert not tiny.proof.exists()


def test_sigkill_of_the_whole_process_group_leaves_nothing(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    run.send_group(signal.SIGKILL)
    run.finish()
    assert left_after_teardown() == []


def test_a_killed_starter_ends_the_run(tiny: TinyRepository, tmp_path: Path) -> None:
    """As nox does: it dies from SIGKILL without a word to what it runs."""
    tiny.module("waits", WAITS)
    starter = (
        "import os, subprocess, sys; os.environ['AGENT_TEST_STARTER'] = str(os.getpid());"
        "subprocess.run([sys.executable, '-m', 'runner', 'run', 'tiny', 'waits'])"
    )
    environ = tiny.environ()
    nox = Started([sys.executable, "-c", starter], tiny.folder, environ)
    nox.wait_for(RUNNING)
    nox.send(signal.SIGKILL)
    assert left_after_teardown() == []
    nox.finish()
    assert "interrupted by SIGTERM" in nox.output
