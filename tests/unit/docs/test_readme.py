"""The README is short, and what it shows can be used as it stands."""

import re
from pathlib import Path

import yaml

from runner.config import repositories
from runner.config.model import Settings
from runner.odoo.addons import modules_of
from tests.unit.docs.markdown import blocks, section
from tests.unit.processes import ROOT

README = (ROOT / "README.md").read_text()


def test_it_can_be_read_in_a_few_minutes() -> None:
    assert len(README.splitlines()) <= 130


def test_the_names_in_its_command_are_those_of_the_examples() -> None:
    repository, module = re.findall(r"nox -s odoo_tests -- (\w+) (\w+)", README)[0]
    assert module in modules_of(repositories.load(ROOT, {}).repository(repository))


def test_a_repository_is_added_with_three_lines(tmp_path: Path) -> None:
    (entry,) = (block for block in blocks(section(README, "## Add your repository")) if block.startswith("repositories:"))
    ((name, settings),) = yaml.safe_load(entry)["repositories"].items()
    assert len(entry.splitlines()) == len(["repositories:", name, *settings]) == 5
    whole = (ROOT / "repos.yaml").read_text() + entry.partition("\n")[2] + "\n"
    (tmp_path / "repos.yaml").write_text(whole)
    added = repositories.load(tmp_path, {}).repository(name)
    assert added.addons == (added.path,)
    defaults = yaml.safe_load((ROOT / "repos.yaml").read_text())["defaults"]
    assert {*settings, *defaults} == {name for name, field in Settings.model_fields.items() if field.is_required()}


def test_what_a_run_prints_and_what_its_log_says_are_of_one_run() -> None:
    output, proof, *_ = blocks(section(README, "## A run"))
    (project,) = re.findall(r"evv-agent-test-evv_core-\S+", output)
    assert set(re.findall(r"project=(\S+)", proof)) == {project}
    assert proof.count("(nothing)") == 3
