"""What of a module ran, by coverage.py, beside a program that knows nothing of it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.odoo import coverage_program

RULES = """def sign(number):
    if number < 0:
        return -1
    return 1


def unused():  # pragma: no cover
    return sign(0)
"""


class Container:
    """A folder with a module and a program that imports it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.module, self.data = folder, folder / "addons/rocks", folder / "data"
        (folder / "cwd").mkdir()
        self.data.mkdir()
        self.write("__init__.py", "from . import rules\n")
        self.write("rules.py", RULES)

    def write(self, path: str, text: str) -> None:
        file = self.module / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run(self, program: str = "import rocks; rocks.rules.sign(1)", **environ: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "odoo").write_text(f"import sys; sys.path.append({str(self.module.parent)!r})\n{program}\n")
        return self._do("run", str(self.folder / "odoo"), "--stop", **environ)

    def report(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._do("report").stdout)
        return answer

    def _do(self, action: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, coverage_program.__file__, action, str(self.module), str(self.data), *words]
        environ = {**os.environ, **environ}
        return subprocess.run(command, cwd=self.folder / "cwd", env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def test_lines_and_branches_that_ran_are_told_from_those_that_did_not(container: Container) -> None:
    container.run()
    assert container.report() == {
        "processes": 1,
        "notes": [],
        "files": {"__init__.py": [[1], [], [], []], "rules.py": [[1, 2, 4], [3], [[2, 4]], [[2, 3]]]},
    }


def test_the_program_has_its_arguments_its_end_and_its_output_as_without(container: Container) -> None:
    done = container.run("import rocks; print(__name__, sys.argv[1:], sys.path[0]); sys.exit(3)")
    assert (done.returncode, done.stdout, done.stderr) == (3, f"__main__ ['--stop'] {container.folder}\n", "")
    assert container.report()["processes"] == 1


def test_a_file_that_nothing_imports_counts_as_not_run_also_in_a_folder_that_is_no_package(container: Container) -> None:
    container.write("wizard/lost.py", "number = 1\n")
    container.run()
    assert container.report()["files"]["wizard/lost.py"] == [[], [1], [], []]


def test_tests_manifest_upgrade_scripts_and_what_browsers_get_do_not_count(container: Container) -> None:
    for path in ("tests/test_rock.py", "__manifest__.py", "migrations/1.0/pre-move.py", "upgrades/x.py", "static/src/tool.py"):
        container.write(path, "number = 1\n")
    container.run("import rocks, rocks.tests.test_rock")
    assert set(container.report()["files"]) == {"__init__.py", "rules.py"}


def test_no_file_of_a_checkout_and_no_variable_says_how_to_measure(container: Container) -> None:
    evil = f"from pathlib import Path\nPath({str(container.folder / 'ran')!r}).touch()\ndef coverage_init(*_): ...\n"
    settings = "[{}run]\nomit = */rules.py\nplugins = evil\n[{}report]\nexclude_also = sign\n"
    for folder in (container.module, container.folder / "cwd"):
        (folder / "evil.py").write_text(evil)
        (folder / ".coveragerc").write_text(settings.format("", ""))
        (folder / "setup.cfg").write_text(settings.format("coverage:", "coverage:"))
        (folder / "pyproject.toml").write_text('[tool.coverage.run]\nomit = ["*/rules.py"]\nplugins = ["evil"]\n')
    container.run(COVERAGE_RCFILE=str(container.module / ".coveragerc"))
    assert container.report()["files"]["rules.py"][0] == [1, 2, 4]
    assert not (container.folder / "ran").exists()


def test_what_runs_in_threads_counts(container: Container) -> None:
    program = "import rocks, threading; t = threading.Thread(target=rocks.rules.sign, args=(-1,)); t.start(); t.join()"
    container.run(program)
    assert container.report()["files"]["rules.py"][0] == [1, 2, 3]


def test_several_processes_count_together(container: Container) -> None:
    container.run()
    container.run("import rocks; rocks.rules.sign(-1)")
    answer = container.report()
    assert (answer["processes"], answer["files"]["rules.py"]) == (2, [[1, 2, 3, 4], [], [[2, 3], [2, 4]], []])


def test_of_a_process_that_is_killed_nothing_is_told(container: Container) -> None:
    done = container.run("import os, rocks; os.kill(os.getpid(), 9)")
    assert done.returncode == -signal.SIGKILL
    assert container.report() == {"processes": 0, "notes": [], "files": {}}


def test_where_nothing_of_the_module_is_loaded_nothing_is_measured(container: Container) -> None:
    container.run("pass")
    assert container.report()["processes"] == 0


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="coverage.py sets no trace function there")
def test_a_test_that_takes_the_trace_function_away_is_told(container: Container) -> None:
    container.run("import rocks; sys.settrace(None); rocks.rules.sign(1)")
    (note,) = container.report()["notes"]
    assert "in the place of coverage.py's" in note


def test_what_is_no_python_is_named(container: Container) -> None:
    container.write("broken.py", "number =\n")
    done = container.run()
    answer = container.report()
    assert answer["notes"] == ["not counted, as coverage.py cannot read it as Python: broken.py"]
    assert "broken.py" not in answer["files"]
    assert done.stderr == ""


def test_without_coverage_py_the_program_runs_and_the_reason_is_told(container: Container) -> None:
    (container.folder / "none").mkdir()
    (container.folder / "none/coverage.py").write_text("raise ImportError('there is none')\n")
    done = container.run("import rocks; print('ran')", PYTHONPATH=str(container.folder / "none"))
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert container.report() == {"processes": 0, "notes": ["coverage.py does not start: there is none"], "files": {}}


def test_where_nothing_ran_but_what_does_not_count_all_counts_as_not_run(container: Container) -> None:
    container.write("migrations/1.1/pre-x.py", "x = 1\n")
    script = container.module / "migrations/1.1/pre-x.py"
    container.run(f"from importlib.machinery import SourceFileLoader as L; L('x', {str(script)!r}).load_module()")
    answer = container.report()
    assert answer["files"]["rules.py"] == [[], [1, 2, 3, 4], [], [[2, 3], [2, 4]]]
    assert "error" not in answer


def test_a_name_that_coverage_py_cannot_keep_is_told_leaves_nothing_half_measured_and_the_end_as_it_was(
    container: Container,
) -> None:
    (container.module / os.fsdecode(b"\xff.py")).write_text("x = 1\n")
    done = container.run("import rocks; sys.exit(3)")
    assert (done.returncode, done.stderr) == (3, "")
    answer = container.report()
    assert (answer["processes"], answer["files"]) == (0, {})
    assert "coverage.py cannot keep what it measured" in answer["notes"][0]


def test_data_that_cannot_be_read_is_an_error_in_words(container: Container) -> None:
    (container.data / "coverage.1").write_text("nonsense")
    assert list(container.report()) == ["error"]
