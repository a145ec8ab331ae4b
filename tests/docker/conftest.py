"""Every test here runs on the real engine, and fails if anything with our labels is left afterwards."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner import config
from runner.ports import can_bind

from .tiny_repository import ROOT, TinyRepository, dangling_volumes, left

FIRST_PORT, LAST_PORT = 18090, 18099


@pytest.fixture(scope="session")
def tiny_image() -> None:
    """Build the image of the tiny services. Without an engine this fails: a skipped test would prove nothing."""
    images = next(iter(config.load(ROOT, os.environ).repositories.values())).images
    command = ["docker", "build", "--quiet", "--build-arg", f"BASE={images.postgres}", "--tag", "agent-test-tiny"]
    built = subprocess.run(
        [*command, str(ROOT / "tests/docker/tiny")],
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, f"{built.stderr}\nRun `nox -s setup` first."


@pytest.fixture
def tiny(tiny_image: None, tmp_path: Path) -> Iterator[TinyRepository]:
    """A repository of tiny modules; afterwards nothing of it may be left, and its ports must be free."""
    dangling = dangling_volumes()
    yield TinyRepository(tmp_path, f"{FIRST_PORT}-{LAST_PORT}")
    assert left() == []
    assert dangling_volumes() - dangling == set()
    assert [port for port in range(FIRST_PORT, LAST_PORT + 1) if not can_bind(port)] == []
