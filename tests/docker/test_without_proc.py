"""A machine without /proc, which is as near to macOS as Linux comes: neither `ps` nor psutil sees a process there."""

import os
import re
import signal
import subprocess

import pytest

from runner.processes import marked

from .phases import docker_that_holds, guard_of, wait_until
from .tiny_repository import PASSES, RUNNING, WAITS, TinyRepository, left, left_after_teardown


@pytest.fixture
def without_proc(tiny: TinyRepository) -> TinyRepository:
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    tiny.around = ["unshare", *user, "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
    if subprocess.run([*tiny.around, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespaces for this user on this machine")
    tiny.module("good", PASSES)
    tiny.module("waits", WAITS)
    return tiny


def test_what_lives_is_left_alone_what_is_killed_goes_and_what_is_dead_is_known(without_proc: TinyRepository) -> None:
    tiny = without_proc
    living = tiny.start("run", "tiny", "waits")
    living.wait_for(RUNNING)
    before = left()
    for command, expected in (("run tiny good", "good: PASSED"), ("cleanup --all", "Nothing is left"), ("list", "running")):
        code, output = tiny.run(*command.split())
        assert code == 0, output
        assert expected in output
        assert left() == before
    _code, output = tiny.run("doctor")
    assert "engine         Docker" in output
    assert "Traceback" not in output
    living.send(signal.SIGKILL)
    living.finish()
    assert left_after_teardown() == []

    dead = tiny.start("run", "tiny", "waits")
    dead.wait_for(RUNNING)
    dead.send(signal.SIGSTOP)  # or it would start another guard
    os.kill(guard_of(dead.process.pid), signal.SIGKILL)
    dead.send_group(signal.SIGKILL)
    dead.finish()
    code, output = tiny.run("cleanup")
    assert code == 0, output
    assert re.search(r"tiny-agent-test-waits-\S+ \(dead\): removed in ", output)


def test_a_client_that_creates_ends_with_its_run_although_its_mark_is_not_seen(without_proc: TinyRepository) -> None:
    tiny, name = without_proc, "AGENT_TEST_WITHOUT_PROC"
    run = tiny.start("run", "tiny", "good", **{name: "1"}, **docker_that_holds(without_proc, " up "))
    wait_until((tiny.folder / "reached").exists, "the client that creates everything")
    run.send(signal.SIGKILL)
    run.finish()
    # This process does see it. Had it lived on, it would be let go and create everything after the guard has looked.
    wait_until(lambda: not marked(f"{name}=1"), "the end of the guard and of the client")
    assert left() == []
