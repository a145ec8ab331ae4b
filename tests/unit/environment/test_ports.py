"""A port goes to one runner only, is free again when that one is dead, and is never one that somebody listens on."""

import errno
import os
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.environment.ports import HOST, can_bind, port_holders, reserved_port
from tests.unit.processes import line, python

HOLDER = """
import sys
import tempfile
from runner.environment.ports import reserved_port
tempfile.tempdir = sys.argv[1]
with reserved_port([int(port) for port in sys.argv[2:]]) as port:
    print(port, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def lock_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / "agent-test-ports"


@pytest.fixture
def ports() -> list[int]:
    """Three ports that were free a moment ago."""
    with socket.socket() as a, socket.socket() as b, socket.socket() as c:
        for each in (a, b, c):
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in (a, b, c)]


@pytest.fixture
def listener(ports: list[int]) -> Iterator[int]:
    """The first of the ports, with a server on it."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, ports[0]))
        server.listen()
        yield ports[0]


def words(ports: list[int]) -> list[str]:
    return [str(port) for port in ports]


def test_the_first_free_port_is_taken(ports: list[int]) -> None:
    with reserved_port(ports) as port:
        assert port == ports[0]


def test_two_processes_cannot_reserve_the_same_port(ports: list[int], tmp_path: Path) -> None:
    with (
        python(HOLDER, str(tmp_path), *words(ports)) as first,
        python(HOLDER, str(tmp_path), *words(ports)) as second,
        reserved_port(ports) as third,
    ):
        assert third is not None
        taken = {int(line(first)), int(line(second)), third}
        assert taken == set(ports)


def test_none_is_given_when_every_port_is_reserved(ports: list[int], tmp_path: Path) -> None:
    with reserved_port(ports[:1]), python(HOLDER, str(tmp_path), str(ports[0])) as second:
        assert line(second) == "None"


def test_two_runs_in_one_process_get_different_ports(ports: list[int]) -> None:
    with reserved_port(ports) as first, reserved_port(ports) as second:
        assert first is not None
        assert second is not None
        assert first != second


def test_the_port_of_a_killed_holder_is_free_again(ports: list[int], tmp_path: Path) -> None:
    with python(HOLDER, str(tmp_path), str(ports[0])) as holder:
        assert line(holder) == str(ports[0])
        with reserved_port(ports[:1]) as port:
            assert port is None
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with reserved_port(ports[:1]) as port:
            assert port is not None


def test_the_port_is_free_again_after_the_block_also_after_an_error(ports: list[int]) -> None:
    with pytest.raises(ZeroDivisionError), reserved_port(ports[:1]):
        raise ZeroDivisionError
    with reserved_port(ports[:1]) as port:
        assert port is not None


def test_a_child_of_the_holder_does_not_keep_the_port(ports: list[int]) -> None:
    with reserved_port(ports[:1]):
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
    with child, reserved_port(ports[:1]) as port:
        assert child.poll() is None
        assert port is not None


def test_a_port_that_somebody_listens_on_is_skipped(listener: int, ports: list[int]) -> None:
    assert not can_bind(listener)
    with reserved_port(ports) as port:
        assert port == ports[1]


def test_a_server_on_all_addresses_is_seen_too(ports: list[int]) -> None:
    with socket.socket() as server:
        server.bind(("0.0.0.0", ports[0]))
        server.listen()
        assert not can_bind(ports[0])


def test_a_skipped_port_is_not_kept_reserved(listener: int, ports: list[int], tmp_path: Path, lock_folder: Path) -> None:
    with reserved_port([listener]) as port:
        assert port is None
        descriptor = os.open(lock_folder / f"{listener}.lock", os.O_RDONLY)
        with python(HOLDER, str(tmp_path), str(listener), str(ports[1])) as other:
            assert line(other) == str(ports[1])
        os.close(descriptor)


def test_connections_that_are_closing_do_not_block_a_port(ports: list[int]) -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, ports[0]))
        server.listen()
        with socket.create_connection((HOST, ports[0])) as client:
            accepted, _ = server.accept()
            accepted.close()  # the server closes first, so its side stays in TIME_WAIT
            assert client.recv(1) == b""
    assert can_bind(ports[0])


