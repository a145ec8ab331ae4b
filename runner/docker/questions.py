"""What docker is asked, each question as a value: the words, and how the answer is read."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from runner.docker.dollars import undoubled
from runner.docker.inventory import (
    ContainerStatus,
    EngineFacts,
    EngineInfo,
    Image,
    image_from,
    info_from,
    status_from,
)
from runner.docker.listing import Resource, listing, resources_in
from runner.docker.messages import ComposeMissing, ComposeTooOld, PodmanAsDocker, said, unavailable
from runner.docker.process import Completed, DockerFailed, has_vanished, named
from runner.docker.versions import LEAST_COMPOSE, is_older
from runner.errors import ConfigError, EngineStalled, EngineUnavailable, EnvironmentFailed

# Seconds for an answer. It only has to be longer than anything that works, on a machine under load.
LIMIT = 60.0
PULL_LIMIT, BUILD_LIMIT, UP_LIMIT, COPY_LIMIT = 1800.0, 3600.0, 300.0, 900.0
# For Compose to read a compose file, which takes a tenth of a second and some 50 MB: what it names may have no end.
READING_LIMIT, READING_MEMORY = 30.0, 2**30
_OUT_OF_MEMORY = ("out of memory", "cannot allocate memory")

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """One question: its words, how the answer is read, for how many seconds it is waited for (LIMIT), and in which variables.

    `about`: what is waited for, and `silence` the error, if it does not come. `is_listing`: it fails if something goes away
    meanwhile. `memory`: in bytes, the most that its client may take.
    """

    words: tuple[str, ...]
    read: Callable[[Completed], T]
    limit: float | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    silence: type[EngineStalled] | type[EngineUnavailable] = EngineStalled
    is_listing: bool = False
    memory: int | None = None

    def within(self, seconds: float) -> "Question[T]":
        """Return the same question with another limit."""
        return replace(self, limit=seconds)


@dataclass(frozen=True)
class ComposeProject:
    """A Compose project as docker is told of it: its name, its files, and the variables that these use."""

    name: str
    files: tuple[Path, ...]
    variables: Mapping[str, str] = field(repr=False)

    @property
    def told(self) -> str:
        """Its files, for a person."""
        return " and ".join(map(str, self.files))


def command(*words: str) -> Question[str]:
    """Ask for what `docker WORDS` prints. EnvironmentFailed, with docker's words, if it fails."""
    return Question(words, _output(words))


def _output(words: Sequence[str]) -> Callable[[Completed], str]:
    def read(completed: Completed) -> str:
        if completed.exit_code:
            raise EnvironmentFailed(f"`{named(words)}` failed: {said(completed)}")
        return completed.output

    return read


def _parsed(words: Sequence[str], parse: Callable[[str], T]) -> Callable[[Completed], T]:
    """Read what docker printed by `parse`. EnvironmentFailed if that does not understand it."""

    def read(completed: Completed) -> T:
        output = _output(words)(completed)
        try:
            return parse(output)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, DockerFailed) as error:
            raise EnvironmentFailed(f"`{named(words)}` gave an answer that is not understood: {error}") from error

    return read


