"""Docker's client as the guard uses it: standard library only, as the guard has to start in tens of milliseconds."""

import os
import signal
import subprocess
from collections.abc import Mapping

# One docker command, also of a daemon under load; a client that hangs is killed and the command tried again.
COMMAND_TIMEOUT = 30.0

# Several teardowns at once: how often a listing is asked for again in which another one removes something.
LISTING_TRIES = 10
# By Compose, on everything that it creates.
PROJECT_LABEL = "com.docker.compose.project"
TOKEN_VARIABLE = "AGENT_TEST_TOKEN"  # noqa: S105 - the variable's name


class DockerFailed(Exception):
    """A docker command failed or hung; the text is what it said."""


def docker_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for docker clients: without COMPOSE_* settings of the user's shell, and without a run's token."""
    return {key: value for key, value in environ.items() if not key.startswith("COMPOSE_") and key != TOKEN_VARIABLE}


def has_vanished(said: str) -> bool:
    """Whether docker failed because something was removed meanwhile: also in listings, of what nobody had asked for."""
    return "no such" in said.lower() or "not found" in said.lower()


def start(*arguments: str) -> "subprocess.Popen[str]":
    """Start a client. DockerFailed if there is none."""
    try:
        # A session of its own: a Ctrl+C at the terminal must not reach the client that cleans up.
        return subprocess.Popen(
            ["docker", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            env=docker_environ(os.environ),
        )
    except OSError as error:
        raise DockerFailed(f"docker cannot be started: {error}") from error


def finish(process: "subprocess.Popen[str]") -> str:
    """What the client printed. DockerFailed if it fails or does not end within COMMAND_TIMEOUT."""
    command = " ".join(str(part) for part in list(process.args)[:3])  # type: ignore[arg-type]
    try:
        output, errors = process.communicate(timeout=COMMAND_TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise DockerFailed(f"`{command}` did not answer within {COMMAND_TIMEOUT:.0f} s") from None
    if process.returncode:
        raise DockerFailed(f"`{command}`: {errors.strip() or f'exit {process.returncode}'}")
    return output
