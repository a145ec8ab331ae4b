"""Prepared databases that come from elsewhere, as files and from a registry: they serve as those made here, or not at all."""

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.config import repositories as config
from runner.snapshots.carrier import PLACE
from runner.snapshots.saved_file import write
from runner.snapshots.snapshot import Snapshot
from runner.snapshots.store import labels_of

from .other_engines import install
from .phases import guard_of, wait_until
from .test_odoo import checkout_of
from .test_snapshots import docker, report
from .tiny_repository import ROOT, Started, environ_without_starter, left

pytestmark = [pytest.mark.odoo, pytest.mark.timeout(600)]

SAVED = "agent-test.repository=saved"
OF_SAVED = "label=agent-test-snapshot.repository=saved"
KEY = "0123456789abcdef" * 2
Entry = tuple[str, bytes, int, bytes]


class Saved:
    """A folder with the repository `saved`: the example evv, in an environment of its own, so that nobody shares its keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkout = checkout_of("evv", folder)
        text = (ROOT / "docker-compose.agent.yml").read_text()
        assert "\n  db:\n" in text
        (folder / "compose.yml").write_text(
            text.replace("\n  db:\n", "\n  db:\n    labels: {of: tests/docker/test_saved.py}\n")
        )
        self.images = config.load(ROOT, os.environ).repositories["evv"].images
        self.configure()

    def configure(self, **settings: str) -> None:
        about: dict[str, Any] = {
            "prefix": "saved-agent-test",
            "path": "evv",
            "addons": ["addons"],
            "compose_file": "../compose.yml",
        }
        about |= {"ports": "18070-18079", "images": self.images.model_dump()}
        (self.folder / "repos.yaml").write_text(yaml.safe_dump({"repositories": {"saved": {**about, **settings}}}))

    def start(self, *words: str | Path, **environ: str) -> Started:
        command = [sys.executable, "-m", "runner", *map(str, words)]
        return Started(command, self.folder, environ_without_starter() | {"PYTHONPATH": str(ROOT)} | environ, patience=500)

    def call(self, *words: str | Path) -> tuple[int, str]:
        started = self.start(*words)
        return started.finish(), started.output

    def forget(self) -> None:
        """As another machine does, which never had them."""
        code, output = self.call("cleanup", "saved", "--snapshots")
        assert code == 0, output
        assert volumes() == []

    def put(self, name: str, *entries: Entry) -> None:
        """A saved file as somebody could make it who knows how; entries by name, type, mode and where a link leads."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            for path, kind, mode, target in entries:
                entry = tarfile.TarInfo(path)
                entry.type, entry.mode, entry.linkname = kind, mode, target.decode()
                entry.uid, entry.gid, entry.devmajor, entry.devminor = 1234, 2345, 1, 3
                data = b"17\n" if kind == tarfile.REGTYPE else b""
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        about = Snapshot(KEY, KEY, "base", "", "saved", ("base",), time.time(), 61, 20)
        (self.folder / "saved").mkdir(exist_ok=True)
        write(self.folder / "saved" / name, labels_of(about), [content.getvalue()])


def volumes() -> list[str]:
    """All of prepared databases of this repository, also those that are not ready."""
    ready = docker("volume", "ls", "--quiet", "--filter", OF_SAVED).split()
    return ready + docker("volume", "ls", "--quiet", "--filter", f"label=agent-test-snapshot.key={KEY}").split()


def images() -> list[str]:
    return docker("image", "ls", "--quiet", "--filter", "label=agent-test-snapshot.key").split()


@pytest.fixture
def saved(tmp_path: Path) -> Iterator[Saved]:
    saved = Saved(tmp_path)
    yield saved
    saved.forget()
    assert (left(SAVED), images()) == ([], [])


def entry(path: str, kind: bytes = tarfile.REGTYPE, mode: int = 0o600, target: bytes = b"") -> Entry:
    return path, kind, mode, target


DATABASE = (
    entry(f"{PLACE[1:]}/cluster", tarfile.DIRTYPE, 0o700),
    entry(f"{PLACE[1:]}/cluster/PG_VERSION"),
    entry(f"{PLACE[1:]}/filestore", tarfile.DIRTYPE, 0o755),
)
PLANTED = {
    "above": entry(f"{PLACE[1:]}/../planted"),
    "absolute": entry("/etc/planted"),
    "beside": entry("usr/bin/planted", mode=0o755),
    "link": entry(f"{PLACE[1:]}/cluster/link", tarfile.SYMTYPE, 0o777, b"/etc"),
    "through": entry(f"{PLACE[1:]}/filestore/passwd", tarfile.SYMTYPE, 0o777, b"/etc/passwd"),
    "hard": entry(f"{PLACE[1:]}/cluster/hard", tarfile.LNKTYPE, 0o600, b"/etc/passwd"),
    "device": entry(f"{PLACE[1:]}/cluster/null", tarfile.CHRTYPE, 0o666),
    "pipe": entry(f"{PLACE[1:]}/cluster/pipe", tarfile.FIFOTYPE),
    "setuid": entry(f"{PLACE[1:]}/cluster/sh", mode=0o4755),
    "complete": entry(f"{PLACE[1:]}/complete"),
    "running": entry(f"{PLACE[1:]}/cluster/postmaster.pid"),
}


