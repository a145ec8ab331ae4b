"""What runs at the engine: it waits for the end of its standard input, and then removes the project and nothing else."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from runner.cleanup import engine_guard_process
from runner.cleanup.engine_guard_process import ARM, READY, SOCKET
from tests.unit.processes import PATIENCE

PROJECT, OTHER = "evv-agent-test-traction-1", "evv-agent-test-traction-2"
TOLD = {
    "project": PROJECT,
    "name": "the-guard",
    "of_project": "project",
    "of_maker": "maker",
    "of_marker": "marker",
    "of_uat": "uat",
    "of_generation": "generation",
    "longest": 1000.0,
    "bound": 30.0,
    "settle": 0.05,
    "pause": 0.01,
}


class FakeApi(ThreadingMixIn, UnixStreamServer):
    """The engine as its socket shows it: resources with labels by kind, and what somebody else has on a network."""

    daemon_threads = True

    def __init__(self, socket: Path) -> None:
        self.held: dict[str, dict[str, dict[str, str]]] = {"containers": {}, "networks": {}, "volumes": {}}
        self.others: dict[str, list[str]] = {}
        self.asked: list[str] = []
        # How a request is answered one time in another way, by what it begins with.
        self.failures: dict[str, list[tuple[int, str]]] = {}
        # What appears after so many listings of containers.
        self.late: list[tuple[int, str, str]] = []
        super().__init__(str(socket), _Handler)

    def create(self, kind: str, name: str, **labels: str) -> None:
        self.held[kind][name] = labels or {"project": PROJECT}

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, Any]:
        request = f"{method} {path}"
        self.asked.append(request)
        for begin, failures in self.failures.items():
            if request.startswith(begin) and failures:
                code, said = failures.pop(0)
                return code, {"message": said}
        kind, _, name = path.strip("/").partition("/")
        if method == "GET" and path.startswith("/containers/") and name != "json":
            return (200, {"Id": "1"}) if name == "the-guard/json" else (404, {"message": "No such container"})
        if request == "GET /volumes":
            return 200, {"Volumes": [{"Name": name, "Labels": labels or None} for name, labels in self.held[kind].items()]}
        if method == "GET" and name in ("", "json"):
            (wanted,) = json.loads(query["filters"][0])["label"]
            found = [name for name, labels in self.held[kind].items() if "project={project}".format(**labels) == wanted]
            self.late = [(left - (kind == "containers"), *what) for left, *what in self.late]  # type: ignore[misc]
            for left, late_kind, late in self.late:
                if left == 0:
                    self.create(late_kind, late)
            return 200, [{"Id": name} for name in found]
        if method == "GET":
            return 200, {"Containers": {other: {} for other in self.others.get(name, ())}}
        if name.endswith("/disconnect"):
            self.others[name.partition("/")[0]].remove(json.loads(body)["Container"])
            return 200, None
        if self.others.get(name):
            return 403, {"message": "network has active endpoints"}
        if name not in self.held[kind]:
            return 404, {"message": f"no such {kind}"}
        assert query.get("force") == ["1"] or kind == "networks"
        del self.held[kind][name]
        return 204, None

    @property
    def names(self) -> list[str]:
        return [name for kind in self.held.values() for name in kind]


class _Handler(BaseHTTPRequestHandler):
    server: FakeApi

    def _answer(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        code, content = self.server.answer(self.command, address.path, parse_qs(address.query), body)
        said = b"" if content is None else json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        return "the-guard"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FakeApi]:
    with FakeApi(tmp_path / "s") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join(PATIENCE)


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(api: FakeApi, tmp_path: Path) -> Iterator[Start]:
    """Start the program as its container does, with the socket of the fake engine."""
    program = Path(engine_guard_process.__file__).read_text().replace(SOCKET, str(tmp_path / "s"))
    started: list[subprocess.Popen[str]] = []

    def start(**told: object) -> "subprocess.Popen[str]":
        command = [sys.executable, "-I", "-S", "-c", program, json.dumps({**TOLD, **told})]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Say READY, get the end of standard input, and end: the exit code, and what was complained of."""
    assert process.stdout
    assert process.stdout.readline() == READY
    _, errors = process.communicate(ARM, timeout=PATIENCE)
    return process.returncode, errors


