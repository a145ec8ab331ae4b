"""A proof log that a run has written, with a fake engine, of a module in a real git repository; and how one is forged."""

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.config.options import Options
from runner.config.repositories import Config
from runner.proof.check import Check, Result
from runner.proof.checking import Asked, check_log
from runner.proof.place import Places
from runner.reporting.foot import Foot, find_foot
from runner.reporting.proof_log import proof_file
from runner.run.module_run import Request, run_module
from runner.terminal import Terminal
from tests.unit.fake_environment import Fakes
from tests.unit.odoo_logs import log, result, starting
from tests.unit.repositories import write_module

GREEN = log(starting("TestClient.test_one"), starting("TestClient.test_two"), result(tests=2)).encode()
TESTS = """\
from odoo.tests import TransactionCase

class TestClient(TransactionCase):
    def test_one(self): ...
    def test_two(self): ...
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    return git(folder, "rev-parse", "HEAD")


@dataclass
class Stage:
    """A repository with the module evv_core, of which a run may be made."""

    fakes: Fakes

    @property
    def checkout(self) -> Path:
        return self.fakes.repository.path

    @property
    def module(self) -> Path:
        return self.fakes.repository.addons[0] / "evv_core"

    def run(self, output: bytes = GREEN, exit_code: int = 0, *, javascript: bytes = b"", **options: Any) -> Path:
        """Run its tests, in which Odoo prints this and ends so; the proof log. `javascript`: what those in it print."""
        self.fakes.streams.executions = [(output, exit_code, None), (javascript, 0, None)]
        options["javascript"] = bool(javascript)
        proof = proof_file(self.checkout, "evv_core", only=True)
        given = Options(health_timeout=5, test_timeout=5, snapshot=False, **options)
        outcome = run_module(
            Request(self.fakes.repository, "evv_core", given, "python -m runner run evv evv_core", proof),
            {"DOCKER_HOST": "unix:///of-the-test.sock"},
            Terminal(),
            self.fakes.signals,
        )
        assert outcome.has_proof, outcome.reasons
        return proof

    def check(self, file: Path, **asked: Any) -> dict[str, Check]:
        """Verify a log, and return what was found by its name."""
        settings = Config(repositories={"evv": self.fakes.repository}, files=())
        wanted = Asked(**asked)
        with Places(wanted.against) as places:
            return {check.name: check for check in check_log(file, wanted, settings, places).checks}

    def wrong(self, file: Path, **asked: Any) -> dict[str, str]:
        """Return what is wrong with a log."""
        return {name: check.text for name, check in self.check(file, **asked).items() if check.result is Result.NO}


@pytest.fixture
def stage(fakes: Fakes) -> Stage:
    stage = Stage(fakes)
    tests = write_module(fakes.repository.addons[0], "evv_core") / "tests"
    tests.mkdir()
    (tests / "__init__.py").write_text("from . import test_client\n")
    (tests / "test_client.py").write_text(TESTS)
    fakes.repository.compose_file.write_text("image: ${ODOO_IMAGE:-odoo:18.0}\nimage: ${POSTGRES_IMAGE:-postgres:16}\n")
    (stage.checkout / ".gitignore").write_text(".agent-tests/\nproof_of_execution_tests*.log*\n")
    fakes.engine.answers["exec p-odoo-1"] = "evv_core installed\n"
    git(stage.checkout, "init", "-q")
    commit(stage.checkout)
    return stage


def forge(proof: Path, edit: Callable[[bytes], bytes]) -> None:
    """Edit every block of a log, and every output, and write the places and the digest anew, as a careful forger would."""
    content = proof.read_bytes()
    found = find_foot(content, len(content))
    assert found
    forged, at, blocks = bytearray(), 0, []
    for begin, length in found.foot.blocks:
        forged += edit(content[at:begin])
        block = edit(content[begin : begin + length])
        blocks.append((len(forged), len(block)))
        forged += block
        at = begin + length

    proof.write_bytes(bytes(forged) + Foot(tuple(blocks), found.foot.left_out).written(hashlib.sha256(forged)))
