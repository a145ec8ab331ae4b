"""What streams from docker as long as it takes: `up`, `pull`, commands, logs. The only place that imports python_on_whales."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from runner.docker.clients import Answer, in_new_session
from runner.docker.messages import PortTaken, is_port_taken, said, tail
from runner.errors import EnvironmentFailed
from runner.signals import time_limit

# Bounds in seconds. They only have to be longer than anything that works, on a machine under load.
UP_LIMIT = 300
PULL_LIMIT = 1800
LOGS_LIMIT = 60


class Streams:
    """Docker by python-on-whales, with one Compose project in it. Every call is bounded in time (EngineStalled)."""

    def __init__(self, project: str | None = None, compose_files: Sequence[Path] = ()) -> None:
        self._client = DockerClient(
            client_call=in_new_session(), compose_files=list(compose_files), compose_project_name=project
        )

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
            text = b"".join(lines).decode(errors="replace").strip() or _said(error)
            if is_port_taken(text):
                raise PortTaken(text) from error
            raise EnvironmentFailed(f"`docker compose up` failed:\n{tail(text)}") from error

    def execute(self, container: str, command: list[str], limit: float) -> "Execution":
        """Run a command in a container, for at most `limit` seconds: iterate over its output, then ask for its exit code."""
        return Execution(self._client, container, command, limit)

    def logs(self, container: str, lines: int) -> str:
        """The last lines of a container's log; where they cannot be had, why."""
        try:
            with time_limit(LOGS_LIMIT, f"`docker logs {container}`"):
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


def _lines(stream: Any) -> Iterator[bytes]:
    """The lines of what python-on-whales calls a stream: pairs of a source and bytes."""
    return (line for _source, line in stream)


def _said(error: DockerException) -> str:
    return said(Answer(error.return_code, error.stdout or "", error.stderr or ""))
