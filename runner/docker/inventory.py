"""What docker tells of containers, images and engines, as frozen values read from its JSON."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EngineFacts:
    """An engine's version, and the kernel of the machine that it runs on. Podman answers as an engine, too."""

    version: str
    kernel: str
    is_podman: bool = False


@dataclass(frozen=True)
class ContainerStatus:
    """What the engine knows of one container: `status` as in `docker ps`, `health` None where it has no health check."""

    name: str
    service: str
    status: str
    health: str | None
    exit_code: int | None
    oom_killed: bool

    @property
    def has_ended(self) -> bool:
        """Whether the container ran, and does not any more."""
        return self.status in ("exited", "dead")


@dataclass(frozen=True)
class Image:
    """An image of the engine: the registry's digest, else its local id, and its `Config`: entrypoint, environment ...

    `id`: of the very image, where a registry's digest may be of one for several platforms; empty if it is unknown.
    """

    digest: str
    config: dict[str, Any]
    id: str = ""


def status_from(inspected: dict[str, Any]) -> ContainerStatus:
    """Read a container's status from `docker inspect`."""
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
    """Read an image from `docker image inspect`."""
    digest = (inspected.get("RepoDigests") or [inspected["Id"]])[0]
    return Image(digest, inspected.get("Config") or {}, inspected["Id"])
