"""What the engine holds, as frozen values."""

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
