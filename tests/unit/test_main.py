"""The last boundary: a defect of the runner must not look like a failed test."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runner import __main__ as entry
from runner.cli import main as cli
from tests.unit.processes import PATIENCE, ROOT, line, python


def _raise(_arguments: object) -> int:
    raise ZeroDivisionError("a defect")


def test_an_unexpected_error_exits_with_70_and_shows_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "main_inner", _raise)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 70
    errors = capsys.readouterr().err
    assert "ZeroDivisionError: a defect" in errors
    assert "this is a defect of the runner" in errors


def test_no_module_of_the_folder_in_which_somebody_stands_is_taken_for_another(tmp_path: Path) -> None:
    for name in ("argparse", "calendar", "pathlib", "signal", "yaml", "pydantic"):  # `calendar` is one of Odoo's own addons
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"open({str(tmp_path / 'was run')!r}, 'w')\n")
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "runner", "run", "gone", "module"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert not (tmp_path / "was run").exists()
    assert done.returncode == 2, done.stderr
    assert "repos.yaml" in done.stderr


def test_a_missing_package_is_said_in_a_line() -> None:
    program = "import sys; sys.modules['yaml'] = None; from runner.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: the Python package yaml is missing. Use nox")
    assert done.stderr.count("\n") == 1


def test_the_first_process_of_a_container_can_be_ended_before_all_is_imported() -> None:
    program = """
import os, sys
class Slow:
    def find_spec(self, name, *_):
        if name == "runner.cli.main":
            print("importing", flush=True)
            sys.stdin.read()
os.getpid = lambda: 1
sys.meta_path.insert(0, Slow())
from runner.__main__ import main
main()
"""
    with python(program) as process:
        assert line(process) == "importing"
        process.terminate()
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    "start", ["import runpy; runpy.run_module('runner', run_name='__main__')", "import runner.cli.nox_environment"]
)
def test_windows_itself_is_told_to_use_wsl2_before_anything_is_imported_that_it_has_not(start: str) -> None:
    program = f"import os, sys; import nox; sys.modules['fcntl'] = None; os.name = 'nt'; {start}"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"Error: this runs on Linux and macOS, not on Windows .*WSL2.*\n", done.stderr)


def test_the_exit_code_is_that_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "main_inner", lambda _arguments: 7)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 7


def test_python_on_whales_is_not_imported_before_docker_s_clients_are_at_work() -> None:
    program = "import runner.cli.main, sys; print({'psutil', 'python_on_whales', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_what_is_started_has_standard_streams_too_where_they_were_closed() -> None:
    program = "import subprocess, sys; from runner import __main__ as entry; entry._open_standard_streams(); " + (
        "sys.exit(subprocess.run([sys.executable, '-c', 'import os; [os.fstat(each) for each in range(3)]']).returncode)"
    )
    command = ["bash", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, program]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_a_defect_ends_the_program_also_where_nobody_reads() -> None:
    program = """
import sys
from runner import __main__ as entry
from runner.cli import list as command, main as cli
def fail(_given, _settings, terminal):
    terminal.line("x" * 200_000)
    raise ZeroDivisionError("a defect")
command.list_environments = fail
cli._LAST_WORDS = 0.1
sys.argv = ["runner", "list"]
entry.main()
"""
    with python(program) as process:
        assert process.wait(PATIENCE) == 70
