"""The demonstrations, on a tiny module: they show what they promise, see what is wrong, and leave nothing when interrupted."""

import signal
import sys
from pathlib import Path

import pytest

from tests.demonstrations.scenes import failure
from tests.demonstrations.show import SUMMARY, show
from tests.demonstrations.subject import Subject

from .phases import wait_until
from .tiny_repository import FAILS, PASSES, ROOT, RUNNING, WAITS, Started, TinyRepository, left, left_after_teardown

# `changed.sh` takes the place of what the module does otherwise.
_UNLESS_CHANGED = (
    f"if [ -e /mnt/extra-addons/module/changed.sh ]; then . /mnt/extra-addons/module/changed.sh; exit; fi\n{PASSES}"
)
_PROGRAM = """
import os, sys
from pathlib import Path
from runner.signals import Signals
from tests.docker.test_demonstrate import subject_in
from tests.demonstrations.show import show
with Signals(lambda _: None).installed(os.environ):
    show(subject_in(Path(sys.argv[1])), Path(sys.argv[1]) / "proof", lambda line: print(line, flush=True))
"""


def subject_in(folder: Path, failing: str = "FAIL: TestTiny.test_one") -> Subject:
    return Subject(
        repository="tiny",
        checkout=folder / "tiny",
        addons="addons",
        module="module",
        compose_file=folder / "tiny/compose.yml",
        images={"odoo": "agent-test-tiny", "postgres": "agent-test-tiny"},
        ports="18090-18099",
        fails={"changed.sh": FAILS},
        failing=failing,
        waits={"changed.sh": WAITS},
        waiting=RUNNING,
        is_odoo=False,
    )


@pytest.fixture
def subject(tiny: TinyRepository) -> TinyRepository:
    tiny.module("module", _UNLESS_CHANGED)
    return tiny


def test_all_demonstrations_go_as_expected_and_are_written_down(subject: TinyRepository) -> None:
    proof = subject.folder / "proof"
    said: list[str] = []
    assert show(subject_in(subject.folder), proof, said.append), said
    pages = sorted(file.name for file in proof.iterdir())
    names = ("success", "failure", "page", "proof", "interrupt", "ports", "health", "documents")
    numbered = [f"{number}-{name}" for number, name in enumerate(names, start=1)]
    assert pages == sorted([*(f"{name}.md" for name in numbered), "3-page.html", SUMMARY])
    assert "all 8 went as expected" in (proof / SUMMARY).read_text()
    assert "module --verbose` ends with exit code 130\n" in (proof / "5-interrupt.md").read_text()


def test_what_does_not_go_as_expected_is_red(subject: TinyRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.demonstrations.show.SCENES", (failure,))
    proof = subject.folder / "proof"
    said: list[str] = []
    assert not show(subject_in(subject.folder, failing="FAIL: of another name"), proof, said.append)
    assert [line for line in said if line.startswith("WRONG")] == ["WRONG  Failing test"]
    assert "# Failing test: NOT AS EXPECTED" in (proof / "1-failure.md").read_text()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_demonstration_leaves_nothing(subject: TinyRepository, signum: signal.Signals) -> None:
    tiny = subject
    (tiny.addons / "module/behaviour.sh").write_text(WAITS)
    command = [sys.executable, "-c", _PROGRAM, str(tiny.folder)]
    demonstration = Started(command, ROOT, tiny.environ(TMPDIR=str(tiny.folder)))  # SIGKILL leaves its folder
    wait_until(lambda: any(name.endswith("-odoo-1") for name in left()), "the environment of the first demonstration")
    demonstration.send_group(signum)
    assert demonstration.finish() != 0
    assert left_after_teardown() == []
