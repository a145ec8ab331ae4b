"""What is known of a run by its owner, its containers and its deadline; a label may hold anything."""

import dataclasses

import pytest

from runner.cleanup.life import Life, deadline_label, deadline_of, life_of
from runner.cleanup.owner import this_process

ELSEWHERE = dataclasses.replace(this_process(), pidns="1")
NOW = 1_800_000_000.0


def test_a_deadline_survives_the_way_through_labels() -> None:
    assert deadline_of({"other": "label", **deadline_label(NOW)}) == NOW
    assert deadline_of({}) is None


@pytest.mark.parametrize("text", ["", "soon", "-1", "1e9", "nan", "inf", "1.5", " 1", "9" * 5000, "\u0661"])
def test_what_is_no_time_is_no_deadline_and_not_an_error(text: str) -> None:
    assert life_of(ELSEWHERE.labels() | {"agent-test.deadline": text}, NOW) is Life.UNKNOWN


def test_a_deadline_is_over_only_after_it() -> None:
    labels = ELSEWHERE.labels() | deadline_label(NOW)
    assert [life_of(labels, now) for now in (NOW, NOW + 1)] == [Life.UNKNOWN, Life.PAST_ITS_DEADLINE]


def test_what_lives_is_alive_whatever_its_deadline_and_its_containers_say() -> None:
    assert life_of(this_process().labels() | deadline_label(0), NOW, ["exited"]) is Life.ALIVE
