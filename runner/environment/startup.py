"""Bring a project up on a free port, and wait until it is healthy."""

from collections.abc import Mapping, Sequence

from runner.docker.engine import Engine
from runner.docker.messages import PortTaken
from runner.environment.health import last_words, wait_until_healthy
from runner.environment.port_search import PortSearch
from runner.errors import EngineStalled, EnvironmentFailed
from runner.terminal import Terminal


class Startup:
    """The start of one project, on the first free port that its search finds; `health_timeout` in seconds.

    Closed, it gives the port back.
    """

    def __init__(self, project: str, ports: PortSearch, health_timeout: float, terminal: Terminal) -> None:
        self.port: int | None = None
        self.has_started = False
        self._project = project
        self._ports = ports
        self._health_timeout = health_timeout
        self._terminal = terminal

    def reserve(self) -> None:
        """Reserve a port; `port` is it. NoFreePort if there is none."""
        self._reservation = self._ports.reserve()
        self.port = self._reservation.port

    def up_and_healthy(self, engine: Engine, checks: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Start the project and wait until it is healthy; the names of its containers by service.

        `checks`: the health checks that are made here, by service. EnvironmentFailed if it does not start or is not healthy
        in time, NoFreePort if all ports were lost meanwhile.
        """
        with self._terminal.phase("up"):
            self._up(engine)
        self.has_started = True
        with self._terminal.phase("healthy"):
            found = wait_until_healthy(engine, self._project, self._health_timeout, checks, self._terminal.step)
        return {each.service: each.name for each in found}

    def close(self) -> None:
        """Let others have the port."""
        self._ports.close()

    def _up(self, engine: Engine) -> None:
        while True:
            engine.set_variables({"ODOO_PORT": str(self.port)})
            try:
                engine.streams.up()
                return
            except PortTaken:
                self._terminal.line(f"  port {self.port} went to somebody else in between; trying the next one")
                engine.remove_containers(self._project)
                self._ports.lost(self._reservation)
                self.reserve()
            except EngineStalled:
                raise
            except EnvironmentFailed as error:
                # Compose says which container failed, but not why.
                raise EnvironmentFailed(f"{error}\n{last_words(engine, self._project)}".rstrip()) from error
