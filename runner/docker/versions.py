"""The oldest engines and clients with which runs work, by their versions."""

import re

# By its source: `docker compose up` has `--pull` since then.
LEAST_COMPOSE = (2, 8)
# A config's `content`, by which a container gets the copy of a single file (docker's reference of compose files).
LEAST_FOR_CONTENT = (2, 23)
# The oldest with which runs were tried.
TRIED_DOCKER, TRIED_PODMAN = (20, 10), (4, 3)


def is_older(version: str, least: tuple[int, int]) -> bool:
    """Tell whether a version is older than that; not of one without numbers, as of a build of one's own."""
    numbers = re.match(r"v?(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) < least


def told(version: tuple[int, int]) -> str:
    """Return it as a person writes it."""
    return ".".join(map(str, version))
