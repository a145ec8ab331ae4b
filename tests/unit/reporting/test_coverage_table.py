"""Coverage as a table."""

from runner.reporting.coverage_table import coverage_lines, not_run
from runner.verdict.coverage import Coverage, FileCoverage

ROCK = FileCoverage("addons/rocks/models/rock.py", (1, 2, 6, 7, 9), (3, 4, 5, 8, 10), ((2, 6),), ((2, 3), (9, -7), (3, 4)))
ALL = FileCoverage("addons/rocks/__init__.py", (1,))
EMPTY = FileCoverage("addons/rocks/empty.py")


def test_a_line_for_each_file_with_statements_and_one_for_all() -> None:
    assert coverage_lines(Coverage((ALL, EMPTY, ROCK)), in_full=False) == [
        "coverage of addons/rocks: 46.6 % of lines and branches",
        "  FILE            STATEMENTS  MISSING  BRANCHES  PARTIAL  COVERED  NOT RUN",
        "  __init__.py              1        0         0        0  100.0 %",
        "  models/rock.py          10        5         4        2   42.8 %  2->3, 3-5, 8, 9->exit, 10",
        "  all                     11        5         4        2   46.6 %",
    ]


def test_missing_lines_are_joined_where_nothing_between_them_ran() -> None:
    assert not_run(FileCoverage("a.py", (4,), (1, 3, 5, 8))) == ["1-3", "5-8"]
    assert not_run(FileCoverage("a.py")) == []


def test_the_terminal_shows_the_files_of_which_least_ran_and_how_many_more_there_are_the_log_all() -> None:
    files = [FileCoverage(f"a/{number:02}.py", tuple(range(1, number + 1)), (99,)) for number in range(1, 41)]
    lines = coverage_lines(Coverage(tuple(files)), in_full=False)
    assert lines[2].split()[0] == "01.py"
    assert lines[-3].split()[0] == "30.py"
    assert lines[-2:-1] == ["  ... and 10 files of which more ran, in the log"]
    assert len(coverage_lines(Coverage(tuple(files)), in_full=True)) == 43


def test_of_a_file_the_terminal_shows_the_first_of_what_did_not_run_the_log_all() -> None:
    file = FileCoverage("a/b.py", tuple(range(2, 200, 2)), tuple(range(1, 200, 2)))
    short, full = (coverage_lines(Coverage((file,)), in_full=in_full)[2] for in_full in (False, True))
    assert short.endswith(" ...")
    assert full.endswith("197, 199")


def test_names_of_files_do_nothing_but_show() -> None:
    lines = coverage_lines(Coverage((FileCoverage("a/\x1b[2J\n.py", (1,)),)), in_full=True)
    assert lines[2].startswith("  \\x1b[2J\\n.py")


def test_a_module_without_statements_says_so() -> None:
    assert coverage_lines(Coverage((EMPTY,)), in_full=False) == [
        "coverage of addons/rocks: 100.0 % of lines and branches, as it has none"
    ]
    assert coverage_lines(Coverage(()), in_full=False) == ["coverage: 100.0 % of lines and branches, as it has none"]
