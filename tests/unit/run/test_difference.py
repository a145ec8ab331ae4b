"""What a person is told of two rounds: which tests are other than before."""

import pytest

from runner.run.difference import Difference, difference, is_whole
from runner.verdict.cases import CaseOutcome
from tests.unit.outcomes import case, failing, verdict

SKIPPED = case(CaseOutcome.SKIPPED, "T.test_a")
PASSES, FAILS, ERRS = case(name="T.test_a"), failing("T.test_a"), case(CaseOutcome.ERROR, "T.test_a")
OTHER = case(name="T.test_b")


def compared(before: tuple[object, ...], after: tuple[object, ...]) -> Difference:
    first, second = (
        verdict(*cases, exit_code=int(any(one in (FAILS, ERRS) for one in cases)))  # type: ignore[arg-type]
        for cases in (before, after)
    )
    return difference(first, second)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((PASSES,), (FAILS,), Difference(newly_failing=("T.test_a",))),
        ((SKIPPED,), (ERRS,), Difference(newly_failing=("T.test_a",))),
        ((OTHER,), (OTHER, FAILS), Difference(newly_failing=("T.test_a",))),
        ((FAILS,), (PASSES,), Difference(newly_passing=("T.test_a",))),
        ((FAILS,), (ERRS,), Difference(still_failing=("T.test_a",))),
        ((FAILS,), (SKIPPED,), Difference(newly_skipped=("T.test_a",))),
        ((OTHER,), (OTHER, PASSES), Difference(new=("T.test_a",))),
        ((OTHER, FAILS), (OTHER,), Difference(no_longer_run=("T.test_a",))),
        ((PASSES, OTHER), (PASSES, OTHER), Difference()),
    ],
)
def test_a_test_that_is_other_than_before_is_told_in_one_place(
    before: tuple[object, ...], after: tuple[object, ...], expected: Difference
) -> None:
    assert compared(before, after) == expected


def test_tests_of_the_same_name_in_two_files_are_two() -> None:
    there = case(name="T.test_a", file="test_other")
    assert compared((PASSES, there), (FAILS, there)) == Difference(newly_failing=("T.test_a",))


def test_a_test_that_passed_when_odoo_tried_it_again_is_not_failing() -> None:
    assert difference(verdict(PASSES), verdict(FAILS, PASSES, exit_code=0)) == Difference()


def test_each_kind_has_a_line_and_of_many_tests_only_some_are_named() -> None:
    many = tuple(failing(f"T.test_{number}") for number in range(12))
    lines = difference(verdict(OTHER), verdict(*many, exit_code=1)).lines
    assert lines[0].startswith("newly failing: T.test_0, T.test_1, ")
    assert lines[0].endswith(" and 2 more")
    assert lines[1:] == ["no longer run: T.test_b"]


def test_a_result_without_all_tests_is_not_compared() -> None:
    assert is_whole(verdict(PASSES))
    assert is_whole(verdict(FAILS, exit_code=1))
    assert not is_whole(verdict(exit_code=1))
    assert not is_whole(verdict(PASSES, exit_code=7))
    assert not is_whole(verdict(PASSES, exit_code=6))
    assert not is_whole(verdict(PASSES, cases_left_out=1))
