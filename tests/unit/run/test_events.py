"""What a run tells from its process arrives in order, and a process that dies is the end, not an error."""

import io
import os

import pytest

from runner.run.events import Event, EventTerminal, Kind, frames
from tests.unit.outcomes import failed


def told(stream: io.BytesIO) -> "list[object]":
    stream.seek(0)
    return list(frames(stream))


def test_everything_arrives_in_order_and_the_outcome_whole() -> None:
    stream = io.BytesIO()
    terminal = EventTerminal(stream)
    terminal.begin("evv / traction", "p-1")
    with terminal.phase("up"):
        terminal.step("attempt 1")
    terminal.line("  caf\udce9")
    terminal.output(b"of Odoo\n")
    terminal.told("  FAIL: one\n    AssertionError")
    terminal.closing(["How to enter it"])
    terminal.end(failed())
    assert told(stream) == [
        Event(Kind.PROJECT, "p-1"),
        Event(Kind.PHASE, "up"),
        Event(Kind.STEP, "attempt 1"),
        Event(Kind.ENDED, "up 0.0 s"),
        Event(Kind.LINE, "caf\udce9"),
        Event(Kind.LINE, "FAIL: one\n    AssertionError"),
        Event(Kind.LINE, "How to enter it"),
        failed(),
    ]
    assert [name for name, _ in terminal.phases] == ["up"]


def test_a_phase_that_fails_says_so() -> None:
    stream = io.BytesIO()
    with pytest.raises(ZeroDivisionError), EventTerminal(stream).phase("healthy"):
        raise ZeroDivisionError
    assert told(stream)[-1] == Event(Kind.ENDED, "healthy failed after 0.0 s")


def test_a_process_that_is_killed_in_the_middle_of_a_frame_is_its_end() -> None:
    stream = io.BytesIO()
    EventTerminal(stream).line("whole")
    size = stream.tell()
    EventTerminal(stream).end(failed())
    assert told(io.BytesIO(stream.getvalue()[: size + 20])) == [Event(Kind.LINE, "whole")]
    assert told(io.BytesIO()) == []


def test_a_run_whose_starter_is_dead_goes_on_to_its_end() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "wb", buffering=0)
    terminal = EventTerminal(stream)
    terminal.line("nobody reads")
    terminal.end(failed())
    stream.close()
