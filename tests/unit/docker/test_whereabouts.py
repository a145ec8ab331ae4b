"""Where the engine is, seen from a process: on this machine, on another one, or around the process' own container."""

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from runner.docker import engine as engines
from runner.docker import whereabouts
from runner.docker.engine import Engine
from runner.docker.whereabouts import Whereabouts, host_of, own_container, socket_at_engine
from runner.errors import EnvironmentFailed
from tests.unit.scripted_docker import Answer, ScriptedDocker

Make = Callable[[dict[str, Answer]], Engine]

OWN = "9d" * 32
MOUNTS = [
    {"Type": "bind", "Source": "/home/me/evv", "Destination": "/workspaces/evv"},
    {"Type": "bind", "Source": "/srv/data", "Destination": "/workspaces/evv/data"},
    {"Type": "volume", "Source": "/var/lib/docker/volumes/v/_data", "Destination": "/workspaces/evv/filled"},
    {"Type": "tmpfs", "Source": "", "Destination": "/workspaces/evv/memory"},
]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("", ""),
        ("unix:///run/user/1000/docker.sock", ""),
        ("tcp://10.0.0.1:2375", "10.0.0.1"),
        ("tcp://[fe80::1]:2376", "fe80::1"),
        ("ssh://me@build-host:22", "build-host"),
        ("tcp://[", "tcp://["),
    ],
)
def test_an_engine_s_machine_is_named_as_in_its_address(address: str, host: str) -> None:
    assert host_of({"DOCKER_HOST": address} if address else {}) == host


@pytest.mark.parametrize(
    ("root", "own"),
    [
        (f"/var/lib/docker/containers/{OWN}/hostname /etc/hostname", OWN),
        (f"/me/.local/share/docker/containers/{OWN}/resolv.conf /etc/resolv.conf", OWN),
        (f"/containers/overlay-containers/{OWN}/userdata/hosts /etc/hosts", OWN),
        (f"/var/lib/docker/containers/{OWN}/hostname /mnt/hostname", ""),
        ("/ /", ""),
    ],
)
def test_a_process_finds_its_own_container_by_what_the_engine_mounts_into_each(
    root: str, own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"222 204 254:0 {root} rw,relatime - ext4 /dev/vda rw\n")
    monkeypatch.setattr(whereabouts, "_TABLE", table)
    assert own_container() == own
    table.unlink()
    assert own_container() == ""


def test_an_engine_that_does_not_know_the_container_is_inside_of_it(engine: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "own_container", lambda: OWN)
    made = engine({"container inspect": (1, "", f"Error: No such container: {OWN}")})
    assert made.whereabouts == Whereabouts()
    assert made.whereabouts.at_engine(Path("/workspaces/evv")) == PurePosixPath("/workspaces/evv")


def test_of_a_container_of_the_engine_what_is_mounted_is_known(
    engine: Make, script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "own_container", lambda: OWN)
    made = engine({"container inspect": (0, json.dumps(MOUNTS), "")})
    made.prefetch_whereabouts()
    found = made.whereabouts
    assert len(script.calls) == 1
    assert not found.is_here
    assert found.at_engine(Path("/workspaces/evv/addons")) == PurePosixPath("/home/me/evv/addons")
    assert found.at_engine(Path("/workspaces/evv/data/x")) == PurePosixPath("/srv/data/x")
    assert found.at_engine(Path("/workspaces/evv-2")) is None
    # Over the folder that is mounted around it, the engine's machine has something else there.
    assert found.at_engine(Path("/workspaces/evv/filled/x")) == PurePosixPath("/var/lib/docker/volumes/v/_data/x")
    assert found.at_engine(Path("/workspaces/evv/memory/x")) is None


def test_of_another_machine_s_files_nothing_is_known(engine: Make, script: ScriptedDocker) -> None:
    assert engine({}).whereabouts == Whereabouts()
    assert script.calls == []  # nothing to ask
    there = Whereabouts("10.0.0.1", {"/": "/"})
    assert not there.is_here
    assert there.at_engine(Path("/workspaces")) is None


def test_mounts_that_are_not_understood_are_an_error(engine: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "own_container", lambda: OWN)
    with pytest.raises(EnvironmentFailed, match="not understood"):
        _ = engine({"container inspect": (0, '[{"Type": "bind"}]', "")}).whereabouts


@pytest.mark.parametrize(
    ("whereabouts", "address", "expected"),
    [
        (Whereabouts(), "", "/var/run/docker.sock"),
        (Whereabouts(), "unix:///run/user/1000/docker.sock", "/run/user/1000/docker.sock"),
        (Whereabouts(mounts={"/s": "/run/user/1000/docker.sock"}), "unix:///s", "/run/user/1000/docker.sock"),
        (Whereabouts(mounts={"/var/run": "/host/run"}), "", "/host/run/docker.sock"),
        (Whereabouts(mounts={"/var/run/docker.sock": "/host/s"}), "unix:///run/docker.sock", "/host/s"),
        (Whereabouts(mounts={"/var/run/docker-host.sock": "/var/run/docker.sock"}), "", "/var/run/docker.sock"),
        (Whereabouts(mounts={"/workspaces": "/home/me", "/run/dbus.sock": "/run/dbus.sock"}), "", None),
        (Whereabouts("far"), "tcp://far:2376", "/var/run/docker.sock"),
    ],
)
def test_where_the_engine_s_machine_has_the_socket_is_told_by_the_mounts_or_is_the_usual_place(
    whereabouts: Whereabouts, address: str, expected: str | None
) -> None:
    found = socket_at_engine(whereabouts, {"DOCKER_HOST": address} if address else {})
    assert found == (expected and PurePosixPath(expected))
