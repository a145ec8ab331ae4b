"""A docker client that is fed while it is read gets all, and does not outlive who feeds it."""

from collections.abc import Iterator

import pytest

from runner.docker.process import DockerStalled
from runner.docker.streaming import Stream
from tests.unit.docker.test_process import HANGING, late, soon
from tests.unit.processes import end_of
from tests.unit.scripted_docker import ScriptedDocker


def fed(script: ScriptedDocker, source: Iterator[bytes], deadline: float, silence: float | None = None) -> tuple[int, bytes]:
    stream = Stream(("cp",), script.environ, source)
    output = b"".join(stream.pieces(deadline, silence))
    return stream.exit_code, output


def test_a_client_reads_all_of_its_source_however_it_is_cut(script: ScriptedDocker) -> None:
    pieces = [b"x" * size for size in (1, 200_000, 0, 70_000, 3)]
    script.run("cat | wc -c")
    assert fed(script, iter([*pieces[:2], pieces[3], pieces[4]]), late()) == (0, b"270004\n")
    script.run("cat")
    assert fed(script, iter([b"abc"] * 100_000), late()) == (0, b"abc" * 100_000)
    assert fed(script, iter(()), late()) == (0, b"")


def test_a_client_that_ends_before_it_has_read_all_says_why(script: ScriptedDocker) -> None:
    script.run("head -c 10 >/dev/null; echo no room; exit 3")

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(1000)

    assert fed(script, endless(), late()) == (3, b"no room\n")


def test_a_client_that_reads_nothing_is_ended_with_what_it_started(script: ScriptedDocker) -> None:
    script.run(HANGING)
    stream = Stream(("cp",), script.environ, iter([bytes(10**6)]))
    client, child = script.told_pids()
    pieces = stream.pieces(late(), 0.05)
    with end_of(client), end_of(child):
        assert next(pieces) == b""  # nobody has to wait for the deadline
        pieces.close()
    with pytest.raises(DockerStalled):
        fed(script, iter([bytes(10**6)]), soon())


def test_an_error_of_the_source_ends_the_client(script: ScriptedDocker) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"some"
        raise KeyError("a defect")

    script.run('echo $$ >"$tell"; exec cat')
    stream = Stream(("cp",), script.environ, breaking())
    (client,) = script.told_pids()
    with end_of(client), pytest.raises(KeyError):
        list(stream.pieces(late()))
