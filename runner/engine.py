"""The Docker engine and Compose: the only place that imports python_on_whales."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from python_on_whales import Container, DockerClient
from python_on_whales.exceptions import DockerException

from .engine_words import ComposeMissing, is_port_taken, tail, unavailable
from .errors import ConfigError, EngineUnavailable, EnvironmentFailed, RunnerError
from .inventory import ContainerStatus, Resource
from .signals import time_limit
from .teardown import LISTING_TRIES, PROJECT_LABEL, docker_environ, has_vanished

# Bounds in seconds. They only have to be longer than anything that works, on a machine under load.
QUERY_LIMIT = 60
UP_LIMIT = 300
PULL_LIMIT = 1800
# Between two tries of a health check, and what one that hangs gets beyond its time.
_PAUSE, _HANGING = 0.2, 10.0
_UNTIL = f'n=$1; shift; until "$@" >/dev/null 2>&1; do n=$((n-1)); [ "$n" -gt 0 ] || exit 1; sleep {_PAUSE}; done'

_T = TypeVar("_T")
_Filters = list[tuple[Literal["label"], str]]


class PortTaken(RunnerError):
    """The engine could not publish the port; try another one."""


class Engine:
    """Docker, with one Compose project in it. Every call is bounded in time (EngineStalled)."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        """`variables`: for the compose file and the clients, see `set_variables`."""
        if shutil.which("docker") is None:
            raise EngineUnavailable("There is no `docker` command. Install Docker, or run `nox -s setup`.")
        for name in set(os.environ) - set(docker_environ(os.environ)):
            del os.environ[name]
        self.set_variables(variables or {})
        self._client = DockerClient(client_call=_in_new_session())

    def set_variables(self, variables: Mapping[str, str]) -> None:
        """Set variables for the compose file. They go into this process' environment: the clients inherit no other."""
        os.environ.update(variables)

    def check(self) -> str:
        """The engine's version. EngineUnavailable says in a line what is missing and what to do."""
        try:
            with time_limit(QUERY_LIMIT, "an answer to `docker version`"):
                version = self._client.version()
        except DockerException as error:
            raise unavailable((error.stderr or "").strip() or _said(error)) from error
        if version.server is None or not version.server.version:
            raise EngineUnavailable("The Docker daemon did not tell its version. Is it still starting? Try again.")
        self.compose_version()
        return version.server.version

    def compose_version(self) -> str:
        """The version of Compose. EngineUnavailable if there is no Compose v2."""
        with _asked("`docker compose version`", kind=ComposeMissing):
            return self._client.compose.version().rpartition(" ")[2]

    def data_folder(self) -> Path | None:
        """Where the engine keeps its data, on its own host."""
        with _asked("`docker info`"):
            return self._client.info().docker_root_dir

    def use_project(self, name: str, compose_files: list[Path]) -> None:
        """Speak of this Compose project from here on."""
        self._client = DockerClient(
            client_call=_in_new_session(), compose_files=list(compose_files), compose_project_name=name
        )

    def rendered(self) -> dict[str, Any]:
        """The project's compose files as Compose understands them. ConfigError with Compose's own words."""
        try:
            with time_limit(QUERY_LIMIT, "`docker compose config`"):
                return self._client.compose.config(return_json=True)
        except DockerException as error:
            raise ConfigError(
                f"Docker Compose does not accept the compose file (`compose_file` in repos.yaml):\n{_said(error)}"
            ) from error

    def image_id(self, image: str) -> str | None:
        """The digest of an image as the registry knows it, else its local id; None if it is not on this machine."""
        with _asked(f"`docker image inspect {image}`"):
            if not self._client.image.exists(image):
                return None
            found = self._client.image.inspect(image)
            return found.repo_digests[0] if found.repo_digests else found.id

    def command(self, *arguments: str, limit: float = QUERY_LIMIT) -> str:
        """What `docker ARGUMENTS` prints, within `limit` seconds. EnvironmentFailed with what docker said."""
        what = f"`docker {' '.join(arguments[:2])}`"
        with time_limit(limit, what):
            done = subprocess.run(
                [*_in_new_session(), *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        if done.returncode:
            raise EnvironmentFailed(f"{what} failed: {tail(done.stderr) or f'exit code {done.returncode}'}")
        return done.stdout

    def passes(self, container: str, test: Sequence[str], seconds: float) -> bool:
        """Whether the command succeeds in the container within about so many seconds, in which it is repeated."""
        tries = str(max(1, int(seconds / _PAUSE)))
        try:
            self.command("exec", container, "sh", "-c", _UNTIL, "until", tries, *test, limit=seconds + _HANGING)
        except EnvironmentFailed:
            return False  # not yet, or it cannot be asked: the container's state tells which
        return True

    def pull(self, image: str) -> None:
        """Pull an image. EnvironmentFailed with what the engine said."""
        try:
            with time_limit(PULL_LIMIT, f"`docker pull {image}`"):
                self._client.image.pull(image, quiet=True)
        except DockerException as error:
            raise EnvironmentFailed(
                f"The image {image} is not on this machine and cannot be pulled: {_said(error)}\n"
                "Without a registry, `nox -s setup` builds stand-ins; other images are named in repos.local.yaml."
            ) from error

    def up(self) -> None:
        """Create and start the project. PortTaken if its port went meanwhile, else EnvironmentFailed."""
        lines: list[bytes] = []
        try:
            with time_limit(UP_LIMIT, "`docker compose up`"):
                lines += _lines(self._client.compose.up(detach=True, color=False, stream_logs=True))
        except DockerException as error:
            said = b"".join(lines).decode(errors="replace").strip() or _said(error)
            if is_port_taken(said):
                raise PortTaken(said) from error
            raise EnvironmentFailed(f"`docker compose up` failed:\n{tail(said)}") from error

    def containers(self, project: str) -> list[ContainerStatus]:
        """The project's containers, running or not."""
        return [
            ContainerStatus(
                name=container["Name"].lstrip("/"),
                service=(container["Config"]["Labels"] or {}).get("com.docker.compose.service", ""),
                status=container["State"]["Status"],
                health=(container["State"].get("Health") or {}).get("Status"),
                exit_code=container["State"]["ExitCode"],
                oom_killed=container["State"]["OOMKilled"],
            )
            for container in _listed(lambda: self._inspected(project))
        ]

    def _inspected(self, project: str) -> list[dict[str, Any]]:
        # Asked several times a second while an environment comes up; python-on-whales would look at each on its own.
        names = self.command("container", "list", "--quiet", "--all", "--filter", f"label={PROJECT_LABEL}={project}").split()
        found: list[dict[str, Any]] = json.loads(self.command("container", "inspect", *names)) if names else []
        return found

    def remove_containers(self, project: str) -> None:
        """Remove the containers of a failed start, and their anonymous volumes, which a second `up` would leave behind."""
        with _asked("the removal of containers"):
            found = self._client.container.list(all=True, filters=[("label", f"{PROJECT_LABEL}={project}")])
            self._client.container.remove(found, force=True, volumes=True)

    def execute(self, container: str, command: list[str], limit: float) -> "Execution":
        """Run a command in a container, for at most `limit` seconds: iterate over its output, then ask for its exit code."""
        return Execution(self._client, container, command, limit)

    def labelled(self, label: str) -> list[Resource]:
        """Every container, network and volume of Compose projects that carries the label (NAME or NAME=VALUE)."""
        filters: _Filters = [("label", label)]
        with _asked("the lists of containers, networks and volumes"):
            found = _listed(lambda: self._labels_and_ports(filters))
        return [
            Resource(labels[PROJECT_LABEL], labels, ports) for labels, ports in found if labels and PROJECT_LABEL in labels
        ]

    def _labels_and_ports(self, filters: _Filters) -> list[tuple[dict[str, str] | None, tuple[int, ...]]]:
        containers = self._client.container.list(all=True, filters=filters)
        return [
            *((container.config.labels, _published(container)) for container in containers),
            *((network.labels, ()) for network in self._client.network.list(filters=filters)),
            *((volume.labels, ()) for volume in self._client.volume.list(filters=filters)),
        ]

    def published_ports(self) -> dict[int, str]:
        """The host ports that running containers publish, with the container's name."""
        with _asked("the list of containers"):
            return _listed(lambda: {port: each.name for each in self._client.container.list() for port in _published(each)})

    def logs(self, container: str, lines: int) -> str:
        """The last lines of a container's log; where they cannot be had, why."""
        try:
            with time_limit(QUERY_LIMIT, f"`docker logs {container}`"):
                output = b"".join(_lines(self._client.container.logs(container, tail=lines, stream=True)))
        except DockerException as error:
            return f"(no log: {_said(error)})"
        return output.decode(errors="replace").rstrip()


class Execution:
    """A command in a container: its output line by line as bytes, and afterwards its exit code."""

    def __init__(self, client: DockerClient, container: str, command: list[str], limit: float) -> None:
        self.exit_code = -1
        self._output = _lines(client.container.execute(container, command, stream=True))
        self._waiting_for = f"the end of `{command[0]}` in {container}"
        self._limit = limit

    def __iter__(self) -> Iterator[bytes]:
        try:
            with time_limit(self._limit, self._waiting_for):
                yield from self._output
            self.exit_code = 0
        except DockerException as error:
            self.exit_code = error.return_code


@contextlib.contextmanager
def _asked(what: str, kind: type[RunnerError] = EnvironmentFailed) -> Iterator[None]:
    """Bound a question to the engine, and turn docker's failure into an error of ours with docker's own words."""
    try:
        with time_limit(QUERY_LIMIT, what):
            yield
    except DockerException as error:
        raise kind(f"Docker fails to give {what}: {_said(error)}") from error


def _listed(ask: Callable[[], _T]) -> _T:
    """Ask again where something went away between docker's list and its look at each: other runs end meanwhile."""
    for _ in range(LISTING_TRIES - 1):
        try:
            return ask()
        except (DockerException, EnvironmentFailed) as error:
            if not has_vanished(_said(error) if isinstance(error, DockerException) else str(error)):
                raise
    return ask()


def _in_new_session() -> list[str]:
    """The docker command in a session of its own: a second Ctrl+C at the terminal would else kill a client at work."""
    if shutil.which("setsid"):
        return ["setsid", "docker"]
    shim = "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-I", "-S", "-c", shim, "docker"]


def _published(container: Container) -> tuple[int, ...]:
    bindings = container.host_config.port_bindings or {}
    return tuple(int(binding.host_port) for each in bindings.values() for binding in each or [] if binding.host_port)


def _lines(stream: Any) -> Iterator[bytes]:
    """The lines of what python-on-whales calls a stream: pairs of a source and bytes."""
    return (line for _source, line in stream)


def _said(error: DockerException) -> str:
    text = "\n".join(part.strip() for part in (error.stderr, error.stdout) if part and part.strip())
    return tail(text) or f"exit code {error.return_code}"