def _of_type(kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def version() -> Question[EngineFacts]:
    """Ask for the engine's version and kernel. EngineUnavailable says in a line what is missing and what to do."""

    def read(completed: Completed) -> EngineFacts:
        if completed.exit_code:
            raise unavailable(completed.errors.strip() or said(completed))
        try:
            answer = json.loads(completed.output)
            server, client = answer.get("Server") or {}, answer.get("Client") or {}
            names = [str(component.get("Name")) for component in server.get("Components") or ()]
            facts = EngineFacts(
                str(server.get("Version") or ""),
                str(server.get("KernelVersion", "")),
                any("Podman" in name for name in names),
                str(client.get("Version") or ""),
            )
            is_podman_itself = "APIVersion" in client  # docker's client writes ApiVersion
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise EngineUnavailable(f"`docker version` gave an answer that is not understood: {error}") from error
        if is_podman_itself:
            raise PodmanAsDocker
        if not facts.version:
            raise EngineUnavailable("The Docker daemon did not tell its version. Is it still starting? Try again.")
        return facts

    # By this it is known whether there is an engine at all.
    return Question(("version", "--format", "{{json .}}"), read, silence=EngineUnavailable)


def compose_version() -> Question[str]:
    """Ask for the version of Compose. EngineUnavailable if there is no Compose v2, or one that is too old."""

    def read(completed: Completed) -> str:
        if completed.exit_code:
            raise ComposeMissing
        version = completed.output.strip().rpartition(" ")[2]
        if is_older(version, LEAST_COMPOSE):
            raise ComposeTooOld(version)
        return version

    return Question(("compose", "version"), read)


def info() -> Question[EngineInfo]:
    """Ask, now, for the engine's ID, its time and its machine."""
    asked = time.monotonic()
    fields = ("ID", "SystemTime", "MemTotal", "NCPU", "MemoryLimit", "SwapLimit", "PidsLimit")
    words = ("info", "--format", f"[{','.join(f'{{{{json .{field}}}}}' for field in fields)}]")
    return Question(words, _parsed(words, lambda output: info_from(json.loads(output), asked)))


def rendered(project: ComposeProject) -> Question[dict[str, Any]]:
    """Ask for the project's compose files as Compose understands them. ConfigError with Compose's own words."""

    def read(completed: Completed) -> dict[str, Any]:
        if completed.exit_code and any(words in completed.errors for words in _OUT_OF_MEMORY):
            raise without_end(project, f"{READING_MEMORY >> 30} GB of memory")
        if completed.exit_code:
            raise ConfigError(
                f"Docker Compose does not accept {project.told} (`compose_file` in repos.yaml):\n{said(completed)}"
            )
        return _parsed(words, lambda output: _of_type(dict, undoubled(json.loads(output))))(completed)

    files = [word for file in project.files for word in ("--file", str(file))]
    words = ("compose", *files, "--project-name", project.name, "config", "--format", "json")
    about = "`docker compose config`"
    return Question(words, read, READING_LIMIT, project.variables, about, memory=READING_MEMORY)


def without_end(project: ComposeProject, limit: str) -> ConfigError:
    """Return the error for compose files that Compose cannot read to the end, within the limit that it reached."""
    return ConfigError(
        f"Docker Compose takes more than {limit} to read {project.told}, or a file that is named in there or called `.env`. "
        "Is one of them a pipe or a device, or do anchors in it multiply? Write short and plain files. Nothing was started."
    )


def image(name: str) -> Question[Image | None]:
    """Ask for an image; None if the engine does not have it."""
    words = ("image", "inspect", name)

    def read(completed: Completed) -> Image | None:
        if completed.exit_code and has_vanished(completed.errors):
            return None
        if completed.exit_code:
            raise EnvironmentFailed(f"`docker image inspect {name}` failed: {said(completed)}")
        return _parsed(words, lambda output: image_from(json.loads(output)[0]))(completed)

    return Question(words, read)


def images(names: Iterable[str]) -> Question[list[Image]]:
    """Ask for those of these images that the engine has."""
    words = ("image", "inspect", *names)

    def read(completed: Completed) -> list[Image]:
        if completed.exit_code and has_vanished(completed.errors):
            completed = completed._replace(exit_code=0)
        return _parsed(words, lambda output: [image_from(image) for image in json.loads(output)])(completed)

    return Question(words, read)


def pull(name: str) -> Question[None]:
    """Ask for an image to be pulled. EnvironmentFailed with what the engine said, and what to do without a registry."""

    def read(completed: Completed) -> None:
        if completed.exit_code:
            raise EnvironmentFailed(
                f"The image {name} is not on this machine and cannot be pulled: {said(completed)}\n"
                "Without a registry, `nox -s setup` builds stand-ins; other images are named in repos.local.yaml. "
                "What the compose file builds has to be built before: docker compose build"
            )

    return Question(("image", "pull", "--quiet", name), read, limit=PULL_LIMIT, about=f"`docker pull {name}`")


def states(containers: Iterable[str]) -> Question[list[ContainerStatus]]:
    """Ask how these containers, by name, are now. EnvironmentFailed if one is gone."""
    words = ("container", "inspect", *containers)
    return Question(words, _parsed(words, lambda output: [status_from(container) for container in json.loads(output)]))


def mounts(container: str) -> Question[dict[str, str] | None]:
    """Ask which paths of the engine's machine a container has, by where it has them; None if there is no such container.

    Volumes count: what is in one is not what a bind around it has there.
    """
    words = ("container", "inspect", "--format", "{{json .Mounts}}", container)

    def paths(output: str) -> dict[str, str]:
        return {str(mount["Destination"]): str(mount.get("Source") or "") for mount in json.loads(output)}

    def read(completed: Completed) -> dict[str, str] | None:
        if completed.exit_code and has_vanished(completed.errors):
            return None
        return _parsed(words, paths)(completed)

    return Question(words, read)


def execution(container: str, words: Iterable[str]) -> Question[tuple[int, str]]:
    """Ask for the exit code of a short command in a container, and what it printed."""
    words = tuple(words)
    return Question(
        ("exec", container, *words),
        lambda completed: (completed.exit_code, completed.output or completed.errors),
        about=f"`{words[0]}` in {container}",
    )


def resources(kind: str, labels: Sequence[str], *filters: str, columns: Sequence[str] = ()) -> Question[list[Resource]]:
    """Ask for the containers, networks or volumes, with these labels and columns of theirs."""
    words = listing(kind, labels, *filters, columns=columns)
    return Question(words, _parsed(words, lambda output: resources_in(output, labels, columns)), is_listing=True)


def logs(container: str, lines: int) -> Question[str]:
    """Ask for the last lines of a container's log; where they cannot be had, for the reason."""

    def read(completed: Completed) -> str:
        if completed.exit_code:
            return f"(no log: {said(completed)})"
        # Two streams: which line came first, docker does not tell across them.
        return f"{completed.output}{completed.errors}".rstrip()

    return Question(("logs", "--tail", str(lines), container), read)
