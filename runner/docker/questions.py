"""What docker's clients are asked, word for word: begun by one, asked for by another, these have to be the same. Pure."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from runner.docker.clients import Question

VERSION: Question = ("version", "--format", "{{json .}}")
CONTAINERS: Question = ("container", "ls", "--all", "--quiet", "--no-trunc")
VOLUMES: Question = ("volume", "ls", "--quiet")
LISTINGS: tuple[Question, ...] = (CONTAINERS, ("network", "ls", "--quiet"), VOLUMES)


def with_label(listing: Question, label: str) -> Question:
    """The listing of what carries the label (NAME or NAME=VALUE)."""
    return (*listing, "--filter", f"label={label}")


def config(project: str, compose_files: Sequence[Path]) -> Question:
    """The compose files as Compose understands them."""
    files = [word for file in compose_files for word in ("--file", str(file))]
    return ("compose", *files, "--project-name", project, "config", "--format", "json")


def image(name: str) -> Question:
    """An image on this machine."""
    return ("image", "inspect", name)


def inspection(kind: str, names: Iterable[str]) -> Question:
    """These containers, networks or volumes as they are now; `kind` is one of docker's words for them."""
    return (kind, "inspect", *names)


def execution(container: str, command: Iterable[str]) -> Question:
    """What a short command in a container prints."""
    return ("exec", container, *command)
