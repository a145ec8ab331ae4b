"""The noxfile, started by nox itself; its programs are a stand-in that needs one package and writes down how it was called."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.processes import PATIENCE, ROOT

# All that the noxfile may import, as nothing but nox is installed where nox reads it.
_OF_THE_NOXFILE = ("errors.py", "cli/arguments.py", "cli/nox_environment.py", "cli/nox_selection.py", "config/names.py")
_PROGRAM = """\
import json, sys
try:
    import thing
except ModuleNotFoundError as error:
    sys.exit(f"the package {error.name} is missing")
with open("calls", "a") as calls:
    print(json.dumps([str(thing.VERSION), *sys.argv[1:]]), file=calls)
sys.exit(0 if sys.argv[1:3] in (["run", "evv"], ["run", "hub"], ["run", "third"]) else 2)
"""


@dataclass
class Project:
    """A folder with the noxfile, three repositories, and the stand-in for the runner."""

    folder: Path

    def nox(self, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        """Run nox and return what it printed, both streams in one."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NOX")}
        return subprocess.run(
            [sys.executable, "-m", "nox", *arguments],
            cwd=self.folder,
            env=inherited | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def needs(self, version: int) -> None:
        """Write a pyproject.toml by which the runner needs this version of the package."""
        requirement = f"./{_wheel(self.folder / 'wheels', version).relative_to(self.folder)}"
        (self.folder / "pyproject.toml").write_text(
            f"[project]\ndependencies = [{requirement!r}]\n[dependency-groups]\ntest = []\n"
        )

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of every call of the stand-in."""
        return [arguments for _, *arguments in self._recorded()]

    @property
    def versions(self) -> list[int]:
        """The version of the package that each call found."""
        return [int(version) for version, *_ in self._recorded()]

    @property
    def environments(self) -> list[str]:
        """The environments that nox has made."""
        return sorted(file.parent.name for file in self.folder.glob(".nox/*/pyvenv.cfg"))

    def _recorded(self) -> list[list[str]]:
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copy(ROOT / "noxfile.py", tmp_path)
    for name in _OF_THE_NOXFILE:
        file = tmp_path / "runner" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.symlink_to(ROOT / "runner" / name)
    (tmp_path / "runner/__main__.py").write_text(_PROGRAM)
    (tmp_path / "repos.yaml").write_text("repositories:\n  evv: {}\n  hub: {}\n  third: {}\n")
    (tmp_path / "wheels").mkdir()
    project = Project(tmp_path)
    project.needs(1)
    return project


def _wheel(folder: Path, version: int) -> Path:
    """Make a wheel of the package by hand: nothing is built, and nothing is fetched."""
    file, about = folder / f"thing-{version}-py3-none-any.whl", f"thing-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("thing.py", f"VERSION = {version}\n")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", f"thing.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return file


def sessions_shown(output: str) -> list[str]:
    """The sessions that nox said it runs."""
    return [line.rpartition("Running session ")[2] for line in output.splitlines() if "Running session" in line]


ALL = pytest.mark.parametrize(
    ("choice", "environ"),
    [(["-s", "odoo_tests"], {}), ([], {"NOXSESSION": "odoo_tests"}), (["-k", "odoo_tests"], {})],
    ids=["-s", "NOXSESSION", "-k"],
)
HUB = pytest.mark.parametrize("choice", [["-s", "odoo_tests(hub)"], ["-t", "hub"], ["-k", "hub"]], ids=["-s", "-t", "-k"])


@ALL
def test_a_run_shows_one_session_and_makes_one_environment(
    project: Project, choice: list[str], environ: dict[str, str]
) -> None:
    done = project.nox(*choice, "--", "hub", "traction", **environ)
    assert done.returncode == 0, done.stdout
    assert project.calls == [["run", "hub", "traction"]]
    assert sessions_shown(done.stdout) == ["odoo_tests(hub)"]
    assert "skipped" not in done.stdout
    assert project.environments == ["odoo_tests-hub"]


@ALL
def test_a_name_that_no_repository_has_is_refused_by_the_runner_once(
    project: Project, choice: list[str], environ: dict[str, str]
) -> None:
    done = project.nox(*choice, "--", "hbu", "traction", **environ)
    assert done.returncode == 1
    assert project.calls == [["run", "hbu", "traction"]]
    assert len(sessions_shown(done.stdout)) == len(project.environments) == 1


@HUB
def test_the_repository_may_be_left_out_or_repeated_where_its_parameter_is_asked_for(
    project: Project, choice: list[str]
) -> None:
    assert project.nox(*choice, "--", "compliance", "--quiet").returncode == 0
    assert project.nox(*choice, "--", "hub", "compliance").returncode == 0
    assert project.calls == [["run", "hub", "compliance", "--quiet"], ["run", "hub", "compliance"]]


@HUB
def test_a_parameter_and_arguments_that_contradict_each_other_are_an_error(project: Project, choice: list[str]) -> None:
    done = project.nox(*choice, "--", "evv", "traction")
    assert done.returncode == 1
    # Without the full stop: where the session took a second, nox says so before it.
    assert "odoo_tests(hub) was asked for, and the arguments name the repository evv: leave out one" in done.stdout
    assert project.calls == []


def test_several_parameters_get_the_arguments_that_name_no_repository(project: Project) -> None:
    done = project.nox("-s", "odoo_tests(hub)", "odoo_tests(evv)", "--", "--all")
    assert done.returncode == 0, done.stdout
    assert project.calls == [["run", "hub", "--all"], ["run", "evv", "--all"]]


def test_other_sessions_of_the_same_call_are_not_left_out(project: Project) -> None:
    done = project.nox("-s", "odoo_tests", "doctor", "--", "hub", "traction")
    assert project.calls == [["run", "hub", "traction"], ["doctor", "hub", "traction"]], done.stdout


@pytest.mark.parametrize("content", [None, "repositories:\n    evv: {}\n"], ids=["no file", "not understood"])
def test_without_a_repository_the_runner_says_what_is_wrong(project: Project, content: str | None) -> None:
    (project.folder / "repos.yaml").unlink()
    if content:
        (project.folder / "repos.yaml").write_text(content)
    assert project.nox("-s", "odoo_tests", "--", "hbu", "traction").returncode == 1
    assert project.calls == [["run", "hbu", "traction"]]


def test_all_parameters_are_listed_with_their_tags(project: Project) -> None:
    listed = project.nox("-l").stdout.splitlines()
    assert [line for line in listed if "odoo_tests" in line] == [
        f"- odoo_tests({name}) [{name}] -> Run the tests of Odoo modules: nox -s odoo_tests -- evv traction."
        for name in ("evv", "hub", "third")
    ]
    sessions = json.loads(project.nox("-l", "--json", "-s", "odoo_tests").stdout)
    assert [(session["session"], session["tags"]) for session in sessions] == [
        (f"odoo_tests({name})", [name]) for name in ("evv", "hub", "third")
    ]


def test_an_option_of_nox_to_reuse_environments_does_not_leave_a_new_one_empty(project: Project) -> None:
    for repository in ("evv", "hub"):
        done = project.nox("-R", "-s", "odoo_tests", "--", repository, "traction")
        assert done.returncode == 0, done.stdout
    shutil.rmtree(project.folder / ".nox/odoo_tests-hub")
    assert project.nox("-R", "-s", "odoo_tests", "--", "hub", "traction").returncode == 0


def test_an_environment_that_was_made_and_not_filled_is_filled_later(project: Project) -> None:
    wheel = project.folder / "wheels/thing-1-py3-none-any.whl"
    wheel.rename(project.folder / "away")
    assert project.nox("-R", "-s", "odoo_tests(hub)", "--", "traction").returncode == 1
    assert (project.environments, project.calls) == (["odoo_tests-hub"], [])
    (project.folder / "away").rename(wheel)
    done = project.nox("-R", "-s", "odoo_tests(hub)", "--", "traction")
    assert done.returncode == 0, done.stdout


def test_requirements_that_have_changed_are_installed_by_the_next_run_that_may_install(project: Project) -> None:
    run = ("-s", "odoo_tests", "--", "evv", "traction")
    assert project.nox(*run).returncode == 0
    project.needs(2)
    assert "install" not in project.nox("-R", *run).stdout
    assert "install" in project.nox(*run).stdout
    assert "install" not in project.nox(*run).stdout
    assert project.versions == [1, 1, 2, 2]


@pytest.mark.parametrize("option", [["--no-venv"], ["--force-venv-backend", "none"]], ids=["--no-venv", "-fb none"])
def test_without_an_environment_the_python_that_runs_nox_is_used(project: Project, option: list[str]) -> None:
    run = (*option, "-s", "odoo_tests", "--", "evv", "traction")
    missing = project.nox(*run)
    assert missing.returncode == 1
    assert "the package thing is missing" in missing.stdout
    assert "Traceback" not in missing.stdout
    done = project.nox(*run, PYTHONPATH=str(project.folder / "wheels/thing-1-py3-none-any.whl"))
    assert done.returncode == 0, done.stdout
    assert f"{sys.executable} -m runner run evv traction" in done.stdout
    assert (project.environments, project.calls) == ([], [["run", "evv", "traction"]])
