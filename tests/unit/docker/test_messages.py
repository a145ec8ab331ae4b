"""What docker says, read."""

import pytest

from runner.docker.messages import ComposeMissing, is_port_taken, said, tail, unavailable
from runner.docker.process import Completed
from runner.errors import ExitCode


@pytest.mark.parametrize(
    "said",
    [
        "driver failed programming external connectivity: Bind for 127.0.0.1:8090 failed: port is already allocated",
        "Error starting userland proxy: listen tcp4 127.0.0.1:8090: bind: address already in use",
        "failed to create endpoint: all ports are allocated",
    ],
)
def test_a_port_that_somebody_else_has_is_recognised_in_every_wording(said: str) -> None:
    assert is_port_taken(said)


def test_another_failure_of_up_is_no_matter_of_ports() -> None:
    assert not is_port_taken("no such image: odoo:18.0")


def test_a_missing_permission_says_which_group_to_join() -> None:
    error = unavailable("permission denied while trying to connect to the Docker daemon socket")
    assert "group `docker`" in str(error)
    assert error.exit_code == ExitCode.NO_ENGINE


def test_a_daemon_that_does_not_answer_is_quoted_with_its_last_line() -> None:
    error = unavailable("Client: 28\nCannot connect to the Docker daemon at unix:///x. Is the docker daemon running?")
    assert str(error).startswith("The Docker daemon does not answer: Cannot connect")


def test_why_a_client_failed_is_what_it_said_of_errors_not_what_it_had_found_before() -> None:
    output = '[{"Labels": {"agent-test-snapshot.password": "secret"}}]'
    assert said(Completed(1, output, "get x: no such volume\n")) == "get x: no such volume"
    assert said(Completed(2, "psql: no such database\n", "")) == "psql: no such database"
    assert said(Completed(3, "", "")) == "exit code 3"


def test_a_missing_compose_says_what_to_install_instead_of_what_docker_said() -> None:
    error = ComposeMissing()
    assert "docker-compose-plugin" in str(error)
    assert "unknown flag" not in str(error)


def test_the_tail_is_the_end() -> None:
    assert tail("\n".join("abc") + "\n\n", lines=2) == "b\nc"


def test_a_context_that_does_not_exist_is_no_matter_of_the_daemon() -> None:
    said = 'unable to resolve docker endpoint: context "x": context not found: open meta.json: no such file'
    assert "Docker does not find its context" in str(unavailable(said))
    assert "docker context ls" in str(unavailable(said))
