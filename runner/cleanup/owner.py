"""Who owns an environment: enough about a process to know later, without doubt, whether it still lives."""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from runner.naming import LABEL_PREFIX

_HIDDEN = "hidden"
_UNKNOWN = "unknown"
_OWNER = LABEL_PREFIX + "owner-"
_KEYS = ("host", "boot", "pid", "start")
# Neither 0 nor below, which mean process groups.
_PID = re.compile(r"[1-9][0-9]*")
# What earlier versions did not write.
_PID_NAMESPACE = _OWNER + "pidns"
OWNER_LABELS = (*(_OWNER + key for key in _KEYS), _PID_NAMESPACE)


@dataclass(frozen=True)
class Owner:
    """A process: its host, the boot it belongs to, its pid, its start (so that a reused pid is not taken for it).

    `pidns`: the namespace in which this is its pid, as each container has one; empty where an earlier version wrote none.
    """

    host: str
    boot: str
    pid: str
    start: str
    pidns: str

    def labels(self) -> dict[str, str]:
        """Return the owner as labels of containers, networks and volumes."""
        return {_OWNER + key: value for key, value in asdict(self).items()}

    @property
    def is_visible(self) -> bool:
        """Whether the process would be seen from here if it lived: of the boot and the pid namespace that are ours.

        Those of a kernel do not change with the host's name, and are never those of another machine or container with that
        name. Only where neither is known (macOS), or no namespace was written, does the name decide.
        """
        if self.boot != _boot_id():
            return False
        if self.pidns and self.boot != _UNKNOWN:
            return self.pidns == _pid_namespace() != _UNKNOWN
        return self.host == socket.gethostname()

    @property
    def is_of_another_boot(self) -> bool:
        """Whether the process was on a host of this one's name: before a restart, or it is another machine of that name."""
        return self.boot != _boot_id() and self.host == socket.gethostname()

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs, or may do so as far as this user can see. Only meaningful if `is_visible`."""
        found = _start_of(self.pid)
        return found is not None and (found == self.start or _HIDDEN in (found, self.start))


def this_process() -> Owner:
    """Return the owner that this very process is."""
    pid = str(os.getpid())
    return Owner(host=socket.gethostname(), boot=_boot_id(), pid=pid, start=_start_of(pid) or "", pidns=_pid_namespace())


def owner_from(labels: Mapping[str, str]) -> Owner | None:
    """Return the owner written into `labels` by `Owner.labels`; None where they are not complete, or not a process'."""
    try:
        owner = Owner(**{key: labels[_OWNER + key] for key in _KEYS}, pidns=labels.get(_PID_NAMESPACE, ""))
    except KeyError:
        return None
    return owner if _PID.fullmatch(owner.pid) else None


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return _UNKNOWN


def _pid_namespace() -> str:
    """The number of this process' pid namespace, in which pids count: unique in its boot while anything lives in it."""
    try:
        return "".join(re.findall(r"\d+", str(Path("/proc/self/ns/pid").readlink()))) or _UNKNOWN
    except OSError:
        return _UNKNOWN


def _start_of(pid: str) -> str | None:
    """Field 22 of /proc/PID/stat (proc(5)), the start in clock ticks since boot; None if there is no such process.

    _HIDDEN if there is one of which no more is to be known: without /proc (macOS), with that of another pid namespace, or
    another user's where /proc is mounted with `hidepid`. A reused pid may then keep an environment; a living run never loses
    one.
    """
    try:
        if str(Path("/proc/self").readlink()) != str(os.getpid()):
            raise FileNotFoundError("the pids in /proc are not those of this namespace")
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
