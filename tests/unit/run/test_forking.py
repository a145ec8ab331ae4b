"""The process that forks itself for each run, as a real one."""

import os
import signal

import pytest

from runner.errors import EnvironmentFailed
from runner.run.forking import Fork, ForkServer
from tests.unit.processes import PATIENCE, end_of, line, python

# Each fork does what its request says.
PROGRAM = """
import os, sys
sys.path.insert(0, sys.argv.pop(1))
from runner.run.forking import fork_for_each_request
fork_for_each_request()
print(os.getpid(), os.getppid(), flush=True)
exec(sys.stdin.read())
"""


def forked(server: ForkServer, does: str) -> Fork:
    fork = server.fork()
    with fork.request as request:
        request.write(does.encode())
    return fork


def all_said(fork: Fork) -> str:
    with fork.frames as frames:
        return frames.read().decode()


@pytest.fixture
def server() -> "ForkServer":
    return ForkServer(PROGRAM, os.environ)


@pytest.mark.parametrize(
    ("does", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("os.kill(os.getpid(), 9)", -9),
        ("import signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
    ],
)
def test_a_fork_ends_with_the_exit_code_that_a_process_of_its_own_would(server: ForkServer, does: str, code: int) -> None:
    fork = forked(server, does)
    pid, server_pid = map(int, all_said(fork).split())
    assert (pid, fork.wait(), fork.wait()) == (fork.pid, code, code)
    assert server_pid != os.getpid()
    server.close()


def test_several_are_told_apart_whichever_ends_first(server: ForkServer) -> None:
    waiting = server.fork()
    others = [forked(server, f"sys.exit({code})") for code in (1, 2)]
    assert [(all_said(fork).split()[0], fork.wait()) for fork in others] == [(str(others[0].pid), 1), (str(others[1].pid), 2)]
    waiting.request.close()
    assert (all_said(waiting).split()[0], waiting.wait()) == (str(waiting.pid), 0)
    server.close()


def test_the_end_of_one_is_seen_while_another_goes_on(server: ForkServer) -> None:
    first = server.fork()
    second = server.fork()
    first.request.close()
    assert all_said(first)  # to its end: the other one holds none of its pipes
    assert first.wait() == 0
    second.request.close()
    assert (all_said(second) != "", second.wait()) == (True, 0)
    server.close()


def test_a_signal_reaches_it_but_not_another_process_once_it_has_ended(server: ForkServer) -> None:
    fork = server.fork()
    assert fork.send_signal(signal.SIGKILL)
    assert (all_said(fork) is not None, fork.wait()) == (True, -9)
    assert not fork.send_signal(signal.SIGKILL)
    fork.request.close()
    server.close()


def test_of_one_whose_server_is_killed_nobody_can_tell_how_it_ended(server: ForkServer) -> None:
    fork = server.fork()
    with end_of(server._process.pid):
        server._process.kill()
    fork.request.close()
    assert all_said(fork)
    assert fork.wait() is None
    with pytest.raises(EnvironmentFailed, match="cannot be started"):
        server.fork()
    server.close()


def test_where_one_cannot_be_forked_the_others_go_on() -> None:
    failing = "fork = os.fork\ndef once():\n    os.fork = fork\n    raise OSError('no memory')\n"
    server = ForkServer(
        PROGRAM.replace("fork_for_each_request()", f"{failing}os.fork = once\nfork_for_each_request()"), os.environ
    )
    with pytest.raises(EnvironmentFailed, match="cannot be started: is there memory"):
        server.fork()
    assert all_said(forked(server, ""))
    server.close()


def test_one_for_whom_nobody_waits_any_more_ends_no_other(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = server.fork()
    os.kill(server._process.pid, signal.SIGSTOP)
    with monkeypatch.context() as impatient, pytest.raises(EnvironmentFailed):
        impatient.setattr("runner.run.forking._PATIENCE", 0.1)
        server.fork()
    os.kill(server._process.pid, signal.SIGCONT)
    fork = forked(server, "")
    assert (all_said(fork) != "", fork.wait()) == (True, 0)
    waiting.request.close()
    assert (all_said(waiting) != "", waiting.wait()) == (True, 0)
    server.close()


def test_the_server_ends_with_who_started_it_however_that_ends() -> None:
    program = f"""
import os, signal
from runner.run.forking import ForkServer
server = ForkServer({PROGRAM!r}, os.environ)
fork = server.fork()
print(server._process.pid, flush=True)
signal.pause()
"""
    with python(program) as process, end_of(int(line(process))):
        process.kill()
        process.wait(PATIENCE)
