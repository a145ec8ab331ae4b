"""Modules in lists of about the same weight."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.run.shards import split, weights_of

NAMES = st.dictionaries(st.sampled_from("ab"), st.lists(st.text("xyz", min_size=1), unique=True, max_size=9))


@given(NAMES, st.integers(2, 12))
def test_every_module_is_in_one_shard_and_no_shard_is_empty(modules: dict[str, list[str]], number: int) -> None:
    weights = {(repository, name): float(len(name)) for repository, names in modules.items() for name in names}
    shards = split(modules, weights, number)
    assert len(shards) <= number
    assert all(names for _, names in shards)
    for repository, names in modules.items():
        assert sorted(name for whose, listed in shards for name in listed if whose == repository) == sorted(names)
        assert all(listed == sorted(listed, key=names.index) for whose, listed in shards if whose == repository)


def test_the_repository_with_the_most_to_do_gets_the_most_shards() -> None:
    modules = {"evv": ["a", "b", "c", "d"], "hub": ["e", "f"]}
    weights = {
        (repository, name): 10.0 if repository == "evv" else 1.0 for repository, names in modules.items() for name in names
    }
    assert split(modules, weights, 4) == [("evv", ["a", "d"]), ("evv", ["b"]), ("evv", ["c"]), ("hub", ["e", "f"])]


def test_a_shard_has_modules_of_one_repository() -> None:
    with pytest.raises(UsageError, match="must be 2 at least"):
        split({"evv": ["a"], "hub": ["b"]}, {}, 1)


def test_what_no_report_tells_is_estimated_by_the_number_of_tests() -> None:
    assert weights_of({("evv", "a"): 0, ("evv", "b"): 100}, []) == {("evv", "a"): 25.0, ("evv", "b"): 125.0}


def test_a_report_is_a_regular_file_of_a_bounded_size_or_a_link_to_one(tmp_path: Path) -> None:
    (tmp_path / "report").write_text('{"modules": [{"module": "a", "seconds": 2}]}')
    (tmp_path / "link.json").symlink_to("report")
    assert weights_of({("evv", "a"): 1}, [tmp_path / "link.json"]) == {("evv", "a"): 2.0}
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "circle.json").symlink_to("circle.json")
    for name in ("zero.json", "pipe.json", "circle.json"):
        with pytest.raises(UsageError, match=f"{name} is no JSON report of a run"):
            weights_of({("evv", "a"): 1}, [tmp_path / name])
