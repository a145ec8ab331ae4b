"""Odoo 14 to 18 without an engine: logs of 14 and 18, recorded, and of 15 to 17, written from sources, get their verdicts."""

from ast import literal_eval
from pathlib import Path

import pytest

from runner.errors import ExitCode
from runner.verdict.cases import CaseOutcome
from runner.verdict.verdict import Verdict
from tests.corpus.case import Case, differences, verdict_of
from tests.corpus.recorded import folder_of, names, recorded
from tests.corpus.series import RECORDED, WRITTEN, cases_of_series, recorded_cases
from tests.unit.odoo_logs import read_log

SERIES = (*RECORDED, *WRITTEN)
CASES = [pytest.param(series, case, id=f"{series}-{case.name}") for series in SERIES for case in recorded_cases(series)]


def _verdict(series: str, name: str, folder: Path) -> Verdict:
    (case,) = (case for case in cases_of_series(series) if case.name == name)
    return verdict_of(case, recorded(case, series), case.write(folder))


@pytest.mark.parametrize(("series", "case"), CASES)
def test_a_log_of_another_series_gets_its_verdict(series: str, case: Case, tmp_path: Path) -> None:
    assert differences(case, verdict_of(case, recorded(case, series), case.write(tmp_path))) == []


@pytest.mark.parametrize("series", SERIES)
def test_every_case_of_a_series_has_a_log_and_there_is_no_other(series: str) -> None:
    cases = {case.name for case in cases_of_series(series)}
    assert names(series) <= cases if series == "18" else names(series) == cases
    assert {file.stem for file in folder_of(series).glob("*.log")} == names(series)


def test_of_odoo_18_nearly_the_whole_corpus_is_recorded() -> None:
    assert len(recorded_cases("18")) >= 102


@pytest.mark.parametrize("series", SERIES)
def test_every_manifest_names_a_version_of_its_series(series: str, tmp_path: Path) -> None:
    for case in cases_of_series(series):
        case.write(tmp_path / case.name)
    manifests = [file.read_text() for file in tmp_path.rglob("__manifest__.py")]
    assert "SERIES" not in "".join(manifests)
    versions = {literal_eval(text)["version"] for text in manifests if text.startswith("{") and text.endswith("}\n")}
    assert versions - {"13.0.1.0.0"} == {f"{series}.0.1.0.0"}


@pytest.mark.parametrize("series", SERIES)
def test_a_log_is_of_the_series_whose_folder_it_is_in(series: str) -> None:
    logs = [file.read_text(errors="replace") for file in folder_of(series).glob("*.log")]
    assert all(f"odoo: Odoo version {series}.0" in log for log in logs if "Odoo version" in log)
    assert any("Odoo version" in log for log in logs)


@pytest.mark.parametrize("series", WRITTEN)
def test_what_was_not_recorded_says_so(series: str) -> None:
    assert f"written from the sources of Odoo {series}, not recorded" in (folder_of(series) / "README.md").read_text()


@pytest.mark.parametrize("series", SERIES)
def test_no_series_can_import_a_broken_test_file_and_be_green(series: str, tmp_path: Path) -> None:
    assert _verdict(series, "import_error_in_a_test_file", tmp_path).exit_code == ExitCode.NOT_PROVEN


@pytest.mark.parametrize("series", ["14", "15"])
def test_what_exits_with_0_in_14_and_15_although_no_test_was_imported_tells_of_nothing_else(
    series: str, tmp_path: Path
) -> None:
    verdict = _verdict(series, "import_error_in_a_test_file", tmp_path)
    assert verdict.notes == ()
    assert sum("Can not `import" in reason for reason in verdict.reasons) == 1


@pytest.mark.parametrize("series", SERIES)
def test_a_skip_is_a_skip_whether_the_series_tells_its_reason_or_not(series: str, tmp_path: Path) -> None:
    verdict = _verdict(series, "skip_beside", tmp_path)
    skips = {case.name: case.details for case in verdict.cases if case.outcome is CaseOutcome.SKIPPED}
    assert skips == {"TestOne.test_two": "" if series in ("14", "15") else "not on this machine"}


@pytest.mark.parametrize("series", SERIES)
def test_a_failing_subtest_is_blamed_on_its_test(series: str, tmp_path: Path) -> None:
    (single,) = _verdict(series, "failing_subtests", tmp_path).cases
    assert (single.name, single.outcome) == ("TestOne.test_one", CaseOutcome.FAILED)
    assert single.details.count("Traceback") == 2


@pytest.mark.parametrize("series", SERIES)
def test_every_test_of_a_passing_run_has_a_duration(series: str, tmp_path: Path) -> None:
    assert all(case.seconds is not None for case in _verdict(series, "plain_pass", tmp_path).cases)


def _record(logger: str, message: str, level: str = "INFO") -> str:
    return f"2026-11-24 11:10:42,408 40 {level} agent_test {logger}: {message} \n"


TESTS = "odoo.addons.m.tests.test_x"
STARTING = _record(TESTS, "Starting TestX.test_x ...")


def test_a_skip_without_a_reason_is_one_also_if_the_next_test_prints() -> None:
    log = STARTING + _record(TESTS, "skipped TestX.test_x") + "printed\n"
    assert [(test.file, test.name, test.skipped) for test in read_log(log).tests] == [("test_x", "TestX.test_x", "")]


@pytest.mark.parametrize("words", ["skipped res.partner", "skipped res.partner : no address", "skipped"])
def test_a_test_that_logs_what_it_skipped_is_not_skipped_itself(words: str) -> None:
    assert [test.skipped for test in read_log(STARTING + _record(TESTS, words)).tests] == [None]


def test_a_test_that_logs_something_like_an_unexpected_success_has_not_failed() -> None:
    assert read_log(STARTING + _record(TESTS, "unexpected success for sale.order", "ERROR")).problems == []


@pytest.mark.parametrize(
    "of_14", ["Subtest (number=1)", "Subtest [a message]", "Subtest [a message] (a=1, b=2)", "Subtest (<subtest>)"]
)
def test_a_subtest_of_14_gets_the_name_of_the_test_that_started_last(of_14: str) -> None:
    log = STARTING + _record("odoo.addons.m.tests.test_y", "Starting TestY.test_y ...")
    first, second = read_log(log + _record(TESTS, f"FAIL: {of_14}\nTraceback", "ERROR")).tests
    assert [problem.test for problem in first.problems] == [of_14.replace("Subtest ", "Subtest TestX.test_x ")]
    assert second.problems == []
