"""Run the tools of the system, and end with one clear message if one of them fails."""

import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from runner.ci_sections import ci_of
from runner.terminal import Terminal


class ProvisionError(Exception):
    """The machine cannot be made ready; the message says what is missing and what to do."""


@cache
def terminal() -> Terminal:
    """Return what the person sees, one and the same for all steps."""
    return Terminal(ci=ci_of(os.environ))


def say(text: str) -> None:
    """Print a line at once, so that it stands before the output of what follows."""
    terminal().line(text)


def output_of(*command: str | Path) -> str | None:
    """Return what the command prints on standard output; None if it fails or does not exist."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def run(*command: str | Path, environ: Mapping[str, str] | None = None) -> None:
    """Run a command; its output is shown only if it fails, then as the end of the ProvisionError's message."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environ,
            check=False,
        )
    except OSError as error:
        raise ProvisionError(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-20:])
        raise ProvisionError(f"`{' '.join(str(word) for word in command)}` failed ({done.returncode}):\n{tail}")


def fail(message: str) -> None:
    """Print an error as the runner does."""
    terminal().error(f"Error: {message}")
