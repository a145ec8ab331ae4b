"""What dead runs left is removed; what a living run holds, never; what was kept, only if asked for."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from runner.cleanup import keep as keeping
from runner.cleanup import orphans as janitor
from runner.cleanup.orphans import State, remove, standing, to_remove
from runner.cleanup.owner import Owner, this_process
from runner.cleanup.teardown import Report
from runner.docker.inventory import Resource

ALIVE = this_process()
DEAD = dataclasses.replace(ALIVE, start="1")
FAR = dataclasses.replace(DEAD, host="elsewhere")


def resource(
    project: str,
    owner: Owner | None = DEAD,
    repository: str = "evv",
    folder: Path | None = None,
    started: str = "2026-01-01",
    ports: tuple[int, ...] = (),
) -> Resource:
    labels = {"agent-test.repository": repository, "agent-test.started": started}
    labels |= owner.labels() if owner else {}
    labels |= {keeping.FOLDER_LABEL: str(folder)} if folder else {}
    return Resource(project, labels, ports)


def states(*resources: Resource) -> dict[str, State]:
    return {each.project: each.state for each in standing(resources)}


def test_an_environment_is_listed_once_however_much_of_it_stands_with_all_its_ports() -> None:
    (found,) = standing([resource("p", ports=(8090,)), resource("p"), resource("p", ports=(8091,))])
    assert (found.project, found.repository, found.started) == ("p", "evv", "2026-01-01")
    assert found.ports == (8090, 8091)


def test_the_oldest_environment_comes_first() -> None:
    found = standing([resource("new", started="2026-02-01"), resource("old", started="2026-01-01")])
    assert [each.project for each in found] == ["old", "new"]


@pytest.mark.parametrize(
    ("owner", "state"),
    [
        (ALIVE, State.LIVES),
        (DEAD, State.DEAD),
        (dataclasses.replace(ALIVE, boot="an earlier one"), State.DEAD),
        (FAR, State.ELSEWHERE),
        (dataclasses.replace(ALIVE, host="elsewhere"), State.ELSEWHERE),
        (None, State.ELSEWHERE),
    ],
)
def test_an_environment_is_dead_only_if_this_host_knows_that_its_owner_is(owner: Owner | None, state: State) -> None:
    assert states(resource("p", owner)) == {"p": state}


def test_what_was_kept_is_no_leftover_until_its_mark_is_gone(tmp_path: Path) -> None:
    keeping.mark(tmp_path)
    assert states(resource("p", folder=tmp_path)) == {"p": State.KEPT}
    assert states(resource("p", ALIVE, folder=tmp_path)) == {"p": State.LIVES}
    (tmp_path / "kept").unlink()
    assert states(resource("p", folder=tmp_path)) == {"p": State.DEAD}


def test_only_the_dead_of_the_named_repositories_are_removed(tmp_path: Path) -> None:
    keeping.mark(tmp_path)
    found = standing(
        [
            resource("dead"),
            resource("alive", ALIVE),
            resource("far", FAR),
            resource("kept", folder=tmp_path),
            resource("other", repository="hub"),
        ]
    )
    assert [each.project for each in to_remove(found, ["evv"], everything=False)] == ["dead"]
    everything = {each.project for each in to_remove(found, ["evv"], everything=True)}
    assert everything == {"dead", "far", "kept"}  # never what lives


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The projects removed; one called `stuck` resists."""
    projects: list[str] = []

    def remove_project(project: str, *, bound: float) -> Report:
        assert bound > 0
        projects.append(project)
        stuck = project == "stuck"
        return Report(left={"networks": ["net"] if stuck else []}, errors=["in use"] if stuck else [], seconds=0.5)

    monkeypatch.setattr(janitor, "remove_project", remove_project)
    return projects


def test_what_became_of_each_is_said(removed: list[str]) -> None:
    said: list[str] = []
    assert remove(standing([resource("p")]), said.append)
    assert removed == ["p"]
    assert said == ["p (dead): removed in 0.5 s"]


def test_what_resists_is_named_with_the_reason_and_the_rest_is_still_removed(removed: list[str]) -> None:
    said: list[str] = []
    found = standing([resource("stuck", started="1"), resource("p", started="2")])
    assert not remove(found, said.append)
    assert removed == ["stuck", "p"]
    assert said[:2] == ["stuck (dead): LEFT after 0.5 s: network net", "  in use"]


def test_the_mark_of_a_kept_environment_goes_with_it_and_only_then(removed: list[str], tmp_path: Path) -> None:
    for project, marked in (("stuck", True), ("p", False)):
        keeping.mark(tmp_path)
        remove(standing([resource(project, folder=tmp_path)]), lambda _line: None)
        assert keeping.is_marked(tmp_path) == marked


def test_nothing_to_remove_is_complete(removed: list[str]) -> None:
    def say(line: str, **_: Any) -> None:
        raise AssertionError(line)

    assert remove([], say)
