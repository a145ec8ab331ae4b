"""What the demonstrations are made with: a module of an example, and the changes by which its tests fail or wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.config import repositories as config

ROOT = Path(__file__).resolve().parents[2]
_TEST = """from odoo.tests import TransactionCase


class TestDemonstration(TransactionCase):
    def {name}(self):
        {body}
"""
_IMPORT = "\nfrom . import test_demonstration\n"
_FAILS = _TEST.format(name="test_fails_on_purpose", body='self.assertEqual("broken on purpose", "whole")')
# Longer than anybody waits for the Ctrl+C that ends it.
_WAITS = _TEST.format(name="test_waits_for_ctrl_c", body='__import__("time").sleep(3600)')


@dataclass(frozen=True)
class Subject:
    """A module whose tests pass. `fails` and `waits`: texts to append to its files, by path in the module.

    `failing` is what a run says of the test that fails, `waiting` what it says when the test that waits has begun. `is_odoo`:
    its image holds Odoo, and not what stands for it.
    """

    repository: str
    checkout: Path
    addons: str
    module: str
    compose_file: Path
    images: Mapping[str, str]
    ports: str
    fails: Mapping[str, str]
    failing: str
    waits: Mapping[str, str]
    waiting: str
    is_odoo: bool = True


def example(environ: Mapping[str, str]) -> Subject:
    """The example evv with the images and ports that repos.yaml and repos.local.yaml name. ConfigError as from config.load."""
    configured = next(iter(config.load(ROOT, environ).repositories.values()))
    return Subject(
        repository="evv",
        checkout=ROOT / "examples/evv",
        addons="addons",
        module="traction",
        compose_file=ROOT / "docker-compose.agent.yml",
        images={"odoo": configured.images.odoo, "postgres": configured.images.postgres},
        ports=str(configured.ports),
        fails={"tests/__init__.py": _IMPORT, "tests/test_demonstration.py": _FAILS},
        failing="FAIL: TestDemonstration.test_fails_on_purpose",
        waits={"tests/__init__.py": _IMPORT, "tests/test_demonstration.py": _WAITS},
        waiting="Starting TestDemonstration.test_waits_for_ctrl_c",
    )
