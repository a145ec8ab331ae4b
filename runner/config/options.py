"""What a command line says of every run that it asks for."""

from dataclasses import dataclass
from enum import Enum

# Bytes.
MAX_LOG = 100_000_000


class Keep(Enum):
    """When an environment is left standing after its run."""

    NEVER = "never"
    FAILED = "failed"
    ALWAYS = "always"


@dataclass(frozen=True)
class Options:
    """The options of a run; times in seconds, `max_log` in bytes.

    `tests`: what alone is tested, as in `TestRock`, `TestRock.test_quarter`, `tests/test_rock.py` and
    `tests/test_rock.py::TestRock`; without any the module. `exit_first`: Odoo is stopped at the first test that fails.
    `tools`: what the image must have besides, for Odoo's process that tests alone, as pip is told of it. `coverage`: what of
    the module runs is measured; `fail_under`: the percentage of it that has to.
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
    tools: tuple[str, ...] = ()
    coverage: bool = False
    fail_under: float | None = None
