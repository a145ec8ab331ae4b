"""Docker's own words, and the errors of ours that they become."""

from runner.docker.process import Completed
from runner.docker.versions import LEAST_FOR_CONTENT, told
from runner.errors import EngineUnavailable, RunnerError

# Docker 20.10 to 28, when a port went to somebody else between our look and its start.
_PORT_TAKEN = ("port is already allocated", "address already in use", "all ports are allocated")
# What answers at the address, an engine or not, may say lines of it.
_BY_WHO_ANSWERS = "Error response from daemon"
# Of an engine behind ssh, for which docker has no address.
_BY_SSH = "http://docker.example.com"
# In characters, of what is quoted.
_MOST = 10_000
_PREAMBLES = ("unable to resolve docker endpoint: ", "error during connect: ", "stderr=")
_START = "The Docker daemon does not answer: {}\nStart it, or run `nox -s setup`."
# What docker's clients of 20.10 to 28 say of an engine that they cannot use, and what to do. The first that fits counts.
_ADVICE = (
    (
        (_BY_SSH,),
        "Docker does not get to its engine by ssh: {}\n`ssh USER@HOST docker version` has to work, without any question.",
    ),
    (
        ("permission denied while trying to connect",),
        "No permission to talk to the Docker daemon. Ask an administrator to add you to the group `docker`, "
        "then log in again.",
    ),
    (
        ("is too old. Minimum supported API",),
        "The docker client is too old for this engine: {}\nUpdate the docker client; unset DOCKER_API_VERSION if it is set.",
    ),
    (
        ("is too new. Maximum supported API",),
        "The docker client is too new for this engine: {}\nUpdate the engine; unset DOCKER_API_VERSION if it is set.",
    ),
    (
        ("context not found", '" does not exist'),  # the latter until 20.10
        "Docker does not find its context: {}\nSee: docker context ls (or unset DOCKER_CONTEXT)",
    ),
    (
        ("tls: ", "x509: ", ".pem: ", "HTTPS"),
        "Docker's client and its engine do not agree on TLS: {}\nDOCKER_CERT_PATH or the context has to name a folder with "
        "ca.pem, cert.pem and key.pem for this engine; for one without TLS, unset DOCKER_TLS_VERIFY and DOCKER_TLS.",
    ),
    (
        ("nvalid bind address format",),
        "DOCKER_HOST is no address of an engine: {}\nWrite unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST.",
    ),
    (("unix://", "http://%2F"), _START),
    (
        ("tcp://", "http://", _BY_WHO_ANSWERS),
        "The Docker daemon does not answer: {}\nIs one at this address, and the way to it open? See DOCKER_HOST, or "
        "docker context ls",
    ),
    (("",), _START),
)


class PortTaken(RunnerError):
    """The engine could not publish the port; try another one."""


class ComposeMissing(EngineUnavailable):
    """Says what to do; what docker said ("unknown flag: --project-name") would only puzzle."""

    def __init__(self) -> None:
        super().__init__(
            "Docker Compose v2 is missing (`docker compose version` fails). Install the plugin "
            "`docker-compose-plugin`, or run `nox -s setup`."
        )


class ComposeTooOld(EngineUnavailable):
    """Says which one is needed, and what for."""

    def __init__(self, version: str, least: tuple[int, int]) -> None:
        missing = "its `up` does not know `--pull never`"
        if least == LEAST_FOR_CONTENT:
            missing = "it gives containers no copy of a single file that is mounted and that the engine does not have"
        super().__init__(
            f"Docker Compose {version} is too old: {missing}. Update the plugin `docker-compose-plugin` to {told(least)} or "
            "later."
        )


class PodmanAsDocker(EngineUnavailable):
    """Says how Podman is used: by docker's own client."""

    def __init__(self) -> None:
        super().__init__(
            "The command `docker` is Podman itself (podman-docker) and no docker client. Install docker's own client with "
            "Compose v2, and set DOCKER_HOST to Podman's socket: systemctl --user enable --now podman.socket; "
            "export DOCKER_HOST=unix://$XDG_RUNTIME_DIR/podman/podman.sock"
        )


def unavailable(said: str) -> EngineUnavailable:
    """Return the error for what docker said when it could not reach the daemon, with what to do."""
    lines = said.strip().splitlines()
    reason = next((line for line in lines if line.startswith(_BY_WHO_ANSWERS)), lines[-1])
    for preamble in _PREAMBLES:
        reason = reason.rpartition(preamble)[2]
    advice = next(advice for words, advice in _ADVICE if any(word in said for word in words))
    return EngineUnavailable(advice.format(reason.replace(_BY_SSH, "the other end")))


def is_port_taken(said: str) -> bool:
    """Tell whether `up` failed because the port is taken: another one may do."""
    return any(message in said for message in _PORT_TAKEN)


def said(completed: Completed) -> str:
    """Return the end of what a client said that failed. What it printed before that is no reason, and may hold a password."""
    return tail(completed.errors) or tail(completed.output) or f"exit code {completed.exit_code}"


def tail(text: str, lines: int = 15) -> str:
    """Return the last lines, of a bounded length: docker says at the end why it failed."""
    return "\n".join(text.strip()[-_MOST:].splitlines()[-lines:])
