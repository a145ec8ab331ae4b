"""What the guide quotes is what a reader gets."""

import re
from pathlib import Path

import pytest
import yaml

from runner.config import repositories
from runner.errors import ConfigError
from tests.unit.docs.markdown import blocks, rows, section
from tests.unit.processes import ROOT

GUIDE = (ROOT / "docs/guide.md").read_text()
CONFIGURATION, LOCAL = blocks(section(GUIDE, "## repos.yaml and repos.local.yaml"))


def test_its_repos_yaml_is_that_of_the_project_and_can_be_overridden_as_shown(tmp_path: Path) -> None:
    assert yaml.safe_load(CONFIGURATION) == yaml.safe_load((ROOT / "repos.yaml").read_text())
    (tmp_path / "repos.yaml").write_text(CONFIGURATION)
    (tmp_path / "repos.local.yaml").write_text(LOCAL)
    assert repositories.load(tmp_path, {}).repositories["hub"].path == Path("~/src/hub").expanduser()


def test_its_configuration_error_is_what_a_reader_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "repos.yaml").write_text(CONFIGURATION.replace("ports:", "port:"))
    with pytest.raises(ConfigError) as error:
        repositories.load(tmp_path, {})
    assert f"`{error.value}`" in GUIDE


def test_its_messages_are_the_tool_s() -> None:
    _, *messages = (cells[0].strip("`") for cells in rows(section(GUIDE, "## Troubleshooting")))
    sources = "\n".join(file.read_text() for file in (ROOT / "runner").rglob("*.py"))
    for message in messages:
        fixed = re.split(r"\d", message)[0].strip()  # what follows differs from run to run
        assert fixed in sources, message
