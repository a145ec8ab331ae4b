"""`with Environment(...)`: up, healthy, and down again on every way out of the block."""

import contextlib
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from .config import RepoConfig
from .engine import ContainerStatus, Engine, PortTaken
from .errors import ConfigError, EnvironmentFailed, NoFreePort
from .guard import Guard, GuardFailed
from .odoo import addons_targets
from .ports import Reservation, port_holders, reserved_port
from .progress import Terminal
from .signals import Signals
from .teardown import Report

ODOO = "odoo"
_POLL = 0.2
_LOG_LINES = 20


class Environment:
    """One Compose project, from before its first docker call until nothing of it is left.

    Entering brings it up and waits until it is healthy; leaving always ends in the guard's teardown, whose report is then
    in `teardown` (None if nothing had been started). Raises NoFreePort, ConfigError, EngineUnavailable or EnvironmentFailed.
    """

    def __init__(
        self,
        *,
        project: str,
        token: str,
        repository: RepoConfig,
        folder: Path,
        labels: dict[str, str],
        variables: dict[str, str],
        health_timeout: float,
        terminal: Terminal,
        signals: Signals,
    ) -> None:
        self.project = project
        self.port: int | None = None
        self.images: dict[str, str] = {}
        self.engine_version = ""
        self.teardown: Report | None = None
        self._token = token
        self._repository = repository
        self._folder = folder
        self._labels = labels
        self._variables = variables
        self._health_timeout = health_timeout
        self._terminal = terminal
        self._signals = signals
        self._tried: set[int] = set()
        self._reservation: Any = None

    def __enter__(self) -> "Environment":
        try:
            self._guard = Guard(self.project, self._token, self._folder / "teardown.json")
        except GuardFailed as error:
            raise EnvironmentFailed(f"{error} Nothing was started.") from error
        try:
            reservation = self._next_port()
            self.engine = Engine(self._variables)
            self.engine_version = self.engine.check()
            self._prepare()
            self._guard.arm()
            with self._terminal.phase("up"):
                self._up(reservation)
            with self._terminal.phase("healthy"):
                wait_until_healthy(self.engine, self.project, self._health_timeout)
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave()

    @property
    def odoo_container(self) -> str:
        """The name of the container of the service `odoo`."""
        return next(each.name for each in self.engine.containers(self.project) if each.service == ODOO)

    def _leave(self) -> None:
        self._signals.shield()
        if self._signals.first is not None:
            self._terminal.line(f"  {signal.Signals(self._signals.first).name}: ending the run and tearing down")
        try:
            with self._terminal.phase("down") if self._guard.is_armed else contextlib.nullcontext():
                self.teardown = self._guard.finish()
        except GuardFailed as error:
            self.teardown = Report(left={"unknown": [f"label com.docker.compose.project={self.project}"]}, errors=[str(error)])
        finally:
            if self._reservation:
                self._reservation.__exit__(None, None, None)

    def _next_port(self) -> Reservation:
        if self._reservation:
            self._reservation.__exit__(None, None, None)
        ports = self._repository.ports
        self._reservation = reserved_port(port for port in ports if port not in self._tried)
        reservation: Reservation | None = self._reservation.__enter__()
        if reservation is None:
            holders = "\n".join(f"  {port}: {holder}" for port, holder in port_holders(ports).items())
            raise NoFreePort(
                f"No free port in {ports} (repositories.{self._repository.name}.ports). They are held by:\n{holders}\n"
                "Wait for a run to end, widen the range, or remove what dead runs left: nox -s cleanup"
            )
        self.port = reservation.port
        return reservation

    def _prepare(self) -> None:
        """Read the compose file, pull what is missing, and write the override that the project is started with."""
        override = self._folder / "compose.override.json"
        self.engine.set_variables({"ODOO_PORT": str(self.port)})
        self.engine.use_project(self.project, [self._repository.compose_file])
        rendered = self.engine.rendered()
        override.write_text(json.dumps(override_for(rendered, self._labels, self._repository.addons), indent=1))
        for image in sorted({str(service["image"]) for service in rendered["services"].values() if "image" in service}):
            found = self.engine.image_id(image)
            if found is None:
                with self._terminal.phase(f"pull {image}"):
                    self.engine.pull(image)
                found = self.engine.image_id(image) or "unknown"
            self.images[image] = found
        self.engine.use_project(self.project, [self._repository.compose_file, override])

    def _up(self, reservation: Reservation) -> None:
        while True:
            self.engine.set_variables({"ODOO_PORT": str(reservation.port)})
            try:
                self.engine.up()
                return
            except PortTaken:
                self._terminal.line(f"  port {reservation.port} went to somebody else in between; trying the next one")
                self.engine.remove_containers(self.project)
                self._tried.add(reservation.port)
                reservation = self._next_port()


def override_for(rendered: dict[str, Any], labels: dict[str, str], addons: tuple[Path, ...]) -> dict[str, Any]:
    """The second compose file of a run: labels on everything, and the addons folders after the first, read-only.

    ConfigError if the first one, as Compose renders it, has no service `odoo` with a health check.
    """
    services = rendered.get("services") or {}
    if ODOO not in services:
        raise ConfigError(f"The compose file has no service `{ODOO}`; it has: {', '.join(services) or 'none'}.")
    if not services[ODOO].get("healthcheck"):
        raise ConfigError(
            f"The service `{ODOO}` of the compose file has no health check, so nobody could tell when it is ready."
        )
    override: dict[str, Any] = {"services": {name: {"labels": labels} for name in services}}
    override["services"][ODOO]["volumes"] = [
        {"type": "bind", "source": str(folder), "target": target, "read_only": True}
        for folder, target in list(zip(addons, addons_targets(len(addons)), strict=True))[1:]
    ]
    for kind in ("networks", "volumes"):
        override[kind] = {
            name: {"labels": labels} for name, value in (rendered.get(kind) or {}).items() if not (value or {}).get("external")
        }
    return override


def wait_until_healthy(
    engine: Engine,
    project: str,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Return when every container with a health check is healthy; EnvironmentFailed, with logs, if one died or time is up."""
    deadline = clock() + timeout
    while True:
        containers = engine.containers(project)
        dead = [each for each in containers if each.status in ("exited", "dead") and (each.exit_code or each.service == ODOO)]
        if dead:
            raise EnvironmentFailed(_why_dead(engine, dead[0]))
        waiting = [each for each in containers if each.health not in (None, "healthy")]
        if containers and not waiting:
            return
        if clock() >= deadline:
            states = ", ".join(f"{each.service} is {each.status}, health {each.health}" for each in waiting)
            logs = "\n".join(f"Last lines of {each.service}:\n{engine.logs(each.name, _LOG_LINES)}" for each in waiting)
            raise EnvironmentFailed(f"Not healthy after {timeout:g} s (--health-timeout): {states}.\n{logs}")
        wait(_POLL)


def _why_dead(engine: Engine, container: ContainerStatus) -> str:
    cause = "ran out of memory" if container.oom_killed else f"ended with exit code {container.exit_code}"
    log = engine.logs(container.name, _LOG_LINES)
    return f"The container of {container.service} {cause} before it was healthy. Its last lines:\n{log}"
