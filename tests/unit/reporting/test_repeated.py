"""Of a module that ran several times it is told which tests were red how often, and which are flaky."""

from dataclasses import replace

from runner.reporting.repeated import repeated_lines
from runner.verdict.cases import CaseOutcome
from tests.unit.outcomes import case, failed, failing, passed, red

SKIPPED = case(CaseOutcome.SKIPPED, "TestA.test_skipped")


def test_a_test_that_was_red_in_some_of_its_runs_is_flaky_and_one_that_always_was_is_not() -> None:
    both = [failing("TestA.test_always"), failing("TestA.test_at_times"), case(), SKIPPED]
    one = [failing("TestA.test_always"), case(name="TestA.test_at_times"), failing("TestA.test_skipped")]
    runs = [replace(failed(*cases), repeat=number) for number, cases in enumerate((both, one, one), start=1)]
    assert repeated_lines(runs) == [
        "",
        "evv_core: 3 of 3 runs red",
        "  TEST                 RED",
        "  TestA.test_always    3 of 3",
        "  TestA.test_skipped   2 of 2",
        "  TestA.test_at_times  1 of 3  flaky",
    ]


def test_a_class_whose_set_up_failed_in_some_runs_and_whose_tests_ran_in_others_is_flaky() -> None:
    bad = failed(failing("TestA.setUpClass"), failing("TestB.setUpClass"))
    runs = [
        replace(bad, repeat=1),
        replace(passed(case(name="TestA.test_a"), case(file="test_other", name="TestB.test_a")), repeat=2),
    ]
    assert repeated_lines(runs)[3:] == ["  TestA.setUpClass  1 of 2  flaky", "  TestB.setUpClass  1 of 1"]


def test_each_series_has_its_own_numbers_and_other_reasons_count_as_red() -> None:
    runs = [replace(passed(), repeat=1, series="18.0"), replace(red("ERROR"), repeat=2, series="18.0")]
    runs += [replace(passed(), repeat=1, series="19.0")]
    assert repeated_lines(runs) == ["", "evv_core (18.0): 1 of 2 runs red", "", "evv_core (19.0): 0 of 1 run red"]


def test_where_nothing_was_repeated_nothing_is_said() -> None:
    assert repeated_lines([passed(), failed()]) == []
