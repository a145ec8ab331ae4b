"""Which tests failed last is remembered in the checkout; what did not run stays known, and what others wrote is suspect."""

from dataclasses import replace
from pathlib import Path

import pytest

from runner.reporting.last_failed import recall, remember
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


def test_javascript_tests_are_not_remembered(checkout: Path) -> None:
    remember(checkout, [failed(failing("score/bar/is red", file="static/tests/score/bar.test.js"))])
    assert recall(checkout, "evv_core") == []


def test_a_class_that_a_function_defines_is_known_by_the_name_that_odoo_selects_by(checkout: Path) -> None:
    remember(checkout, [failed(failing("make.<locals>.TestMade.test_a"))])
    assert recall(checkout, "evv_core") == ["TestMade.test_a"]


def test_of_very_many_tests_the_classes_are_remembered_and_of_very_many_classes_nothing(checkout: Path) -> None:
    remember(checkout, [failed(*(failing(f"TestClient.test_{number}") for number in range(5000)))])
    assert recall(checkout, "evv_core") == ["TestClient"]
    remember(checkout, [failed(*(failing(f"TestClient{number}.test_a") for number in range(9000)), is_complete=True)])
    assert recall(checkout, "evv_core") == []


@pytest.mark.parametrize(
    "content",
    [b"TestA.test_a,/other:TestX\n-TestA\n*\n../x\nTestA.test_a;rm\n\x1b[2J\n\xff\nTestA.helper\n", b"TestA\n" * 20000],
)
def test_what_can_be_no_name_of_a_test_is_not_read(checkout: Path, content: bytes) -> None:
    state(checkout).write_bytes(content)
    assert recall(checkout, "evv_core") == []


def test_links_are_neither_followed_nor_written_through(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "last_failed.evv_core").write_text(f"{A}\n")
    state(checkout).symlink_to(other / "last_failed.evv_core")
    assert recall(checkout, "evv_core") == []
    remember(checkout, [failed(failing(B))])
    assert recall(checkout, "evv_core") == [B]
    state(checkout).unlink()
    (checkout / ".agent-tests").rmdir()
    (checkout / ".agent-tests").symlink_to(other)
    assert recall(checkout, "evv_core") == []
    remember(checkout, [failed(failing(B))])
    assert (other / "last_failed.evv_core").read_text() == f"{A}\n"


def test_a_folder_in_its_place_does_no_harm(checkout: Path) -> None:
    state(checkout).mkdir()
    remember(checkout, [failed(failing(A))])
    assert recall(checkout, "evv_core") == []
