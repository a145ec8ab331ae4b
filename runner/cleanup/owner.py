"""Who owns an environment: enough about a process to know later, without doubt, whether it still lives."""

import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from runner.naming import LABEL_PREFIX

_HIDDEN = "hidden"
_OWNER = LABEL_PREFIX + "owner-"
_KEYS = ("host", "boot", "pid", "start")
OWNER_LABELS = tuple(_OWNER + key for key in _KEYS)


@dataclass(frozen=True)
class Owner:
    """A process: its host, the boot it belongs to, its pid, and its start (so that a reused pid is not taken for it)."""

    host: str
    boot: str
    pid: str
    start: str

    def labels(self) -> dict[str, str]:
        """Return the owner as labels of containers, networks and volumes."""
        return {_OWNER + key: value for key, value in asdict(self).items()}

    @property
    def is_on_this_host(self) -> bool:
        """Whether this host can tell if the process lives."""
        return self.host == socket.gethostname()

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs, or may do so as far as this user can see. Only meaningful on its own host."""
        return self.boot == _boot_id() and _start_of(self.pid) in (self.start, _HIDDEN)


def this_process() -> Owner:
    """Return the owner that this very process is."""
    pid = str(os.getpid())
    return Owner(host=socket.gethostname(), boot=_boot_id(), pid=pid, start=_start_of(pid) or "")


def owner_from(labels: dict[str, str]) -> Owner | None:
    """Return the owner written into `labels` by `Owner.labels`; None where they are not complete, or not a process'."""
    try:
        owner = Owner(**{key: labels[_OWNER + key] for key in _KEYS})
    except KeyError:
        return None
    return owner if owner.pid.isdigit() else None


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def _start_of(pid: str) -> str | None:
    """Field 22 of /proc/PID/stat (proc(5)), the start in clock ticks since boot; None if there is no such process.

    _HIDDEN if there is one of which no more is to be known: without /proc (macOS), or another user's where /proc is mounted
    with `hidepid`. A reused pid may then keep an environment; a living run never loses one.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")  # the name may hold any bytes
    except OSError:
        return _HIDDEN if _exists(pid) else None
    # The command's name, in parentheses, may hold spaces and parentheses itself.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def _exists(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    return True
