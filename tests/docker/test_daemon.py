"""A daemon that is restarted or stopped in the middle of a run. The daemon is the test's own, beside the machine's."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import tiny_image
from .phases import guard_of
from .tiny_repository import PASSES, PATIENCE, RUNNING, WAITS, TinyRepository

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 and "CI" not in os.environ, reason="a second daemon needs root; CI, which is root, runs this"
)


# Its bridges, its firewall rules and its mounts must not touch those of the machine's daemon.
_OWN_NAMESPACES = ["unshare", "--net", "--mount", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


class Daemon:
    """A Docker daemon with its own data, socket, containers and network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = f"unix://{folder}/docker.sock"
        self.environ = {**os.environ, "DOCKER_HOST": self.host}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = {"data-root": "data", "exec-root": "exec", "pidfile": "docker.pid"}
        with (self.folder / "dockerd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_OWN_NAMESPACES, "dockerd", "-H", self.host]
                + [f"--{name}={self.folder / value}" for name, value in options.items()],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(["docker", "version"], env=self.environ, capture_output=True, check=False).returncode:
            assert self._process.poll() is None and time.monotonic() < deadline, (self.folder / "dockerd.log").read_text()[
                -2000:
            ]
            time.sleep(0.1)

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> None:
        assert self._process
        self._process.send_signal(signum)
        self._process.wait(PATIENCE)

    def left(self) -> list[str]:
        label = ["--filter", "label=agent-test.repository=tiny", "--quiet"]
        listings = (["ps", "-a"], ["network", "ls"], ["volume", "ls"])
        return [
            line
            for listing in listings
            for line in subprocess.run(
                ["docker", *listing, *label], env=self.environ, check=True, capture_output=True, text=True
            ).stdout.split()
        ]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    # Not below tmp_path: the path of a socket may have 107 bytes.
    folder = Path("/run") / f"agent-test-daemon-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    own = Daemon(folder)
    own.start()
    tiny_image.make(own.environ)
    yield own
    own.stop()
    shutil.rmtree(folder)


def test_a_daemon_that_is_restarted_in_the_tests_fails_the_run_and_leaves_nothing(
    tiny: TinyRepository, daemon: Daemon
) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits", DOCKER_HOST=daemon.host)
    run.wait_for(RUNNING)
    daemon.stop()
    daemon.start()
    assert run.finish() == 5, run.output
    assert "Traceback" not in run.output
    assert daemon.left() == []


def test_a_daemon_that_is_stopped_is_named_and_the_guard_waits_for_its_return(tiny: TinyRepository, daemon: Daemon) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits", DOCKER_HOST=daemon.host)
    run.wait_for(RUNNING)
    daemon.stop()
    run.wait_for("the teardown takes longer than usual")
    daemon.start()
    assert run.finish() == 5, run.output
    assert "Cannot connect to the Docker daemon" in run.output
    assert daemon.left() == []


def test_what_a_run_left_at_a_daemon_that_was_away_goes_with_the_next_run(tiny: TinyRepository, daemon: Daemon) -> None:
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
