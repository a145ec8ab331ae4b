"""What the runner's own processes take of the machine: samples of /proc. Linux only."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

# Seconds between samples, each of which costs some milliseconds.
_INTERVAL = 0.2
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """One process: the pid of its parent, its name, its resident memory in bytes, its CPU time in seconds."""

    parent: int
    name: str
    resident: int
    cpu: float

    @property
    def is_python(self) -> bool:
        """Whether it is the runner or a guard; the others are clients of docker."""
        return self.name.startswith("python")


class Watch:
    """The largest sums of resident memory seen, in bytes, of the runner with its guards and of docker's clients."""

    def __init__(self) -> None:
        self.python = 0
        self.clients = 0
        self._cpu: dict[int, float] = {}
        self._stop = threading.Event()

    @property
    def python_cpu(self) -> float:
        """CPU seconds of the runner and its guards, each as far as it was seen."""
        return sum(self._cpu.values())

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
            self.note(family(pid, processes()))

    def note(self, sample: Mapping[int, Process]) -> None:
        """Take account of the processes as they are at one moment."""
        python = {pid: process for pid, process in sample.items() if process.is_python}
        self.python = max(self.python, sum(process.resident for process in python.values()))
        self.clients = max(self.clients, sum(each.resident for pid, each in sample.items() if pid not in python))
        self._cpu |= {pid: process.cpu for pid, process in python.items()}


def processes() -> dict[int, Process]:
    """Every process that can be seen, by its pid (proc(5), stat)."""
    found: dict[int, Process] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name stands in parentheses, and may hold some itself.
            name, _, rest = (folder / "stat").read_text(errors="replace").partition("(")[2].rpartition(") ")
        except OSError:
            continue  # it has just ended
        fields = rest.split()
        cpu = (int(fields[11]) + int(fields[12])) / _TICK
        found[int(folder.name)] = Process(int(fields[1]), name, int(fields[21]) * _PAGE, cpu)
    return found


def family(pid: int, known: Mapping[int, Process]) -> dict[int, Process]:
    """The process and all its descendants."""
    members = {pid} & known.keys()
    while more := {child for child, process in known.items() if process.parent in members} - members:
        members |= more
    return {member: known[member] for member in members}
