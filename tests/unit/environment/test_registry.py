"""Prepared databases in a registry: what a run pulls and pushes, and that nothing of it makes the run red or stays."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from runner.config.model import Prepared
from runner.docker.inventory import image_from
from runner.environment.registry import Registry
from runner.snapshots.snapshot import Snapshot, Stage
from runner.snapshots.store import Store, images_of_registries, labels_of
from runner.terminal import Terminal
from tests.unit.fake_carriers import STAGE, FakeCarriers, FakeCarrierStreams, broken
from tests.unit.fake_engine import Said, Words, failed
from tests.unit.repositories import repository

PREPARED = "ghcr.io/org/prepared"
NAME = f"{PREPARED}:{STAGE.key}"
BASE = Stage("base", ("base",), "f" * 32, "f" * 32)
NOT_FOUND = "Error response from daemon: manifest for ghcr.io/org/prepared:x not found: manifest unknown: manifest unknown"


class FakeRegistry(FakeCarriers):
    """An engine with a registry, of which `pushed` are the images by name; one fills the volume that it is created with."""

    def __init__(self) -> None:
        super().__init__()
        self.pushed: dict[str, dict[str, Any]] = {}
        self.refuses = ""
        self.size = 0
        self.answers |= {"image pull --quiet": self._pull, "image push --quiet": self._push, "create": self._filled_container}

    def _pull(self, words: Words) -> Said:
        if self.refuses:
            return failed(self.refuses)
        if words[-1] not in self.pushed:
            return failed(NOT_FOUND)
        assert self.images
        self.images.add(f"sha256:of-{words[-1]}", words[-1], size=self.size, **self.pushed[words[-1]])
        return words[-1]

    def _push(self, words: Words) -> Said:
        assert self.images
        if self.refuses:
            return failed(self.refuses)
        (image,) = (image for image in self.images.images.values() if words[-1] in image["RepoTags"])
        self.pushed[words[-1]] = image["Config"]
        return ""

    def _filled_container(self, words: Words) -> str:
        (volume,) = (word.removeprefix("--volume=").split(":")[0] for word in words if word.startswith("--volume="))
        self.contents[volume] = self.pushed[words[-2]]["content"].encode()
        return "the-container"

    def hold(self, stage: Stage = STAGE, **other: Any) -> None:
        """Have somebody push it, with labels or settings of its own."""
        about = (stage.key, stage.base, stage.name, "there", "hub", ("base", "hr", "web"), time.time() - 60, 90, 30)
        labels = labels_of(Snapshot(*about)) | other.pop("labels", {})
        self.pushed[f"{PREPARED}:{stage.key}"] = {
            "Labels": labels,
            "content": "pulled",
            **{name: value for name, value in other.items() if name != "size"},
        }
        self.size = other.get("size", 0)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # the locks
    return FakeRegistry()


@pytest.fixture
def registry(engine: FakeRegistry, tmp_path: Path) -> Registry:
    evv = repository(tmp_path).model_copy(update={"snapshots": PREPARED})
    assert engine.images
    image = image_from(engine.images.images["sha256:db"])
    return Registry(evv, Store(engine), FakeCarrierStreams(engine), "p", {"agent-test.owner-pid": "7"}, image, Terminal())


def test_what_somebody_has_pushed_is_pulled_and_counts_among_the_repository_s_own(
    engine: FakeRegistry, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.hold()
    assert registry.pull([BASE, STAGE])
    (pulled,) = engine.ready.values()
    assert (pulled.key, pulled.repository, pulled.modules, pulled.seconds) == (STAGE.key, "evv", ("base", "hr", "web"), 30)
    assert engine.contents[pulled.volume] == b"pulled"
    assert f"pulled: the prepared database core, from {PREPARED}" in capsys.readouterr().out
    assert (images_of_registries(engine), engine.container) == ([], ())


def test_the_container_that_is_filled_from_has_the_labels_of_the_run(engine: FakeRegistry, registry: Registry) -> None:
    engine.hold()
    registry.pull([STAGE])
    (made,) = (words for words in engine.asked if words.startswith("create"))
    assert "--label=agent-test.owner-pid=7 --label=com.docker.compose.project=p" in made
    assert "--pull=never --name=p-pulled --network=none" in made
    assert "container rm --force --volumes p-pulled" in engine.asked


def test_the_longest_that_is_there_is_pulled_and_no_other(engine: FakeRegistry, registry: Registry) -> None:
    engine.hold(BASE)
    assert registry.pull([BASE, STAGE])
    assert list(engine.ready) == [BASE.key]
    engine.hold()
    assert registry.pull([BASE, STAGE])
    assert set(engine.ready) == {BASE.key, STAGE.key}


def test_that_nobody_has_pushed_it_is_no_word_worth(
    engine: FakeRegistry, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not registry.pull([BASE, STAGE])
    assert capsys.readouterr().out == ""
    assert registry.is_usable


def test_a_registry_that_does_not_answer_is_a_warning_and_asked_no_more(
    engine: FakeRegistry, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.refuses = "Error response from daemon: Get https://ghcr.io/v2/: dial tcp: i/o timeout"
    made = engine.prepare(BASE)
    assert not registry.pull([STAGE])
    registry.push([made])
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert f"warning: no prepared database is pulled, {PREPARED}: `docker image pull" in told
    assert "i/o timeout" in told
    assert len([words for words in engine.asked if "pull" in words]) == 1


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"labels": {"agent-test-snapshot.key": "a" * 32}}, "it is another than its tag says"),
        ({"labels": {"agent-test-snapshot.base": "a" * 32}}, "it is another than its tag says"),
        ({"labels": {"agent-test-snapshot.stage": "own"}}, "it is another than its tag says"),
        ({"labels": {"agent-test-snapshot.modules": "base"}}, "it does not hold the modules that it should"),
        ({"labels": {"agent-test-snapshot.schema": "1"}}, "it was made by another version"),
        ({"labels": {"agent-test.guard-of": "p"}}, "labels or volumes that none of ours has"),
        ({"Volumes": {"/x": {}}}, "labels or volumes that none of ours has"),
        ({"size": 33_000_000_000}, "it has 33000 MB, `prepared` in repos.yaml allows 10737"),
    ],
)
def test_what_is_not_what_was_asked_for_is_never_begun_and_goes(
    engine: FakeRegistry, registry: Registry, other: dict[str, Any], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.hold(**other)
    assert not registry.pull([STAGE])
    assert why in capsys.readouterr().out
    assert (engine.volumes, images_of_registries(engine)) == ({}, [])


def test_what_holds_no_database_is_not_declared_ready(engine: FakeRegistry, registry: Registry) -> None:
    engine.hold()
    engine.failures["seal"] = broken("it holds what is no plain file: ./x")
    assert not registry.pull([STAGE])
    assert (engine.ready, images_of_registries(engine), engine.container) == ({}, [], ())


def test_what_another_run_has_pulled_meanwhile_is_not_pulled_again(engine: FakeRegistry, registry: Registry) -> None:
    engine.prepare()
    assert registry.pull([STAGE])
    assert not [words for words in engine.asked if "pull" in words]


def test_pulled_ones_stay_within_the_limits_of_the_repository(engine: FakeRegistry, registry: Registry) -> None:
    registry.repository = registry.repository.model_copy(update={"prepared": Prepared(number=1)})
    engine.prepare(Stage("own", ("evv_core",), "e" * 32, "e" * 32, own=True))
    engine.hold()
    registry.pull([STAGE])
    assert list(engine.ready) == [STAGE.key]


def test_what_was_made_is_pushed_with_all_that_is_known_of_it_and_its_image_goes(
    engine: FakeRegistry, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    made = engine.prepare(content=b"the tar")
    registry.push([made])
    assert engine.pushed[NAME] == {"Labels": labels_of(made), "content": "the tar"}
    assert f"pushed: the prepared database core, to {PREPARED}" in capsys.readouterr().out
    assert (images_of_registries(engine), engine.container) == ([], ())


@pytest.mark.parametrize("step", ["pack", "import", "push"])
def test_what_cannot_be_pushed_is_a_warning_and_leaves_no_image(
    engine: FakeRegistry, registry: Registry, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = engine.prepare()
    engine.refuses = "denied: permission_denied: write_package" if step == "push" else ""
    engine.failures[step] = broken("no space left", 2)
    registry.push([made])
    assert f"warning: no prepared database is pushed, {PREPARED}: " in capsys.readouterr().out
    assert (images_of_registries(engine), engine.pushed, engine.container) == ([], {}, ())


def test_no_character_of_a_label_ends_it(engine: FakeRegistry, registry: Registry) -> None:
    """As docker reads what `--change` says."""
    made = engine.prepare(repository='a"b\\c d')
    imported: list[Words] = []
    run = registry.streams.run
    registry.streams.run = lambda words, *rest: imported.append(words) or run(words, *rest)  # type: ignore[method-assign, func-returns-value]
    registry.push([made])
    (changes,) = ([word for word in words if "repository" in word] for words in imported)
    assert changes == [f"LABEL agent-test-snapshot.repository={json.dumps(made.repository)}"]
