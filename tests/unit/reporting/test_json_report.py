"""The JSON report says what is known of a call, in the published form."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import ReportFailed
from runner.reporting.json_report import CallReport, schema, write_json
from runner.reporting.outcome import Outcome
from runner.reporting.proof_log import Block
from runner.verdict.beginning import Beginning, Step, Version
from runner.verdict.cases import CaseOutcome
from runner.verdict.coverage import Coverage, FileCoverage
from tests.unit.outcomes import TRACEBACK, case, failed, failing, passed, real_failure, red

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "report.json"


def written(file: Path, *outcomes: Outcome, **not_run: str) -> dict[str, Any]:
    """The report, which has the published form."""
    write_json(outcomes, file, "evv", not_run)
    report: dict[str, Any] = json.loads(file.read_bytes())
    assert CallReport.model_validate_json(file.read_bytes()).model_dump(mode="json") == report
    return report


def test_the_published_schema_is_current() -> None:
    published = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    assert published == json.loads(schema()), "python -m runner.reporting.json_report > docs/report.schema.json"


def test_the_command_of_the_docstring_prints_the_schema() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "runner.reporting.json_report"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == json.loads(schema())
    assert not done.stderr


def test_every_field_is_in_every_report() -> None:
    definitions = json.loads(schema())
    for part in (definitions, *(part for part in definitions["$defs"].values() if "properties" in part)):
        assert part["required"] == list(part["properties"])


def test_a_run_is_reported_with_all_that_is_known_of_it(file: Path) -> None:
    skip = case(CaseOutcome.SKIPPED, "TestClient.test_skipped", seconds=None, details="no browser")
    allowed = ("allowed by repos.yaml: tests/test_x.py is not imported",)
    files = {"sc_1.png": Path("/checkout/.agent-tests/run/browser/sc_1.png")}
    outcome = failed(failing(files=("sc_1.png",)), skip, notes=("look here",), allowed=allowed, files=files)
    phases = (("pull x", 2.0), ("up", 1.0), ("pull x", 3.0))
    outcome = replace(outcome, seconds=21.5, phases=phases, selection="/evv_core:TestClient", series="19.0", repeat=2)
    record = (Block("ENVIRONMENT", {"engine": "Docker 28"}, ("warning: old",)),)
    outcome = replace(outcome, record=record, ended="2026-11-26 18:12:28 UTC", teardown=("teardown: complete",))
    report = written(file, outcome, evv_visits="not started (--fail-fast)")
    fails, skipped = report["modules"][0].pop("cases")
    assert report == {
        "schema_version": 1,
        "repository": "evv",
        "exit_code": 1,
        "modules": [
            {
                "module": "evv_core",
                "series": "19.0",
                "verdict": "FAILED",
                "selection": "/evv_core:TestClient",
                "repeat": 2,
                "beginning": None,
                "exit_code": 1,
                "counts": {"ran": 1, "failed": 1, "errors": 0, "skipped": 1},
                "reasons": ["FAIL: TestClient.test_fails"],
                "remarks": ["look here"],
                "allowed": ["allowed by repos.yaml: tests/test_x.py is not imported"],
                "seconds": 21.5,
                "phases": {"up": 1.0, "pull x": 5.0},
                "proof": "/checkout/proof_of_execution_tests.log",
                "files": {"sc_1.png": "/checkout/.agent-tests/run/browser/sc_1.png"},
                "cases_left_out": 0,
                "record": [{"title": "ENVIRONMENT", "facts": {"engine": "Docker 28"}, "lines": ["warning: old"]}],
                "ended": "2026-11-26 18:12:28 UTC",
                "teardown": ["teardown: complete"],
                "coverage": None,
            }
        ],
        "not_run": {"evv_visits": "not started (--fail-fast)"},
    }
    name = {"file": "test_client", "name": "TestClient.test_fails"}
    assert fails == {**name, "outcome": "failed", "seconds": 0.25, "details": TRACEBACK, "files": ["sc_1.png"]}
    assert (skipped["outcome"], skipped["seconds"], skipped["details"]) == ("skipped", None, "no browser")


def test_coverage_is_reported_file_by_file(file: Path) -> None:
    rock = FileCoverage("addons/rocks/rock.py", (1, 2), (3,), ((1, 2),), ((1, -1),), "a digest")
    (module,) = written(file, passed(coverage=Coverage((rock,))))["modules"]
    numbers = {"percent": 60.0, "statements": 3, "branches": 2}
    assert module["coverage"] == numbers | {
        "missing_lines": 1,
        "missing_branches": 1,
        "partial_branches": 1,
        "files": [
            numbers
            | {
                "path": "addons/rocks/rock.py",
                "executed_lines": [1, 2],
                "missing_lines": [3],
                "executed_branches": [[1, 2]],
                "missing_branches": [[1, -1]],
                "partial_branches": [[1, -1]],
            }
        ],
    }


def test_a_run_that_ended_before_its_tests_has_no_counts(file: Path) -> None:
    (module,) = written(file, red("ERROR"))["modules"]
    assert (module["counts"], module["cases"], module["remarks"]) == (None, [], [])
    assert module["reasons"] == ["first reason\nin two lines", "second"]


def test_the_exit_code_is_that_of_the_worst_module(file: Path) -> None:
    report = written(file, red("INTERRUPTED"), passed(), red("LEFT BEHIND"), failed())
    assert report["exit_code"] == 8
    assert [module["exit_code"] for module in report["modules"]] == [130, 0, 8, 1]


def test_a_real_failure_is_reported_with_its_tests(file: Path) -> None:
    (module,) = written(file, real_failure())["modules"]
    assert module["counts"]["failed"] == 1
    assert [test["outcome"] for test in module["cases"]].count("failed") == 1


def test_a_report_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match="no module was run"):
        write_json([], tmp_path / "report.json", "evv")
    assert not list(tmp_path.iterdir())


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match="cannot be written"):
        write_json([passed()], tmp_path, "evv")


@given(st.text(st.characters(exclude_categories=())))
@settings(deadline=None)
def test_any_characters_give_a_valid_report(file: Path, text: str) -> None:
    run = failed(failing(text, details=text, file=text))
    (module,) = written(file, Outcome(text, 1, text, (text,), Path(text), run.verdict))["modules"]
    assert module["reasons"] == [text.encode(errors="backslashreplace").decode()]


def test_what_came_before_the_tests_is_reported(file: Path) -> None:
    versions = (Version("evv_core", "19.0.1.0", "19.0.1.1"),)
    beginning = Beginning("v1", "c0ffee", failed=Step.UPDATE, versions=versions, scripts=("evv_core [>1.1] pre-x",))
    (module,) = written(file, passed(beginning=beginning))["modules"]
    assert module["beginning"] == {
        "ref": "v1",
        "commit": "c0ffee",
        "is_new": False,
        "failed": "update",
        "versions": [{"module": "evv_core", "before": "19.0.1.0", "after": "19.0.1.1"}],
        "scripts": ["evv_core [>1.1] pre-x"],
    }
