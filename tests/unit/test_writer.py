"""A writer's thread, and the signals that come in the midst of its start or of a wait for it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runner.errors import Interrupted
from runner.writer import Writer

# Nothing here takes so long; a wait that does is a failure.
PATIENCE = 20.0


@pytest.mark.parametrize("comes_after_the_start", [False, True])
def test_a_signal_in_the_midst_of_its_start_neither_holds_up_nor_loses_what_is_written(
    monkeypatch: pytest.MonkeyPatch, comes_after_the_start: bool
) -> None:
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        monkeypatch.setattr(threading.Thread, "start", start)
        if comes_after_the_start:
            start(thread)
        raise Interrupted(15)

    reading, writing = os.pipe()
    with open(reading, "rb") as reader, open(writing, "wb") as stream:
        writer = Writer(lambda: stream)
        monkeypatch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(Interrupted):
            writer.write(b"one ")
        writer.write(b"two")
        writer.wait(PATIENCE)
        stream.close()
        assert reader.read() == b"one two"


# In a process of its own, as what would wait for ever cannot be ended from within.
WAITS_IN_A_HANDLER = """
import os, signal, threading
from runner.writer import Writer
reading, writing = os.pipe()
writer = Writer(lambda: open(writing, "wb", closefd=False))
threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reading, 65536), b"")], daemon=True).start()

def handler(*_):
    writer.write(b"handler")
    writer.wait()

signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0007)
for _ in range(30000):
    writer.write(b"main")
    writer.wait()
signal.setitimer(signal.ITIMER_REAL, 0)
"""


def test_a_handler_may_wait_in_the_midst_of_a_wait() -> None:
    root = str(Path(__file__).resolve().parents[2])
    ended = subprocess.run([sys.executable, "-c", WAITS_IN_A_HANDLER], cwd=root, timeout=PATIENCE, check=False)
    assert ended.returncode == 0
