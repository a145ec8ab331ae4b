"""`parity` compares every repository with the first, and starts nothing."""

from pathlib import Path
from typing import Any

import pytest

from runner.cli import parity as parity_check
from runner.config.repositories import Config, RepoConfig
from runner.environment.isolation import PROBE_PORT
from runner.errors import ConfigError, ExitCode
from runner.terminal import Terminal
from tests.unit.repositories import repository


class FakeEngine:
    """Has nothing but what reads: whatever starts something is an AttributeError."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}

    def compose_version(self) -> str:
        return "2.26.1"

    def set_variables(self, variables: dict[str, str]) -> None:
        self.variables |= variables

    def use_project(self, project: str, compose_files: list[Path]) -> None:
        self.project, self.files = project, compose_files

    def rendered(self) -> dict[str, Any]:
        assert self.variables["ODOO_PORT"] == str(PROBE_PORT)
        assert all(file.is_file() for file in self.files[1:])
        odoo: dict[str, Any] = {"image": self.variables["ODOO_IMAGE"], "healthcheck": {"test": ["CMD", "true"]}}
        if self.files[0].name == "broken.yml":
            odoo["privileged"] = True
        return {"name": self.project, "services": {"odoo": odoo}}


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity_check, "Engine", FakeEngine)


def checked(*repositories: RepoConfig) -> ExitCode:
    return parity_check.check(Config(repositories={each.name: each for each in repositories}, files=()), Terminal())


def named(name: str, **more: Any) -> RepoConfig:
    return repository(Path("/srv"), name).model_copy(update=more)


def other_image() -> RepoConfig:
    images = named("hub").images.model_copy(update={"odoo": "odoo:17.0"})
    return named("hub", images=images)


def test_repositories_that_are_alike_are_said_and_exit_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(named("evv"), named("hub"), named("third")) == 0
    assert capsys.readouterr().out.splitlines() == [
        "evv and hub differ in nothing but prefix and paths",
        "evv and third differ in nothing but prefix and paths",
    ]


def test_a_difference_is_shown_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(named("evv"), other_image(), named("third")) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "evv and hub DIFFER"
    assert "  -services.odoo.image: odoo:18.0" in said
    assert "  +services.odoo.image: odoo:17.0" in said
    assert said[-1] == "evv and third differ in nothing but prefix and paths"


def test_one_repository_alone_differs_from_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(named("evv")) == 0
    assert capsys.readouterr().out == "There is only evv, which differs from nothing.\n"


def test_a_compose_file_that_breaks_the_isolation_is_refused_here_too() -> None:
    with pytest.raises(ConfigError, match=r"/srv/hub/broken.yml (.|\n)*services.odoo.privileged"):
        checked(named("evv"), named("hub", compose_file=Path("/srv/hub/broken.yml")))
