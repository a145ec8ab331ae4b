"""Containers of somebody else that use a network or a volume of a run, which the engine then does not remove.

Standard library only, because the guard lives from this.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from runner.cleanup.resources import Resources, finish, outputs
from runner.docker.listing import NETWORKS, VOLUMES
from runner.docker.process import Command, DockerFailed, Endpoint, has_vanished


class Use(NamedTuple):
    """A container that uses a network or a volume (`kind`, `name`); `stays`: its own end does not change that."""

    kind: str
    name: str
    container: str
    stays: bool = False

    @property
    def told(self) -> str:
        """Say what is in the way, and what to do about it."""
        what = f"{self.kind[:-1]} {self.name} is used by {self.container}, a container of somebody else"
        if self.kind == NETWORKS:
            return f"{what}. To disconnect it: docker network disconnect -f {self.name} {self.container}"
        return f"{what}. Only without that container it can be removed: docker rm -f {self.container}"


def uses(endpoint: Endpoint, resources: Resources, deadline: float) -> list[Use]:
    """Return which containers use these networks and volumes, running or not. DockerFailed if the engine cannot say."""
    networks = [endpoint.start("network", "inspect", name) for name in resources.get(NETWORKS) or ()]
    found = [use for network in _inspected(networks, deadline) for use in _endpoints_of(network)]
    if volumes := resources.get(VOLUMES):
        mounting = [word for name in volumes for word in ("--filter", f"volume={name}")]
        (ids,) = outputs([endpoint.start("ps", "-aq", "--no-trunc", *mounting)], deadline)
        containers = [endpoint.start("container", "inspect", container) for container in ids.split()]
        found += [use for container in _inspected(containers, deadline) for use in _mounts_of(container, volumes)]
    return found


def disconnect(endpoint: Endpoint, connected: Iterable[Use], deadline: float) -> tuple[list[Use], list[str]]:
    """Take containers off the networks that they use, and let them run; those that were taken off, and what failed."""
    # By name and with force: so it works also for an endpoint of which the container is gone.
    running = [(use, endpoint.start("network", "disconnect", "-f", use.name, use.container)) for use in connected]
    done, failures = [], []
    for use, command in running:
        _, failed = finish([command], deadline)
        if not failed:
            done.append(use)
        failures += [said for said in failed if not has_vanished(said) and "is not connected" not in said]
    return done, failures


def _inspected(commands: Sequence[Command], deadline: float) -> list[Any]:
    """What each of these clients tells of one thing, but of those that have vanished meanwhile."""
    printed, failed = finish(commands, deadline)
    if failures := [said for said in failed if not has_vanished(said)]:
        raise DockerFailed("; ".join(failures))
    try:
        return [json.loads(output)[0] for output in printed]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise DockerFailed(f"what docker tells of a network or a container is not understood: {error}") from error


def _endpoints_of(network: Any) -> list[Use]:
    return [Use(NETWORKS, network["Name"], endpoint["Name"]) for endpoint in (network.get("Containers") or {}).values()]


def _mounts_of(container: Any, volumes: Sequence[str]) -> list[Use]:
    # The engine removes it by itself: now, or when it ends (`docker run --rm`).
    goes = container["State"]["Status"] == "removing" or bool(container["HostConfig"].get("AutoRemove"))
    mounted = dict.fromkeys(mount.get("Name") for mount in container.get("Mounts") or ())
    return [Use(VOLUMES, name, container["Name"].lstrip("/"), stays=not goes) for name in mounted if name in volumes]
