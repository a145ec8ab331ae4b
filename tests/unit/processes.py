"""Processes of the tests' own: started with the package at hand, spoken to by lines, and never waited for without an end."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
# Nothing here takes so long; a wait that does is a failure.
PATIENCE = 20.0


@contextmanager
def python(program: str, *arguments: str, **environ: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python process that runs `program` and can import the runner; killed at the end of the block."""
    # The runner's own flushing is what is tested.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,  # or a line would be read ahead that `line` then waits for
        cwd=ROOT,
        env=kept | environ,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: "subprocess.Popen[bytes]") -> str:
    """The next line that the process prints; AssertionError if none comes."""
    assert process.stdout
    readable, _, _ = select.select([process.stdout], [], [], PATIENCE)
    assert readable, "the process says nothing"
    return process.stdout.readline().decode().rstrip("\n")


@contextmanager
def end_of(pid: int) -> Iterator[None]:
    """Return from the block only when the process, which need not be a child, has ended."""
    if not hasattr(os, "pidfd_open"):
        yield
        deadline = time.monotonic() + PATIENCE
        while _runs(pid):
            assert time.monotonic() < deadline, f"process {pid} does not end"
            time.sleep(0.01)
        return
    descriptor = os.pidfd_open(pid)
    try:
        yield
        ended, _, _ = select.select([descriptor], [], [], PATIENCE)
        assert ended, f"process {pid} does not end"
    finally:
        os.close(descriptor)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
