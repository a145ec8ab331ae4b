"""Editors that know the schema accept what the runner accepts, and mark a misspelt key."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from runner.config.lines import read
from runner.config.model import problems_in
from runner.config.schema import schema
from tests.unit.docs.markdown import blocks
from tests.unit.repositories import YAML

ROOT = Path(__file__).resolve().parents[3]
PUBLISHED = ROOT / "docs" / "repos.schema.json"


def wrong(text: str) -> list[str]:
    """What the published schema says against a file."""
    validator = jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text()))
    return [f"{'.'.join(str(each) for each in error.path)}: {error.message}" for error in validator.iter_errors(_read(text))]


def _read(text: str) -> Any:
    return yaml.safe_load(text)


def examples() -> list[str]:
    """What of repos.yaml and repos.local.yaml the README and the guide show."""
    pages = (ROOT / "README.md", ROOT / "docs/guide.md")
    return [block for page in pages for block in blocks(page.read_text()) if re.match(r"(defaults|repositories):", block)]


def test_the_published_schema_is_current() -> None:
    assert PUBLISHED.read_text() == schema(), "python -m runner.config.schema > docs/repos.schema.json"


def test_the_command_of_the_docstring_prints_the_schema() -> None:
    done = subprocess.run([sys.executable, "-m", "runner.config.schema"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == schema()
    assert not done.stderr


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema()))


def test_the_repository_s_file_is_right_by_it_and_names_it_for_editors() -> None:
    text = (ROOT / "repos.yaml").read_text()
    assert wrong(text) == []
    (named,) = re.findall(r"^# yaml-language-server: \$schema=(.*)$", text, re.MULTILINE)
    assert ROOT / named == PUBLISHED


def test_the_examples_of_the_documents_are_right_by_it() -> None:
    assert len(examples()) >= 3
    for example in examples():
        assert wrong(example) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("prefix: evv", "prefx: evv", "repositories.evv: Additional properties are not allowed ('prefx' was unexpected)"),
        ("defaults:", "default:", "Additional properties are not allowed ('default' was unexpected)"),
        ("{odoo: ", "{odo: ", "defaults.images: Additional properties are not allowed ('odo' was unexpected)"),
        ("[addons]", "addons", "repositories.evv.addons: 'addons' is not of type 'array'"),
        ("[addons]", "[]", "repositories.evv.addons: "),
        ("8090-8100", "many", "defaults.ports: 'many' is not valid"),
        ("8090-8100", "65536", "defaults.ports: 65536 is not valid"),
        ("evv-agent-test", "EVV", "repositories.evv.prefix: 'EVV' does not match"),
    ],
)
def test_what_the_runner_refuses_is_wrong_by_it(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert wrong(YAML) == []
    text = YAML.replace(old, new)
    assert any(expected in each for each in wrong(text)), wrong(text)
    (tmp_path / "repos.yaml").write_text(text)
    assert problems_in(read(tmp_path / "repos.yaml"))


@pytest.mark.parametrize("ports", ["8090", "'8090'", "8090-8100"])
def test_a_port_and_a_range_are_right_by_it(ports: str) -> None:
    assert wrong(YAML.replace("8090-8100", ports)) == []
