"""A process is recognised later, and another one with its pid is not taken for it."""

import dataclasses
import os
import signal
import subprocess
import sys

import pytest

from runner.cleanup import owner
from runner.cleanup.owner import Owner, owner_from, this_process


def test_this_process_is_alive_and_on_this_host() -> None:
    me = this_process()
    assert me.pid == str(os.getpid())
    assert me.is_on_this_host
    assert me.is_alive


def test_an_owner_survives_the_way_through_labels() -> None:
    me = this_process()
    assert owner_from({"other": "label", **me.labels()}) == me
    assert all(key.startswith("agent-test.owner-") for key in me.labels())


@pytest.mark.parametrize("missing", ["host", "boot", "pid", "start"])
def test_incomplete_labels_name_no_owner(missing: str) -> None:
    labels = this_process().labels()
    del labels[f"agent-test.owner-{missing}"]
    assert owner_from(labels) is None


@pytest.mark.parametrize("change", [{"boot": "another"}, {"start": "1"}, {"pid": "4194305"}, {"start": ""}])
def test_another_boot_start_or_pid_is_a_dead_owner(change: dict[str, str]) -> None:
    assert not dataclasses.replace(this_process(), **change).is_alive


def test_an_owner_on_another_host_is_not_on_this_one() -> None:
    assert not dataclasses.replace(this_process(), host="elsewhere").is_on_this_host


def test_a_killed_process_is_dead_even_before_its_parent_has_waited_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        start = owner._start_of(str(process.pid))
        assert start is not None
        child = dataclasses.replace(this_process(), pid=str(process.pid), start=start)
        assert child.is_alive
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now
        assert not child.is_alive
    assert not child.is_alive


def test_a_process_whose_name_is_odd_is_read_rightly() -> None:
    # The name, in parentheses in /proc/PID/stat, may hold what separates fields, and bytes that are not UTF-8.
    program = "open('/proc/self/comm', 'wb').write(b') R 1 (\\xff'); print('named', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"named\n"
        start = owner._start_of(str(process.pid))
        process.kill()
    assert start is not None
    assert int(start) >= int(owner._start_of(str(os.getpid())) or "no start")


def test_an_owner_of_nonsense_is_dead_not_an_error() -> None:
    me = this_process()
    assert not Owner(host=me.host, boot=me.boot, pid="nonsense", start="1").is_alive
