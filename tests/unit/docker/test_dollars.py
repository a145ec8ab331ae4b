"""Dollars go through Compose and back unchanged."""

from typing import Any

from runner.docker.dollars import doubled, undoubled

# As seen with Compose 2.26: what stands in a file, and what `config` prints of it.
WRITTEN: dict[str, Any] = {"labels": {"k$$y": "v$$w"}, "command": ["echo $$HOME"], "init": True, "cpus": 0.5, "user": None}
PRINTED: dict[str, Any] = {"labels": {"k$$$$y": "v$$w"}, "command": ["echo $$HOME"], "init": True, "cpus": 0.5, "user": None}
MEANT: dict[str, Any] = {"labels": {"k$$y": "v$w"}, "command": ["echo $HOME"], "init": True, "cpus": 0.5, "user": None}


def test_what_compose_prints_is_what_it_means_with_doubled_dollars_also_in_keys() -> None:
    assert undoubled(PRINTED) == MEANT


def test_what_is_written_for_compose_has_doubled_dollars_only_where_it_looks_for_variables() -> None:
    assert doubled(MEANT) == WRITTEN