def test_at_the_end_of_its_input_all_of_the_project_is_removed_and_nothing_else(api: FakeApi, start: Start) -> None:
    for kind in api.held:
        api.create(kind, f"{kind}-of-the-run")
        api.create(kind, f"{kind}-of-another", project=OTHER)
    api.create("volumes", "unfinished", maker=PROJECT, project="")
    api.create("volumes", "finished", maker=PROJECT, project="")
    api.create("volumes", "marker", marker="finished", project="")
    api.create("volumes", "of-a-generation", uat=PROJECT, generation="one", project="")
    api.create("volumes", "of-an-unfinished-generation", uat=PROJECT, generation="two", project="")
    api.create("volumes", "marker-of-a-generation", uat=PROJECT, generation="one", marker="one", project="")
    process = start()
    assert process.stdout
    assert process.stdout.readline() == READY
    assert api.asked == ["GET /containers/the-guard/json"]
    assert "containers-of-the-run" in api.names
    process.communicate(ARM, timeout=PATIENCE)
    assert process.returncode == 0
    others = ["containers-of-another", "networks-of-another", "volumes-of-another"]
    assert api.names == [*others, "finished", "marker", "of-a-generation", "marker-of-a-generation"]
    removals = [request for request in api.asked if request.startswith("DELETE")]
    assert removals[:2] == ["DELETE /containers/containers-of-the-run", "DELETE /networks/networks-of-the-run"]


def test_two_listings_must_be_empty_so_what_appears_late_is_removed_too(api: FakeApi, start: Start) -> None:
    api.late = [(1, "containers", "late")]
    assert ended(start()) == (0, "")
    assert api.names == []
    assert api.asked.count("GET /containers/json") == 4


def test_what_another_removal_was_quicker_with_is_no_failure(api: FakeApi, start: Start) -> None:
    api.create("containers", "c")
    api.create("containers", "d")
    api.failures["DELETE /containers/c"] = [(409, "removal of container c is already in progress")]
    api.failures["DELETE /containers/d"] = [(404, "No such container: d")]
    assert ended(start()) == (0, "")
    assert api.names == []


def test_whatever_fails_is_tried_again_until_it_works(api: FakeApi, start: Start) -> None:
    api.create("volumes", "v")
    api.failures = {
        "GET /containers/json": [(500, "the engine is stopping"), (404, "page not found")],
        "DELETE /volumes": [(409, "volume is in use")],
    }
    code, errors = ended(start())
    assert (code, api.names) == (0, [])
    assert "the engine is stopping" in errors


def test_somebody_else_is_disconnected_from_the_run_s_network_and_not_removed(api: FakeApi, start: Start) -> None:
    api.create("networks", "n")
    api.create("containers", "a-person-s-own", project=OTHER)
    api.others = {"n": ["a-person-s-own"]}
    assert ended(start()) == (0, "")
    assert api.names == ["a-person-s-own"]


def test_it_does_not_guard_at_another_engine(api: FakeApi, start: Start) -> None:
    process = start(name="of-another-engine")
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (1, "")
    assert errors == "the socket is that of another engine\n"


def test_one_that_was_given_up_removes_nothing_for_the_run_may_go_on_without_it(api: FakeApi, start: Start) -> None:
    api.create("containers", "c")
    process = start()
    process.communicate(timeout=PATIENCE)
    assert (process.returncode, api.names) == (0, ["c"])


def test_once_the_run_must_be_over_it_waits_for_no_end(api: FakeApi, start: Start) -> None:
    api.create("containers", "c")
    process = start(longest=1.0)
    assert process.stdin
    process.stdin.write(ARM)
    process.stdin.flush()
    assert process.wait(PATIENCE) == 0
    assert api.names == []


def test_it_does_not_try_for_ever(api: FakeApi, start: Start) -> None:
    api.create("containers", "c")
    api.failures["DELETE"] = [(500, "it resists")] * 10_000
    assert ended(start(bound=0.2))[0] == 0
    assert api.names == ["c"]
