"""One engine for a run's whole life, and docker clients that hang or lie: nothing is left, and nothing waits for ever."""

import json
import os
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from runner.docker.process import TOKEN_VARIABLE
from runner.snapshots.snapshot import SCHEMA

from .phases import wait_until
from .tiny_repository import PASSES, RUNNING, WAITS, Started, TinyRepository, left

# The runner with limits that a test can wait for: `docker` that hangs is given up after two seconds.
IMPATIENT = """
import sys
from runner.docker import questions
questions.LIMIT = questions.READING_LIMIT = 2.0
from runner.__main__ import main
sys.argv = ["runner", *sys.argv[1:]]
main()
"""


def impatient(tiny: TinyRepository, *arguments: str, **environ: str) -> Started:
    return tiny.start_program([sys.executable, "-c", IMPATIENT, *arguments], **environ)


def docker_before(tiny: TinyRepository, script: str) -> dict[str, str]:
    """The variables in which `docker` first does what the lines of shell say, then becomes the real one."""
    folder = tiny.folder / "bin"
    folder.mkdir()
    (folder / "docker").write_text(f'#!/bin/bash\nstate={tiny.folder}\n{script}\nexec {shutil.which("docker")} "$@"\n')
    (folder / "docker").chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def clients_of(mark: str) -> list[int]:
    """The processes whose environment or command line holds the text."""
    processes = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes():
                processes.append(int(folder.name))
        except OSError:
            continue
    return processes


# Another engine that holds nothing, as `docker context use` or a socket that is replaced brings it in a run's way.

_EMPTY: dict[str, object] = {
    "containers": [],
    "networks": [],
    "volumes": {"Volumes": [], "Warnings": []},
    "info": {"ID": "another", "Name": "other"},
}


class _NothingHere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind = self.path.partition("?")[0].rpartition("/")[2]
        self._answer(_EMPTY.get("containers" if kind == "json" else kind, {}))

    def do_HEAD(self) -> None:
        self._answer({})

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """No word."""

    def address_string(self) -> str:
        return "a socket of Unix has none"


