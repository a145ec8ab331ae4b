"""The image of a repository's own in a run: found, built where it is not there, and given to Odoo's service by its ID."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from runner.config.repositories import RepoConfig
from runner.environment import port_lock
from runner.errors import ConfigError, EnvironmentFailed
from runner.images.recipe import recipe_of, recipe_of_tools
from runner.images.store import labels_of, name_of
from runner.signals import Signals
from runner.snapshots.plan import Plan
from tests.unit.fake_engine import Words, failed
from tests.unit.fake_environment import RENDERED, Fakes
from tests.unit.repositories import write_module

BASE, OWN = "sha256:odoo", "sha256:own"
TOOLS = ("a~=1.0", "b")


class FakesWithImages(Fakes):
    """A run of a repository that wants a package; `built` is the image, once it has been committed, or was before."""

    def __init__(self, folder: Path, signals: Signals) -> None:
        super().__init__(folder, signals)
        self.repository = self.repository.model_copy(update={"packages": ("git",)})
        recipe = recipe_of(self.repository)
        assert recipe
        self.key = recipe.key(BASE)
        self.built: dict[str, Any] | None = None
        self.engine.answers |= {
            "run --detach": "",
            "commit": self._commit,
            f"image inspect {name_of(self.key)}": self._inspect,
            "image ls": "",
        }

    def build(self, days_ago: float = 0, own: str = OWN) -> None:
        labels = labels_of(self.key, "evv", BASE, time.time() - 86400 * days_ago)
        self.built = {"Id": own, "RepoTags": [name_of(self.key)], "Config": {"Labels": labels}}

    def _commit(self, _words: Words) -> str:
        self.build()
        return OWN

    def _inspect(self, _words: Words) -> Any:
        return json.dumps([self.built]) if self.built else failed("No such image")


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signals: Signals) -> Fakes:
    fakes = FakesWithImages(tmp_path, signals)
    for folder in fakes.repository.addons:
        write_module(folder, folder.name)
    write_module(fakes.repository.addons[0], "evv_core")
    return fakes.installed(monkeypatch)


def image_of(environment: Any) -> str:
    return str(environment.preflight.model.rendered["services"]["odoo"]["image"])


def test_an_image_that_is_there_is_used_by_its_id_and_nothing_is_built(fakes: FakesWithImages) -> None:
    fakes.build()
    with fakes.environment() as environment:
        assert image_of(environment) == OWN
        assert environment.preflight.images[name_of(fakes.key)] == OWN
    assert fakes.streams.fed == []
    assert fakes.events.count("image inspect") == 3  # base, own, and that of the other service: none after another


def test_one_that_is_not_there_is_built_under_the_guard_and_told(fakes: FakesWithImages) -> None:
    fakes.streams.says = (b"Setting up git\n", 0)
    said: list[bytes] = []
    with fakes.environment(record=said.append) as environment:
        assert image_of(environment) == OWN
    assert said == [b"Building an image with git, on odoo:18.0\n", b"Setting up git\n"]
    expected = ["arm", "run --detach", "exec that is fed", "commit --change", "container rm", "arm", "up 18000", "finish"]
    assert [event for event in fakes.events if event in expected] == expected
    assert "build image" in dict(environment.context.terminal.phases)


def test_that_old_ones_cannot_be_looked_through_is_no_failure_of_the_run(
    fakes: FakesWithImages, capsys: pytest.CaptureFixture[str]
) -> None:
    fakes.engine.answers["image ls"] = failed("no answer")
    with fakes.environment() as environment:
        assert image_of(environment) == OWN
    assert "old images could not be looked through" in capsys.readouterr().out


def test_one_that_is_too_old_is_built_anew(fakes: FakesWithImages) -> None:
    fakes.build(days_ago=31, own="sha256:old")
    with fakes.environment() as environment:
        assert image_of(environment) == OWN


def test_where_the_build_fails_nothing_is_started_and_what_there_is_of_it_is_torn_down(fakes: FakesWithImages) -> None:
    fakes.streams.says = (b"E: Unable to locate package git\n", 100)
    environment = fakes.environment()
    with pytest.raises(EnvironmentFailed, match="Unable to locate package git"), environment:
        pass
    assert (fakes.started, environment.teardown) == ([], fakes.report)


def test_every_service_with_the_image_of_odoo_s_gets_it_whatever_repos_yaml_names(fakes: FakesWithImages) -> None:
    rendered = json.loads(json.dumps(RENDERED).replace("odoo:18.0", "of-the-file"))
    rendered["services"]["worker"] = {"image": "of-the-file"}
    fakes.rendered, fakes.images["of-the-file"] = rendered, BASE
    fakes.build()
    with fakes.environment() as environment:
        images = {name: service["image"] for name, service in environment.preflight.model.rendered["services"].items()}
    assert images == {"db": "postgres:16", "odoo": OWN, "worker": OWN}


def test_tools_are_put_upon_the_repository_s_own_image_and_change_no_prepared_database(
    fakes: FakesWithImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[dict[str, Any]] = []

    def choose(repository: RepoConfig, module: str, *_store: object, **about: Any) -> Plan:
        chosen.append(about)
        return Plan(repository, module, {}).disable("it is a test")

    monkeypatch.setattr("runner.environment.preflight.choose", choose)
    fakes.build()
    recipe = recipe_of_tools(TOOLS)
    assert recipe
    key = recipe.key(OWN)
    name, labels = name_of(key), labels_of(key, "evv", OWN, time.time())
    tooled = {"Id": "sha256:tooled", "RepoTags": [name], "Config": {"Labels": labels}}
    fakes.engine.answers[f"image inspect {name}"] = json.dumps([tooled])
    with fakes.environment(tools=TOOLS, snapshot=True) as environment:
        assert image_of(environment) == "sha256:tooled"
        assert environment.preflight.images[name] == "sha256:tooled"
    (of_prepared,) = chosen
    assert of_prepared["rendered"]["services"]["odoo"]["image"] == OWN
    assert "sha256:tooled" not in of_prepared["images"]


def test_tools_that_are_not_there_are_built_upon_the_image_of_the_compose_file(fakes: FakesWithImages) -> None:
    fakes.repository = fakes.repository.model_copy(update={"packages": ()})
    recipe = recipe_of_tools(TOOLS)
    assert recipe
    fakes.key = recipe.key(BASE)
    fakes.engine.answers[f"image inspect {name_of(fakes.key)}"] = fakes._inspect
    said: list[bytes] = []
    with fakes.environment(record=said.append, tools=TOOLS) as environment:
        assert image_of(environment) == OWN
    assert said == [b"Building an image with a~=1.0, b, on odoo:18.0\n"]


def test_while_another_run_builds_one_it_is_waited_for(
    fakes: FakesWithImages, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def another_run(_seconds: float) -> None:
        fakes.build()
        held.close()

    with port_lock.held(f"image-{fakes.key[0]}", 1, pytest.fail):
        pass  # the lock's folder is there
    held = open(port_lock.lock(f"image-{fakes.key[0]}"), "rb")  # noqa: SIM115
    monkeypatch.setattr(time, "sleep", another_run)
    with fakes.environment() as environment:
        assert image_of(environment) == OWN
    assert fakes.streams.fed == []
    assert "another run builds an image; waiting for it" in capsys.readouterr().out


def test_who_waits_too_long_goes_without_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said: list[str] = []
    with port_lock.held("x", 1, pytest.fail), port_lock.held("x", 0.1, lambda: said.append("waiting")):
        assert said == ["waiting"]


def test_a_recipe_that_cannot_be_read_is_refused_before_anything_is_made(fakes: FakesWithImages) -> None:
    fakes.repository = fakes.repository.model_copy(update={"requirements": (Path("gone.txt"),)})
    with pytest.raises(ConfigError, match=r"gone\.txt"), fakes.environment():
        pass
    assert fakes.started == []
