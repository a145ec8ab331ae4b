"""How much memory the runner's own processes take: samples of /proc. Linux only."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Seconds between samples, each of which costs some milliseconds.
_INTERVAL = 0.2
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Watch:
    """The largest sums of resident memory seen, in bytes: `python` of the runner and its guards, `clients` of docker."""

    def __init__(self) -> None:
        self.python = 0
        self.clients = 0
        self._stop = threading.Event()

    @contextmanager
    def following(self, pid: int) -> Iterator[None]:
        """Sample that process and all below it until the block is left."""
        self._stop.clear()
        thread = threading.Thread(target=self._follow, args=(pid,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _follow(self, pid: int) -> None:
        while not self._stop.wait(_INTERVAL):
            sizes = family(pid, processes())
            self.python = max(self.python, sum(size for name, size in sizes if name.startswith("python")))
            self.clients = max(self.clients, sum(size for name, size in sizes if not name.startswith("python")))


def processes() -> dict[int, tuple[int, str, int]]:
    """Every process that can be seen: its parent, name and resident memory in bytes (proc(5), stat)."""
    found: dict[int, tuple[int, str, int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name stands in parentheses, and may hold some itself.
            name, _, rest = (folder / "stat").read_text(errors="replace").partition("(")[2].rpartition(") ")
        except OSError:
            continue  # it has just ended
        fields = rest.split()
        found[int(folder.name)] = (int(fields[1]), name, int(fields[21]) * _PAGE)
    return found


def family(pid: int, known: dict[int, tuple[int, str, int]]) -> list[tuple[str, int]]:
    """Name and memory of the process and of all its descendants."""
    members = {pid} & known.keys()
    while more := {child for child, (parent, _, _) in known.items() if parent in members} - members:
        members |= more
    return [known[member][1:] for member in members]
