"""Whether a run's database may be held in memory: what is thrown away a minute later need not be written to a disk."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MEMINFO = Path("/proc/meminfo")
# In megabytes. A database takes 60 to 300, PostgreSQL's log meanwhile up to 1000; the rest is for Odoo and everybody else.
WANTED = 4000


def has_room(engine_kernel: str, meminfo: Path = _MEMINFO) -> bool:
    """Tell whether this machine has WANTED to spare. False also where the engine is in another one, as its kernel tells."""
    if engine_kernel != os.uname().release:
        return False
    try:
        facts = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        available = int(facts["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError, IndexError):
        return False  # not Linux
    return available >= WANTED * 1_000_000


def is_limited(service: Mapping[str, Any], memory: int | None = None) -> bool:
    """Tell whether the service has a limit of memory, which its files in memory would count for.

    `memory`: what a service without one of its own is limited to by repos.yaml, in bytes; WANTED is no limit.
    """
    limits = ((service.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    return "mem_limit" in service or "memory" in limits or (memory or WANTED * 1_000_000) < WANTED * 1_000_000
