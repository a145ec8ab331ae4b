"""The result of a call as an in-toto statement, for whoever signs it and for policies that ask for one.

Statement v1, and predicate Test Result v0.1: https://in-toto.io/attestation/test-result/v0.1
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from runner.errors import ExitCode, ReportFailed
from runner.foreign_text import visible
from runner.reporting.outcome import Outcome, worst
from runner.reporting.report_file import told, write_whole
from runner.reporting.summary import digest_of
from runner.verdict.cases import CaseOutcome, path_of

_CLEAN = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64}) \(clean\)")
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_IMAGE = "image "
Descriptor = dict[str, object]


def write_statement(outcomes: Sequence[Outcome], file: Path | int) -> None:
    """Write what is proven of the commit, or where files differ from it or there is none, of the proof logs.

    PASSED is all tests of the modules, without a note: what --strict makes red, a selection, and what is allowed are WARNED.
    ReportFailed if there is nothing to state, or the file cannot be written.
    """
    logs = [_descriptor(outcome.proof.name, digest_of(outcome)) for outcome in outcomes]
    commits = {match[1] if (match := _CLEAN.fullmatch(_commit_of(outcome))) else "" for outcome in outcomes}
    proofs = [log for log in logs if log]
    subjects = [{"digest": {"gitCommit": commit}} for commit in commits] if "" not in commits else proofs
    if not subjects:
        raise ReportFailed(
            f"The report {told(file)} is not written: there is no run, or no log of one, of which it could state anything."
        )
    images = {name: digest for outcome in outcomes for block in outcome.record for name, digest in block.facts.items()}
    pictured = [_descriptor(name, digest) for name, digest in images.items() if name.startswith(_IMAGE)]
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {"result": _result(outcomes), "configuration": [*filter(None, pictured), *proofs], **_tests(outcomes)},
    }
    write_whole(file, f"{json.dumps(statement, indent=2)}\n".encode())


def _commit_of(outcome: Outcome) -> str:
    return outcome.record[0].facts.get("commit", "") if outcome.record else ""


def _descriptor(name: str, digest: str) -> Descriptor | None:
    match = _SHA256.fullmatch(digest)
    return {"name": visible(name.removeprefix(_IMAGE)), "digest": {"sha256": match[1]}} if match else None


def _result(outcomes: Sequence[Outcome]) -> str:
    if worst(outcomes) != ExitCode.PASSED:
        return "FAILED"
    return "WARNED" if any(outcome.notes or outcome.selection or outcome.allowed for outcome in outcomes) else "PASSED"


def _tests(outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    """Name the tests that ran, as `evv_core/tests/test_client.py::TestClient.test_one`; of too many those that have room."""
    tests: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for outcome in outcomes:
        # What failed in a run that is not red for it passed when Odoo tried it again.
        failed = "failedTests" if outcome.failing_cases else "warnedTests"
        for case in outcome.reported_cases:
            if case.outcome is not CaseOutcome.SKIPPED:
                kind = "passedTests" if case.outcome is CaseOutcome.PASSED else failed
                tests[kind].append(visible(f"{outcome.name}/{path_of(case.file)}::{case.name}"))
    return tests