@pytest.fixture
def empty_engine(tmp_path: Path) -> Iterator[Path]:
    """The socket of an engine that holds nothing."""
    socket = tmp_path / "other.sock"
    with socketserver.ThreadingUnixStreamServer(str(socket), _NothingHere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield socket
        server.shutdown()


def contexts(tiny: TinyRepository, **hosts: Path) -> dict[str, str]:
    """The variables of a configuration of docker's client with these contexts, of which the first is the current one."""
    environ = {"DOCKER_CONFIG": str(tiny.folder / "docker-config")}
    for name, socket in hosts.items():
        _docker(environ, "context", "create", name, "--docker", f"host=unix://{socket}")
    _docker(environ, "context", "use", next(iter(hosts)))
    return environ


def _docker(environ: dict[str, str], *words: str) -> None:
    subprocess.run(["docker", *words], check=True, capture_output=True, env={**os.environ, **environ})


ENGINE = Path("/var/run/docker.sock")


def test_a_context_that_is_switched_during_a_run_moves_no_teardown(tiny: TinyRepository, empty_engine: Path) -> None:
    tiny.module("waits", WAITS)
    environ = contexts(tiny, first=ENGINE, other=empty_engine)
    run = tiny.start("run", "tiny", "waits", **environ)
    run.wait_for(RUNNING)
    _docker(environ, "context", "use", "other")
    run.send(signal.SIGINT)
    assert run.finish() == 130, run.output
    assert left() == []
    assert "teardown: complete" in tiny.proof.read_text()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_becomes_of_a_context_between_two_modules_moves_no_run(
    tiny: TinyRepository, empty_engine: Path, jobs: str
) -> None:
    until_told = "while [ ! -e /mnt/extra-addons/go ]; do sleep 0.05; done; result 0 0 1"
    tiny.module("a_waits", WAITS.replace("exec sleep infinity", until_told))
    tiny.module("b_waits", WAITS.replace("exec sleep infinity", until_told))
    tiny.module("c_passes", PASSES)
    environ = contexts(tiny, first=ENGINE, other=empty_engine)
    run = tiny.start("run", "tiny", "a_waits", "b_waits", "c_passes", "--jobs", jobs, **environ)
    run.wait_for("healthy")
    _docker(environ, "context", "use", "other")
    _docker(environ, "context", "rm", "first")
    (tiny.addons / "go").touch()
    assert run.finish() == 0, run.output
    assert run.output.count(": PASSED  ") == 3


def test_an_empty_listing_of_another_engine_is_not_believed(tiny: TinyRepository, empty_engine: Path) -> None:
    socket = tiny.folder / "engine.sock"
    socket.symlink_to(ENGINE)
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits", DOCKER_HOST=f"unix://{socket}")
    run.wait_for(RUNNING)
    socket.unlink()
    socket.symlink_to(empty_engine)
    run.send(signal.SIGINT)
    run.wait_for("the teardown takes longer than usual")
    assert left() != []
    socket.unlink()
    socket.symlink_to(ENGINE)
    assert run.finish() == 130, run.output
    assert left() == []
    assert "another engine answers than the one of this run (ID another instead of " in tiny.proof.read_text()


# Clients that hang

HANGS_WITH_A_CHILD = 'case "$*" in *" config "*|version*) sleep 1000 & echo $! >>"$state/children"; wait ;; esac'
HANGS_WITH_A_CHILD_OF_ITS_OWN_SESSION = HANGS_WITH_A_CHILD.replace("sleep 1000 &", "setsid sleep 1000 &")


def _children(tiny: TinyRepository) -> list[str]:
    """The names of what hanging clients started and that still runs."""
    names = []
    for pid in (tiny.folder / "children").read_text().split():
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            names.append(pid)
    return names


def test_a_client_that_hangs_with_its_child_is_given_up_and_ended(tiny: TinyRepository) -> None:
    tiny.module("passes", PASSES)
    run = impatient(tiny, "run", "tiny", "passes", **docker_before(tiny, HANGS_WITH_A_CHILD))
    assert run.finish() == 3, run.output
    assert "Waited 2 s in vain for `docker version`" in run.output
    assert _children(tiny) == []


def test_doctor_ends_although_docker_hangs_with_a_child(tiny: TinyRepository) -> None:
    doctor = impatient(tiny, "doctor", **docker_before(tiny, HANGS_WITH_A_CHILD))
    assert doctor.finish() == 3, doctor.output
    assert "Waited 2 s in vain for `docker version`" in doctor.output
    assert _children(tiny) == []


def test_the_guard_ends_what_hangs_in_a_session_of_its_own(tiny: TinyRepository) -> None:
    tiny.module("passes", PASSES)
    run = impatient(tiny, "run", "tiny", "passes", **docker_before(tiny, HANGS_WITH_A_CHILD_OF_ITS_OWN_SESSION))
    assert run.finish() == 3, run.output
    wait_until(lambda: not _children(tiny), "the end of what a client had started")


def test_a_runner_that_is_killed_before_anything_is_created_leaves_no_client(tiny: TinyRepository) -> None:
    tiny.module("passes", PASSES)
    run = tiny.start("run", "tiny", "passes", **docker_before(tiny, HANGS_WITH_A_CHILD))
    wait_until((tiny.folder / "children").exists, "a client that hangs")
    run.send(signal.SIGKILL)
    run.process.wait()
    wait_until(lambda: not _children(tiny), "the end of the clients of a killed run")


def test_a_compose_file_that_compose_cannot_finish_reading_is_given_up(tiny: TinyRepository) -> None:
    tiny.module("passes", PASSES)
    fifo = tiny.folder / "fifo"
    os.mkfifo(fifo)
    compose = tiny.checkout / "compose.yml"
    compose.write_text(compose.read_text().replace("  odoo:\n", f"  odoo:\n    env_file: {fifo}\n"))
    run = impatient(tiny, "run", "tiny", "passes")
    assert run.finish() == 2, run.output
    assert "Docker Compose takes more than 2 s to read" in run.output
    assert clients_of(str(compose)) == []


# Clients that answer wrongly

GUARD_S_LISTING = """case "$*" in "ps -a --filter label=com.docker.compose.project=tiny-"*)
    if [ -e "$state/torn" ]; then rm "$state/torn"; {what}; fi ;;
esac"""


@pytest.mark.parametrize("what", ["echo garbage; exit 0", "echo '[1]'; exit 0", "echo wrong >&2; exit 1", "exec sleep 1000"])
def test_the_guard_tries_again_after_a_listing_that_is_garbage_fails_or_hangs(tiny: TinyRepository, what: str) -> None:
    tiny.module("waits", WAITS)
    environ = docker_before(tiny, GUARD_S_LISTING.format(what=what))
    run = tiny.start("run", "tiny", "waits", **environ)
    run.wait_for(RUNNING)
    (tiny.folder / "torn").touch()
    run.send(signal.SIGINT)
    assert run.finish() == 130, run.output
    assert not (tiny.folder / "torn").exists()
    assert left() == []
    assert "  error: " in tiny.proof.read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("version *", 3),
        ("*compose* config *", 5),
        ("ps -a --filter label=agent-test.repository*", 5),
        ("info *", 5),
        ("image inspect *", 5),
    ],
)
def test_garbage_in_the_place_of_an_answer_is_an_error_and_no_defect(tiny: TinyRepository, words: str, code: int) -> None:
    tiny.module("passes", PASSES)
    pattern = words.replace(" ", "\\ ")
    environ = docker_before(tiny, f"case \"$*\" in {pattern}) echo '<html>garbage'; exit 0 ;; esac")
    exit_code, output = tiny.run("run", "tiny", "passes", **environ)
    assert exit_code == code, output
    assert "is not understood" in output
    assert "Traceback" not in output


