"""The matrix of a CI: one line of JSON with every module that has tests, and never an empty one."""

import json
from pathlib import Path

import pytest

from runner.cli.main import main_inner
from runner.cli.matrix import matrix_of
from runner.errors import UsageError
from runner.run.selection import Selection
from tests.unit.repositories import YAML, write_module


def with_test(folder: Path, repository: str, name: str) -> None:
    tests = write_module(folder / repository / "addons", name) / "tests"
    tests.mkdir()
    (tests / "test_it.py").write_text("class TestIt(Case):\n    def test_it(self):\n        pass\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two repositories, one module with a test in each, and one without; the working folder is that of repos.yaml."""
    (tmp_path / "repos.yaml").write_text(YAML)
    with_test(tmp_path, "evv", "evv_core")
    with_test(tmp_path, "hub", "hub_compliance")
    write_module(tmp_path / "hub/addons", "hub_untested")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_module_selected_is_a_job_in_the_order_of_repositories_and_modules() -> None:
    selections = {"hub": Selection(("b", "a"), {}), "evv": Selection(("c",), {"d": "no tests"})}
    assert json.loads(matrix_of(selections)) == {
        "include": [
            {"repository": "hub", "module": "b"},
            {"repository": "hub", "module": "a"},
            {"repository": "evv", "module": "c"},
        ]
    }


def test_an_empty_matrix_is_an_error_that_names_the_repositories() -> None:
    with pytest.raises(UsageError, match="No module of evv, hub has tests"):
        matrix_of({"evv": Selection((), {"evv_core": "no tests"}), "hub": Selection((), {})})


def test_the_output_is_one_line_of_json_and_what_is_left_out_is_said_beside_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main_inner(["matrix"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    assert json.loads(captured.out) == {
        "include": [{"repository": "evv", "module": "evv_core"}, {"repository": "hub", "module": "hub_compliance"}]
    }
    assert captured.err == "hub / hub_untested: left out, no tests\n"


def test_only_the_repositories_named_are_in_it_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main_inner(["matrix", "hub", "hub"]) == 0
    assert json.loads(capsys.readouterr().out) == {"include": [{"repository": "hub", "module": "hub_compliance"}]}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["matrix", "hbu"], "No repository 'hbu'"),
        (["matrix", "--all"], "Usage: python -m runner matrix [REPO ...]"),
        (["matrix", "evv"], "No module of evv has tests"),
    ],
)
def test_a_wrong_request_ends_with_2_and_prints_no_matrix(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    (folder / "evv/addons/evv_core/tests/test_it.py").unlink()
    assert main_inner(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert expected in captured.err
