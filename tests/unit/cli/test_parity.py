"""`parity` compares every repository with the first, and starts nothing. What is not prefix or path is shown, a line each."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from runner.cli import parity as parity_command
from runner.cli.arguments import parse
from runner.cli.parity import differences, facts
from runner.config.repositories import Config, RepoConfig
from runner.environment.rendering import PROBE
from runner.errors import ConfigError, ExitCode
from runner.terminal import Terminal
from tests.unit.fake_engine import FakeEngine, Words
from tests.unit.repositories import repository


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that renders compose files and nothing else: whatever would start something is not expected."""

    def config(words: Words) -> str:
        variables = renderer.environs[" ".join(words)]
        assert variables["ODOO_PORT"] == PROBE
        file, *overrides = [Path(word) for before, word in pairwise(words) if before == "--file"]
        assert all(override.is_file() for override in overrides)
        odoo: dict[str, Any] = {"image": variables["ODOO_IMAGE"], "healthcheck": {"test": ["CMD", "true"]}}
        if file.name == "broken.yml":
            odoo["privileged"] = True
        return json.dumps({"name": words[words.index("--project-name") + 1], "services": {"odoo": odoo}})

    renderer = FakeEngine({"compose version": "Docker Compose version 2.26.1", "compose --file": config})
    monkeypatch.setattr(parity_command, "Engine", renderer)


def checked(*repositories: RepoConfig) -> ExitCode:
    settings = Config(repositories={repository.name: repository for repository in repositories}, files=())
    return parity_command.parity(parse(["parity"]), settings, Terminal())


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


def rendered(repo: RepoConfig, **odoo: Any) -> dict[str, Any]:
    """What Compose makes of a compose file that is common to both, for a run of this repository."""
    project = f"{repo.prefix}-parity"
    volumes = [{"type": "bind", "source": str(repo.addons[0]), "target": "/mnt/extra-addons", "read_only": True}]
    volumes += [
        {"source": str(each), "target": f"/mnt/extra-addons-{number}"} for number, each in enumerate(repo.addons[1:], 2)
    ]
    volumes += [{"source": f"{repo.compose_file.parent}/odoo.conf", "target": "/etc/odoo/odoo.conf"}]
    service = {"image": "odoo:18.0", "volumes": volumes, "command": ["odoo", "--db-filter=^$"], "ports": [], **odoo}
    return {"name": project, "services": {"odoo": service}, "networks": {"default": {"name": f"{project}_default"}}}


def compared(first: RepoConfig, second: RepoConfig, **odoo: Any) -> list[str]:
    """The difference of two repositories of which the second has these settings of its own."""
    one = (first.name, facts(rendered(first), first, f"{first.prefix}-parity"))
    other = (second.name, facts(rendered(second, **odoo), second, f"{second.prefix}-parity"))
    return differences(one, other)


EVV, HUB = repository(Path("/srv")), repository(Path("/srv"), "hub", addons=("addons", "more"))


def changed(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("@@")]


def test_prefix_project_checkout_and_number_of_addons_folders_make_no_difference() -> None:
    assert compared(EVV, HUB) == []


def test_the_facts_have_words_in_the_place_of_prefix_and_paths() -> None:
    own = EVV.model_copy(update={"compose_file": EVV.path / "docker" / "test.yml"})
    settings = {
        "hostname": "evv-agent-test",
        "build": f"{own.path}/images",
        "command": [f"--data-dir={own.path}", f"--other={own.path}-old", f"{own.prefix}-other", "two\nlines"],
    }
    assert facts(rendered(own, **settings), own, "evv-agent-test-parity") == [
        "name: <project>",
        "networks.default.name: <project>_default",
        "ports of the runs: 8090-8100",
        "services.odoo.build: <checkout>/images",
        "services.odoo.command[0]: --data-dir=<checkout>",
        "services.odoo.command[1]: --other=/srv/evv-old",
        "services.odoo.command[2]: evv-agent-test-other",
        "services.odoo.command[3]: two\\nlines",
        "services.odoo.hostname: <prefix>",
        "services.odoo.image: odoo:18.0",
        "services.odoo.ports: []",
        "services.odoo.volumes[0].read_only: True",
        "services.odoo.volumes[0].source: <addons>",
        "services.odoo.volumes[0].target: /mnt/extra-addons",
        "services.odoo.volumes[0].type: bind",
        "services.odoo.volumes[1].source: <folder of the compose file>/odoo.conf",
        "services.odoo.volumes[1].target: /etc/odoo/odoo.conf",
    ]


def test_an_own_compose_file_of_the_same_content_makes_no_difference() -> None:
    for folder in (HUB.path, HUB.path / "docker", Path("/srv") / "elsewhere"):
        own = HUB.model_copy(update={"compose_file": folder / "compose.yml"})
        assert compared(EVV, own) == []


def test_anything_else_is_a_difference_named_with_its_key() -> None:
    assert changed(compared(EVV, HUB, image="odoo:17.0", command=["odoo"], environment={"A": "b"})) == [
        "--- evv",
        "+++ hub",
        "-services.odoo.command[1]: --db-filter=^$",
        "-services.odoo.image: odoo:18.0",
        "+services.odoo.environment.A: b",
        "+services.odoo.image: odoo:17.0",
    ]


def test_a_range_of_ports_of_its_own_is_a_difference() -> None:
    assert changed(compared(EVV, repository(Path("/srv"), "hub", ports="9000-9001"))) == [
        "--- evv",
        "+++ hub",
        "-ports of the runs: 8090-8100",
        "+ports of the runs: 9000-9001",
    ]


def test_an_image_of_its_own_is_a_difference_unless_both_have_the_same() -> None:
    evv, hub = named("evv", packages=("git",)), named("hub", packages=("git",))
    assert compared(evv, hub) == []
    (told,) = [line for line in compared(evv, named("hub")) if line.startswith("-image: ")]
    assert told.startswith("-image: with git, by their content ")
