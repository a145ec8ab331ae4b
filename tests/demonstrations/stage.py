"""A configuration folder of the demonstrations' own, so that they meet nobody else's runs, logs or ports."""

import secrets
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from socket import SO_REUSEADDR, SOL_SOCKET, socket
from types import TracebackType

import yaml

from runner.environment.ports import HOST, can_bind
from runner.odoo.command import SERVICE

from .subject import Subject

_BUSY = 3
# Seconds.
_GIT = 60
# Below the range from which Linux gives ports to clients (32768), away from the usual ones.
_LOWEST, _HIGHEST = 28000, 32000
# What the runner writes into a checkout is of other runs.
_OF_RUNS = shutil.ignore_patterns(".agent-tests", "proof_of_execution_tests*.log*", "__pycache__")


class Stage:
    """A folder with a repos.yaml and copies of the subject's checkout; `prefix` is that of no other run."""

    def __init__(self, folder: Path, subject: Subject) -> None:
        self.folder = folder
        self.subject = subject
        self.prefix = f"{subject.repository}-agent-test-demo-{secrets.token_hex(2)}"
        self._held = ExitStack()
        self.checkout("checkout", {})
        self.configure()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._held.close()

    def run(self, *options: str) -> tuple[str, ...]:
        """The arguments that run the subject's module."""
        return ("run", self.subject.repository, self.subject.module, *options)

    def configure(self, ports: str = "", compose_file: Path | None = None) -> None:
        """Write repos.yaml, with this range of ports and this compose file instead of the subject's."""
        entry = {
            "prefix": self.prefix,
            "path": "checkout",
            "addons": [self.subject.addons],
            "compose_file": str(compose_file or self.subject.compose_file),
            "ports": ports or self.subject.ports,
            "images": dict(self.subject.images),
        }
        text = yaml.safe_dump({"repositories": {self.subject.repository: entry}}, sort_keys=False)
        (self.folder / "repos.yaml").write_text(text)

    def change(self, additions: Mapping[str, str], checkout: str = "checkout") -> None:
        """Append these texts to files of the module, by their paths in it."""
        for path, text in additions.items():
            file = self.folder / checkout / self.subject.addons / self.subject.module / path
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a") as stream:
                stream.write(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file of the module. ValueError if it is not there."""
        file = self.folder / "checkout" / self.subject.addons / self.subject.module / path
        before, found, after = file.read_text().partition(old)
        if not found:
            raise ValueError(f"{path} has no {old!r}")
        file.write_text(f"{before}{new}{after}")

    def commit(self, tag: str) -> None:
        """Make a repository of the checkout, with all of it in a commit of this tag."""
        git = ["git", "-C", str(self.folder / "checkout"), "-c", "user.name=demonstration", "-c", "user.email=d@example.com"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "--no-gpg-sign", "-m", tag], ["tag", tag]):
            subprocess.run([*git, *words], check=True, timeout=_GIT)

    def checkout(self, name: str, additions: Mapping[str, str]) -> Path:
        """A copy of the subject's checkout with these texts appended to its module's files."""
        copy = self.folder / name
        shutil.copytree(self.subject.checkout, copy, ignore=_OF_RUNS)
        self.change(additions, name)
        return copy

    def never_healthy(self) -> Path:
        """A copy of the subject's compose file in which Odoo's health check never passes."""
        content = yaml.safe_load(self.subject.compose_file.read_text())
        content["services"][SERVICE]["healthcheck"]["test"] = ["CMD", "false"]
        copy = self.folder / "never-healthy.yml"
        copy.write_text(yaml.safe_dump(content, sort_keys=False))
        return copy

    def busy_ports(self) -> str:
        """A range of ports, as repos.yaml has it, that this process holds until the stage is left. OSError if none is free."""
        for first in range(_LOWEST, _HIGHEST, _BUSY):
            ports = range(first, first + _BUSY)
            if all(can_bind(port) for port in ports):
                for port in ports:
                    held = self._held.enter_context(socket())
                    held.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
                    held.bind((HOST, port))
                    held.listen()
                return f"{ports[0]}-{ports[-1]}"
        raise OSError(f"no {_BUSY} free ports beside one another from {_LOWEST} to {_HIGHEST}")
