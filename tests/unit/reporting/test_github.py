"""On GitHub Actions each failing test is marked at its line, and the job has a summary."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import ReportFailed
from runner.reporting.github import report_to_github
from runner.reporting.outcome import Outcome
from runner.verdict.cases import CaseOutcome
from runner.verdict.coverage import Coverage, FileCoverage
from tests.unit.outcomes import RED_LABELS, TRACEBACK, case, failed, failing, passed, real_failure, red

COMMAND = re.compile(r"::error (?:file=([^,]*),)?(?:line=(\d+),)?title=([^,:]*)::(.*)")


class Job:
    """A job of GitHub Actions with a checkout in its workspace."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "workspace"
        self.summary = folder / "summary.md"
        self.checkout = self.workspace / "repos" / "evv"
        self.proof = self.checkout / "proof_of_execution_tests.log"
        self.said: list[str] = []
        self.environ = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }

    def module(self, addons: str, name: str = "evv_core", file: str = "test_client") -> None:
        tests = self.checkout / addons / name / "tests"
        tests.mkdir(parents=True)
        (tests.parent / "__manifest__.py").touch()
        (tests / f"{file}.py").touch()

    def report(self, *outcomes: Outcome) -> list[tuple[str | None, str | None, str, str]]:
        """File, line, title and message of every annotation."""
        report_to_github(outcomes, self.environ, self.said.append, self.said.append)
        assert not [line for line in self.said if "\n" in line or "\r" in line]
        matches = [COMMAND.fullmatch(line) for line in self.said if line.startswith("::")]
        return [(match[1], match[2], match[3], match[4]) for match in matches if match]

    @property
    def rows(self) -> list[list[str]]:
        lines = [line for line in self.summary.read_text().splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    job = Job(tmp_path)
    job.checkout.mkdir(parents=True)
    return job


@pytest.mark.parametrize("value", [None, "", "false"])
def test_elsewhere_nothing_is_said_or_written(job: Job, value: str | None) -> None:
    job.environ.pop("GITHUB_ACTIONS")
    if value is not None:
        job.environ["GITHUB_ACTIONS"] = value
    assert job.report(failed()) == []
    assert not job.said
    assert not job.summary.exists()


@pytest.mark.parametrize("addons", [".", "addons", "custom/addons", "src/odoo/addons"])
def test_a_failing_test_is_marked_at_its_line_in_the_workspace(job: Job, addons: str) -> None:
    job.module(addons)
    (annotation,) = job.report(failed(proof=job.proof))
    where = f"repos/evv/{addons}/evv_core/tests/test_client.py".replace("/./", "/")
    assert annotation[:3] == (where, "7", "evv_core%3A TestClient.test_fails failed")
    assert annotation[3].startswith("AssertionError: 1 != 2%0A%0AFAIL: TestClient.test_fails%0ATraceback")


def test_a_real_failure_is_marked_at_its_line(job: Job) -> None:
    job.module("addons", "traction", "test_scorecard")
    (annotation,) = job.report(real_failure(job.proof))
    assert annotation[:2] == ("repos/evv/addons/traction/tests/test_scorecard.py", "36")


def test_of_two_addons_folders_the_one_nearest_to_the_root_counts_and_hidden_ones_never(job: Job) -> None:
    for addons in (".old", "build/addons", "addons"):
        job.module(addons)
    assert job.report(failed(proof=job.proof))[0][0] == "repos/evv/addons/evv_core/tests/test_client.py"


def test_without_a_line_the_file_alone_is_marked(job: Job) -> None:
    job.module("addons")
    (annotation,) = job.report(failed(failing(details="")), failed(failing(details=""), proof=job.proof))[1:]
    assert annotation[:2] == ("repos/evv/addons/evv_core/tests/test_client.py", None)


@pytest.mark.parametrize("workspace", [None, "", "/elsewhere"])
def test_a_test_outside_of_the_workspace_is_told_without_a_place(job: Job, workspace: str | None) -> None:
    job.module("addons")
    job.environ.pop("GITHUB_WORKSPACE")
    if workspace is not None:
        job.environ["GITHUB_WORKSPACE"] = workspace
    (annotation,) = job.report(failed(proof=job.proof))
    assert annotation[:2] == (None, None)


def test_a_traceback_cannot_point_out_of_the_workspace(job: Job) -> None:
    job.module("addons")
    details = TRACEBACK.replace("tests/test_client.py", "tests/../../../../../../../etc/passwd")
    (annotation,) = job.report(failed(failing(details=details), proof=job.proof))
    assert annotation[:2] == (None, None)


def test_every_character_with_a_meaning_is_escaped(job: Job) -> None:
    name = "T.test, a: 100%\r\n::error::x"
    (annotation,) = job.report(failed(failing(name, details="100%\r\n::error::x, y")))
    assert annotation[2] == "evv_core%3A T.test%2C a%3A 100%25%0A%3A%3Aerror%3A%3Ax failed"
    assert annotation[3] == "100%25%0A%0A100%25%0A::error::x, y"


@pytest.mark.parametrize("label", RED_LABELS)
def test_what_no_test_shows_is_said_before_the_failing_tests(job: Job, label: str) -> None:
    annotations = job.report(failed(), red(label, case()))
    assert [title for _, _, title, _ in annotations] == [f"evv_core%3A {label}", "evv_core%3A TestClient.test_fails failed"]
    assert annotations[0][3] == "first reason%0Ain two lines%0Asecond"


def test_a_run_that_passed_has_no_annotation(job: Job) -> None:
    assert job.report(passed(case(), failing(), case(CaseOutcome.SKIPPED))) == []
    assert job.said == []


def test_long_texts_are_cut(job: Job) -> None:
    (annotation,) = job.report(failed(failing("T.test_" + "x" * 1000, details="y" * 100_000)))
    assert len(annotation[2]) < 260
    assert len(annotation[3]) < 4100
    assert annotation[3].endswith("y ...")


def test_of_very_many_failing_tests_the_first_are_marked_and_the_others_counted(job: Job) -> None:
    outcome = failed(*(failing(f"TestClient.test_{number}") for number in range(70)), proof=job.proof)
    assert len(job.report(outcome)) == 50
    assert f"evv_core: 20 more failing tests have no annotation: see {job.proof}" in job.said


def test_the_summary_is_a_table_of_the_modules(job: Job) -> None:
    job.report(passed(), failed(module="evv_visit"), red("NOT PROVEN"))
    head, _rule, *rows = job.rows
    assert head == ["module", "verdict", "ran", "failed", "errors", "skipped", "reasons"]
    assert rows == [
        ["evv&#95;core", "✅ PASSED", "1", "0", "0", "0", ""],
        ["evv&#95;visit", "❌ FAILED", "2", "1", "0", "0", "FAIL&#58; TestClient.test&#95;fails"],
        ["evv&#95;core", "❌ NOT PROVEN", "-", "-", "-", "-", "first reason<br>in two lines<br>second"],
    ]


def test_the_summary_has_the_coverage_where_it_is_measured(job: Job) -> None:
    job.report(passed(coverage=Coverage((FileCoverage("a.py", (1,), (2, 3)),))), failed())
    head, _rule, *rows = job.rows
    assert [row[6] for row in (head, *rows)] == ["coverage", "33.3 %", "-"]


def test_a_selection_is_in_the_summary_and_no_markup(job: Job) -> None:
    job.report(replace(passed(), selection="/evv_core:Test|One"))
    assert "PASSED, only /evv&#95;core&#58;Test&#124;One" in job.summary.read_text()


def test_the_summary_is_appended_to_what_is_there(job: Job) -> None:
    job.summary.write_text("earlier, without a line end")
    job.report(passed())
    assert job.summary.read_text().startswith("earlier, without a line end\n### Odoo tests\n\n| module")


def test_a_reason_cannot_break_the_table_or_bring_markup(job: Job) -> None:
    job.report(red("ERROR", reasons=("a | b\n| c <script> `x` **y** &amp; [z](u) @org \ud800",)))
    (row,) = job.rows[2:]
    assert len(row) == 7
    assert not set("`*[<&").intersection(re.sub(r"<br>|&#\d+;", "", row[-1]))


def test_many_reasons_are_counted_rather_than_listed(job: Job) -> None:
    job.report(red("NOT PROVEN", reasons=tuple(f"reason {number}" for number in range(100))))
    told = job.rows[2][-1].split("<br>")
    assert told[19:] == ["reason 19", "80 more: see /checkout/proof&#95;of&#95;execution&#95;tests.log"]


def test_a_summary_too_large_for_github_has_no_reasons(job: Job) -> None:
    job.report(*(red("NOT PROVEN", reasons=("|" * 500,) * 20) for _number in range(100)))
    assert job.summary.stat().st_size < 1_000_000
    assert len(job.rows) == 102
    assert job.rows[-1][-1].startswith("20 more: see")


def test_a_summary_that_cannot_be_written_is_an_error_after_all_annotations(job: Job) -> None:
    job.summary.mkdir()
    with pytest.raises(ReportFailed, match=r"summary of the job \(GITHUB_STEP_SUMMARY\) cannot be written"):
        job.report(failed())
    assert len(job.said) == 1


def test_a_missing_summary_file_is_said(job: Job) -> None:
    job.environ.pop("GITHUB_STEP_SUMMARY")
    job.report(passed())
    assert job.said == ["GITHUB_STEP_SUMMARY is not set: there is no summary of the job"]


def test_what_a_test_wrote_does_nothing_but_show(job: Job) -> None:
    outcome = failed(failing("T.test", details="\x1b[2J\u202e"), proof=job.proof)
    (annotation,) = job.report(replace(outcome, reasons=("a reason \x1b]52;c;x\x07",)))
    assert annotation[3].endswith(r"\x1b[2J\u202e")
    assert r"a reason &#92;x1b&#93;52;c;x&#92;x07" in job.rows[2][-1]
