"""The slowest tests of a call, by the times of Odoo's log."""

from runner.reporting.slowest import slowest_lines
from tests.unit.outcomes import case, passed, red


def test_the_slowest_are_told_first_and_what_has_no_time_is_left_out() -> None:
    runs = [passed(case(name="TestA.test_a", seconds=0.25), case(name="TestA.test_b", seconds=12.5)), red("ERROR")]
    runs.append(passed(case(name="TestC.test\x1b_c", seconds=1.0, module="hub"), case(seconds=None), module="hub"))
    assert slowest_lines(runs, 2) == [
        "",
        "the slowest of 3 tests, by the time until the next one began:",
        "  SECONDS  MODULE    TEST",
        "   12.500  evv_core  TestA.test_b",
        "    1.000  hub       TestC.test\\x1b_c",
    ]


def test_where_none_is_asked_for_or_known_nothing_is_said() -> None:
    assert slowest_lines([passed()], 0) == slowest_lines([passed(case(seconds=None))], 3) == []
