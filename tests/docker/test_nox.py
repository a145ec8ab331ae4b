"""The sessions of the noxfile, started by nox itself, with a tiny repository in the place of the examples."""

import shutil
import signal
import sys
from pathlib import Path

import pytest

from .tiny_repository import PASSES, ROOT, RUNNING, WAITS, Started, TinyRepository, left, left_after_teardown

# Creating a virtual environment and installing into it takes a while on a slow network.
INSTALL = 300.0


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nox's virtual environments, shared by the tests of this file."""
    return tmp_path_factory.mktemp("nox")


def _nox(tiny: TinyRepository, environments: Path, *arguments: str) -> Started:
    for name in ("noxfile.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tiny.folder)
    if not (tiny.folder / "runner").exists():
        (tiny.folder / "runner").symlink_to(ROOT / "runner")
    command = [sys.executable, "-m", "nox", "--envdir", str(environments), *arguments]
    return Started(command, tiny.folder, tiny.environ(), patience=INSTALL)


def test_the_session_passes_and_fails_with_the_tests(tiny: TinyRepository, environments: Path) -> None:
    tiny.module("good", PASSES)
    tiny.module("silent", "exit 0\n")
    green = _nox(tiny, environments, "-s", "odoo_tests", "--", "tiny", "good")
    assert green.finish() == 0, green.output
    red = _nox(tiny, environments, "-s", "odoo_tests", "--", "tiny", "silent")
    assert red.finish() == 1, red.output
    assert "failed with exit code 7" in red.output


def test_the_parameter_stands_for_the_repository(tiny: TinyRepository, environments: Path) -> None:
    tiny.module("good", PASSES)
    run = _nox(tiny, environments, "-s", "odoo_tests(tiny)", "--", "good")
    assert run.finish() == 0, run.output


def test_a_repository_that_does_not_exist_is_red(tiny: TinyRepository, environments: Path) -> None:
    tiny.module("good", PASSES)
    run = _nox(tiny, environments, "-s", "odoo_tests", "--", "tinny", "good")
    assert run.finish() == 1, run.output
    assert "known are: tiny" in run.output


def test_ctrl_c_tears_down_before_nox_ends(tiny: TinyRepository, environments: Path) -> None:
    tiny.module("waits", WAITS)
    run = _nox(tiny, environments, "-s", "odoo_tests", "--", "tiny", "waits", "--verbose")
    run.wait_for(RUNNING)
    run.send_group(signal.SIGINT)
    assert run.finish() == 130, run.output
    assert left() == []


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_to_nox_alone_leaves_nothing(tiny: TinyRepository, environments: Path, signum: signal.Signals) -> None:
    tiny.module("waits", WAITS)
    run = _nox(tiny, environments, "-s", "odoo_tests", "--", "tiny", "waits", "--verbose")
    run.wait_for(RUNNING)
    run.send(signum)
    run.finish()
    assert left_after_teardown() == []
    assert "interrupted by SIGTERM" in run.output


def test_cleanup_is_a_session(tiny: TinyRepository, environments: Path) -> None:
    run = _nox(tiny, environments, "--no-venv", "-s", "cleanup", "--", "tiny")  # what it would install is known
    assert run.finish() == 0, run.output
    assert "Nothing is left of dead runs of tiny." in run.output