def test_nothing_planted_in_a_file_gets_out_of_its_volume_or_is_taken_for_a_database(saved: Saved) -> None:
    for name, planted in PLANTED.items():
        saved.put(name, *DATABASE, planted)
    saved.put("no database", *DATABASE[::2])
    code, output = saved.call("snapshots", "load", "saved")
    assert code == 2, output
    for name in (*PLANTED, "no database"):
        assert f"{name}: NOT LOADED, it " in output, output
    assert (volumes(), left(SAVED)) == ([], [])
    # The same, with nothing planted, is taken, with the owners and modes that PostgreSQL insists on, but for others' rights.
    shutil.rmtree(saved.folder / "saved")
    saved.put("good", *DATABASE, entry(f"{PLACE[1:]}/cluster/sh", mode=0o2755))
    code, output = saved.call("snapshots", "load", "saved")
    assert (code, output) == (0, "good: loaded, 1 MB\n")
    (volume,) = (name for name in volumes() if not name.endswith("-ready"))
    places = [f"/x/{name}" for name in ("cluster", "cluster/PG_VERSION", "cluster/sh", "filestore", "complete")]
    look = ["--user=0", f"--volume={volume}:/x:ro", "--entrypoint=stat", saved.images.postgres, "-c", "%u:%g %a", *places]
    told = docker("run", "--rm", *look).splitlines()
    assert told == [*(f"1234:2345 {mode}" for mode in (700, 600, 755, 755)), "0:0 644"]


@pytest.mark.parametrize("with_its_guard", [False, True])
def test_nothing_is_left_of_a_load_that_is_killed(saved: Saved, tmp_path: Path, with_its_guard: bool) -> None:
    saved.put("file", *DATABASE)
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(
        f'#!/bin/sh\ncase " $* " in *" --interactive "*) echo $$ >{tmp_path}/reached; exec sleep 300 ;; esac\n'
        f'exec {shutil.which("docker")} "$@"\n'
    )
    (folder / "docker").chmod(0o755)
    load = saved.start("snapshots", "load", "saved", PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    wait_until(lambda: (tmp_path / "reached").exists() and (tmp_path / "reached").read_text(), "it is being unpacked")
    assert volumes()
    client = int((tmp_path / "reached").read_text())
    if with_its_guard:
        os.kill(guard_of(load.process.pid), signal.SIGKILL)
    load.send(signal.SIGKILL)
    if with_its_guard:
        os.kill(client, signal.SIGKILL)
        load.finish()
        assert volumes()
        code, output = saved.call("cleanup", "saved")
        assert code == 0, output
    wait_until(lambda: not (volumes() or left(SAVED)), "the guard removes all")
    load.finish()


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """The registry of Debian's package, on a port of its own."""
    install({"docker-registry": "docker-registry"})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": str(folder)}}, "http": {"addr": address}}
    (folder.parent / "registry.yml").write_text(json.dumps(settings))
    with (folder.parent / "registry.log").open("wb") as log:
        command = ["docker-registry", "serve", str(folder.parent / "registry.yml")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until(lambda: _answers(address), "the registry answers")
        yield f"{address}/org/prepared"
    finally:
        process.kill()
        process.wait()


def _answers(address: str) -> bool:
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


def test_from_a_registry_and_from_a_file_a_run_starts_as_from_its_own_and_ends_as_that(saved: Saved, tmp_path: Path) -> None:
    def tested() -> tuple[dict[str, object], str]:
        run = saved.start("run", "saved", "evv_core", "--json", tmp_path / "report.json")
        return report(run, tmp_path / "report.json"), run.output

    with registry(tmp_path / "registry") as name:
        saved.configure(snapshots=name)
        made, output = tested()
        assert made["exit_code"] == 0, output
        assert ("prepare base" in output, f"pushed: the prepared database base, to {name}" in output) == (True, True), output
        assert images() == []
        key = saved.call("snapshots", "key")
        assert saved.call("snapshots", "save", "saved", "--prune")[0] == 0
        saved.forget()

        pulled, output = tested()
        assert f"pulled: the prepared database base, from {name}" in output, output
        assert ("prepare" in output.replace("prepared", ""), pulled) == (False, made), output
        assert images() == []
        saved.forget()

    # The registry is gone, which is a warning where something is to be made, and else not noticed.
    code, output = saved.call("snapshots", "load", "saved")
    assert (code, output.count(": loaded, ")) == (0, 1), output
    loaded, output = tested()
    assert ("prepare" in output.replace("prepared", ""), "warning" in output, loaded) == (False, False, made), output
    assert saved.call("snapshots", "key") == key


def test_what_a_killed_run_left_of_a_registry_s_images_goes_with_the_cleanup(saved: Saved) -> None:
    about = labels_of(Snapshot(KEY, KEY, "base", "", "saved", ("base",), time.time(), 61, 20))
    changes = [word for label, value in about.items() for word in ("--change", f"LABEL {label}={json.dumps(value)}")]
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    command = ["docker", "image", "import", *changes, "-", f"ghcr.io/org/prepared:{KEY}"]
    subprocess.run(command, input=empty.getvalue(), check=True, capture_output=True)
    assert images()
    code, output = saved.call("cleanup", "saved")
    assert (code, images()) == (0, []), output
    assert "(a prepared database, pulled or to be pushed): removed" in output
