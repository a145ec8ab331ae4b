"""The keys of what runs would start from are those of the runs themselves, and nothing is started for them."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest

from runner.environment.environment import Environment
from runner.environment.prepared_keys import prepared_keys
from runner.errors import EnvironmentFailed
from runner.signals import Signals
from runner.terminal import Terminal
from tests.unit.fake_environment import ENDPOINT, Fakes
from tests.unit.fake_images import FakeImages
from tests.unit.repositories import write_module

MODULES = ("evv_core", "evv_visits")


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signals: Signals) -> Fakes:
    fakes = Fakes(tmp_path, signals)
    for folder in fakes.repository.addons:
        write_module(folder, folder.name)
    write_module(fakes.repository.addons[0], "evv_core")
    visits = write_module(fakes.repository.addons[0], "evv_visits")
    (visits / "__manifest__.py").write_text("{'name': 'Visits', 'depends': ['evv_core', 'hr']}")
    fakes.rendered = copy.deepcopy(fakes.rendered)
    fakes.rendered["services"]["db"]["volumes"] = [{"type": "volume", "source": "data", "target": "/data"}]
    images = FakeImages(fakes.engine)
    images.add("sha256:odoo", "odoo:18.0")
    images.add("sha256:db", "postgres:16", Env=["PGDATA=/data"])
    fakes.engine.images = images
    return fakes.installed(monkeypatch)


def keys(fakes: Fakes) -> set[str]:
    return prepared_keys(fakes.engine, fakes.streams, fakes.repository, MODULES, Terminal())


def test_they_are_those_of_the_stages_that_runs_make_and_nothing_is_started(fakes: Fakes) -> None:
    found = keys(fakes)
    assert not {event.split()[0] for event in fakes.events} - {"version", "compose", "image", "info"}
    missing = set()
    for module in MODULES:
        with Environment(replace(fakes.context(snapshot=True), module=module), ENDPOINT) as environment:
            missing |= {stage.key for stage in environment.plan.missing}
    assert missing
    assert missing <= found


def test_they_are_the_same_each_time_and_others_for_another_image_compose_file_or_dependency(fakes: Fakes) -> None:
    before = keys(fakes)
    assert keys(fakes) == before
    core = fakes.repository.addons[0] / "evv_core"
    (core / "models.py").write_text("x = 1\n")
    changed = keys(fakes)
    assert before & changed  # the stages below the sources
    assert changed - before
    (core / "models.py").unlink()
    fakes.rendered["services"]["db"]["environment"] = {"POSTGRES_INITDB_ARGS": "--no-sync"}
    assert not keys(fakes) & before
    del fakes.rendered["services"]["db"]["environment"]
    assert keys(fakes) == before
    assert fakes.engine.images
    fakes.engine.images.images["sha256:db"]["Id"] = "sha256:newer"
    assert not keys(fakes) & before


def test_the_module_under_test_itself_changes_none(fakes: Fakes) -> None:
    before = keys(fakes)
    (fakes.repository.addons[0] / "evv_visits" / "models.py").write_text("x = 1\n")
    assert keys(fakes) == before


def test_a_module_that_can_have_none_is_told(fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    del fakes.rendered["services"]["db"]["volumes"]
    fakes.rendered["services"]["db"]["tmpfs"] = ["/data"]
    assert keys(fakes) == set()
    told = capsys.readouterr().out
    assert "evv / evv_core: no prepared database: the service `db` does not keep its data in a volume" in told


def test_what_is_not_built_yet_is_not_built_for_a_key(fakes: Fakes) -> None:
    fakes.repository = fakes.repository.model_copy(update={"packages": ("git",)})
    with pytest.raises(EnvironmentFailed, match=r"The image of evv's own is not built yet. Build it: nox -s setup"):
        keys(fakes)
    assert not [words for words in fakes.engine.asked if words.startswith(("run", "build", "commit"))]


def test_an_image_that_is_missing_is_pulled_as_by_a_run(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fakes.engine.images
    before, images = keys(fakes), fakes.engine.images
    del images.images["sha256:odoo"]
    monkeypatch.setattr(fakes.streams, "pull", lambda name: images.add("sha256:odoo", name))
    assert keys(fakes) == before


def test_nothing_of_a_password_is_in_them_or_told(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.rendered["services"]["db"]["environment"] = {"POSTGRES_PASSWORD": "secret"}
    monkeypatch.setattr("runner.environment.prepared_keys.secrets.token_hex", lambda _bytes: "secret")
    before = keys(fakes)
    fakes.rendered = json.loads(json.dumps(fakes.rendered).replace("secret", "other"))
    monkeypatch.setattr("runner.environment.prepared_keys.secrets.token_hex", lambda _bytes: "other")
    assert keys(fakes) == before
