"""What docker tells of containers, images and engines, as frozen values read from its JSON."""

import re
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# Of containers that have run, and do not any more; not of one that is only created. `stopped` is Podman's word.
ENDED = ("exited", "dead", "stopped")
# RFC 3339, of which Python before 3.11 reads neither nanoseconds nor a Z.
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class EngineFacts:
    """An engine's version, the kernel of the machine that it runs on, and the version of docker's client here.

    Podman answers as an engine, too.
    """

    version: str
    kernel: str
    is_podman: bool = False
    client: str = ""

    @property
    def name(self) -> str:
        """What it is, with its version."""
        return f"{'Podman' if self.is_podman else 'Docker'} {self.version}"


@dataclass(frozen=True)
class Machine:
    """The machine of an engine, as `docker info` tells it: its memory in bytes, its processors, and what can be limited."""

    memory: int = 0
    cpus: int = 0
    limits_memory: bool = False
    limits_swap: bool = False
    limits_pids: bool = False


@dataclass(frozen=True)
class EngineInfo:
    """An engine's ID, by which it is told from every other one, its clock, `ahead` of ours, and its machine.

    Ours is the monotonic one.
    """

    id: str
    ahead: float
    machine: Machine = Machine()

    @property
    def now(self) -> float:
        """The engine's time, in seconds of the epoch; the same for all who use it, whatever their own machines say."""
        return time.monotonic() + self.ahead


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
        return self.status in ENDED


@dataclass(frozen=True)
class Image:
    """An image of the engine: the registry's digest, else its local id, and its `Config`: entrypoint, environment ...

    `id`: of the very image, where a registry's digest may be of one for several platforms; empty if it is unknown. `size`: in
    bytes, with all that it is made of.
    """

    digest: str
    config: dict[str, Any]
    id: str = ""
    tags: tuple[str, ...] = ()
    size: int = 0


def info_from(answer: Any, asked: float) -> EngineInfo:
    """Read an engine's ID, time and machine; `asked`: when, by the monotonic clock. ValueError for what is none.

    So its clock is fast by what the answer took, and never slow, however late it is read.
    """
    engine_id, system_time, memory, cpus, *limited = answer
    told = _TIME.fullmatch(str(system_time))
    if not told or not isinstance(engine_id, str):
        raise ValueError(f"{answer!r} is no ID with a time")
    seconds = datetime.fromisoformat(told[1] + told[2].replace("Z", "+00:00")).timestamp()
    return EngineInfo(engine_id, seconds - asked, Machine(int(memory), int(cpus), *map(bool, limited)))


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
    about = (tuple(inspected.get("RepoTags") or ()), int(inspected.get("Size") or 0))
    return Image(digest, inspected.get("Config") or {}, inspected["Id"], *about)
