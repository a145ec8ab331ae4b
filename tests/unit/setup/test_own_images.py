"""`setup` builds the images of the repositories' own, and leaves nothing of one that cannot be built."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from runner.cleanup.teardown import Report
from runner.config.repositories import load
from runner.images.store import labels_of
from runner.setup import own_images
from runner.setup.shell import ProvisionError
from tests.unit.fake_engine import VERSION, FakeEngine, Words, failed, info
from tests.unit.fake_environment import FakeStreams
from tests.unit.repositories import YAML

BASE = {"Id": "sha256:base", "Config": {}}


class Machine:
    """An engine with the base, on which an image is there once it was committed."""

    def __init__(self) -> None:
        self.committed: list[str] = []
        answers: dict[str, Any] = dict.fromkeys(("run", "container rm", "image ls"), "")
        self.engine = FakeEngine(
            {
                "info": info,
                "version": VERSION,
                **answers,
                "image inspect odoo:18.0": json.dumps([BASE]),
                "image inspect agent-test-image:": self._own,
                "commit": self._commit,
            }
        )
        self.streams = FakeStreams()
        self.removed: list[str] = []

    def _commit(self, words: Words) -> str:
        self.committed.append(words[-1])
        return ""

    def _own(self, words: Words) -> Any:
        name = words[-1]
        labels = labels_of(name.partition(":")[2], "evv", "", time.time())
        return (
            json.dumps([{"Id": "sha256:own", "Config": {"Labels": labels}}]) if name in self.committed else failed("No such")
        )

    def remove(self, _endpoint: object, project: str, **_more: object) -> Report:
        self.removed.append(project)
        return Report(left={})


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    machine = Machine()
    monkeypatch.setattr(own_images, "connect", lambda _environ: machine.engine)
    monkeypatch.setattr(own_images, "Streams", lambda _engine, _folder: machine.streams)
    monkeypatch.setattr(own_images, "remove_project", machine.remove)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "repos.yaml").write_text(YAML.replace("path: evv,", "path: evv, packages: [git],"))
    return machine


def test_what_no_run_has_needed_yet_is_built_once(machine: Machine, tmp_path: Path) -> None:
    for _ in range(2):
        own_images.ensure_own_images(load(tmp_path, {}))
    assert len(machine.committed) == 1
    (project,) = machine.removed
    assert project.startswith("evv-agent-test-image-")


def test_of_one_that_cannot_be_built_that_is_said_and_nothing_is_left(machine: Machine, tmp_path: Path) -> None:
    machine.streams.says = (b"no package git\n", 100)
    with pytest.raises(ProvisionError, match=r"evv: The image with git cannot be built \(exit code 100\):\nno package git"):
        own_images.ensure_own_images(load(tmp_path, {}))
    assert len(machine.removed) == 1


def test_where_no_repository_wants_one_no_engine_is_asked(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "repos.yaml").write_text(YAML)
    own_images.ensure_own_images(load(tmp_path, {}))
    assert machine.engine.asked == []
