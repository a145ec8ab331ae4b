import pytest

from runner.verdict.coverage import Coverage, FileCoverage, merged, told_percent

ROCK = FileCoverage("addons/rocks/rock.py", (1, 2), (3, 4), ((2, 3),), ((2, -1), (4, 5), (4, 6)))


def test_the_percentage_is_of_statements_and_branches_together() -> None:
    assert (ROCK.statements, ROCK.branches) == (4, 4)
    assert ROCK.percent == pytest.approx(100 * 3 / 8)


def test_partial_are_missing_branches_of_lines_that_were_executed() -> None:
    assert ROCK.partial_branches == ((2, -1),)


def test_the_numbers_of_a_module_are_the_sums_of_its_files() -> None:
    both = Coverage((ROCK, FileCoverage("addons/rocks/sand.py", missing_lines=(1, 2))))
    assert (both.statements, both.missing_lines) == (6, 4)
    assert (both.branches, both.missing_branches, both.partial_branches) == (4, 3, 1)
    assert both.percent == pytest.approx(100 * 3 / 10)


def test_where_there_is_no_statement_all_is_covered_as_coverage_py_has_it() -> None:
    assert Coverage(()).percent == 100


def test_of_several_runs_what_one_of_them_executed_is_executed() -> None:
    again = FileCoverage("addons/rocks/rock.py", (1, 3), (2, 4), ((2, -1),), ((2, 3), (4, 5), (4, 6)))
    other = FileCoverage("addons/other/__init__.py", (1,))
    assert merged([Coverage((ROCK,)), Coverage((again, other))]).files == (
        other,
        FileCoverage("addons/rocks/rock.py", (1, 2, 3), (4,), ((2, -1), (2, 3)), ((4, 5), (4, 6))),
    )


def test_of_a_file_that_is_another_one_by_then_the_last_run_counts() -> None:
    changed = FileCoverage("addons/rocks/rock.py", (), (1,), digest="new")
    assert merged([Coverage((ROCK,)), Coverage((changed,))]).files == (changed,)


@pytest.mark.parametrize(("percent", "told"), [(100, "100.0 %"), (99.99, "99.9 %"), (61.25, "61.2 %"), (0, "0.0 %")])
def test_a_percentage_is_never_told_as_more_than_it_is(percent: float, told: str) -> None:
    assert told_percent(percent) == told
