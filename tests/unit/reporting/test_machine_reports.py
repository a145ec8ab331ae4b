"""The reports of a call for machines, written together."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from runner.errors import ReportFailed, UsageError
from runner.reporting.machine_reports import MachineReports
from runner.reporting.outcome import Outcome


def _outcome(exit_code: int, word: str) -> Outcome:
    return Outcome("evv_core", exit_code, word, (), Path("/proof.log"))


@pytest.fixture
def said() -> list[str]:
    return []


def test_what_is_asked_for_is_written_and_the_exit_code_is_the_call_s(tmp_path: Path, said: list[str]) -> None:
    reports = MachineReports(tmp_path / "j.xml", tmp_path / "j.json", "evv")
    assert reports.write([_outcome(7, "NOT PROVEN")], {}, said.append, said.append) == 7
    assert json.loads((tmp_path / "j.json").read_text())["exit_code"] == 7
    assert "NOT PROVEN" in (tmp_path / "j.xml").read_text()


def test_without_a_wish_nothing_is_written(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert MachineReports(None, None, "evv").write([_outcome(0, "PASSED")], {}, said.append, said.append) == 0
    assert (list(tmp_path.iterdir()), said) == ([], [])


def test_further_reports_are_written_too_and_one_that_cannot_be_is_not_green(said: list[str]) -> None:
    written: list[str] = []

    def fail(_outcomes: Sequence[Outcome]) -> None:
        raise ReportFailed("a full disk")

    def write(outcomes: Sequence[Outcome]) -> None:
        written.extend(outcome.module for outcome in outcomes)

    reports = MachineReports(None, None, "evv", more=[fail, write])
    assert reports.write([_outcome(0, "PASSED")], {}, said.append, said.append) == 7
    assert (written, said) == (["evv_core"], ["Error: a full disk"])


def test_an_earlier_report_is_removed_before_the_call_does_anything(tmp_path: Path) -> None:
    (tmp_path / "j.xml").write_text("old")
    MachineReports(tmp_path / "j.xml", None, "evv")
    assert not (tmp_path / "j.xml").exists()


def test_a_place_that_cannot_be_used_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        MachineReports(tmp_path, None, "evv")


@pytest.mark.parametrize(("exit_code", "call"), [(0, 7), (1, 1), (8, 8), (130, 130)])
def test_a_report_that_cannot_be_written_makes_green_red_and_hides_no_red(
    tmp_path: Path, said: list[str], exit_code: int, call: int
) -> None:
    reports = MachineReports(tmp_path / "folder" / "j.xml", tmp_path / "j.json", "evv")
    (tmp_path / "folder").rmdir()
    (tmp_path / "folder").write_text("in the way")
    assert reports.write([_outcome(exit_code, "WORD")], {}, said.append, said.append) == call
    assert "cannot be written" in said[0]
    assert (tmp_path / "j.json").exists()


def test_a_relative_place_is_that_of_the_folder_of_the_call(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reports = MachineReports(None, Path("j.json"), "evv")
    monkeypatch.chdir("/")
    reports.write([_outcome(1, "FAILED")], {}, said.append, said.append)
    assert (tmp_path / "j.json").exists()


def test_a_page_is_written_with_what_did_not_run(tmp_path: Path, said: list[str]) -> None:
    reports = MachineReports(None, tmp_path / "j.json", "evv", html=tmp_path / "p.html")
    assert reports.write([_outcome(1, "FAILED")], {}, said.append, said.append, {"traction": "not started (--fail-fast)"}) == 1
    for file in ("j.json", "p.html"):
        assert "not started (--fail-fast)" in (tmp_path / file).read_text()
    assert said == []


def test_a_page_that_cannot_be_written_makes_green_red(tmp_path: Path, said: list[str]) -> None:
    reports = MachineReports(None, None, "evv", html=tmp_path / "folder" / "p.html")
    (tmp_path / "folder").rmdir()
    assert reports.write([_outcome(0, "PASSED")], {}, said.append, said.append) == 7
    assert "p.html cannot be written" in said[0]
