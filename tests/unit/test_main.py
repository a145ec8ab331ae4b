"""The last boundary: a defect of the runner must not look like a failed test."""

import sys

import pytest

from runner import __main__ as entry
from runner.cli import main as cli


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


def test_a_missing_package_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    for name in [name for name in sys.modules if name.startswith("runner.") and name != "runner.__main__"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 2
    assert "the Python package yaml is missing" in capsys.readouterr().err


def test_the_exit_code_is_that_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "main_inner", lambda _arguments: 7)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 7
