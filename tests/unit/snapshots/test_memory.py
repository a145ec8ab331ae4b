"""A database is held in memory only where there is plenty of it."""

import os
from pathlib import Path
from typing import Any

import pytest

from runner.snapshots.memory import WANTED, has_room, is_limited

HERE = os.uname().release


ENOUGH = WANTED * 1_000_000 // 1024 + 1


def meminfo(folder: Path, available: object) -> Path:
    (folder / "meminfo").write_text(f"MemTotal: 24683656 kB\nMemAvailable:   {available} kB\nHugePages_Total:  0\n")
    return folder / "meminfo"


def test_there_has_to_be_room_for_the_database_and_for_all_else(tmp_path: Path) -> None:
    assert has_room(HERE, meminfo(tmp_path, ENOUGH))
    assert not has_room(HERE, meminfo(tmp_path, ENOUGH - 2))


def test_the_memory_of_this_machine_says_nothing_of_an_engine_elsewhere(tmp_path: Path) -> None:
    assert not has_room("6.10.14-linuxkit", meminfo(tmp_path, ENOUGH))
    assert not has_room("", meminfo(tmp_path, ENOUGH))


@pytest.mark.parametrize("content", [None, "", "MemAvailable:\n", "MemAvailable: much kB\n"])
def test_a_machine_that_does_not_tell_has_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "meminfo").write_text(content)
    assert not has_room(HERE, tmp_path / "meminfo")


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({}, False),
        ({"deploy": {"resources": {"limits": {"cpus": "1"}}}}, False),
        ({"mem_limit": "1073741824"}, True),
        ({"deploy": {"resources": {"limits": {"memory": "1073741824"}}}}, True),
    ],
)
def test_a_service_with_a_limit_of_its_own_is_known(service: dict[str, Any], expected: bool) -> None:
    assert is_limited(service) == expected


def test_a_limit_of_repos_yaml_is_one_where_the_database_would_not_fit_below_it() -> None:
    assert is_limited({}, WANTED * 1_000_000 - 1)
    assert not is_limited({}, WANTED * 1_000_000)
