"""A writer's thread, which a signal may keep from its start."""

import os
import threading

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
