"""What is said of a kept environment: where its database is served and for whom, or why it is not."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from runner.cleanup.keep import Served
from runner.config.options import Keep
from runner.environment.environment import Environment
from runner.environment.rendering import PROBE
from runner.odoo.command import OWN_PORT
from runner.run.serving import serve
from tests.unit.fake_engine import Said, Words, failed
from tests.unit.fake_environment import RENDERED, Fakes
from tests.unit.repositories import repository, write_module

WEB = "web installed\n"
SERVES = {"serves": True, "signed_in": True}
PUBLISHED = [{"target": 8069, "published": PROBE, "host_ip": "127.0.0.1"}]


class Container:
    """The odoo container: what psql and the program that starts the server say."""

    def __init__(self) -> None:
        self.states: Said = "evv_core installed\nweb installed\n"
        self.said: Said = json.dumps(SERVES)
        self.logins: Said = "admin\ndemo\n"
        self.served: list[Words] = []

    def __call__(self, words: Words) -> Said:
        if "odoo-serve" in words:
            self.served.append(words)
            return self.said
        return self.logins if "login" in words[-1] else self.states


@pytest.fixture
def container(fakes: Fakes) -> Container:
    write_module(fakes.repository.addons[0], "evv_core")
    odoo = {**RENDERED["services"]["odoo"], "ports": PUBLISHED}
    fakes.rendered = {**RENDERED, "services": {**RENDERED["services"], "odoo": odoo}}
    container = Container()
    fakes.engine.answers["exec p-odoo-1 bash"] = container
    return container


@pytest.fixture
def status(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A server at the address of the environment, which answers with this status."""
    answers = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers[0])
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_address[1]
        fakes.repository = repository(fakes.folder, addons=("addons", "more"), ports=f"{port}-{port}")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield answers
        server.shutdown()


def served(fakes: Fakes, **options: Any) -> tuple[Environment, Served]:
    with fakes.environment(keep=Keep.ALWAYS, **options) as environment:
        return environment, serve(environment)


def test_a_database_that_is_served_is_told_with_its_login(fakes: Fakes, container: Container, status: list[int]) -> None:
    environment, said = served(fakes)
    assert said == Served("admin / admin", "")
    (words,) = container.served
    assert f"127.0.0.1:{environment.port}" in words  # which is the address that Odoo keeps as its own
    ports = environment.preflight.model.rendered["services"]["odoo"]["ports"]
    assert [(port["target"], port["published"]) for port in ports] == [(OWN_PORT, str(61357))]
    assert "serve" in dict(environment.context.terminal.phases)


def test_only_an_environment_that_may_be_kept_has_its_port_lead_there(fakes: Fakes, container: Container) -> None:
    with fakes.environment() as environment:
        ports = environment.preflight.model.rendered["services"]["odoo"]["ports"]
    assert [port["target"] for port in ports] == [8069]


@pytest.mark.usefixtures("status")
def test_who_else_can_sign_in_is_told_and_that_the_module_is_not_there(fakes: Fakes, container: Container) -> None:
    container.said, container.states = json.dumps({"serves": True, "signed_in": False}), "web installed\nevv_core to install\n"
    _, said = served(fakes)
    assert said.login == "not admin / admin; it has the users admin, demo (evv_core is not installed there: to install)"


@pytest.mark.parametrize(
    ("states", "said", "why"),
    [
        (
            failed('psql: FATAL:  database "agent_test" does not exist', 2),
            "",
            'there is none: database "agent_test" does not exist',
        ),
        (failed("psql: not found", 127), "", "there is none: psql: not found"),
        ("evv_core installed\n", "", "it has no pages, as the module web is not installed in it"),
        (WEB, json.dumps({"error": "HTTP 500"}), "Odoo cannot serve it: HTTP 500"),
        (WEB, failed("python3: not found", 127), "Odoo cannot serve it: python3: not found"),
        (WEB, "\x1b[2J", "Odoo cannot serve it: its answer is not understood: \\x1b[2J"),
        (WEB, "[]", "Odoo cannot serve it: its answer is not understood: []"),
    ],
)
def test_why_it_is_not_served_is_told(fakes: Fakes, container: Container, states: Said, said: Said, why: str) -> None:
    container.states, container.said = states, said
    assert served(fakes)[1] == Served("", why)


def test_an_engine_that_does_not_answer_does_not_change_the_verdict(fakes: Fakes, container: Container) -> None:
    with fakes.environment(keep=Keep.ALWAYS) as environment:
        fakes.engine.answers["exec p-odoo-1 bash"] = lambda _words: failed("secret: no such container", 1)
        assert serve(environment).why_not == "there is none: ***: no such container"


def test_a_page_that_the_address_does_not_show_is_not_told_as_served(
    fakes: Fakes, container: Container, status: list[int]
) -> None:
    status[0] = 502
    environment, said = served(fakes)
    assert said.why_not == f"Odoo serves it in its container, but not at http://127.0.0.1:{environment.port}: HTTP 502"


def test_a_port_at_which_nobody_listens_is_told(fakes: Fakes, container: Container) -> None:
    assert "but not at http://127.0.0.1:18000: [Errno 111]" in served(fakes)[1].why_not


def test_without_a_port_of_odoo_nothing_is_started(fakes: Fakes, container: Container) -> None:
    fakes.rendered = RENDERED
    assert served(fakes)[1].why_not == "the compose file publishes no port of `odoo` with ${ODOO_PORT}"
    assert container.served == []