def test_other_users_can_use_the_lock_folder(ports: list[int], lock_folder: Path) -> None:
    with reserved_port(ports):
        assert lock_folder.stat().st_mode & 0o777 == 0o777


def test_holders_are_named_by_run_or_by_process(listener: int, ports: list[int]) -> None:
    with reserved_port(ports[1:2]):
        holders = port_holders(ports)
    assert set(holders) == set(ports[:2])
    assert holders[ports[1]] == "another test run"
    assert holders[listener].startswith(f"pid {os.getpid()}: ")


def test_a_holder_that_cannot_be_seen_is_said_to_be_so(listener: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.environment.ports.listeners", lambda _ports: {})
    expected = "a process that this user may not see (perhaps the Docker daemon: docker ps)"
    assert port_holders([listener]) == {listener: expected}


def test_looking_for_holders_reserves_nothing(ports: list[int]) -> None:
    assert port_holders(ports) == {}
    with reserved_port(ports) as port:
        assert port == ports[0]


# Several users


def _others(folder: Path) -> str:
    (said,) = set(port_holders([1]).values())
    return said.replace(str(folder), "TMP")


def test_locks_are_for_all_users_whatever_the_umask(ports: list[int], lock_folder: Path) -> None:
    umask = os.umask(0o077)
    try:
        with reserved_port(ports) as port:
            assert stat.S_IMODE(lock_folder.stat().st_mode) == 0o1777
            assert stat.S_IMODE((lock_folder / f"{port}.lock").stat().st_mode) == 0o644
    finally:
        os.umask(umask)
    assert [each.name for each in lock_folder.parent.iterdir()] == [lock_folder.name]


def test_a_folder_that_another_process_makes_at_the_same_moment_is_taken(
    ports: list[int], lock_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(self: Path, target: Path) -> None:
        target.mkdir()
        (target / "1.lock").touch()
        raise OSError(errno.ENOTEMPTY, "Directory not empty")

    monkeypatch.setattr(Path, "rename", too_late)
    with reserved_port(ports) as port:
        assert port == ports[0]
    assert [each.name for each in lock_folder.parent.iterdir()] == [lock_folder.name]


def test_a_lock_that_may_not_be_opened_is_a_taken_port(lock_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_permission(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", no_permission)
    with reserved_port([1]) as port:
        assert port is None
    said = "whoever has its lock, TMP/agent-test-ports/1.lock, which cannot be used: Permission denied"
    assert _others(lock_folder.parent) == said


def _link(place: Path, elsewhere: Path) -> None:
    place.symlink_to(elsewhere)


def _circle(place: Path, _elsewhere: Path) -> None:
    place.symlink_to(place)


def _pipe(place: Path, _elsewhere: Path) -> None:
    os.mkfifo(place)


def _folder(place: Path, _elsewhere: Path) -> None:
    place.mkdir()


def _socket(place: Path, _elsewhere: Path) -> None:
    # Its address has to be short.
    with tempfile.TemporaryDirectory(dir="/tmp") as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s")
        Path(short, "s").rename(place)


@pytest.mark.parametrize("plant", [_link, _circle, _pipe, _folder, _socket])
def test_what_stands_in_place_of_a_lock_is_a_taken_port_and_no_link_is_followed(
    lock_folder: Path, tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    lock_folder.mkdir()
    plant(lock_folder / "1.lock", tmp_path / "elsewhere")
    with reserved_port([1]) as port:
        assert port is None
    assert "its lock, TMP/agent-test-ports/1.lock, which cannot be used: " in _others(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("plant", [_link, _circle, _pipe])
def test_so_it_is_with_what_stands_in_place_of_their_folder(
    lock_folder: Path, tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    plant(lock_folder, tmp_path / "elsewhere")
    with reserved_port([1]) as port:
        assert port is None
    assert "cannot be used: " in _others(tmp_path)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_in_which_others_can_replace_locks_is_not_used(lock_folder: Path) -> None:
    lock_folder.mkdir()
    lock_folder.chmod(0o777)
    with reserved_port([1]) as port:
        assert port is None
    assert _others(lock_folder.parent).endswith("others can replace what is in TMP/agent-test-ports: chmod 1777 it")


def test_without_a_folder_for_temporary_files_no_port_is_free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert "cannot be used: No usable temporary directory found" in _others(tmp_path)
