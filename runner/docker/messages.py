"""Docker's own words, and the errors of ours that they become."""

from runner.docker.process import Completed
from runner.errors import EngineUnavailable, RunnerError

# Docker 20.10 to 28, when a port went to somebody else between our look and its start.
_PORT_TAKEN = ("port is already allocated", "address already in use", "all ports are allocated")


class PortTaken(RunnerError):
    """The engine could not publish the port; try another one."""


class ComposeMissing(EngineUnavailable):
    """Says what to do; what docker said ("unknown flag: --project-name") would only puzzle."""

    def __init__(self) -> None:
        super().__init__(
            "Docker Compose v2 is missing (`docker compose version` fails). Install the plugin "
            "`docker-compose-plugin`, or run `nox -s setup`."
        )


def unavailable(said: str) -> EngineUnavailable:
    """Return the error for what docker said when it could not reach the daemon, with what to do."""
    last = said.splitlines()[-1]
    if "permission denied" in last.lower():
        return EngineUnavailable(
            "No permission to talk to the Docker daemon. Ask an administrator to add you to the group `docker`, "
            "then log in again."
        )
    if "context not found" in last:
        return EngineUnavailable(f"Docker does not find its context: {last}\nSee: docker context ls (or unset DOCKER_CONTEXT)")
    return EngineUnavailable(f"The Docker daemon does not answer: {last}\nStart it, or run `nox -s setup`.")


def is_port_taken(said: str) -> bool:
    """Tell whether `up` failed because the port is taken: another one may do."""
    return any(message in said for message in _PORT_TAKEN)


def said(completed: Completed) -> str:
    """Return the end of what a client said that failed. What it printed before that is no reason, and may hold a password."""
    return tail(completed.errors) or tail(completed.output) or f"exit code {completed.exit_code}"


def tail(text: str, lines: int = 15) -> str:
    """Return the last lines: docker says at the end why it failed."""
    return "\n".join(text.strip().splitlines()[-lines:])
