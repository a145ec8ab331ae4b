"""The image of a repository's own on a real engine: built once, found again, and nothing left of a build that does not end."""

import re
import signal
import subprocess
from collections.abc import Iterator

import pytest

from runner.images.store import MADE_FOR_LABEL, NAME
from runner.setup.images import STAND_INS

from .tiny_repository import PASSES, TinyRepository, first_made, left_after_teardown

MARKED = f"[ -e /marker ] || exit 1\n{PASSES}"


def _ids(*filters: str) -> set[str]:
    chosen = [word for condition in filters for word in ("--filter", condition)]
    command = ["docker", "image", "ls", "--quiet", "--no-trunc", *chosen]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


@pytest.fixture
def described(tiny: TinyRepository) -> Iterator[TinyRepository]:
    """A repository with a Dockerfile, after which the engine has the images that it had before."""
    before = _ids(f"label={MADE_FOR_LABEL}=tiny")
    (tiny.checkout / "image").mkdir()
    # Unlike that of any other test run.
    (tiny.checkout / "image/marker").write_text(str(tiny.folder))
    (tiny.checkout / "image/Dockerfile").write_text("ARG BASE\nFROM $BASE\nCOPY marker /marker\n")
    tiny.configure(dockerfile="image/Dockerfile")
    tiny.module("marked", MARKED)
    yield tiny
    made = _ids(f"label={MADE_FOR_LABEL}=tiny") - before
    if made:
        subprocess.run(["docker", "image", "rm", "--force", *made], check=True, capture_output=True)
    assert made == set()


def test_two_runs_that_need_an_image_at_once_build_it_once_and_a_later_one_not_at_all(described: TinyRepository) -> None:
    described.module("other", MARKED)
    started = [described.start("run", "tiny", module, "--no-snapshot") for module in ("marked", "other")]
    assert [run.finish() for run in started] == [0, 0], [run.output for run in started]
    assert "".join(run.output for run in started).count("  build image") == 1
    code, output = described.run("run", "tiny", "marked", "--no-snapshot")
    assert (code, "build image" in output) == (0, False), output
    assert f"image {NAME}:" in described.proof.read_text()
    _, listed = described.run("list")
    assert re.search(rf"^0 MB .* tiny +{NAME}:", listed, re.MULTILINE), listed
    code, output = described.run("cleanup", "--images")
    assert code == 0, output
    assert f"{NAME}:" in output


def test_of_a_build_that_fails_the_last_words_are_told_and_nothing_is_left(described: TinyRepository) -> None:
    dockerfile = described.checkout / "image/Dockerfile"
    dockerfile.write_text(f"{dockerfile.read_text()}COPY gone /gone\n")
    before = _ids("dangling=true")
    code, output = described.run("run", "tiny", "marked", "--no-snapshot")
    assert code == 5, output
    assert "The image with Dockerfile cannot be built" in output and "gone" in output
    assert _ids("dangling=true") - before == set()


@pytest.mark.odoo
def test_of_a_killed_runner_s_build_nothing_is_left(tiny: TinyRepository) -> None:
    compose = tiny.checkout / "compose.yml"
    compose.write_text(compose.read_text().replace("image: agent-test-tiny", "image: $ODOO_IMAGE"))
    tiny.configure(images={**tiny.images, "odoo": STAND_INS["odoo"]}, packages=["hello"])
    tiny.module("good", PASSES)
    run = tiny.start("run", "tiny", "good")
    assert [name.rpartition("-")[2] for name in first_made()] == ["image"]
    run.send(signal.SIGKILL)
    assert run.finish() == -signal.SIGKILL
    assert left_after_teardown() == []
