"""Which verdicts on a prepared database count, and which only on an empty one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runner.docker.engine import Pending
from runner.errors import ExitCode
from runner.run import testing
from runner.run.counting import Doubt, doubt_about
from runner.snapshots.plan import Plan
from runner.verdict.cases import Case, CaseOutcome
from runner.verdict.facts import Facts, Wanted
from runner.verdict.failed_checks import files_without_a_run
from runner.verdict.sources import read_sources
from runner.verdict.verdict import Verdict
from tests.unit.repositories import repository, write_module

ONE = Case("evv_core", "test_a", "TestA.test_one", CaseOutcome.FAILED)
# Stands for what is said of a test file that nobody imports.
UNIMPORTED = "an unimported file"

Decide = Callable[..., Doubt | None]


class Answer(Pending[tuple[int, str]]):
    """What the database says of undeclared names."""

    def __init__(self, exit_code: int, text: str) -> None:
        self._said = (exit_code, text)

    def result(self, _seconds: float | None = None) -> tuple[int, str]:
        return self._said


@pytest.fixture
def decide(tmp_path: Path) -> Decide:
    """Decide on evv_core, whose tests/test_b.py nobody imports, and which has no other sources but what a test writes."""
    evv = repository(tmp_path)
    module = write_module(evv.addons[0], "evv_core")
    test = "from odoo.tests import TransactionCase\n\n\nclass {}(TransactionCase):\n    def test_one(self): ...\n"
    files = {"__init__": "from . import test_a\n", "test_a": test.format("TestA"), "test_b": test.format("TestB")}
    (module / "tests").mkdir()
    for name, text in files.items():
        (module / "tests" / f"{name}.py").write_text(text)
    sources = read_sources(module)
    (unimported,) = files_without_a_run(sources, [ONE]).values()
    plan = Plan(evv, "evv_core", {"evv_core": module})

    def decided(verdict: Verdict, answer: Answer | None, *, failed_to_install: bool = False, text: str = "") -> Doubt | None:
        (module / "model.py").write_text(text)
        told = replace(verdict, reasons=tuple(unimported if reason == UNIMPORTED else reason for reason in verdict.reasons))
        return doubt_about(plan, testing.Tested(told, failed_to_install, (ELSEWHERE, ""), answer, FACTS), sources)

    return decided


def verdict(code: ExitCode, *reasons: str, cases: tuple[Case, ...] = (ONE,), failed: int = 0) -> Verdict:
    return Verdict(code, "evv_core", reasons=reasons, cases=cases, failed=failed)


FACTS = Facts(Wanted(), 0, {})
ELSEWHERE = "Odoo loads evv_core from elsewhere"
WEB = Answer(0, "evv_core module web\nevv_core module bus\n")


@pytest.mark.parametrize(
    "red",
    [
        verdict(ExitCode.FAILED, "FAIL: TestA.test_one"),
        verdict(ExitCode.FAILED, "Odoo ended with exit code 1", cases=(), failed=1),
        verdict(ExitCode.TIMED_OUT, "the tests ran past their time (--test-timeout)"),
        verdict(ExitCode.NOT_PROVEN, "all 2 tests of evv_core were skipped"),
        verdict(ExitCode.NOT_PROVEN, "Odoo was killed (exit code 137), as happens when memory runs out"),
        verdict(ExitCode.NOT_PROVEN, "Odoo's result line is missing: the log is cut short"),
        verdict(ExitCode.NOT_PROVEN, "the demo data of evv_core failed to install"),
        verdict(ExitCode.NOT_PROVEN, "the database could not be asked which modules are installed: x"),
        verdict(ExitCode.NOT_PROVEN, "--strict: logged at ERROR: x"),
        verdict(ExitCode.NOT_PROVEN, "--strict: logged at ERROR: x", UNIMPORTED),
    ],
    ids=lambda red: red.reasons[0],
)
def test_what_is_red_there_does_not_count(decide: Decide, red: Verdict) -> None:
    doubt = decide(red, WEB)
    assert doubt
    assert doubt.reasons == [red.reasons[0]]
    assert doubt.modules == ["bus", "web"]
    assert decide(red, None) is None  # on an empty one it does


@pytest.mark.parametrize(
    ("red", "failed_to_install"),
    [
        (verdict(ExitCode.NOT_PROVEN, "module evv_core is not installed", cases=()), True),
        (verdict(ExitCode.FAILED, "ERROR: setUpClass", failed=1), True),
        (verdict(ExitCode.NOT_PROVEN, "Odoo ran 0 tests", "no test of evv_core started", cases=()), False),
        (verdict(ExitCode.TIMED_OUT, "the tests ran past their time (--test-timeout)", cases=()), False),
        (verdict(ExitCode.NOT_PROVEN, UNIMPORTED), False),
        (verdict(ExitCode.NOT_PROVEN, ELSEWHERE), False),
    ],
    ids=str,
)
def test_what_an_empty_database_cannot_make_green_counts(decide: Decide, red: Verdict, failed_to_install: bool) -> None:
    assert decide(red, WEB, failed_to_install=failed_to_install) is None


def test_what_passed_counts_unless_something_is_used_undeclared(decide: Decide) -> None:
    passed = verdict(ExitCode.PASSED)
    assert decide(passed, WEB) is None
    assert decide(passed, None, text="ref('web.layout')") is None
    doubt = decide(passed, WEB, text="ref('web.layout')")
    assert doubt
    assert doubt.because == "evv_core mentions the module web (model.py), on which it does not depend"


def test_a_database_that_does_not_tell_is_not_believed(decide: Decide) -> None:
    silent = Answer(2, "psql: error\n")
    doubt = decide(verdict(ExitCode.PASSED), silent)
    assert doubt
    assert doubt.because == "the database does not tell what is in it: psql: error"
    red = decide(verdict(ExitCode.FAILED, "FAIL: TestA.test_one"), silent)
    assert red
    assert red.note(verdict(ExitCode.PASSED)).endswith("PASSED on an empty one, which alone counts.")


def test_a_reason_speaks_to_the_terminal_in_our_name_in_no_way(decide: Decide) -> None:
    doubt = decide(verdict(ExitCode.FAILED, "FAIL: \x1b[2J\n" + "x" * 1000), WEB)
    assert doubt
    assert doubt.because.isprintable()
    assert len(doubt.because) < 500


def test_of_many_modules_the_note_names_some(decide: Decide) -> None:
    many = Answer(0, "".join(f"evv_core module m{number:02}\n" for number in range(20)))
    doubt = decide(verdict(ExitCode.FAILED, "FAIL: TestA.test_one"), many)
    assert doubt
    assert doubt.note(verdict(ExitCode.PASSED)).endswith(
        "only the prepared one has: " + ", ".join(f"m{n:02}" for n in range(12)) + " and 8 more"
    )
