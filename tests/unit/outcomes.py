"""Outcomes for the tests of reports: put together by hand, and of a real run."""

from pathlib import Path

from runner.cleanup.teardown import Report
from runner.reporting.outcome import Outcome, decide
from runner.verdict.cases import Case, CaseOutcome
from runner.verdict.verdict import Verdict, judge

from .odoo_logs import FAILED_DATABASE, read_log, real

PROOF = Path("/checkout/proof_of_execution_tests.log")
TRACEBACK = """FAIL: TestClient.test_fails
Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/odoo/tests/common.py", line 99, in wrapper
    return function(*args)
  File "/mnt/extra-addons/evv_core/tests/common.py", line 3, in helper
    check()
  File "/mnt/extra-addons/evv_core/tests/test_client.py", line 7, in test_fails
    self.assertEqual(1, 2)
AssertionError: 1 != 2
"""
# The labels of every red outcome that need not come with a failing test, with an exit code of each.
RED_LABELS = {"ERROR": 5, "TIMED OUT": 6, "NOT PROVEN": 7, "LEFT BEHIND": 8, "INTERRUPTED": 130}


def case(outcome: CaseOutcome = CaseOutcome.PASSED, name: str = "TestClient.test_one", **facts: object) -> Case:
    """A test of evv_core in test_client."""
    known = {"module": "evv_core", "file": "test_client", "name": name, "outcome": outcome, "seconds": 0.25} | facts
    return Case(**known)  # type: ignore[arg-type]


def failing(name: str = "TestClient.test_fails", details: str = TRACEBACK, **facts: object) -> Case:
    """A test that failed."""
    return case(CaseOutcome.FAILED, name, details=details, **facts)


def verdict(*cases: Case, exit_code: int = 0, module: str = "evv_core", **facts: object) -> Verdict:
    """A verdict that counts its cases."""
    number = {outcome: sum(case.outcome is outcome for case in cases) for outcome in CaseOutcome}
    counts = {
        "ran": len(cases) - number[CaseOutcome.SKIPPED],
        "skipped": number[CaseOutcome.SKIPPED],
        "failed": number[CaseOutcome.FAILED] if exit_code else 0,
        "errors": number[CaseOutcome.ERROR] if exit_code else 0,
    }
    return Verdict(exit_code=exit_code, module=module, cases=cases, **(counts | facts))  # type: ignore[arg-type]


def passed(*cases: Case, proof: Path = PROOF, **facts: object) -> Outcome:
    """A run that passed."""
    return of(verdict(*(cases or (case(),)), **facts), proof)  # type: ignore[arg-type]


def failed(*cases: Case, proof: Path = PROOF, **facts: object) -> Outcome:
    """A run of which a test failed."""
    reasons = ("FAIL: TestClient.test_fails",)
    return of(verdict(*(cases or (case(), failing())), exit_code=1, reasons=reasons, **facts), proof)  # type: ignore[arg-type]


def red(label: str, *cases: Case, reasons: tuple[str, ...] = ("first reason\nin two lines", "second")) -> Outcome:
    """A run that is red for more than a failing test: without a verdict if it has no case."""
    exit_code = RED_LABELS[label]
    judged = verdict(*cases, exit_code=exit_code if exit_code in (6, 7) else 0) if cases else None
    return Outcome("evv_core", exit_code, label, reasons, PROOF, judged)


def of(judged: Verdict, proof: Path = PROOF) -> Outcome:
    """The outcome of a verdict, after a complete teardown."""
    return decide(module=judged.module, proof=proof, project="p-1", verdict=judged, error=None, teardown=Report(left={}))


def real_failure(proof: Path = PROOF) -> Outcome:
    """The outcome of a real run of Odoo 19 in which one test failed."""
    return of(
        judge(
            module="traction",
            odoo_exit=1,
            log=read_log(real("traction-failed"), FAILED_DATABASE),
            states={"traction": "installed"},
        ),
        proof,
    )
