"""Where the runs are played: a slot of this machine, with a repository, ports, folders and a small disk of its own."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import yaml

from runner.config import repositories as config

from ..docker.tiny_repository import ROOT, environ_without_starter
from .marked import MARK, end, neighbour_of

SLOTS = 4
REPOSITORIES = tuple(f"chaos{number}" for number in range(SLOTS))
_FIRST_PORT, _PORTS = 18300, 10
# The second user, who needs no entry in /etc/passwd, and by whose group the engine may be used.
_USER = 64_700
_SOCKET = Path("/var/run/docker.sock")
_DISK = "32m"
# Red on every database: so it is tested twice, on a prepared one and on an empty one.
RED = "chaos_red"
_RED_TEST = """from odoo.tests import TransactionCase


class TestRed(TransactionCase):
    def test_red(self):
        self.assertEqual(1, 2)
"""


class Place:
    """One of SLOTS: so many processes of chaos can go on side by side. What a killed one left in its slot is removed first.

    `tmp` is the TMPDIR of all runs. `home` and `user_home` are folders of mode 700 with a repos.yaml and a checkout each, the
    second one another user's; `full_home` is on a small disk of its own. They are there only where this process is root.
    """

    def __init__(self) -> None:
        slot, self._claim = _claimed()
        self.name = REPOSITORIES[slot]
        self.prefix = f"{self.name}-agent-test"
        self.label = f"agent-test.repository={self.name}"
        self.ports = range(_FIRST_PORT + _PORTS * slot, _FIRST_PORT + _PORTS * (slot + 1))
        self.is_root = os.getuid() == 0
        # The same for every process in this slot, so that the next one finds what a killed one left.
        self.folder = Path(f"/tmp/agent-test-{self.name}-{os.getuid()}")
        self.tmp, self.faults, self.disk = (self.folder / name for name in ("tmp", "faults", "disk"))
        self.home, self.user_home, self.full_home = self.folder / "home", self.folder / "user", self.disk / "home"

    def __enter__(self) -> "Place":
        self._remove_folder()
        try:
            self._furnish_all()
        except BaseException:
            self._remove_folder()
            raise
        self.clean("--all", "--snapshots")
        return self

    def _furnish_all(self) -> None:
        self.folder.mkdir(mode=0o755)
        for folder in (self.tmp, self.faults):
            folder.mkdir()
            folder.chmod(0o1777)
        self._furnish(self.home)
        if self.is_root:
            self._furnish(self.user_home)
            for file in (self.user_home, *self.user_home.rglob("*")):
                os.chown(file, _USER, _USER)
            self.disk.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK},mode=755", "tmpfs", str(self.disk)], check=True)
            self._furnish(self.full_home)

    def __exit__(self, *_: object) -> None:
        try:
            self._end_all()
            self.clean("--all", "--snapshots")
        finally:
            self._remove_folder()
            self._claim.close()

    def _remove_folder(self) -> None:
        self._end_all()
        if self.disk.is_mount():
            subprocess.run(["umount", "--lazy", str(self.disk)], check=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.folder)

    def _end_all(self) -> None:
        for place in (self.name, neighbour_of(self.name)):
            end(place)

    def _furnish(self, home: Path) -> None:
        """Make a home: a copy of the example evv with a red module, the images of this machine, and a repos.yaml."""
        home.mkdir()
        home.chmod(0o700)
        ignored = shutil.ignore_patterns(".agent-tests", "*.log", "__pycache__")
        shutil.copytree(ROOT / "examples/evv", home / "checkout", ignore=ignored)
        red = home / "checkout/addons" / RED
        (red / "tests").mkdir(parents=True)
        (red / "__init__.py").touch()
        (red / "__manifest__.py").write_text("{'name': 'Red', 'depends': ['base']}\n")
        (red / "tests/__init__.py").write_text("from . import test_red\n")
        (red / "tests/test_red.py").write_text(_RED_TEST)
        settings = config.load(ROOT, os.environ).repositories["evv"]
        # Like no other, so that its prepared databases are nobody else's.
        services = yaml.safe_load(settings.compose_file.read_text())
        services["services"]["odoo"]["environment"]["PLAYED_BY"] = self.name
        (home / "compose.yml").write_text(yaml.safe_dump(services))
        entry: dict[str, object] = {
            "prefix": self.prefix,
            "path": "checkout",
            "addons": ["addons"],
            "ports": f"{self.ports[0]}-{self.ports[-1]}",
            "compose_file": str(home / "compose.yml"),
            "images": settings.images.model_dump(),
        }
        (home / "repos.yaml").write_text(yaml.safe_dump({"repositories": {self.name: entry}}))

    def as_user(self) -> list[str]:
        """What makes a command the second user's."""
        return ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", f"--groups={_SOCKET.stat().st_gid}"]

    def has_user(self) -> bool:
        """Whether there can be a second user: it must be able to start this Python, which may be in a folder of root's."""
        if not self.is_root:
            return False
        program = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', 'import runner.cli.main']))"
        command = [*self.as_user(), sys.executable, "-c", program]
        environ = self.environ(self.user_home)
        return not subprocess.run(command, cwd="/", env=environ, capture_output=True, check=False).returncode

    def environ(self, home: Path, **more: str) -> dict[str, str]:
        """The environment of a run: without a starter, with the mark by which its processes are found."""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        usual = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(home), "TMPDIR": str(self.tmp)}
        return {**environ_without_starter(), **usual, MARK: self.name, **more}

    def clean(self, *options: str) -> str:
        """What `cleanup` of this repository says."""
        command = [sys.executable, "-m", "runner", "cleanup", self.name, "--timeout", "20", *options]
        environ = self.environ(self.home)
        done = subprocess.run(
            command,
            cwd=self.home,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return done.stdout


def _claimed() -> tuple[int, socket.socket]:
    """A slot that no other process has. The kernel frees it when this process ends."""
    for slot in range(SLOTS):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0agent-test-chaos-{slot}")
        except OSError:
            claim.close()
        else:
            return slot, claim
    raise SystemExit(f"{SLOTS} processes of chaos go on already.")
