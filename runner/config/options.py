"""What a command line says of every run that it asks for."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from runner.text import printable

# Bytes.
MAX_LOG = 100_000_000


class Keep(Enum):
    """When an environment is left standing after its run."""

    NEVER = "never"
    FAILED = "failed"
    ALWAYS = "always"


class Debugger(Enum):
    """What stops the tests at a breakpoint; its value is for people."""

    NONE = ""
    PDB = "pdb"
    DEBUGPY = "debugpy"


@dataclass(frozen=True)
class Ref:
    """A commit, and how it was asked for: by its hash, a tag or a branch."""

    name: str
    commit: str

    def __str__(self) -> str:
        """Say both, for people; a name alone where it is the commit."""
        return printable(self.name) if self.name == self.commit else f"{printable(self.name)} (commit {self.commit[:12]})"


@dataclass(frozen=True)
class Options:
    """The options of a run; times in seconds, `max_log` in bytes.

    `tests`: what alone is tested, as in `TestRock`, `TestRock.test_quarter`, `tests/test_rock.py` and
    `tests/test_rock.py::TestRock`; without any the module. `exit_first`: Odoo is stopped at the first test that fails.
    `sign_key`: the SSH key with which the proof log is signed.
    `tools`: what the image must have besides, for Odoo's process that tests alone, as pip is told of it.
    `upgrade_from`: where the module is first installed as it was, then updated. `new_since`: that it was not there then, so
    that it is installed as ever. `reinstall`: it is installed, uninstalled, and installed with its tests.
    `coverage`: what of the module runs is measured; `fail_under`: the percentage of it that has to.
    """

    health_timeout: float
    test_timeout: float
    test_tags: str | None = None
    keep: Keep = Keep.NEVER
    strict: bool = False
    wait_for_port: float = 0.0
    snapshot: bool = True
    strict_all: bool = False
    max_log: int = MAX_LOG
    javascript: bool = False
    tests: tuple[str, ...] = ()
    exit_first: bool = False
    watch: bool = False
    sign_key: Path | None = None
    tools: tuple[str, ...] = ()
    debugger: Debugger = Debugger.NONE
    upgrade_from: Ref | None = None
    new_since: Ref | None = None
    reinstall: bool = False
    coverage: bool = False
    fail_under: float | None = None

    @property
    def steps(self) -> int:
        """Count the processes of Odoo that come before the one that tests."""
        return 2 if self.reinstall else 1 if self.upgrade_from else 0
