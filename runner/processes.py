"""What may be known of other processes: which lives, since when, which listens on a port, which carries a mark.

From /proc where there is one (Linux), else by `ps`, `sysctl` and psutil (macOS). Without psutil fewer are known, and nothing
fails. Standard library only where there is /proc: the guard lives from this as the runner does.
"""

import contextlib
import functools
import os
import re
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

HAS_PROC = os.path.lexists("/proc/self")
# Instead of a start: the process is there, and no more is to be known of it.
HIDDEN = "hidden"
UNKNOWN = "unknown"
# Seconds for `ps` and `sysctl`, which answer at once.
_TIMEOUT = 5.0
# Of a command line that is shown.
_LONGEST = 80


@functools.cache
def boot_id() -> str:
    """Return what is this machine's alone until it restarts; UNKNOWN if there is nothing that is."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return _said("/usr/sbin/sysctl", "-n", "kern.bootsessionuuid") or UNKNOWN


def pid_namespace() -> str:
    """Return the pid namespace in which this process' pid counts: unique in its boot while anything lives in it.

    0 on a machine that has one only; UNKNOWN if it cannot be known.
    """
    with contextlib.suppress(OSError):
        return "".join(re.findall(r"\d+", str(Path("/proc/self/ns/pid").readlink()))) or UNKNOWN
    return "0" if not HAS_PROC and boot_id() != UNKNOWN else UNKNOWN


def start_of(pid: str) -> str | None:
    """Return when a process started, so that a clock that is set changes nothing; None if there is no such process.

    HIDDEN if no more is to be known: with the /proc of another pid namespace, or another user's process where /proc is mounted
    with `hidepid`. A reused pid may then keep an environment; a living run never loses one.
    """
    try:
        if HAS_PROC and str(Path("/proc/self").readlink()) != str(os.getpid()):
            raise FileNotFoundError("the pids in /proc are not those of this namespace")
        state, start = _by_proc(pid) if HAS_PROC else _by_ps(pid)
    except (OSError, ValueError):
        return HIDDEN if _exists(pid) else None
    return None if state.startswith("Z") else start


def _by_proc(pid: str) -> tuple[str, str]:
    """Field 22 of /proc/PID/stat (proc(5)) is the start in clock ticks since boot."""
    stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")  # the name may hold any bytes
    # The command's name, in parentheses, may hold spaces and parentheses itself.
    fields = stat.rpartition(")")[2].split()
    return fields[0], fields[19]


def _by_ps(pid: str) -> tuple[str, str]:
    """The second of the start, as the kernel wrote it down; psutil adds by how much the clock was set since its import."""
    state, start = _said("ps", "-o", "stat=", "-o", "lstart=", "-p", pid).split(maxsplit=1)
    return state, "-".join(start.split())


def _said(*command: str) -> str:
    environ = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC0"}
    try:
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.strip()


def _exists(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    return True


def marked(mark: str) -> list[int]:
    """Return the processes that have `mark` in their environment or as an argument, as far as this user may see them."""
    if HAS_PROC:
        folders = Path("/proc").glob("[0-9]*")
        return [int(folder.name) for folder in folders if _carries(folder, mark.encode())]
    name, _, value = mark.partition("=")
    found = []
    for process, seen in _others():
        with seen:  # what is signed by Apple shows its arguments only
            if mark in process.cmdline() or process.environ().get(name) == value:
                found.append(process.pid)
    return found


def _carries(process: Path, mark: bytes) -> bool:
    try:
        return any(mark in (process / file).read_bytes().split(b"\0") for file in ("environ", "cmdline"))
    except OSError:
        return False  # gone in between, or another user's


def listeners(ports: Collection[int]) -> dict[int, str]:
    """Return who listens on each of these ports, as far as this user may see."""
    found: dict[int, str] = {}
    for process, seen in _others():
        with seen:
            taken = {at.laddr.port for at in process.net_connections("tcp") if at.status == "LISTEN"}
            for port in taken.intersection(ports):
                found.setdefault(port, f"pid {process.pid}: {' '.join(process.cmdline())[:_LONGEST]}")
    return found


def _others() -> Iterator[tuple[Any, contextlib.AbstractContextManager[None]]]:
    """Each process, as psutil knows it, and what leaves it out where it has ended meanwhile, or is another user's."""
    psutil = _psutil()
    if psutil is None:
        return
    # The last two by psutil 7: of a process that macOS does not show, and where none is shown.
    unseen = contextlib.suppress(psutil.Error, OSError, SystemError, LookupError)
    with unseen:
        for pid in psutil.pids():
            with unseen:
                yield psutil.Process(pid), unseen


def _psutil() -> Any:
    try:
        import psutil  # noqa: PLC0415 - 30 ms, for what few runs ask
    except ImportError:
        return None
    return psutil


if not HAS_PROC:
    _psutil()  # while it is there: the guard must not depend on what a virtual environment may have lost by then
