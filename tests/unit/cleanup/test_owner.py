"""A process is recognised later, and another one with its pid is not taken for it."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys

import pytest

from runner.cleanup import owner
from runner.cleanup.owner import Owner, owner_from, this_process
from runner.processes import HAS_PROC, start_of
from tests.unit.processes import end_of


def test_this_process_is_alive_and_on_this_host() -> None:
    me = this_process()
    assert me.pid == str(os.getpid())
    assert me.is_visible
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


@pytest.mark.parametrize("pid", ["", "0", "-1", "07", "\N{SUPERSCRIPT TWO}", "1e3"])
def test_labels_whose_pid_is_none_name_no_owner(pid: str) -> None:
    assert owner_from(this_process().labels() | {"agent-test.owner-pid": pid}) is None


@pytest.mark.parametrize("change", [{"start": "1"}, {"pid": "4194305"}, {"start": ""}])
def test_another_start_or_pid_is_a_dead_owner(change: dict[str, str]) -> None:
    assert not dataclasses.replace(this_process(), **change).is_alive


def test_an_owner_of_another_boot_or_pid_namespace_cannot_be_seen_whatever_its_host_is_called() -> None:
    me = this_process()
    assert not dataclasses.replace(me, pidns="4026531999").is_visible
    assert not dataclasses.replace(me, pidns="unknown").is_visible
    assert not dataclasses.replace(me, boot="another").is_visible
    assert dataclasses.replace(me, boot="another").is_of_another_boot
    assert not dataclasses.replace(me, boot="another", host="elsewhere").is_of_another_boot


def test_a_host_that_is_called_otherwise_since_is_the_same() -> None:
    earlier = dataclasses.replace(this_process(), host="as-it-was-called")
    assert earlier.is_visible
    assert earlier.is_alive
    assert not dataclasses.replace(earlier, start="1").is_alive


def test_where_no_namespace_was_written_or_none_is_known_the_name_of_the_host_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier_version = dataclasses.replace(this_process(), pidns="")
    assert earlier_version.is_visible
    assert not dataclasses.replace(earlier_version, host="elsewhere").is_visible
    monkeypatch.setattr(owner, "boot_id", lambda: "unknown")
    monkeypatch.setattr(owner, "pid_namespace", lambda: "unknown")
    without_proc = this_process()
    assert without_proc.is_visible
    assert not dataclasses.replace(without_proc, host="elsewhere").is_visible


def test_labels_of_an_earlier_version_name_an_owner_without_a_namespace() -> None:
    labels = this_process().labels()
    del labels["agent-test.owner-pidns"]
    assert owner_from(labels) == dataclasses.replace(this_process(), pidns="")


def test_a_process_in_a_pid_namespace_of_its_own_does_not_see_us_whatever_proc_it_has() -> None:
    program = (
        "import sys, os; from runner.cleanup import owner;"
        "seen = owner.Owner(*sys.argv[1:]);"
        "me = owner.this_process();"
        "print(seen.is_visible, me.is_visible, me.is_alive, me.boot == seen.boot)"
    )
    words = [sys.executable, "-c", program, *dataclasses.astuple(this_process())]
    if not shutil.which("unshare"):
        pytest.skip("no namespaces here")
    for options in (["--mount-proc"], []):  # without it, /proc has the pids of the parent
        unshare = ["unshare", "--user", "--map-root-user", "--pid", "--fork", *options]
        if subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode:
            pytest.skip("no namespaces for this user on this machine")
        said = subprocess.run([*unshare, *words], capture_output=True, text=True, check=True).stdout
        assert said.split() == ["False", "True", "True", "True"]


def test_a_killed_process_is_dead_even_before_its_parent_has_waited_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        start = start_of(str(process.pid))
        assert start is not None
        child = dataclasses.replace(this_process(), pid=str(process.pid), start=start)
        assert child.is_alive
        with end_of(process.pid):
            process.send_signal(signal.SIGKILL)
        assert not child.is_alive
    assert not child.is_alive


@pytest.mark.skipif(not HAS_PROC, reason="no /proc here")
def test_a_process_whose_name_is_odd_is_read_rightly() -> None:
    # The name, in parentheses in /proc/PID/stat, may hold what separates fields, and bytes that are not UTF-8.
    program = "open('/proc/self/comm', 'wb').write(b') R 1 (\\xff'); print('named', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"named\n"
        start = start_of(str(process.pid))
        process.kill()
    assert start is not None
    assert int(start) >= int(start_of(str(os.getpid())) or "no start")


def test_an_owner_of_nonsense_is_dead_not_an_error() -> None:
    me = this_process()
    assert not Owner(host=me.host, boot=me.boot, pid="nonsense", start="1", pidns="").is_alive
