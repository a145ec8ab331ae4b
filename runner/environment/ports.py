"""Search and reserve a port of the host."""

import contextlib
import fcntl
import os
import socket
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

# Published on loopback only: the Odoo behind it has a well-known password.
HOST = "127.0.0.1"


class Reservation(NamedTuple):
    """A port and the descriptor whose lock reserves it against other runners until the last process closes it."""

    port: int
    lock: int


@contextlib.contextmanager
def reserved_port(ports: Iterable[int], lock_folder: Path | None = None) -> Iterator[Reservation | None]:
    """Hold the first port that no other runner has reserved and that can be bound; None if there is none.

    Other programs may still take it until the engine publishes it: whoever starts the environment must be ready to try
    the next one.
    """
    folder = lock_folder or Path(tempfile.gettempdir()) / "agent-test-ports"
    for port in ports:
        lock = _lock(folder, port)
        if lock is None:
            continue
        try:
            if can_bind(port):
                yield Reservation(port, lock)
                return
        finally:
            os.close(lock)
    yield None


def can_bind(port: int) -> bool:
    """Whether a server could listen on the port now. Connections that are merely closing (TIME_WAIT) do not matter."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _lock(folder: Path, port: int) -> int | None:
    """Lock the port's file: a descriptor, or None if another process has it. The kernel frees it when its holders end."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        # Several users share the ports of a machine; sticky, so that none removes a file that another one has locked.
        folder.chmod(0o1777)
    file = folder / f"{port}.lock"
    try:
        # Read-only is enough for flock, and lets a user lock a file that another one made.
        descriptor = os.open(file, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except PermissionError:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def port_holders(ports: Iterable[int]) -> dict[int, str]:
    """Who holds each port, as far as this user may know: another run, a process of this user, or "unknown"."""
    folder = Path(tempfile.gettempdir()) / "agent-test-ports"
    holders = {}
    for port in ports:
        lock = _lock(folder, port)
        if lock is None:
            holders[port] = "another test run"
            continue
        os.close(lock)
        if not can_bind(port):
            holders[port] = _listener(port) or "a process that this user may not see (perhaps the Docker daemon: docker ps)"
    return holders


def _listener(port: int) -> str | None:
    """The process that listens on the port: from the socket's inode in /proc/net/tcp to who has it open (proc(5))."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for descriptor in Path("/proc").glob("[0-9]*/fd/*") if inodes else ():
        with contextlib.suppress(OSError):
            if str(descriptor.readlink()) in inodes:
                pid = descriptor.parts[2]
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                return f"pid {pid}: {command.strip()[:80]}"
    return None
