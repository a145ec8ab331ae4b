"""The matrix of a CI: one line of JSON with every module that has tests, and never an empty one."""

import json
from pathlib import Path

import pytest

from runner.cli.main import main_inner
from runner.cli.matrix import matrix_of
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


def test_each_shard_is_a_job_with_a_name() -> None:
    assert json.loads(matrix_of([("hub", ["b"]), ("evv", ["a", "c"])])) == {
        "include": [
            {"repository": "hub", "name": "b", "modules": "b"},
            {"repository": "evv", "name": "shard-2", "modules": "a c"},
        ]
    }


def test_the_output_is_one_line_of_json_and_what_is_left_out_is_said_beside_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main_inner(["matrix"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    assert json.loads(captured.out) == {
        "include": [
            {"repository": "evv", "name": "evv_core", "modules": "evv_core"},
            {"repository": "hub", "name": "hub_compliance", "modules": "hub_compliance"},
        ]
    }
    assert captured.err == "hub / hub_untested: left out, no tests\n"


def test_only_the_repositories_named_are_in_it_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main_inner(["matrix", "hub", "hub"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "include": [{"repository": "hub", "name": "hub_compliance", "modules": "hub_compliance"}]
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["matrix", "hbu"], "No repository 'hbu'"),
        (["matrix", "--all"], "Usage: python -m runner matrix [REPO ...] [options]"),
        (["matrix", "evv"], "No module of evv has tests"),
        (["matrix", "--shards", "1", "--timings", "nothing.json"], "nothing.json is no JSON report of a run"),
        (["matrix", "--shards", "0"], "must be a whole number, from 1 to 10000"),
        (["matrix", "hub", "--changed-since", "main"], "git cannot compare"),
        (["matrix", "hub", "--changed-since=-O"], "must be a commit, a branch or a tag"),
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


def test_shards_take_about_the_same_time_by_an_earlier_report_and_keep_the_order(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("evv_b", "evv_c", "evv_d"):
        with_test(folder, "evv", name)
    assert main_inner(["matrix", "--shards", "1"]) == 2
    assert "--shards must be 2 at least" in capsys.readouterr().err
    seconds = {"evv_core": 9.0, "evv_b": 50.0, "evv_c": 40.0, "evv_d": 2.0}
    (folder / "reports").mkdir()
    (folder / "reports" / "one.json").write_text(report(seconds))
    assert main_inner(["matrix", "--shards", "3", "--timings", "reports"]) == 0
    assert jobs(capsys.readouterr().out) == ["evv: evv_b", "evv: evv_c evv_core evv_d", "hub: hub_compliance"]


@pytest.mark.parametrize("does_not_count", [{"repository": "hub"}, {"selection": "/evv_b:TestIt"}])
def test_what_took_other_tests_or_those_of_another_repository_does_not_count(
    folder: Path, capsys: pytest.CaptureFixture[str], does_not_count: dict[str, str]
) -> None:
    for name in ("evv_b", "evv_c", "evv_d"):
        with_test(folder, "evv", name)
    (folder / "reports").mkdir()
    (folder / "reports" / "one.json").write_text(report({"evv_core": 9.0, "evv_b": 9.0, "evv_c": 40.0, "evv_d": 9.0}))
    (folder / "reports" / "two.json").write_text(report({"evv_b": 500.0}, **does_not_count))
    assert main_inner(["matrix", "--shards", "3", "--timings", "reports"]) == 0
    assert "evv: evv_c" in jobs(capsys.readouterr().out)


def test_there_are_no_more_jobs_than_a_ci_takes(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        with_test(folder, "evv", f"evv_{number}")
    assert main_inner(["matrix"]) == 0
    assert len(jobs(capsys.readouterr().out)) == 256
    monkeypatch.setenv("GITLAB_CI", "true")
    assert main_inner(["matrix"]) == 0
    made = jobs(capsys.readouterr().out)
    assert len(made) == 200
    assert sum(len(job.split()) - 1 for job in made) == 302


def jobs(output: str) -> list[str]:
    return [f"{job['repository']}: {job['modules']}" for job in json.loads(output)["include"]]


def report(seconds: dict[str, float], repository: str = "evv", selection: str = "") -> str:
    """A report with no more than what counts: there may be fields that are not known here."""
    modules = [{"module": name, "seconds": taken, "selection": selection} for name, taken in seconds.items()]
    return json.dumps({"schema_version": 1, "repository": repository, "modules": modules})
