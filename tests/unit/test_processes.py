"""What may be known of other processes, with /proc and without."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from runner import processes
from runner.cleanup.owner import this_process
from runner.docker.process import kill_clients
from runner.processes import HAS_PROC, HIDDEN, listeners, marked, start_of
from tests.unit.processes import ROOT, end_of, line, python

WAITING = "import sys; print('up', flush=True); sys.stdin.read()"


@pytest.fixture(params=["by /proc", "by ps and psutil"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways; psutil and `ps` know of /proc themselves."""
    if request.param == "by /proc" and not HAS_PROC:
        pytest.skip("no /proc here")
    monkeypatch.setattr(processes, "HAS_PROC", request.param == "by /proc")


@pytest.mark.usefixtures("way")
def test_a_start_is_the_same_however_often_it_is_asked_for_until_the_process_is_killed() -> None:
    with python(WAITING) as process:
        assert line(process) == "up"
        start = start_of(str(process.pid))
        assert start not in (None, HIDDEN, "")
        assert start_of(str(process.pid)) == start
        with end_of(process.pid):
            process.send_signal(signal.SIGKILL)
        assert start_of(str(process.pid)) is None  # although nobody has waited for it
    assert start_of(str(process.pid)) is None


def test_a_start_by_ps_is_that_of_another_time_zone_and_language_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "HAS_PROC", False)
    here = this_process()
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert here.start not in ("", HIDDEN)
    assert this_process() == here


def test_where_ps_tells_nothing_who_lives_is_alive_and_who_does_not_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "HAS_PROC", False)
    me = this_process()
    monkeypatch.setenv("PATH", "/nonexistent")
    assert start_of(me.pid) == HIDDEN
    assert me.is_alive
    assert start_of("4194305") is None
    assert start_of("nonsense") is None


@pytest.mark.usefixtures("way")
def test_a_mark_is_known_as_a_whole_in_the_environment_and_among_the_arguments() -> None:
    token = secrets.token_hex(8)
    with (
        python(WAITING, AGENT_TEST_TOKEN=token) as client,
        python(WAITING, f"AGENT_TEST_TOKEN={token}", "docker") as starter,
        python(WAITING, f"AGENT_TEST_TOKEN={token}-too", token, AGENT_TEST_TOKEN=f"{token}-too") as another,
    ):
        assert line(client) == line(starter) == line(another) == "up"
        assert set(marked(f"AGENT_TEST_TOKEN={token}")) == {client.pid, starter.pid}
        assert kill_clients(token) == 2
        assert another.poll() is None


def test_who_listens_is_told_with_its_command_and_nobody_else_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port, silent = server.getsockname()[1], bound.getsockname()[1]
        assert set(found := listeners([port, silent])) == {port}
    assert found[port].startswith(f"pid {os.getpid()}: ")


def test_without_psutil_less_is_known_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "HAS_PROC", False)
    monkeypatch.setitem(sys.modules, "psutil", None)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert listeners([server.getsockname()[1]]) == {}
    assert marked(f"PATH={os.environ['PATH']}") == []


def test_where_proc_is_missing_and_nothing_takes_its_place_a_living_process_is_not_taken_for_dead() -> None:
    program = (
        "import os; from runner import processes; from runner.cleanup.owner import this_process; me = this_process();"
        "print(processes.HAS_PROC, me.boot, me.pidns, me.start, me.is_visible, me.is_alive, processes.marked('A=b'))"
    )
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespaces for this user on this machine")
    said = subprocess.run([*unshare, sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "unknown", "unknown", "hidden", "True", "True", "[]"]
    assert said.stderr == ""


@pytest.mark.skipif(not os.path.exists("/usr/sbin/sysctl") or HAS_PROC, reason="a machine without /proc, and with sysctl")  # noqa: PTH110
def test_a_machine_without_proc_knows_its_boot_and_has_one_pid_namespace() -> None:
    me = this_process()
    assert me.boot != "unknown"
    assert me.pidns == "0"
    assert me.is_visible