# What others put on the engine

ODD = {
    "tab": ["com.docker.compose.project=a\tb", "agent-test-snapshot.maker=c\td"],
    "comma": ["agent-test.repository=tiny,x=y", "note=a,b=c\nd"],
    "no-number": [
        "agent-test-snapshot.key=odd",
        "agent-test-snapshot.base=odd",
        "agent-test-snapshot.stage=base",
        "agent-test-snapshot.volume=agent-test-snapshot-odd-ready",
        "agent-test-snapshot.repository=tiny",
        "agent-test-snapshot.modules=base",
        "agent-test-snapshot.created=yesterday",
        "agent-test-snapshot.megabytes=many",
        f"agent-test-snapshot.schema={SCHEMA}",
    ],
    "no-owner": ["com.docker.compose.project=tiny-odd", "agent-test.repository=other", "agent-test.owner-pid=../1"],
}


@pytest.fixture
def odd_volumes() -> Iterator[list[str]]:
    """Volumes with labels that nobody expects."""
    names = []
    for name, labels in ODD.items():
        names.append("agent-test-snapshot-odd-ready" if name == "no-number" else f"odd-{name}")
        words = [word for label in labels for word in ("--label", label)]
        subprocess.run(["docker", "volume", "create", *words, names[-1]], check=True, capture_output=True)
    yield names
    subprocess.run(["docker", "volume", "rm", "--force", *names], check=True, capture_output=True)


def test_volumes_with_odd_labels_disturb_nothing_and_are_named_where_they_look_like_ours(
    tiny: TinyRepository, odd_volumes: list[str]
) -> None:
    tiny.module("passes", PASSES)
    for command in (["list"], ["cleanup"], ["doctor"], ["run", "tiny", "passes"]):
        exit_code, output = tiny.run(*command)
        assert "Traceback" not in output
        assert exit_code == 0, (command, output)
        if command[0] in ("list", "cleanup"):
            assert "agent-test-snapshot-odd-ready: " in output
            assert "'yesterday'" in output


def test_no_docker_client_gets_the_password_or_the_token_in_its_command_line(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    (client, *_) = [
        pid for pid in clients_of(f"{TOKEN_VARIABLE}=") if b"exec" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]
    entries = Path(f"/proc/{client}/environ").read_bytes().split(b"\0")
    (token,) = [entry.partition(b"=")[2] for entry in entries if entry.startswith(f"{TOKEN_VARIABLE}=".encode())]
    assert token not in Path(f"/proc/{client}/cmdline").read_bytes()
    assert os.getsid(client) == client
    assert Path(f"/proc/{client}/cwd").resolve() == Path("/")
    run.send(signal.SIGINT)
    assert run.finish() == 130
