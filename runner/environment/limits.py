"""What a run may take of the machine: the limits of its services, and whether one of them was reached."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runner.config.model import Limits
from runner.docker.inventory import ContainerStatus, Machine

# Ten times and more of what was measured: see "What a run may take" in docs/how-it-works.md.
_MEMORY, _PIDS = 8 * 2**30, 4096
# Of the engine's memory, so that also where there is less something is left for everybody else.
_SHARE = 0.75
# What a service says itself. Where it only says how much memory and swap are together, or that it must not be killed for want
# of memory, a limit of ours would be refused by the engine, or stop it without an end.
_OWN = {
    "memory": ("mem_limit", "memswap_limit", "oom_kill_disable"),
    "cpus": ("cpus", "cpu_quota", "cpu_period"),
    "pids": ("pids_limit",),
}
_KEYS = {"memory": "mem_limit", "cpus": "cpus", "pids": "pids_limit"}
# Of cgroup v2 and v1.
_REACHED = (
    "cd /sys/fs/cgroup; cat memory.events memory/memory.oom_control 2>/dev/null; "
    'printf "pids_"; cat pids.events pids/pids.events 2>/dev/null'
)
_COUNT = re.compile(r"^(oom_kill|pids_max) [1-9]", re.MULTILINE)


def limits_for(services: Mapping[str, Any], wanted: Limits, machine: Machine) -> dict[str, dict[str, Any]]:
    """Return by service what has to be added to it, as the compose file writes it: the limits that it does not have itself.

    Nothing that the engine cannot limit: rather than to ignore it, some would not start the service.
    """
    return {name: _limits_of(service or {}, wanted, machine) for name, service in services.items()}


def _limits_of(service: Mapping[str, Any], wanted: Limits, machine: Machine) -> dict[str, Any]:
    resources = (service.get("deploy") or {}).get("resources") or {}
    own = resources.get("limits")
    reserved = service.get("mem_reservation") or (resources.get("reservations") or {}).get("memory") or 0
    memory = wanted.memory or min(_MEMORY, int(machine.memory * _SHARE))
    added: dict[str, Any] = {}
    if machine.limits_memory and memory:
        added["memory"] = str(max(memory, int(reserved)))  # with less than what it reserves the engine refuses it
    if wanted.cpus:
        added["cpus"] = min(wanted.cpus, machine.cpus or wanted.cpus)  # more than there are is refused
    if machine.limits_pids:
        added["pids"] = wanted.pids or _PIDS
    added = {
        kind: value
        for kind, value in added.items()
        if kind not in (own or {}) and not any(key in service for key in _OWN[kind])
    }
    # Else as much again of swap.
    swap = {"memswap_limit": added["memory"]} if "memory" in added and machine.limits_swap else {}
    # Compose refuses a file that has limits in both places.
    if own is not None:
        return {"deploy": {"resources": {"limits": added}}, **swap} if added else {}
    return {_KEYS[kind]: value for kind, value in added.items()} | swap


def limits_ignored(wanted: Limits, machine: Machine) -> list[str]:
    """Return, for each limit that is asked for and that the engine does not know, a line that says so."""
    unknown = {"memory": wanted.memory and not machine.limits_memory, "pids": wanted.pids and not machine.limits_pids}
    return [
        f"limits.{kind} of repos.yaml does not count: this engine cannot limit it (docker info)"
        for kind, is_unknown in unknown.items()
        if is_unknown
    ]


def with_limits(override: Mapping[str, Any], limits: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a run's override with the limits of its services."""
    return {**override, "services": {name: {**service, **limits[name]} for name, service in override["services"].items()}}


def told_memory(limit: int) -> str:
    """Say what limit of memory a service has, in bytes, and where it is raised; 0 is none."""
    return f"its limit is {limit / 2**20:.0f} MB{_where('memory')}" if limit else "it has no limit of its own"


def _where(kind: str) -> str:
    return f" (limits.{kind} in repos.yaml, or the service's own in the compose file)"


def reached_command() -> list[str]:
    """Print how often the limits of the container in which this runs were reached."""
    return ["sh", "-c", _REACHED]


def with_oom_killed(container: ContainerStatus, printed: str) -> ContainerStatus:
    """Return the container, out of memory also where only `reached_command` says so.

    Not every engine tells of a process that was killed, but for the container's first.
    """
    return replace(container, oom_killed=container.oom_killed or "oom_kill" in _COUNT.findall(printed))


def limits_reached(container: ContainerStatus, printed: str) -> list[str]:
    """Say which limits of the container were reached, the memory first; `printed` by `reached_command`."""
    service, reached = container.service, []
    if container.oom_killed:
        reached.append(f"out of memory: a process of the service {service} was killed; {told_memory(container.memory)}")
    if "pids_max" in _COUNT.findall(printed):
        reached.append(f"the service {service} reached its limit of {container.pids} processes and threads{_where('pids')}")
    return reached
