"""A guard at the engine: what it removes when nobody else can, what it leaves alone, and what it gets."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from runner.config import repositories as config

from .in_container import in_container
from .phases import guard_of
from .tiny_repository import PASSES, ROOT, RUNNING, WAITS, TinyRepository, left, left_after_teardown


@pytest.fixture
def guarded(tiny: TinyRepository) -> TinyRepository:
    """The tiny repository, with the image of Odoo for what runs beside its tiny services: these have no Python."""
    image = config.load(ROOT, os.environ).repositories["evv"].images.odoo
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode:
        tiny.docker("pull", "--quiet", image)
    tiny.images["odoo"] = image
    tiny.configure(guard="engine")
    return tiny


def test_what_kills_the_container_of_a_runner_leaves_nothing(guarded: TinyRepository, request: pytest.FixtureRequest) -> None:
    guarded.configure()  # nothing says where the guards are to be
    guarded.module("waits", WAITS)
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": "/tmp"}
    container = in_container("tiny-runner", guarded.folder, environ)
    request.addfinalizer(partial(subprocess.run, ["docker", "rm", "--force", "tiny-runner"], check=False, capture_output=True))
    run = guarded.start_program([*container, sys.executable, "-m", "runner", "run", "tiny", "waits"])
    run.wait_for(RUNNING)
    assert [name for name in left() if name.endswith("-guard")]
    guarded.docker("kill", "tiny-runner")
    run.finish()
    assert left_after_teardown() == []


def test_what_kills_a_runner_together_with_its_guard_leaves_nothing(guarded: TinyRepository) -> None:
    guarded.module("waits", WAITS)
    run = guarded.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    (name,) = [name for name in left() if name.endswith("-guard")]
    (container,) = json.loads(guarded.docker("container", "inspect", name))
    host = container["HostConfig"]
    assert (host["NetworkMode"], host["ReadonlyRootfs"], host["CapDrop"], host["Binds"]) == ("none", True, ["ALL"], None)
    assert [mount["Destination"] for mount in container["Mounts"] if mount["Type"] != "tmpfs"] == ["/var/run/docker.sock"]
    os.kill(guard_of(run.process.pid), signal.SIGKILL)
    run.send_group(signal.SIGKILL)
    run.finish()
    assert left_after_teardown() == []


def test_a_run_that_ends_by_itself_takes_it_along_and_one_that_is_kept_does_so_first(guarded: TinyRepository) -> None:
    guarded.module("good", PASSES)
    code, output = guarded.run("run", "tiny", "good")
    assert (code, left()) == (0, []), output
    assert "\nguard:                 local, and at the engine\n" in guarded.proof.read_text()
    code, output = guarded.run("run", "tiny", "good", "--keep", "always")
    assert code == 0, output
    containers = guarded.docker("ps", "--filter", "label=agent-test.repository=tiny", "--format", "{{.Names}}").split()
    assert sorted(name.rsplit("-", 2)[1] for name in containers) == ["db", "odoo"]
    code, output = guarded.run("cleanup", "tiny", "--all")
    assert (code, left()) == (0, []), output
