"""The Docker engine and Compose, as the runner asks them."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runner.docker import questions
from runner.docker.clients import Clients, Question
from runner.docker.inventory import ContainerStatus, Image, Resource, image_from, published_by, status_from
from runner.docker.messages import ComposeMissing, said, unavailable
from runner.docker.process import LISTING_TRIES, PROJECT_LABEL, docker_environ, has_vanished
from runner.errors import ConfigError, EngineUnavailable, EnvironmentFailed

if TYPE_CHECKING:
    from runner.docker.streams import Streams

# In seconds. It only has to be longer than anything that works, on a machine under load.
QUERY_LIMIT = 60
# Between two tries of a health check, and what one that hangs gets beyond its time.
_PAUSE, _HANGING = 0.1, 10.0
_UNTIL = f'n=$1; shift; until "$@" >/dev/null 2>&1; do n=$((n-1)); [ "$n" -gt 0 ] || exit 1; sleep {_PAUSE}; done'

_T = TypeVar("_T")


class Engine:
    """Docker, with one Compose project in it. Every call is bounded in time (EngineStalled)."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        """`variables`: for the compose file and the clients, see `set_variables`."""
        if shutil.which("docker") is None:
            raise EngineUnavailable("There is no `docker` command. Install Docker, or run `nox -s setup`.")
        for name in set(os.environ) - set(docker_environ(os.environ)):
            del os.environ[name]
        self.set_variables(variables or {})
        self._clients = Clients()
        self.kernel = ""  # the engine's, once `check` has asked
        self._project: tuple[str, list[Path]] = ("", [])
        self._streams: Streams | None = None

    def set_variables(self, variables: Mapping[str, str]) -> None:
        """Set variables for the compose file. They go into this process' environment: the clients inherit no other."""
        os.environ.update(variables)

    def use_project(self, name: str, compose_files: list[Path]) -> None:
        """Speak of this Compose project from here on."""
        self._project, self._streams = (name, compose_files), None

    @property
    def streams(self) -> "Streams":
        """What streams, of the project in use."""
        if self._streams is None:
            # Not before clients are at work: it takes as long as their answers.
            from runner.docker.streams import Streams  # noqa: PLC0415

            self._streams = Streams(*self._project)
        return self._streams

    def begin(self, *asked: Question) -> None:
        """Have these questions answered while something else is done; the methods that ask the same find the answers."""
        self._clients.begin(*asked)

    def begin_a_run(self, label: str, *more: Question) -> None:
        """Begin what every run asks at first, about what carries the label: answers come side by side."""
        listings = [questions.with_label(listing, label) for listing in questions.LISTINGS]
        self.begin(questions.VERSION, *listings, self._config, *more)
        _ = self.streams

    def drop_questions(self) -> None:
        """End what was begun and not asked for."""
        self._clients.drop()

    def check(self) -> str:
        """The engine's version. EngineUnavailable says in a line what is missing and what to do."""
        answer = self._clients.ask(questions.VERSION, QUERY_LIMIT)
        if answer.exit_code:
            raise unavailable(answer.errors.strip() or said(answer))
        server = json.loads(answer.output).get("Server") or {}
        if not server.get("Version"):
            raise EngineUnavailable("The Docker daemon did not tell its version. Is it still starting? Try again.")
        self.kernel = str(server.get("KernelVersion", ""))
        return str(server["Version"])

    def compose_version(self) -> str:
        """The version of Compose. EngineUnavailable if there is no Compose v2."""
        answer = self._clients.ask(("compose", "version"), QUERY_LIMIT)
        if answer.exit_code:
            raise ComposeMissing
        return answer.output.strip().rpartition(" ")[2]

    def data_folder(self) -> Path | None:
        """Where the engine keeps its data, on its own host."""
        folder = self.command("info", "--format", "{{.DockerRootDir}}").strip()
        return Path(folder) if folder else None

    def rendered(self) -> dict[str, Any]:
        """The project's compose files as Compose understands them. ConfigError with Compose's own words."""
        answer = self._clients.ask(self._config, QUERY_LIMIT, "`docker compose config`")
        if answer.exit_code:
            self.compose_version()  # where there is none, what docker said of options that it does not know would only puzzle
            files = " and ".join(map(str, self._project[1]))
            raise ConfigError(f"Docker Compose does not accept {files} (`compose_file` in repos.yaml):\n{said(answer)}")
        found: dict[str, Any] = json.loads(answer.output)
        return found

    @property
    def _config(self) -> Question:
        return questions.config(*self._project)

    def image(self, name: str) -> Image | None:
        """An image; None if it is not on this machine."""
        answer = self._clients.ask(questions.image(name), QUERY_LIMIT)
        if answer.exit_code and has_vanished(answer.errors):
            return None
        if answer.exit_code:
            raise EnvironmentFailed(f"`docker image inspect {name}` failed: {said(answer)}")
        (found,) = json.loads(answer.output)
        return image_from(found)

    def command(self, *arguments: str, limit: float = QUERY_LIMIT) -> str:
        """What `docker ARGUMENTS` prints, within `limit` seconds. EnvironmentFailed with what docker said."""
        answer = self._clients.ask(arguments, limit)
        if answer.exit_code:
            raise EnvironmentFailed(f"`docker {' '.join(arguments[:2])}` failed: {said(answer)}")
        return answer.output

    def query(self, container: str, command: Sequence[str], limit: float = QUERY_LIMIT) -> tuple[int, str]:
        """The exit code of a short command in a container, and what it printed; within `limit` seconds."""
        answer = self._clients.ask(questions.execution(container, command), limit, f"`{command[0]}` in {container}")
        return answer.exit_code, answer.output or answer.errors

    def passing(self, tests: Mapping[str, Sequence[str]], seconds: float) -> set[str]:
        """The containers in which their command succeeds within about so many seconds, in which it is repeated."""
        tries = str(max(1, int(seconds / _PAUSE)))
        asked = [questions.execution(name, ["sh", "-c", _UNTIL, "until", tries, *test]) for name, test in tests.items()]
        try:
            answers = self._clients.ask_all(asked, seconds + _HANGING)
        except EnvironmentFailed:
            return set()  # one hangs: the containers' states tell whether there is more to wait for
        return {name for name, answer in zip(tests, answers, strict=True) if answer.exit_code == 0}

    def containers(self, project: str) -> list[ContainerStatus]:
        """The project's containers, running or not."""
        return _listed(lambda: self.states(self._ids(questions.CONTAINERS, f"{PROJECT_LABEL}={project}")))

    def states(self, containers: Sequence[str]) -> list[ContainerStatus]:
        """These containers, by name or id, as they are now. EnvironmentFailed if one is gone."""
        return [status_from(container) for container in self._inspected("container", containers)]

    def remove_containers(self, project: str) -> None:
        """Remove the containers of a failed start, and their anonymous volumes, which a second `up` would leave behind."""
        if found := self._ids(questions.CONTAINERS, f"{PROJECT_LABEL}={project}"):
            self.command("container", "rm", "--force", "--volumes", *found)

    def labelled(self, label: str) -> list[Resource]:
        """Every container, network and volume of Compose projects that carries the label (NAME or NAME=VALUE)."""
        found = _listed(lambda: [resource for listing in questions.LISTINGS for resource in self._resources(listing, label)])
        return [Resource(labels[PROJECT_LABEL], labels, ports) for labels, ports in found if PROJECT_LABEL in labels]

    def volumes_with(self, label: str) -> list[dict[str, Any]]:
        """Every volume that carries the label (NAME or NAME=VALUE), as `docker volume inspect` tells it."""
        return _listed(lambda: self._inspected("volume", self._ids(questions.VOLUMES, label)))

    def _resources(self, listing: Question, label: str) -> list[tuple[dict[str, str], tuple[int, ...]]]:
        found = self._inspected(listing[0], self._ids(listing, label))
        if listing[0] == "container":
            return [(each["Config"]["Labels"] or {}, published_by(each)) for each in found]
        return [(each["Labels"] or {}, ()) for each in found]

    def published_ports(self) -> dict[int, str]:
        """The host ports that running containers publish, with the container's name."""
        found = _listed(lambda: self._inspected("container", self.command("container", "ls", "--quiet").split()))
        return {port: each["Name"].lstrip("/") for each in found for port in published_by(each)}

    def _ids(self, listing: Question, label: str) -> list[str]:
        return self.command(*questions.with_label(listing, label)).split()

    def _inspected(self, kind: str, names: Sequence[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.command(*questions.inspection(kind, names))) if names else []
        return found


def _listed(ask: Callable[[], _T]) -> _T:
    """Ask again where something went away between docker's list and its look at each: other runs end meanwhile."""
    for _ in range(LISTING_TRIES - 1):
        try:
            return ask()
        except EnvironmentFailed as error:
            if not has_vanished(str(error)):
                raise
    return ask()
