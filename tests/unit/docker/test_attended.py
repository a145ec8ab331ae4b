"""A docker client at a person's terminal: what they type and see passes, and the terminal is afterwards as it was."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator

import pytest

from runner.docker.attended import PlainText, has_terminal
from tests.unit.processes import PATIENCE, ROOT, end_of
from tests.unit.scripted_docker import ScriptedDocker

# What it reads goes to a file, and its exit code tells how it ended.
PROGRAM = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from contextlib import closing
from runner.docker.attended import Attended
from runner.docker.process import DockerFailed
signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup, where nothing else tells of it
client = Attended("p-odoo-1", ["odoo", "--x"], dict(os.environ))
code = 99
try:
    with closing(client.pieces(time.monotonic() + float(sys.argv[3]))) as pieces, open(sys.argv[2], "wb", 0) as read:
        for piece in pieces:
            read.write(piece)
    code = client.exit_code
except KeyboardInterrupt:
    code = 130
except DockerFailed as error:
    open(sys.argv[2], "a").write(str(error))
    code = 5
sys.exit(code)
"""


class Person:
    """Somebody at a terminal, in which that program runs with a docker that is a script."""

    def __init__(self, script: ScriptedDocker, limit: float = 60) -> None:
        self.read = script.folder / "read"
        self.seen = b""
        self._has_ended = False
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            words = [sys.executable, "-c", PROGRAM, str(ROOT), str(self.read), str(limit)]
            os.execvpe(words[0], words, {**os.environ, **script.environ})

    def type(self, keys: bytes) -> None:
        os.write(self.terminal, keys)

    def sees(self, text: bytes) -> None:
        self._look(lambda: text in self.seen)
        assert text in self.seen, self.seen

    def end(self) -> int:
        """What the program ended with."""
        self._look(lambda: False)
        _, status = os.waitpid(self.pid, 0)
        self._has_ended = True
        return os.waitstatus_to_exitcode(status)

    def leave(self) -> None:
        if not self._has_ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def _look(self, is_enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_enough() and select.select([self.terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
            try:
                piece = os.read(self.terminal, 65536)
            except OSError:
                return
            if not piece:
                return
            self.seen += piece


@pytest.fixture
def at(script: ScriptedDocker) -> Iterator[Callable[..., Person]]:
    """Have a person at a terminal with this docker."""
    people: list[Person] = []

    def person(docker: str, **limit: float) -> Person:
        script.run(docker)
        people.append(Person(script, **limit))
        return people[-1]

    yield person
    for somebody in people:
        somebody.leave()


At = Callable[..., Person]
# As docker's client does, which gives every key to the container.
RAW = "stty raw -echo; echo ready; "


def test_what_is_typed_and_printed_passes_and_is_read_besides_as_plain_text(at: At, script: ScriptedDocker) -> None:
    person = at('echo "$*"; printf "(Pdb) "; read line; printf "\\033[1;31mgot %s\\033[0m\\n" "$line"; exit 7')
    person.sees(b"(Pdb) ")
    person.type(b"next\r")
    assert person.end() == 7
    assert b"\x1b[1;31mgot next\x1b[0m" in person.seen
    words, *lines = person.read.read_text().split("\n")
    assert words.startswith("exec --interactive --tty --detach-keys=") and words.endswith(" p-odoo-1 odoo --x")
    assert lines == ["(Pdb) next", "got next", ""]


def test_ctrl_c_is_the_command_s_and_the_other_key_ends_the_run(at: At) -> None:
    person = at(f"{RAW} dd bs=1 count=1 2>/dev/null | od -An -tx1; sleep 60")
    person.sees(b"ready")
    person.type(b"\x03")
    person.sees(b"03")
    person.type(b"\x1d")
    assert person.end() == 130


def test_the_terminal_is_afterwards_as_it_was_and_raw_meanwhile(at: At) -> None:
    person = at(f"{RAW} sleep 60")
    person.sees(b"ready")
    local = termios.tcgetattr(person.terminal)[3]
    assert not local & (termios.ICANON | termios.ECHO | termios.ISIG)
    os.kill(person.pid, signal.SIGINT)
    assert person.end() == 130
    assert termios.tcgetattr(person.terminal)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)


def test_the_command_s_terminal_is_as_large_as_the_person_s_also_when_that_changes(at: At) -> None:
    person = at("trap 'stty size' WINCH; stty size; echo ready; while :; do sleep 0.05; done")
    person.sees(b"ready")
    fcntl.ioctl(person.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    person.sees(b"33 101")
    person.type(b"\x1d")
    assert person.end() == 130


def test_a_terminal_that_is_closed_ends_the_client(script: ScriptedDocker) -> None:
    script.run(f'{RAW} echo $$ >"$tell"; exec sleep 60')
    person = Person(script)
    (client,) = script.told_pids()
    with end_of(client):
        os.close(person.terminal)
        _, status = os.waitpid(person.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 5
    assert person.read.read_text().endswith("the terminal was closed")


def test_a_command_without_an_end_is_ended_at_its_deadline(at: At) -> None:
    person = at(f"{RAW} exec sleep 60", limit=1)
    assert person.end() == 5
    assert person.read.read_text().endswith("its output did not end in time")


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_text_is_plain_wherever_it_is_cut(size: int) -> None:
    printed = b"\x1b[1;32mINFO\x1b[0m a\r\n\x1b[?2004h(Pdb) p 1\r\n\x1b[?2004l\r1\r\n50 %\r100 %\r\r\n\x1b"
    plain = PlainText()
    said = b"".join(plain.feed(printed[at : at + size]) for at in range(0, len(printed), size)) + plain.end()
    assert said == b"INFO a\n(Pdb) p 1\n\r1\n50 %\r100 %\r\n\x1b"


def test_what_only_begins_like_an_escape_sequence_does_not_wait_for_its_end() -> None:
    assert PlainText().feed(b"\x1b[" + b"1" * 100) == b"\x1b[" + b"1" * 100


def test_a_test_has_no_terminal() -> None:
    assert not has_terminal()
