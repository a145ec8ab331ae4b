"""The corpus without an engine: what Odoo 19 wrote in every case, as it was recorded, gets the same verdict again."""

from pathlib import Path

import pytest

from runner.errors import ExitCode
from runner.verdict.cases import Case as SingleTest
from runner.verdict.cases import CaseOutcome
from tests.corpus.case import Case, differences, verdict_of
from tests.corpus.cases import CASES
from tests.corpus.hanging import HANGING, STACK
from tests.corpus.recorded import folder_of, names, recorded, shortened
from tests.corpus.red import RED

GREEN_WITH_NOTES = [case for case in CASES if case.exit_code == ExitCode.PASSED and case.notes]


def _ids(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", CASES, ids=_ids)
def test_a_recorded_case_gets_its_verdict(case: Case, tmp_path: Path) -> None:
    assert differences(case, verdict_of(case, recorded(case), case.write(tmp_path))) == []


def test_every_case_is_recorded_and_nothing_else() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert names() == {case.name for case in CASES}
    assert {file.stem for file in folder_of().glob("*.log")} == names()


@pytest.mark.parametrize("case", [case for case in CASES if case.like], ids=_ids)
def test_a_case_that_is_not_run_in_every_test_is_like_one_that_is(case: Case) -> None:
    (other,) = (other for other in CASES if other.name == case.like)
    assert other.like == ""
    assert recorded(other).odoo_exit == recorded(case).odoo_exit


@pytest.mark.parametrize("case", CASES, ids=_ids)
def test_red_has_reasons_and_green_has_none(case: Case) -> None:
    assert bool(case.reasons) == (case.exit_code != ExitCode.PASSED)


@pytest.mark.parametrize("case", GREEN_WITH_NOTES, ids=_ids)
def test_strictness_makes_a_note_a_reason(case: Case, tmp_path: Path) -> None:
    verdict = verdict_of(case, recorded(case), case.write(tmp_path), strict=True)
    is_red = len(case.notes) > case.only_notes
    assert verdict.exit_code == (ExitCode.NOT_PROVEN if is_red else ExitCode.PASSED)
    assert len(verdict.reasons) == len(case.notes) - case.only_notes
    assert len(verdict.notes) == case.only_notes


@pytest.mark.parametrize("case", RED, ids=_ids)
def test_a_red_case_has_a_red_test_with_a_traceback(case: Case, tmp_path: Path) -> None:
    single = verdict_of(case, recorded(case), case.write(tmp_path)).cases
    red = [test for test in single if test.outcome in (CaseOutcome.FAILED, CaseOutcome.ERROR)]
    assert any("Traceback" in test.details for test in red)


def _single(name: str, tmp_path: Path) -> dict[str, SingleTest]:
    (case,) = (case for case in CASES if case.name == name)
    single = verdict_of(case, recorded(case), case.write(tmp_path)).cases
    return {f"{test.file}.{test.name}": test for test in single}


def test_of_two_tests_of_one_name_the_failing_one_is_blamed(tmp_path: Path) -> None:
    single = _single("same_names", tmp_path)
    assert single["test_one.TestOne.test_one"].outcome is CaseOutcome.PASSED
    assert single["test_two.TestOne.test_one"].outcome is CaseOutcome.FAILED


def test_a_skipped_class_is_told_with_its_reason(tmp_path: Path) -> None:
    single = _single("class_skipped", tmp_path)["test_one.TestOne.setUpClass"]
    assert (single.outcome, single.details) == (CaseOutcome.SKIPPED, "no browser")


def test_a_skip_behind_an_unfinished_line_is_a_skip(tmp_path: Path) -> None:
    assert {test.outcome for test in _single("all_skipped", tmp_path).values()} == {CaseOutcome.SKIPPED}


def test_the_stack_of_what_hangs_is_in_the_log() -> None:
    assert STACK.encode() in recorded(HANGING[0]).output


def test_shortening_keeps_all_that_a_verdict_looks_at() -> None:
    head = b"2026-11-24 11:10:42,408 40 INFO db "
    kept = [
        head + b"odoo.modules.loading: Loading module m (2/15) \n",
        head + b"odoo.addons.m.tests.test_one: Starting TestOne.test_one ... \n",
        b"printed\n",
        head.replace(b"INFO", b"ERROR") + b"odoo.modules.loading: Some modules are not loaded \n",
    ]
    dropped = [head + b"odoo.modules.loading: loading 15 modules... \n", head + b"odoo.registry: Registry loaded in 2 s \n"]
    assert shortened(b"".join([*dropped, *kept, *dropped])) == b"".join(kept)
    assert len(shortened(b"x\n" * 1000).splitlines()) == 100
    assert len(shortened(b"x" * 1_000_000)) == 2100
