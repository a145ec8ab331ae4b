"""The processes of the runs of a place, whatever became of whoever started them: runners, guards, docker clients."""

import contextlib
import os
import signal
from pathlib import Path

# In the environment of a run, from where everything that it starts has it.
MARK = "AGENT_TEST_CHAOS"


def neighbour_of(place: str) -> str:
    """The value of MARK for runners that go on beside the run of a place."""
    return f"{place}-neighbour"


def processes(place: str, *words: str) -> dict[int, str]:
    """The living ones, each with its command line, of which all these words must be a part."""
    mark = f"{MARK}={place}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone in between
            if mark not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if command and all(word in command for word in words):  # a zombie has none
                found[int(folder.name)] = command
    return found


def guards(place: str) -> list[int]:
    """The guards of the runs of a place."""
    return list(processes(place, "guard_process import main"))


def runners(place: str) -> list[int]:
    """The runners of a place, without the workers of `--jobs`."""
    return list(processes(place, " -m runner run "))


def signal_all(pids: list[int], signum: signal.Signals) -> None:
    """Send a signal to those that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)


def end(place: str) -> None:
    """Kill every process of a run; what is killed may have started another one meanwhile."""
    while found := list(processes(place)):
        signal_all(found, signal.SIGKILL)
