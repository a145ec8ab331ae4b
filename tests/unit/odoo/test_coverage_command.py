"""The commands that measure, run in a shell with a program for Odoo's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.odoo import coverage_command
from runner.odoo.command import javascript_command, test_command

test_command.__test__ = False  # type: ignore[attr-defined] # pytest would take the imported function for a test


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for what the commands write, and with the program `odoo`."""
    (tmp_path / "addons/rocks").mkdir(parents=True)
    (tmp_path / "addons/rocks/__init__.py").write_text("number = 1\n")
    return tmp_path


def program(place: Path, text: str) -> None:
    (place / "odoo").write_text(text)
    (place / "odoo").chmod(0o755)


def run(place: Path, command: list[str], **environ: str) -> str:
    command = [word.replace("/tmp/agent-test-", f"{place}/") for word in command]
    environ = {"PATH": f"{place}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(place), **environ}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout


def measured(place: Path, **environ: str) -> str:
    command = test_command("rocks", None, 1, 60, has_tools=True)
    return run(place, coverage_command.with_coverage(command, str(place / "addons/rocks")), **environ)


def report(place: Path) -> dict[str, object]:
    answer: dict[str, object] = json.loads(run(place, coverage_command.coverage_command(str(place / "addons/rocks"))))
    return answer


SHOW = """import inspect, os, sys
sys.path.append({addons!r})
import rocks
print(sys.argv[1:])
print([name for name in os.environ if name.startswith("COVERAGE_")])
print(any(frame.filename.endswith("/coverage/execfile.py") for frame in inspect.stack()))
"""


def test_odoo_s_own_python_runs_it_measured_with_the_same_arguments(place: Path) -> None:
    program(place, f"#! {sys.executable}\n{SHOW.format(addons=str(place / 'addons'))}")
    plain = run(place, test_command("rocks", None, 1, 60, has_tools=True)).splitlines()
    printed = measured(place, COVERAGE_RCFILE="x", COVERAGE_CORE="y").splitlines()
    assert (printed[0], printed[1]) == (plain[0], "[]")
    assert report(place) == {"processes": 1, "notes": [], "files": {"__init__.py": [[1], [], [], []]}}


def test_odoo_sees_that_it_is_measured_as_it_sees_it_of_coverage_py_and_gives_a_browser_more_time(place: Path) -> None:
    program(place, f"#!{sys.executable}\n{SHOW.format(addons=str(place / 'addons'))}")
    assert measured(place).splitlines()[2] == "True"


def test_a_program_that_is_no_python_script_runs_unmeasured_and_that_is_told(place: Path) -> None:
    program(place, '#!/bin/sh\necho "ran"\n')
    assert measured(place) == "ran\n"
    assert report(place) == {"processes": 0, "notes": ["the program odoo of this image is no Python script"], "files": {}}


def test_javascript_tests_are_measured_alike() -> None:
    command = javascript_command("rocks", 1, 60, for_phones=False, has_tools=True)
    with_coverage = coverage_command.with_coverage(command, "/mnt/extra-addons/rocks")
    assert with_coverage[3:] == command[3:]
    assert "folder=/mnt/extra-addons/rocks; " in with_coverage[2]
