"""Whether a server serves a database, by servers of this process, and what ends with one that does not."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from runner.odoo import no_mail, served_program

LOGIN = {"db": "agent_test", "login": "admin", "password": "admin"}
Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server with one answer; what it is asked goes to `asked`. Returns its port."""
    servers: list[HTTPServer] = []

    def start(answer: str, status: int = 200, asked: list[Any] | None = None) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                (asked if asked is not None else []).append((self.path, self.headers["Host"], content["params"]))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_: object) -> None: ...

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return str(server.server_address[1])

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def refused(name: str, message: str) -> str:
    return json.dumps({"error": {"message": "Odoo Server Error", "data": {"name": name, "message": message}}})


def test_a_server_at_which_somebody_can_sign_in_serves_and_goes_on(serve: Serve, child: "subprocess.Popen[bytes]") -> None:
    asked: list[Any] = []
    port = serve(json.dumps({"result": {"uid": 2}}), asked=asked)
    said = served_program.wait_for(child.pid, port, "127.0.0.1:8090", LOGIN, 10)
    assert said == {"serves": True, "signed_in": True}
    assert asked == [("/web/session/authenticate", "127.0.0.1:8090", LOGIN)]
    assert child.poll() is None


def test_a_password_that_is_another_one_is_no_reason_not_to_serve(serve: Serve, child: "subprocess.Popen[bytes]") -> None:
    port = serve(refused("odoo.exceptions.AccessDenied", "Access Denied"))
    assert served_program.wait_for(child.pid, port, "h", LOGIN, 10) == {"serves": True, "signed_in": False}


@pytest.mark.parametrize(
    ("answer", "status", "why"),
    [
        ("", 500, "HTTP 500"),
        ("<html>", 200, "the answer is none of Odoo's"),
        (refused("builtins.KeyError", "'evv.client'"), 200, "'evv.client'"),
        (json.dumps({"result": {"uid": None}}), 200, "nobody is signed in"),
    ],
)
def test_a_server_that_cannot_serve_is_ended_and_the_reason_told(
    serve: Serve, child: "subprocess.Popen[bytes]", answer: str, status: int, why: str
) -> None:
    assert served_program.wait_for(child.pid, serve(answer, status), "h", LOGIN, 10) == {"error": why}
    assert child.wait(10) == -9


@pytest.mark.parametrize(("program", "how"), [("exit 3", "ended with exit code 3"), ("kill -9 $$", "was killed by signal 9")])
def test_a_server_that_ends_is_not_waited_for(unused_port: str, program: str, how: str) -> None:
    with subprocess.Popen(["sh", "-c", program]) as process:
        said = served_program.wait_for(process.pid, unused_port, "h", LOGIN, 60)
        process.returncode = 1  # its end was seen there
    assert said == {"error": f"its process {how}"}


def test_a_server_that_never_answers_is_ended_after_its_time(child: "subprocess.Popen[bytes]", unused_port: str) -> None:
    assert served_program.wait_for(child.pid, unused_port, "h", LOGIN, 0.2) == {"error": "it did not answer within 0 s"}
    assert child.wait(10) == -9


@pytest.fixture
def unused_port() -> str:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.server_close()
    return str(server.server_address[1])


def test_a_python_that_begins_with_no_mail_sends_none() -> None:
    program = Path(no_mail.__file__).read_text()
    for server in ("SMTP", "SMTP_SSL"):
        code = f"{program}\nsmtplib.{server}('127.0.0.1', 1)"
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "ConnectionRefusedError: no mail leaves an environment that was kept" in ended.stderr
