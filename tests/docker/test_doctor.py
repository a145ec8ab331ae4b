"""`doctor` on a real engine: a line for everything, and the exit code that a run would have."""

import os
import re
import socket

from .conftest import FIRST_PORT
from .tiny_repository import TinyRepository


def test_a_machine_where_all_is_well_exits_with_0(tiny: TinyRepository) -> None:
    code, output = tiny.run("doctor")
    assert code == 0, output
    assert "WRONG" not in output
    for word in ("configuration", "repository", "engine", "image", "ports", "environments", "disk"):
        assert f"ok     {word} " in output


def test_the_holder_of_a_port_is_named(tiny: TinyRepository) -> None:
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", FIRST_PORT))
        held.listen()
        code, output = tiny.run("doctor")
    assert code == 0, output
    assert f"port           {FIRST_PORT} is held by pid {os.getpid()}" in output


def test_the_container_that_holds_a_port_is_named(tiny: TinyRepository) -> None:
    name = "tiny-agent-test-holder"
    tiny.docker("run", "-d", "--name", name, "-p", f"127.0.0.1:{FIRST_PORT}:80", "-v", "/usr:/usr:ro", "agent-test-tiny")
    try:
        code, output = tiny.run("doctor")
    finally:
        tiny.docker("rm", "-fv", name)
    assert code == 0, output
    assert f"port           {FIRST_PORT} is held by container {name}" in output


def test_leftovers_are_wrong_and_say_what_to_do(tiny: TinyRepository) -> None:
    labels = {"com.docker.compose.project": "tiny-agent-test-old", "agent-test.repository": "tiny"}
    owner = {"host": os.uname().nodename, "boot": "another", "pid": "1", "start": "1"}
    labels |= {f"agent-test.owner-{key}": value for key, value in owner.items()}
    tiny.docker("network", "create", *(f"--label={key}={value}" for key, value in labels.items()), "tiny-agent-test-old")
    code, output = tiny.run("doctor")
    assert code == 8, output
    # Those of the tests beside these are counted, too.
    assert re.search(r"WRONG  environments   (\d+ running, )?\d+ dead; remove what dead runs left: nox -s cleanup", output), (
        output
    )
    assert tiny.run("cleanup")[0] == 0


def test_no_daemon_is_exit_code_3(tiny: TinyRepository) -> None:
    code, output = tiny.run("doctor", DOCKER_HOST=f"unix://{tiny.folder}/no.sock")
    assert code == 3, output
    assert "WRONG  engine         The Docker daemon does not answer" in output


def test_a_checkout_that_is_not_there_is_exit_code_2(tiny: TinyRepository) -> None:
    tiny.configure(path="nowhere")
    code, output = tiny.run("doctor")
    assert code == 2, output
    assert "set `path` in repos.local.yaml" in output
