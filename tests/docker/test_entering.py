"""A look into environments that stand: `shell` and `logs`."""

import os
import pty
import subprocess
import sys

from .tiny_repository import FAILS, RUNNING, WAITS, TinyRepository


def _shell(tiny: TinyRepository, word: str, typed: bytes) -> str:
    """What a terminal shows when `python -m runner shell WORD` runs in it and this is typed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "runner", "shell", word]
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        process = subprocess.Popen(
            command, cwd=tiny.folder, env=tiny.environ(TERM="dumb"), stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        terminal.write(typed)
        shown = b""
        try:
            while chunk := terminal.read(4096):
                shown += chunk
        except OSError:  # Linux: the last one who had the terminal is gone
            pass
        process.wait(60)
    return shown.decode(errors="replace")


def test_a_kept_environment_can_be_entered_by_its_modules_name(tiny: TinyRepository) -> None:
    tiny.module("bad", FAILS)
    assert tiny.run("run", "tiny", "bad", "--keep", "failed")[0] == 1
    shown = _shell(tiny, "bad", b"cat /run/states; exit\n")
    assert "bad installed" in shown
    assert tiny.run("cleanup", "--all")[0] == 0


def test_the_logs_of_a_run_that_lives_are_shown(tiny: TinyRepository) -> None:
    tiny.server("echo the server says something\n")
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    for service in ("odoo", "db"):
        code, output = tiny.run("logs", "waits", "--service", service)
        assert code == 0, output
        assert ("the server says something" in output) == (service == "odoo")
    code, output = tiny.run("logs", "wait")
    assert code == 2, output
    assert "No environment is meant by 'wait'" in output
    assert "  tiny-agent-test-waits-" in output
    code, output = tiny.run("shell", "waits")
    assert code == 2, output
    assert "A shell needs a terminal" in output
    run.process.terminate()
    assert run.finish() == 143
