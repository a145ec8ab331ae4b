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
class Machine:
    """The machine of an engine, as `docker info` tells it: its memory in bytes, its processors, and what can be limited.

    `engine_id`: by which the engine is told from every other one.
    """

    engine_id: str
    memory: int = 0
    cpus: int = 0
    limits_memory: bool = False
    limits_swap: bool = False
    limits_pids: bool = False


@dataclass(frozen=True)
class ContainerStatus:
    """What the engine knows of one container: `status` as in `docker ps`, `health` None where it has no health check.

    `started_at` and `restarts` tell a container that ran all the time from one that the engine has started again;
    `check_said` is what the engine's health check printed the last time, if it failed; `volumes`: the name and the place of
    those that it can write to; `memory` and `pids`: its limits, in bytes and in processes and threads, 0 where it has none.
    """

    name: str
    service: str
    status: str
    health: str | None
    exit_code: int | None
    oom_killed: bool
    started_at: str = ""
    restarts: int = 0
    check_said: str = ""
    volumes: tuple[tuple[str, str], ...] = ()
    memory: int = 0
    pids: int = 0

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
    health = state.get("Health") or {}
    checks = health.get("Log") or [{}]
    host = inspected.get("HostConfig") or {}
    return ContainerStatus(
        name=inspected["Name"].lstrip("/"),
        service=(inspected["Config"]["Labels"] or {}).get("com.docker.compose.service", ""),
        status=state["Status"],
        health=health.get("Status"),
        exit_code=state["ExitCode"],
        oom_killed=state["OOMKilled"],
        started_at=str(state.get("StartedAt") or ""),
        restarts=int(inspected.get("RestartCount") or 0),
        check_said=str(checks[-1].get("Output") or "") if checks[-1].get("ExitCode") else "",
        volumes=tuple(
            (str(mount["Name"]), str(mount["Destination"]))
            for mount in inspected.get("Mounts") or ()
            if mount.get("Type") == "volume" and mount.get("RW")
        ),
        memory=int(host.get("Memory") or 0),
        pids=max(0, int(host.get("PidsLimit") or 0)),
    )


def image_from(inspected: dict[str, Any]) -> Image:
    """Read an image from `docker image inspect`."""
    digest = (inspected.get("RepoDigests") or [inspected["Id"]])[0]
    return Image(digest, inspected.get("Config") or {}, inspected["Id"])
