"""A table of several modules that a person can read, and its record with the digest of each log."""

import hashlib
from dataclasses import replace
from pathlib import Path

from runner.reporting.summary import joint_table, write_joint
from runner.verdict.coverage import Coverage, FileCoverage
from tests.unit.outcomes import failed, passed, red


def test_each_module_has_a_line_with_its_verdict_its_counts_and_its_time() -> None:
    outcomes = [replace(passed(), module="a_long_name", seconds=28.94), replace(failed(), seconds=3.0)]
    assert joint_table(outcomes, {}) == [
        "MODULE       VERDICT  TESTS  FAILED  ERRORS  SKIPPED  SECONDS",
        "a_long_name  PASSED       1       0       0        0     28.9",
        "evv_core     FAILED       2       1       0        0      3.0",
    ]


def test_where_coverage_is_measured_each_module_has_its_own_and_all_together_have_one() -> None:
    one = passed(coverage=Coverage((FileCoverage("a.py", (1,), (2, 3)),)))
    two = passed(coverage=Coverage((FileCoverage("b.py", (1,)),)))
    lines = joint_table([one, two, failed()], {"evv_visit": "interrupted"})
    assert [line.split()[-1] for line in lines[:1]] == ["COVERAGE"]
    assert [line[-8:] for line in lines[1:4]] == ["  33.3 %", " 100.0 %", "       -"]
    assert lines[4:] == ["evv_visit  NOT RUN: interrupted", "coverage of all: 50.0 % of lines and branches"]


def test_a_module_has_a_line_for_each_series_that_was_asked_for() -> None:
    lines = joint_table([replace(passed(), series="18.0"), replace(failed(), series="19.0")], {})
    assert [line.split("  ")[0] for line in lines[1:]] == ["evv_core (18.0)", "evv_core (19.0)"]


def test_what_has_no_verdict_has_no_counts_and_what_did_not_run_says_why() -> None:
    lines = joint_table([red("ERROR")], {"a_longer_name": "not started (--fail-fast)"})
    assert lines[1].split() == ["evv_core", "ERROR", "-", "-", "-", "-", "0.0"]
    assert lines[2] == "a_longer_name  NOT RUN: not started (--fail-fast)"
    assert lines[1].index("ERROR") == lines[2].index("NOT RUN")


def test_the_record_names_each_log_with_its_digest_so_that_it_cannot_be_exchanged(tmp_path: Path) -> None:
    proof = tmp_path / "proof_of_execution_tests.evv_core.log"
    proof.write_bytes(b"its log\n")
    write_joint(tmp_path / "joint.log", {"command": "run evv", "exit code": "0"}, [passed(proof=proof)], {"x": "why"})
    text = (tmp_path / "joint.log").read_text()
    assert "command:   run evv\n" in text
    assert f"{hashlib.sha256(b'its log' + bytes([10])).hexdigest()}  {proof.name}\n" in text
    assert "x         NOT RUN: why\n" in text


def test_a_log_that_is_not_there_is_said(tmp_path: Path) -> None:
    write_joint(tmp_path / "joint.log", {"command": "run evv"}, [passed(proof=tmp_path / "gone.log")], {})
    assert "not there (No such file or directory)  gone.log" in (tmp_path / "joint.log").read_text()


def test_an_earlier_log_is_not_taken_for_one_that_was_not_written(tmp_path: Path) -> None:
    proof = tmp_path / "proof.log"
    proof.write_text("PASSED, yesterday")
    write_joint(tmp_path / "joint.log", {"command": "run evv"}, [passed(proof=proof).without_proof("disk full")], {})
    assert "not written  proof.log" in (tmp_path / "joint.log").read_text()


def test_the_record_says_what_it_is(tmp_path: Path) -> None:
    write_joint(tmp_path / "joint.log", {"exit code": "0"}, [passed()], {"x": "why"})
    lines = (tmp_path / "joint.log").read_text().splitlines()
    assert lines[:2] == ["SUMMARY OF SEVERAL MODULES", "exit code: 0"]
    assert "The log of each, with its SHA-256:" in lines
