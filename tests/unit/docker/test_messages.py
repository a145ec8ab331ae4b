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


# As docker's clients say it, of version 28 where that is not the same as 20.10's.
_GET = 'error during connect: Get "http://far:2375/v1.50/version": '
_GET_TLS = _GET.replace("http:", "https:")
_SSH = (
    'error during connect: Get "http://docker.example.com/v1.50/version": command [ssh -T -l me -- far docker system '
    "dial-stdio] has exited with exit status 255, make sure the URL is valid, and Docker 18.09 or later is installed on the "
    "remote host: stderr="
)
_ENDPOINT = "Failed to initialize: unable to resolve docker endpoint: "
_BY_SSH = "Docker does not get to its engine by ssh: "
_NO_TLS = "Docker's client and its engine do not agree on TLS: "
_NO_ANSWER = "The Docker daemon does not answer: "
_PERMISSION = "permission denied while trying to connect to the "


@pytest.mark.parametrize(
    ("said", "told", "advice"),
    [
        (f"{_PERMISSION}Docker daemon socket at unix:///run/docker.sock: Get", "No permission to talk", "group `docker`"),
        (f"{_PERMISSION}docker API at unix:///run/docker.sock", "No permission to talk", "group `docker`"),
        (f"Cannot connect to the Docker daemon at {'unix:///x'}.", f"{_NO_ANSWER}Cannot connect", "nox -s setup"),
        (f"Cannot connect to the Docker daemon at {'tcp://far:1'}.", f"{_NO_ANSWER}Cannot connect", "at this address"),
        (f"{_GET}dial tcp: lookup far on 10.0.0.53:53: no such host", f"{_NO_ANSWER}Get", "at this address"),
        (f"{_GET}dial tcp 10.1.2.3:2375: connect: network is unreachable", f"{_NO_ANSWER}Get", "at this address"),
        (
            "Error response from daemon: <!DOCTYPE HTML>\n<html>\n</html>",
            f"{_NO_ANSWER}Error response from daemon: <!DOCTYPE HTML>\n",
            "at this address",
        ),
        (
            "Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44, please",
            "The docker client is too old for this engine: ",
            "Update the docker client",
        ),
        (
            "Error response from daemon: client version 1.99 is too new. Maximum supported API version is 1.41",
            "The docker client is too new for this engine: ",
            "Update the engine",
        ),
        (f"{_ENDPOINT}open /x/ca.pem: no such file or directory", f"{_NO_TLS}open /x/ca.pem: no such", "DOCKER_CERT_PATH"),
        (f"{_ENDPOINT}open /x/key.pem: permission denied", f"{_NO_TLS}open /x/key.pem: permission", "DOCKER_CERT_PATH"),
        (
            "Failed to initialize: failed to retrieve context tls info: tls: failed to find any PEM data in certificate input",
            _NO_TLS,
            "DOCKER_CERT_PATH",
        ),
        (f"{_GET_TLS}tls: failed to verify certificate: x509: certificate signed by", _NO_TLS, "DOCKER_CERT_PATH"),
        (f"{_GET_TLS}x509: certificate signed by unknown authority", _NO_TLS, "DOCKER_CERT_PATH"),
        (f"{_GET_TLS}remote error: tls: certificate required", _NO_TLS, "DOCKER_CERT_PATH"),
        (f"{_GET_TLS}http: server gave HTTP response to HTTPS client", _NO_TLS, "DOCKER_TLS_VERIFY"),
        ("Error response from daemon: Client sent an HTTP request to an HTTPS server.", _NO_TLS, "DOCKER_TLS_VERIFY"),
        (f"{_ENDPOINT}invalid bind address format: htp://x", "DOCKER_HOST is no address of an engine: invalid", "tcp://HOST"),
        (
            f"{_SSH}me@far: Permission denied (publickey).\n\n",
            f"{_BY_SSH}me@far: Permission denied (publickey).\n",
            "ssh USER",
        ),
        (f"{_SSH}@@@@\n@ WARNING @\nHost key verification failed.", f"{_BY_SSH}Host key verification", "ssh USER"),
        (f"{_SSH}ssh: connect to host far port 22: Connection refused", f"{_BY_SSH}ssh: connect to host", "ssh USER"),
        (f"{_SSH}/bin/sh: 1: docker: not found", f"{_BY_SSH}/bin/sh: 1: docker", "ssh USER"),
        (
            "Cannot connect to the Docker daemon at http://docker.example.com. Is the docker daemon running?",
            f"{_BY_SSH}Cannot connect to the Docker daemon at the other end.",
            "ssh USER",
        ),
        (
            f'{_ENDPOINT}context "x": context not found: open m.json: no',
            'Docker does not find its context: context "x"',
            "docker context ls",
        ),
        (
            'unable to resolve docker endpoint: context "x" does not exist',
            "Docker does not find its context: ",
            "docker context ls",
        ),
    ],
)
def test_what_keeps_docker_from_its_engine_is_told_with_what_to_do(said: str, told: str, advice: str) -> None:
    error = unavailable(said)
    assert str(error).startswith(told)
    assert advice in str(error)
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


def test_the_tail_of_a_line_without_end_has_one() -> None:
    assert tail("x" * 1_000_000 + "why") == ("x" * 10_000 + "why")[-10_000:]
