"""Images that cannot be pulled are replaced by stand-ins, which are named where they belong, or it is said what to write."""

from pathlib import Path

import pytest

from runner.config import repositories as config
from runner.setup import debian, images
from runner.setup.shell import ProvisionError
from tests.unit.repositories import YAML

LINES = (
    "defaults:\n  images:\n    odoo: agent-test-stand-in/odoo:19\n    postgres: agent-test-stand-in/postgres:17\n"
    "  packages:\n  - chromium\n  - python3-websocket\n"
)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """No image can be pulled; the first words of the commands that are run instead."""
    commands: list[str] = []
    (tmp_path / "repos.yaml").write_text(YAML.replace("{odoo: ", "{series: {'17.0': 'odoo:17.0'}, odoo: "))
    monkeypatch.setattr(images, "output_of", lambda *_: None)
    monkeypatch.setattr(debian, "proxy", dict)
    monkeypatch.setattr(debian, "mirror", lambda: "http://mirror")
    monkeypatch.setattr(debian, "require_root_on_debian", lambda _purpose: None)
    monkeypatch.setattr(debian, "install", lambda *_: None)
    monkeypatch.setattr(images, "run", lambda *command, **_: commands.append(" ".join(map(str, command[:2]))))
    return commands


def test_stand_ins_are_built_and_named_and_every_step_is_said(
    built: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images.ensure_images(config.load(tmp_path, {}), tmp_path)
    assert [command for command in built if command.startswith("docker build")] == ["docker build"] * 2
    told = capsys.readouterr().out.splitlines()
    assert told[:3] == ["Pulling odoo:18.0 ...", "  odoo:18.0 cannot be pulled here", "Pulling postgres:16 ..."]
    assert "Making a base image of Debian trixie ..." in told
    assert "Building agent-test-stand-in/odoo:19 ..." in told
    assert "  odoo:17.0 cannot be pulled here" in told
    assert told[-1].startswith("repos.local.yaml now names the stand-ins: agent-test-stand-in/odoo:19, ")
    head = "# Written by `nox -s setup`: odoo:18.0, postgres:16 cannot be pulled on this machine.\n"
    assert (tmp_path / "repos.local.yaml").read_text() == head + LINES


def test_a_local_file_that_is_there_is_left_alone_and_the_lines_are_told(built: list[str], tmp_path: Path) -> None:
    (tmp_path / "repos.local.yaml").write_text("defaults: {ports: 9000}\n")
    with pytest.raises(ProvisionError) as caught:
        images.ensure_images(config.load(tmp_path, {}), tmp_path)
    assert str(caught.value) == (
        f"odoo:18.0, postgres:16 cannot be pulled. Stand-ins are built, but {tmp_path}/repos.local.yaml exists already.\n"
        f"Put this into it:\n{LINES}"
    )
    assert (tmp_path / "repos.local.yaml").read_text() == "defaults: {ports: 9000}\n"


def test_where_nothing_may_be_built_it_is_said_for_which_image(
    built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(purpose: str) -> None:
        raise ProvisionError(purpose)

    monkeypatch.setattr(debian, "require_root_on_debian", refuse)
    with pytest.raises(ProvisionError, match="The image for odoo cannot be pulled, and a stand-in has to be built"):
        images.ensure_images(config.load(tmp_path, {}), tmp_path)
    assert built == []
