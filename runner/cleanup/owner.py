"""Who owns an environment: enough about a process to know later, without doubt, whether it still lives."""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from runner.naming import LABEL_PREFIX
from runner.processes import HIDDEN, UNKNOWN, boot_id, pid_namespace, start_of

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
        name. Only where neither is known, or no namespace was written, does the name decide.
        """
        if self.boot != boot_id():
            return False
        if self.pidns and self.boot != UNKNOWN:
            return self.pidns == pid_namespace() != UNKNOWN
        return self.host == socket.gethostname()

    @property
    def is_of_another_boot(self) -> bool:
        """Whether the process was on a host of this one's name: before a restart, or it is another machine of that name."""
        return self.boot != boot_id() and self.host == socket.gethostname()

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs, or may do so as far as this user can see. Only meaningful if `is_visible`."""
        found = start_of(self.pid)
        return found is not None and (found == self.start or HIDDEN in (found, self.start))


def this_process() -> Owner:
    """Return the owner that this very process is."""
    pid = str(os.getpid())
    return Owner(host=socket.gethostname(), boot=boot_id(), pid=pid, start=start_of(pid) or "", pidns=pid_namespace())


def owner_from(labels: Mapping[str, str]) -> Owner | None:
    """Return the owner written into `labels` by `Owner.labels`; None where they are not complete, or not a process'."""
    try:
        owner = Owner(**{key: labels[_OWNER + key] for key in _KEYS}, pidns=labels.get(_PID_NAMESPACE, ""))
    except KeyError:
        return None
    return owner if _PID.fullmatch(owner.pid) else None
