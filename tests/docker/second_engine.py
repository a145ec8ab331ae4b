"""A Docker engine of the tests' own beside the machine's, and a way to it by tcp, which makes it a remote one.

It lives in namespaces of its own: its bridges, firewall rules and mounts do not touch those of the machine's engine, and all
that it has started ends with it, also where the tests are killed.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from . import tiny_image
from .tiny_repository import PATIENCE, left

# Root makes namespaces; elsewhere `sudo` does, and where there is none `false` fails.
AS_ROOT = [] if os.geteuid() == 0 else [shutil.which("sudo") or "false", "--non-interactive"]
_NAMESPACES = [*AS_ROOT, "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
# `ip link set lo up`, where there is no `ip`: SIOCSIFFLAGS with UP, LOOPBACK and RUNNING.
_LOOPBACK = "import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 0x49))"
# The first process of the namespaces: with its end the kernel ends all others. Its standard input is the tests' hold on it.
_INSIDE = f"""
set -e
"$1" -c "{_LOOPBACK}"
hidden=$2
shift 2
while [ "$hidden" -gt 0 ]; do
    mount -t tmpfs tmpfs "$1"
    shift
    hidden=$((hidden - 1))
done
exec 3<&0
"$@" 3<&- &
daemon=$!
{{ read -r end || kill -TERM $daemon; }} <&3 &
wait $daemon
"""
_PIECE = 65_536


class SecondEngine:
    """A Docker daemon with its own data, socket, containers, network and processes; `hidden`: folders that are empty to it.

    `variables`: for the daemon, besides the environment.
    """

    ABOUT = "Docker "

    def __init__(self, folder: Path, hidden: Collection[Path] = (), **variables: str) -> None:
        self.folder = folder
        self.socket = folder / "docker.sock"
        self.host = f"unix://{self.socket}"
        self.environ = {**os.environ, "DOCKER_HOST": self.host}
        self._hidden = [str(path) for path in hidden]
        self._variables = [f"{name}={value}" for name, value in variables.items()]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the daemon, and return when it answers."""
        inside = ["sh", "-c", _INSIDE, "sh", sys.executable, str(len(self._hidden)), *self._hidden]
        log = self.folder / "dockerd.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*_NAMESPACES, *inside, "env", *self._variables, *self.daemon()],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd="/",
            )
        deadline = time.monotonic() + PATIENCE
        while self._is_silent():
            assert self._process.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
            time.sleep(0.1)

    def _is_silent(self) -> bool:
        if AS_ROOT:  # whose the socket is, in a folder of ours
            subprocess.run([*AS_ROOT, "chmod", "--quiet", "666", self.socket], check=False)
        return subprocess.run(["docker", "version"], env=self.environ, capture_output=True, check=False).returncode != 0

    def daemon(self) -> list[str]:
        """The command that is the daemon, as root in the namespaces."""
        options = {"data-root": "data", "exec-root": "exec", "pidfile": "docker.pid"}
        return ["dockerd", "-H", self.host, *(f"--{name}={self.folder / value}" for name, value in options.items())]

    def stop(self) -> None:
        """End the daemon and its containers."""
        assert self._process and self._process.stdin
        self._process.stdin.close()
        self._process.wait(PATIENCE)

    def left(self) -> list[str]:
        """What is there with the label of the tiny repository."""
        return left(environ=self.environ)


@contextlib.contextmanager
def second_engine(
    hidden: Collection[Path] = (), kind: type[SecondEngine] = SecondEngine, **variables: str
) -> Iterator[SecondEngine]:
    """An engine that runs, with the tiny image, and is gone afterwards. Where the machine cannot have one the test is skipped,
    but on CI: a skipped test there would prove nothing.
    """
    if "CI" not in os.environ and subprocess.run([*_NAMESPACES, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root can start a second engine")
    # Not below tmp_path, which may be hidden from it; and the path of a socket may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="agent-test-engine-"))
    engine = kind(folder, hidden, **variables)
    try:
        engine.start()
        tiny_image.make(engine.environ)
        yield engine
    finally:
        engine.stop()
        subprocess.run([*AS_ROOT, "rm", "-rf", str(folder)], check=True)


class Relay:
    """A port of this machine behind which is the socket of an engine, as that of a remote one. `cut` is a cable pulled out."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._passes = threading.Event()
        self._passes.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Pass nothing on any more; whoever waits for an answer waits."""
        self._passes.clear()

    def mend(self) -> None:
        """Pass on again, also what was said meanwhile."""
        self._passes.set()

    def close(self) -> None:
        """Listen no more. What is connected ends with its ends."""
        self._passes.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _address = self._listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                try:
                    engine.connect(str(self._target))
                except OSError:
                    client.close()
                    engine.close()
                    continue
                _Connection(client, engine, self._passes)


class _Connection:
    """Two sockets, of which each gets what the other one says."""

    def __init__(self, client: socket.socket, engine: socket.socket, passes: threading.Event) -> None:
        self._sockets = (client, engine)
        self._passes = passes
        self._ended = 0
        self._lock = threading.Lock()
        for source, sink in ((client, engine), (engine, client)):
            threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                self._passes.wait()
                sink.sendall(piece)
        self._passes.wait()
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)  # a client that has said all still waits for the answer
        with self._lock:
            self._ended += 1
            if self._ended == len(self._sockets):
                for end in self._sockets:
                    end.close()


@contextlib.contextmanager
def remote_engine(hidden: Collection[Path] = ()) -> Iterator["RemoteEngine"]:
    """A second engine that is reached by tcp, and does not see these folders."""
    with second_engine(hidden) as engine:
        relay = Relay(engine.socket)
        try:
            yield RemoteEngine(engine, relay)
        finally:
            relay.close()


class RemoteEngine:
    """A second engine and the relay to it; `host` is its DOCKER_HOST."""

    def __init__(self, engine: SecondEngine, relay: Relay) -> None:
        self.engine = engine
        self.relay = relay
        self.host = relay.host
        self.environ = {**os.environ, "DOCKER_HOST": relay.host}
