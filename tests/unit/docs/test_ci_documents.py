"""docs/ci.md and the workflows: their YAML is YAML, and they ask the command line for nothing that it does not know."""

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.cli.arguments import parse
from tests.unit.cli.test_matrix import with_test
from tests.unit.processes import PATIENCE, ROOT
from tests.unit.repositories import YAML

DOCUMENT = ROOT / "docs/ci.md"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FILES = [DOCUMENT, *WORKFLOWS]
COMMAND = re.compile(r"python -m runner ([^`>|\n)]+)")
SESSION = re.compile(r"nox -s (\"[^\"]+\"|\w+)(?: -- ([^`>|\n]+))?")


def blocks() -> list[Any]:
    """The YAML blocks of the document, in their order, as they are read."""
    return [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", DOCUMENT.read_text(), re.M | re.S)]


def commands_of(text: str) -> list[list[str]]:
    """The runner's arguments in every command that the text gives, those behind a session of nox included."""
    found = [shlex.split(arguments) for arguments in COMMAND.findall(text)]
    for session, arguments in SESSION.findall(text):
        name, _, repository = session.strip('"').partition("(")
        command = {"odoo_tests": "run"}.get(name, name)
        if command != "setup":
            found.append([command, *([repository.rstrip(")")] if repository else []), *shlex.split(arguments)])
    return found


def sessions_of_the_noxfile() -> set[str]:
    tree = ast.parse((ROOT / "noxfile.py").read_text())
    return {node.name.rstrip("_") for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list}


def test_the_document_holds_a_pipeline_its_child_and_a_workflow() -> None:
    workflow, parent, child = blocks()
    assert workflow.keys() == {"steps"}
    assert {"matrix", "odoo-tests"} <= parent.keys()
    assert {"script", "after_script", "artifacts"} <= child["test"].keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_command_is_one_that_the_command_line_knows(file: Path) -> None:
    for command in commands_of(file.read_text()):
        assert parse(command).command == command[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_session_is_one_of_the_noxfile(file: Path) -> None:
    named = {session.strip('"').partition("(")[0] for session, _ in SESSION.findall(file.read_text())}
    assert named <= sessions_of_the_noxfile()


def test_the_commands_are_found_with_their_options() -> None:
    reports = ["--junit", "reports/$name.xml", "--json", "reports/$name.json", "--html", "reports/$name.html"]
    assert ["run", "$repository", "$modules", *reports] in commands_of(DOCUMENT.read_text())
    workflow = commands_of((ROOT / ".github/workflows/odoo-tests.yml").read_text())
    names = [command[0] for command in workflow]
    assert names == ["matrix", "verify", "snapshots", "snapshots", "run", "snapshots", "cleanup"]


def test_every_module_of_the_matrix_needs_a_proof_of_the_commit() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/odoo-tests.yml").read_text())
    *_, step = workflow["jobs"]["verify"]["steps"]
    assert '--against "$GITHUB_SHA"' in step["run"]
    assert '"${modules[@]/#/--module=}"' in step["run"]
    # Repositories may have modules of one name: a proof of one is none of the other.
    assert '.repository + "/" + (.modules | split(" ")[])' in step["run"]
    assert "always()" not in workflow["jobs"]["verify"]["if"]


def test_only_a_job_that_runs_nothing_of_the_checkout_may_sign_in_the_name_of_github() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/odoo-tests.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    (name,) = (name for name, job in workflow["jobs"].items() if "permissions" in job)
    steps = workflow["jobs"][name]["steps"]
    assert not any("run" in step or "checkout" in step["uses"] for step in steps)


def test_an_action_is_pinned_to_one_commit_wherever_it_is_used() -> None:
    pins: dict[str, set[str]] = {}
    for file in FILES:
        for action, pin in re.findall(r"uses: (\S+?)@(.*)", file.read_text()):
            assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin), f"{file.name}: {action}@{pin}"
            pins.setdefault(action, set()).add(pin)
    assert {action: len(found) for action, found in pins.items()} == dict.fromkeys(pins, 1)
    assert "actions/checkout" in pins


def test_the_child_pipeline_of_gitlab_made_as_documented_has_a_job_for_each_module(tmp_path: Path) -> None:
    _, parent, child = blocks()
    (tmp_path / "repos.yaml").write_text(YAML)
    with_test(tmp_path, "evv", "evv_core")
    with_test(tmp_path, "hub", "hub_compliance")
    (tmp_path / ".gitlab").mkdir()
    (tmp_path / ".gitlab/odoo-tests.yml").write_text(yaml.safe_dump(child))
    install, *script = parent["matrix"]["script"]
    assert "pip install" in install
    environ = os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-ec", "\n".join(script)], cwd=tmp_path, env=environ, check=True, timeout=PATIENCE)
    made = yaml.safe_load((tmp_path / parent["matrix"]["artifacts"]["paths"][0]).read_text())
    assert made["test"] == child["test"]
    names = {"evv": "evv_core", "hub": "hub_compliance"}
    modules = [{"repository": repository, "name": name, "modules": name} for repository, name in names.items()]
    assert made[made["test"]["extends"]] == {"parallel": {"matrix": modules}}


def test_the_cache_of_prepared_databases_makes_no_job_red_and_pull_requests_write_none() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/odoo-tests.yml").read_text())
    steps = workflow["jobs"]["test"]["steps"]
    about = {step["name"]: step for step in steps if "name" in step and ("repared" in step["name"] or "them" in step["name"])}
    key, restore, load, save, keep = about.values()
    names = [step.get("name", "") for step in steps]
    assert names.index(load["name"]) < names.index("Tests") < names.index(save["name"])
    assert all(step.get("continue-on-error") or "|| " in step["run"] for step in about.values())
    assert "github.event_name != 'pull_request'" in save["if"]
    assert (keep["if"], restore["with"]["path"]) == ("always() && steps.save.outcome == 'success'", keep["with"]["path"])
    assert restore["with"]["key"] == keep["with"]["key"] == f"${{{{ steps.{key['id']}.outputs.key }}}}${{{{ github.run_id }}}}"


def test_a_cache_whose_prepared_databases_were_not_all_loaded_is_written_anew() -> None:
    # A cache is never changed: one of the same key would be refused again by every job, as too old, for as long as it is used.
    steps = yaml.safe_load((ROOT / ".github/workflows/odoo-tests.yml").read_text())["jobs"]["test"]["steps"]
    about = {step["id"]: step for step in steps if "id" in step}
    assert "steps.load.outcome == 'failure'" in (condition := about["save"]["if"])
    assert "!startsWith(steps.cache.outputs.cache-matched-key, steps.prepared.outputs.key)" in condition
    assert about["load"]["continue-on-error"] is True
    assert "exit 1" in about["load"]["run"]
    # The newest of the same key comes before all others.
    first, *_ = about["cache"]["with"]["restore-keys"].splitlines()
    assert first == "${{ steps.prepared.outputs.key }}"
    assert about["prepared"]["run"].count('-$key-" >>') == 1
