"""What the engine still holds of a demonstration, by the commands with which a person looks for it."""

import os
import re
import subprocess
import time

from runner.cleanup.resources import list_resources, listing_commands
from runner.docker.endpoint import settle
from runner.docker.process import DockerFailed
from runner.errors import RunnerError

from .record import Listings

# Seconds for a listing.
_LIMIT = 60.0


def projects_in(output: str, prefix: str) -> list[str]:
    """The Compose projects with this prefix that the output of runs names, each once."""
    return list(dict.fromkeys(re.findall(rf"\b{re.escape(prefix)}-\w+-\d{{8}}-\d{{6}}-\w+", output)))


def what_is_left(prefix: str, output: str) -> Listings:
    """What each listing prints: by the labels of the projects that the output names, and of all containers by the prefix.

    Where the engine cannot say, its error stands in the place of the lines: nothing is proven then.
    """
    by_name = f"docker ps -a | grep {prefix}"
    listings: Listings = {}
    try:
        for project in projects_in(output, prefix):
            resources = list_resources(settle(os.environ), project, time.monotonic() + _LIMIT)
            listings |= {command: resources[kind] for kind, command in listing_commands(project).items()}
        listings[by_name] = [line for line in _containers() if prefix in line]
    except (OSError, subprocess.SubprocessError, DockerFailed, RunnerError) as error:
        listings[by_name] = [f"not known: {error}"]
    return listings


def _containers() -> list[str]:
    listing = subprocess.run(["docker", "ps", "-a"], capture_output=True, check=True, text=True, timeout=_LIMIT)
    return listing.stdout.splitlines()
