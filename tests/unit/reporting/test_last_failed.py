"""Which tests failed last is remembered in the checkout; what did not run stays known, and what others wrote is suspect."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from runner.reporting.last_failed import ALL, recall, remember
from runner.verdict.cases import CaseOutcome
from tests.unit.outcomes import case, failed, failing, passed, red

A, B = "TestClient.test_a", "TestClient.test_b"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".agent-tests").mkdir()
    return tmp_path


def state(checkout: Path, module: str = "evv_core") -> Path:
    return checkout / ".agent-tests" / f"last_failed.{module}"


def test_what_failed_is_known_until_the_module_passes(checkout: Path) -> None:
    assert recall(checkout, "evv_core") == []
    remember(checkout, [failed(failing(B), case(name=A))])
    assert recall(checkout, "evv_core") == [B]
    assert recall(checkout, "traction") == []
    remember(checkout, [passed(case(name=A), case(name=B), is_complete=True)])
    assert recall(checkout, "evv_core") == []
    assert not state(checkout).exists()


def test_a_narrower_run_changes_only_what_it_ran(checkout: Path) -> None:
    remember(checkout, [failed(failing(A), failing(B))])
    remember(checkout, [replace(passed(case(name=A), is_complete=True), selection=A)])
    assert recall(checkout, "evv_core") == [B]
    skip = case(CaseOutcome.SKIPPED, B)
    remember(checkout, [replace(passed(skip, case(), is_complete=True), selection="TestClient")])
    assert recall(checkout, "evv_core") == [B]


@pytest.mark.parametrize("label", ["TIMED OUT", "NOT PROVEN"])
def test_a_run_that_did_not_come_to_its_end_forgets_nothing_that_it_did_not_run(checkout: Path, label: str) -> None:
    remember(checkout, [failed(failing(A), failing(B))])
    remember(checkout, [red(label, case(name=A), failing("TestClient.test_c"))])
    assert recall(checkout, "evv_core") == [B, "TestClient.test_c"]


def test_a_run_without_a_verdict_changes_nothing(checkout: Path) -> None:
    remember(checkout, [failed(failing(A))])
    remember(checkout, [red("INTERRUPTED")])
    assert recall(checkout, "evv_core") == [A]


def test_a_whole_run_forgets_tests_that_are_no_more(checkout: Path) -> None:
    remember(checkout, [failed(failing("TestClient.test_of_old"))])
    remember(checkout, [failed(failing(A), is_complete=True)])
    assert recall(checkout, "evv_core") == [A]


def test_what_failed_in_any_of_several_runs_of_a_module_is_known(checkout: Path) -> None:
    remember(checkout, [failed(failing(A)), passed(case(name=A), is_complete=True)])
    assert recall(checkout, "evv_core") == [A]


def test_of_a_class_that_failed_outside_of_its_tests_all_run_until_one_of_them_starts(checkout: Path) -> None:
    remember(checkout, [failed(failing("TestClient.setUpClass"))])
    assert recall(checkout, "evv_core") == ["TestClient"]
    remember(checkout, [replace(failed(failing(A)), selection="TestClient")])
    assert recall(checkout, "evv_core") == [A]


def test_a_test_that_passed_when_odoo_tried_it_again_has_not_failed(checkout: Path) -> None:
    remember(checkout, [passed(failing(A), is_complete=True)])
    assert recall(checkout, "evv_core") == []


def test_of_what_has_no_name_all_tests_are_known_until_the_module_passes(checkout: Path) -> None:
    javascript = failed(failing("score/bar/is red", file="static/tests/score/bar.test.js"), is_complete=True)
    for run in (javascript, red("NOT PROVEN", case()), red("ERROR")):
        remember(checkout, [run])
        assert recall(checkout, "evv_core") == [ALL]
        remember(checkout, [replace(passed(case(), is_complete=True), selection="TestClient.test_one")])
        assert recall(checkout, "evv_core") == [ALL]
        remember(checkout, [passed(case(), is_complete=True)])
        assert recall(checkout, "evv_core") == []
    remember(checkout, [replace(red("NOT PROVEN", case()), selection="TestX"), red("INTERRUPTED")])
    assert recall(checkout, "evv_core") == []


def test_a_test_that_a_skip_or_its_class_kept_from_starting_has_not_passed(checkout: Path) -> None:
    for silent in (case(CaseOutcome.SKIPPED, A), case(CaseOutcome.SKIPPED, "TestClient.setUpClass")):
        remember(checkout, [failed(failing(A))])
        remember(checkout, [passed(silent, case(name="TestOther.test_a"), is_complete=True)])
        assert recall(checkout, "evv_core") == [A]
    remember(checkout, [failed(failing("TestClient.setUpClass"), is_complete=True)])
    remember(checkout, [replace(passed(case(name=B), is_complete=True), selection=B)])
    assert recall(checkout, "evv_core") == [A]


def test_a_class_that_a_function_defines_is_known_by_the_name_that_odoo_selects_by(checkout: Path) -> None:
    remember(checkout, [failed(failing("make.<locals>.TestMade.test_a"))])
    assert recall(checkout, "evv_core") == ["TestMade.test_a"]


def test_of_very_many_tests_the_classes_are_remembered_and_of_very_many_classes_that_it_is_all(checkout: Path) -> None:
    remember(checkout, [failed(*(failing(f"TestClient.test_{number}") for number in range(5000)))])
    assert recall(checkout, "evv_core") == ["TestClient"]
    remember(checkout, [failed(*(failing(f"TestClient{number}.test_a") for number in range(9000)), is_complete=True)])
    assert recall(checkout, "evv_core") == [ALL]


def test_what_can_be_no_name_of_a_test_is_not_read(checkout: Path) -> None:
    lines = b"TestA.test_a,/other:TestX\n-TestA\n**\n../x\nTestA.test_a;rm\n\x1b[2J\n\xff\nTestA.helper\n"
    state(checkout).write_bytes(lines)
    assert recall(checkout, "evv_core") == []


def test_where_nobody_can_read_what_failed_it_may_be_all(checkout: Path) -> None:
    state(checkout).write_bytes(b"TestA\n" * 20000)
    assert recall(checkout, "evv_core") == [ALL]
    state(checkout).unlink()
    os.mkfifo(state(checkout))
    assert recall(checkout, "evv_core") == [ALL]


def test_links_are_neither_followed_nor_written_through(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "last_failed.evv_core").write_text(f"{A}\n")
    state(checkout).symlink_to(other / "last_failed.evv_core")
    assert recall(checkout, "evv_core") == [ALL]
    remember(checkout, [failed(failing(B))])
    assert recall(checkout, "evv_core") == [ALL, B]
    state(checkout).unlink()
    (checkout / ".agent-tests").rmdir()
    (checkout / ".agent-tests").symlink_to(other)
    assert recall(checkout, "evv_core") == []
    remember(checkout, [failed(failing(B))])
    assert (other / "last_failed.evv_core").read_text() == f"{A}\n"


def test_a_folder_in_its_place_hides_no_failure_and_is_told(checkout: Path) -> None:
    state(checkout).mkdir()
    (told,) = remember(checkout, [failed(failing(A))])
    assert told.startswith("warning: --last-failed will not know which tests of evv_core failed now: Is a directory: ")
    assert recall(checkout, "evv_core") == [ALL]
