"""The in-toto statement is one by its specification, and states no more than what is proven."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ReportFailed
from runner.reporting.in_toto import write_statement
from runner.reporting.outcome import Outcome
from runner.reporting.proof_log import Block
from runner.verdict.cases import CaseOutcome
from tests.unit.outcomes import case, failed, failing, passed, red

COMMIT, IMAGE = "0b3e95f9314e87969d4c8426d89089035930409e", "ab" * 32


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "proof_of_execution_tests.log"
    file.write_text("proof")
    return file


def of_commit(outcome: Outcome, state: str = "clean") -> Outcome:
    images = {"engine": "Docker 28", "image odoo:18.0": f"sha256:{IMAGE}", "image mine": "not told"}
    record = (Block("PROOF OF EXECUTION", {"commit": f"{COMMIT} ({state})"}), Block("ENVIRONMENT", images))
    return replace(outcome, record=record)


def stated(folder: Path, *outcomes: Outcome) -> dict[str, Any]:
    write_statement(outcomes, folder / "statement.json")
    statement: dict[str, Any] = json.loads((folder / "statement.json").read_bytes())
    return statement


def test_a_run_of_a_clean_commit_is_stated_of_that_commit(tmp_path: Path, log: Path) -> None:
    skipped = case(CaseOutcome.SKIPPED, "TestClient.test_skipped")
    outcome = of_commit(failed(case(), failing(), skipped, proof=log))
    assert stated(tmp_path, outcome) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"gitCommit": COMMIT}}],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": "FAILED",
            "configuration": [
                {"name": "odoo:18.0", "digest": {"sha256": IMAGE}},
                {"name": log.name, "digest": {"sha256": hashlib.sha256(b"proof").hexdigest()}},
            ],
            "passedTests": ["evv_core/tests/test_client.py::TestClient.test_one"],
            "warnedTests": [],
            "failedTests": ["evv_core/tests/test_client.py::TestClient.test_fails"],
        },
    }


@pytest.mark.parametrize("state", ["1 file differs from it: x", "not compared with the files: it took too long"])
def test_a_run_of_other_sources_is_stated_of_its_log_alone(tmp_path: Path, log: Path, state: str) -> None:
    clean, dirty = of_commit(passed(proof=log)), of_commit(passed(proof=log), state)
    for outcomes in ([dirty], [passed(proof=log)], [clean, dirty]):
        assert [subject["name"] for subject in stated(tmp_path, *outcomes)["subject"]] == [log.name] * len(outcomes)


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (passed(), "PASSED"),
        (passed(notes=("1 test skipped",)), "WARNED"),
        (passed(allowed=("x is allowed",)), "WARNED"),
        (replace(passed(), selection="TestClient"), "WARNED"),
        (failed(), "FAILED"),
        (red("NOT PROVEN"), "FAILED"),
        (red("LEFT BEHIND", case()), "FAILED"),
    ],
)
def test_passed_is_all_tests_without_a_note(tmp_path: Path, outcome: Outcome, result: str) -> None:
    assert stated(tmp_path, of_commit(outcome))["predicate"]["result"] == result
    assert stated(tmp_path, of_commit(passed()), of_commit(outcome))["predicate"]["result"] == result


def test_a_test_that_passed_when_it_was_tried_again_is_a_warned_one(tmp_path: Path) -> None:
    predicate = stated(tmp_path, of_commit(passed(case(), failing())))["predicate"]
    assert predicate["warnedTests"] == ["evv_core/tests/test_client.py::TestClient.test_fails"]
    assert predicate["failedTests"] == []


def test_a_name_that_is_no_text_is_written_out(tmp_path: Path) -> None:
    (name,) = stated(tmp_path, of_commit(passed(case(name="\udcff\x1b"))))["predicate"]["passedTests"]
    assert name.endswith("::\\udcff\\x1b")


def test_nothing_is_stated_of_nothing(tmp_path: Path) -> None:
    for outcomes in ([], [replace(red("ERROR"), has_proof=False)]):
        with pytest.raises(ReportFailed, match="no log of one"):
            write_statement(outcomes, tmp_path / "statement.json")
    assert list(tmp_path.iterdir()) == []
