"""A database is held in memory only where there is plenty of it."""

import os
from pathlib import Path
from typing import Any

import pytest

from runner.memory import SPARE, has_room, is_limited

HERE = os.uname().release


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    available = (SPARE + 100) * 1_000_000 // 1024
    (tmp_path / "meminfo").write_text(
        f"MemTotal:       24683656 kB\nMemAvailable:   {available + 1} kB\nHugePages_Total:  0\n"
    )
    return tmp_path / "meminfo"


def test_there_has_to_be_room_for_the_database_and_for_what_the_tests_write(meminfo: Path) -> None:
    assert has_room(100, HERE, meminfo)
    assert not has_room(101, HERE, meminfo)


def test_the_memory_of_this_machine_says_nothing_of_an_engine_elsewhere(meminfo: Path) -> None:
    assert not has_room(1, "6.10.14-linuxkit", meminfo)
    assert not has_room(1, "", meminfo)


@pytest.mark.parametrize("content", [None, "", "MemAvailable:\n", "MemAvailable: much kB\n"])
def test_a_machine_that_does_not_tell_has_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "meminfo").write_text(content)
    assert not has_room(1, HERE, tmp_path / "meminfo")


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
