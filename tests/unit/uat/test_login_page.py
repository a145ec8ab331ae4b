"""Whether Odoo shows its page to log in, asked of a server as it is asked in the container."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runner.docker.engine import Engine
from runner.uat.login_page import login_fault
from tests.unit.fake_engine import FakeEngine


class Pages(BaseHTTPRequestHandler):
    """What an Odoo answers: `leads_to` is where its page to log in leads."""

    leads_to = ""

    def do_GET(self) -> None:
        if self.path == "/web/login" and self.leads_to:
            self.send_response(303)
            self.send_header("Location", self.leads_to)
        else:
            self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def as_in_the_container(words: tuple[str, ...]) -> str:
    """Run what the engine is asked to run in a container, on this machine."""
    return subprocess.run(
        [sys.executable, *words[words.index("python3") + 1 :]], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(
    ("leads_to", "fault"),
    [("", ""), ("/en/web/login", ""), ("/web/database/selector", "it leads to http://127.0.0.1:{port}/web/database/selector")],
)
def test_the_page_that_chooses_a_database_is_no_page_to_log_in(
    port: int, monkeypatch: pytest.MonkeyPatch, leads_to: str, fault: str
) -> None:
    monkeypatch.setattr(Pages, "leads_to", leads_to)
    engine: Engine = FakeEngine({"exec": as_in_the_container})
    assert login_fault(engine, "odoo-1", port, 0.0) == fault.format(port=port)
