"""A stranger's regular expression is searched in bounded time, and one that takes for ever spoils none before it."""

import pytest

from runner.verdict import pattern_search
from runner.verdict.pattern_search import search


def test_each_pattern_is_told_the_lines_in_which_it_is_found() -> None:
    assert search(["a", "^b$", "z"], ["abc", "b", "cab"]) == [{0, 2}, {1}, set()]


def test_without_patterns_or_lines_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", None)
    assert (search([], ["a"]), search(["a"], [])) == ([], [set()])


@pytest.mark.timeout(30)
def test_a_pattern_that_takes_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern_search, "_LIMIT", 2.0)
    assert search(["a", "(a+)+$", "b"], ["a" * 40 + "b"]) == [{0}, None, None]


def test_text_of_all_kinds_reaches_the_other_process() -> None:
    assert search(["ü", "\\n", "\udcff"], ["Grüße", "x\udcff", '"\\']) == [{0}, set(), {1}]
