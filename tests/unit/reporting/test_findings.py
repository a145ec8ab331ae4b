"""What is red is test, with its exception and its place."""

import time

import pytest

from runner.reporting.findings import Place, class_and_method, exception_of, headline, place_of
from runner.verdict.cases import Case, CaseOutcome
from tests.unit.outcomes import RED_LABELS, TRACEBACK, case, failed, failing, passed, real_failure, red

PLACE = Place("evv_core/tests/test_client.py", 7)


def test_the_failing_tests_are_those_that_failed_or_erred() -> None:
    error = case(CaseOutcome.ERROR, "TestClient.test_two")
    outcome = failed(case(), failing(), error, case(CaseOutcome.SKIPPED))
    assert outcome.failing_cases == (failing(), error)


def test_a_test_that_passed_when_odoo_tried_it_again_did_not_fail() -> None:
    assert passed(failing()).failing_cases == ()


def test_a_run_that_failed_by_its_tests_is_red_for_nothing_more() -> None:
    assert not failed().is_red_for_more


def test_a_run_that_failed_without_a_failing_test_is_red_for_more() -> None:
    assert failed(case()).is_red_for_more


@pytest.mark.parametrize("label", RED_LABELS)
@pytest.mark.parametrize("cases", [(), (case(),), (case(), failing())])
def test_every_other_red_run_is_red_for_more_than_its_tests(label: str, cases: tuple[Case, ...]) -> None:
    assert red(label, *cases).is_red_for_more


def test_a_run_that_passed_is_not_red() -> None:
    assert not passed().is_red_for_more


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TestClient.test_one", ("TestClient", "test_one")),
        ("TestClient.setUpClass", ("TestClient", "setUpClass")),
        ("Subtest TestClient.test_one (x='a.b')", ("", "Subtest TestClient.test_one (x='a.b')")),
    ],
)
def test_a_name_is_a_class_and_a_method_or_whole(name: str, expected: tuple[str, str]) -> None:
    assert class_and_method(case(name=name)) == expected


def test_the_headline_is_the_exception() -> None:
    assert headline(failing()) == "AssertionError: 1 != 2"
    assert exception_of(failing()) == "AssertionError"


def test_the_headline_of_an_exception_in_several_lines_is_its_first() -> None:
    test = real_failure().failing_cases[0]
    assert headline(test).startswith("AssertionError: {'yea[60 chars] 1, 'off_track': 0")
    assert exception_of(test) == "AssertionError"


def test_an_exception_without_words_has_its_name() -> None:
    test = failing(details="Traceback (most recent call last):\n  File\nodoo.exceptions.UserError\n")
    assert (headline(test), exception_of(test)) == ("odoo.exceptions.UserError",) * 2


@pytest.mark.parametrize("details", ["", "\n \n", "Traceback (most recent call last):\n", "ERROR: x"])
def test_without_an_exception_it_is_said_how_the_test_ended(details: str) -> None:
    assert exception_of(failing(details=details)) == "failed"
    assert headline(failing(details=details)) == ("ERROR: x" if "x" in details else "failed")


def test_the_headline_of_a_skip_is_its_reason() -> None:
    assert headline(case(CaseOutcome.SKIPPED, details="no browser")) == "no browser"


def test_a_test_stands_at_its_own_frame_not_at_a_helper() -> None:
    assert place_of(failing()) == PLACE


def test_a_test_of_a_further_addons_folder_has_a_place() -> None:
    assert place_of(failing(details=TRACEBACK.replace("/mnt/extra-addons/", "/mnt/extra-addons-2/"))) == PLACE


def test_a_real_failure_has_its_place() -> None:
    assert place_of(real_failure().failing_cases[0]) == Place("traction/tests/test_scorecard.py", 36)


def test_without_a_frame_of_its_own_the_first_one_of_the_modules_tests_is_the_place() -> None:
    assert place_of(failing("TestClient.test_other")) == Place("evv_core/tests/common.py", 3)


def test_a_frame_of_another_module_is_not_the_place() -> None:
    details = TRACEBACK.replace("extra-addons/evv_core", "extra-addons/evv_core_more")
    assert place_of(failing(details=details)) == Place("evv_core/tests/test_client.py", None)


def test_a_line_that_has_no_number_of_a_line_is_no_frame() -> None:
    details = TRACEBACK.replace("line 7,", f"line {'9' * 5000},")
    assert place_of(failing(details=details)) == Place("evv_core/tests/common.py", 3)


def test_a_message_of_nothing_but_ends_of_lines_is_looked_through_in_no_time() -> None:
    started = time.process_time()
    assert place_of(failing(details="\n" * 65_000)) == Place("evv_core/tests/test_client.py", None)
    assert time.process_time() - started < 1


def test_without_a_traceback_the_place_is_the_tests_file() -> None:
    assert place_of(failing(details="", file="deep.test_x")) == Place("evv_core/tests/deep/test_x.py", None)


def test_what_failed_outside_of_any_file_has_no_place() -> None:
    assert place_of(failing(details="", file="")) is None


def test_a_test_of_an_upgrade_script_stands_in_its_folder() -> None:
    details = (
        "Traceback (most recent call last):\n"
        '  File "/mnt/extra-addons/evv_core/migrations/tests/test_x.py", line 9, in test_one\nAssertionError\n'
    )
    test = Case("evv_core", "migrations/tests/test_x", "TestX.test_one", CaseOutcome.FAILED, details=details)
    assert place_of(test) == Place("evv_core/migrations/tests/test_x.py", 9)
    without = Case("evv_core", "migrations/tests/test_x", "TestX.test_one", CaseOutcome.PASSED)
    assert place_of(without) == Place("evv_core/migrations/tests/test_x.py", None)
