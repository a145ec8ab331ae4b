"""What the engine holds, as frozen values, and how to read them from what `docker inspect` says. Pure."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ContainerStatus:
    """What the engine knows of one container: `status` as in `docker ps`, `health` None where it has no health check."""

    name: str
    service: str
    status: str
    health: str | None
    exit_code: int | None
    oom_killed: bool


@dataclass(frozen=True)
class Image:
    """An image on this machine: the registry's digest, else its local id, and its `Config`: entrypoint, environment ..."""

    digest: str
    config: dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """A container, network or volume of a Compose project, with the host ports that a container publishes."""

    project: str
    labels: dict[str, str]
    ports: tuple[int, ...] = ()


def status_from(inspected: dict[str, Any]) -> ContainerStatus:
    """A container's status."""
    state = inspected["State"]
    return ContainerStatus(
        name=inspected["Name"].lstrip("/"),
        service=(inspected["Config"]["Labels"] or {}).get("com.docker.compose.service", ""),
        status=state["Status"],
        health=(state.get("Health") or {}).get("Status"),
        exit_code=state["ExitCode"],
        oom_killed=state["OOMKilled"],
    )


def image_from(inspected: dict[str, Any]) -> Image:
    """An image."""
    return Image((inspected.get("RepoDigests") or [inspected["Id"]])[0], inspected.get("Config") or {})


def published_by(inspected: dict[str, Any]) -> tuple[int, ...]:
    """The host ports that a container publishes."""
    bindings = (inspected.get("HostConfig") or {}).get("PortBindings") or {}
    return tuple(
        int(each["HostPort"]) for found in bindings.values() for each in found or [] if str(each.get("HostPort")).isdigit()
    )
