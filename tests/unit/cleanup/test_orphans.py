"""What dead runs left is removed; what a living run holds, never; what was kept, only if asked for."""

import dataclasses
import json
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from runner.cleanup import keep, orphans
from runner.cleanup.life import deadline_label
from runner.cleanup.orphans import LABELS, State, look, remove, standing, sweep, to_remove
from runner.cleanup.owner import Owner, this_process
from runner.cleanup.teardown import Report
from runner.docker.engine import Engine
from runner.docker.listing import GUARD_LABEL, PROJECT_LABEL, Resource
from runner.docker.process import Endpoint
from tests.unit.scripted_docker import ScriptedDocker

ALIVE = this_process()
DEAD = dataclasses.replace(ALIVE, start="1")
ELSEWHERE = dataclasses.replace(DEAD, pidns="4026531999")
FAR = dataclasses.replace(ELSEWHERE, host="elsewhere", boot="of-elsewhere")
NOW = time.time()
ENDPOINT = Endpoint({"DOCKER_HOST": "tcp://of-the-test"})


def resource(
    project: str,
    owner: Owner | None = DEAD,
    repository: str = "evv",
    folder: Path | None = None,
    started: str = "2026-01-01",
    ports: tuple[int, ...] = (),
    seconds_left: float | None = None,
    state: str = "running",
) -> Resource:
    labels = {"com.docker.compose.project": project, "agent-test.repository": repository, "agent-test.started": started}
    labels |= owner.labels() if owner else {}
    labels |= {keep.FOLDER_LABEL: str(folder)} if folder else {}
    labels |= {} if seconds_left is None else deadline_label(NOW + seconds_left)
    return Resource(f"{project}-odoo-1", labels, ports, {"State": state})


def states(*resources: Resource) -> dict[str, State]:
    return {environment.project: environment.state for environment in standing(resources, NOW)}


def test_an_environment_is_listed_once_however_much_of_it_stands_with_all_its_ports() -> None:
    (environment,) = standing([resource("p", ports=(8090,)), resource("p"), resource("p", ports=(8091,))], NOW)
    assert (environment.project, environment.repository, environment.started) == ("p", "evv", "2026-01-01")
    assert environment.ports == (8090, 8091)


def test_an_environment_to_look_at_is_none_of_a_run_although_its_image_gives_it_the_labels_of_one_without_values() -> None:
    to_look_at = resource("evv-uat-env", repository="", started="")
    to_look_at.labels["agent-test-uat.project"] = "evv-uat-env"
    assert states(to_look_at, resource("p")) == {"p": State.DEAD}


def test_the_oldest_environment_comes_first() -> None:
    environments = standing([resource("new", started="2026-02-01"), resource("old", started="2026-01-01")], NOW)
    assert [environment.project for environment in environments] == ["old", "new"]


def test_what_belongs_to_no_compose_project_belongs_to_no_environment() -> None:
    assert standing([Resource("of-a-user", {"agent-test.repository": "evv"})], NOW) == []


def test_an_environment_of_which_little_is_known_is_listed_as_one_of_another_host() -> None:
    (environment,) = standing([Resource("r", {"com.docker.compose.project": "p"})], NOW)
    assert (environment.repository, environment.started, environment.state) == ("?", "?", State.FOREIGN)


@pytest.mark.parametrize(
    ("owner", "state"),
    [
        (ALIVE, State.RUNNING),
        (dataclasses.replace(ALIVE, host="as-it-was-called"), State.RUNNING),
        (DEAD, State.DEAD),
        (dataclasses.replace(DEAD, host="as-it-was-called"), State.DEAD),
        (ELSEWHERE, State.FOREIGN),
        (FAR, State.FOREIGN),
        (None, State.FOREIGN),
    ],
)
def test_an_environment_is_dead_only_if_its_owner_would_be_seen_here(owner: Owner | None, state: State) -> None:
    assert states(resource("p", owner)) == {"p": state}
    assert states(resource("p", owner, seconds_left=1)) == {"p": state}


@pytest.mark.parametrize("owners", [(ALIVE, DEAD), (DEAD, ALIVE), (None, ALIVE, FAR)])
def test_an_environment_whose_parts_name_several_owners_runs_while_one_of_them_lives(owners: tuple[Owner | None, ...]) -> None:
    (environment,) = standing([resource("p", owner, seconds_left=-1) for owner in owners], NOW)
    assert (environment.state, environment.owner) == (State.RUNNING, ALIVE)


def test_what_nobody_here_can_see_is_a_leftover_once_its_deadline_is_over_and_what_lives_never_is() -> None:
    owners = {"elsewhere": ELSEWHERE, "far": FAR, "nobody": None, "alive": ALIVE}
    environments = standing([resource(name, owner, seconds_left=-1) for name, owner in owners.items()], NOW)
    assert {environment.project: environment.state for environment in environments} == {
        "elsewhere": State.PAST_ITS_DEADLINE,
        "far": State.PAST_ITS_DEADLINE,
        "nobody": State.PAST_ITS_DEADLINE,
        "alive": State.RUNNING,
    }
    removed = {environment.project for environment in to_remove(environments, ["evv"], everything=False)}
    assert removed == {"elsewhere", "far", "nobody"}


def test_what_was_there_before_a_restart_is_dead_unless_a_container_of_it_runs_or_is_about_to() -> None:
    restarted = dataclasses.replace(ALIVE, boot="another one")

    def state_with(*containers: str) -> State:
        network = resource("p", restarted, seconds_left=1, state="")
        return states(network, *(resource("p", restarted, seconds_left=1, state=state) for state in containers))["p"]

    assert state_with("exited", "exited") is State.DEAD
    # It may be another machine of this name, and a run that begins.
    assert [state_with("exited", "running"), state_with("created"), state_with()] == [State.FOREIGN] * 3
    # Earlier versions wrote no deadline: nobody would remove it later.
    assert states(resource("p", restarted, state="")) == {"p": State.DEAD}
    assert states(resource("p", restarted, state="running")) == {"p": State.FOREIGN}


def test_what_was_kept_is_no_leftover_until_its_mark_is_gone(tmp_path: Path) -> None:
    keep.mark(tmp_path)
    assert states(resource("p", folder=tmp_path)) == {"p": State.KEPT}
    assert states(resource("p", ALIVE, folder=tmp_path)) == {"p": State.RUNNING}
    assert states(resource("p", FAR, folder=tmp_path, seconds_left=-1)) == {"p": State.KEPT}
    (tmp_path / "kept").unlink()
    assert states(resource("p", folder=tmp_path)) == {"p": State.DEAD}


def test_only_the_dead_of_the_named_repositories_are_removed(tmp_path: Path) -> None:
    keep.mark(tmp_path)
    environments = standing(
        [
            resource("dead"),
            resource("alive", ALIVE),
            resource("far", FAR),
            resource("perhaps", FAR, seconds_left=60),
            resource("kept", folder=tmp_path),
            resource("other", repository="hub"),
        ],
        NOW,
    )
    assert [environment.project for environment in to_remove(environments, ["evv"], everything=False)] == ["dead"]
    everything = {environment.project for environment in to_remove(environments, ["evv"], everything=True)}
    assert everything == {"dead", "far", "kept"}  # never what lives, or may do so until its deadline


def test_a_guard_at_the_engine_is_part_of_its_environment_and_is_one_alone() -> None:
    part = resource("p", ports=(8090,))
    guard = part._replace(labels={GUARD_LABEL: "p", **part.labels}, ports=())
    del guard.labels[PROJECT_LABEL]
    assert [environment.project for environment in standing([part, guard], NOW)] == ["p"]
    (alone,) = standing([guard], NOW)
    assert (alone.project, alone.state) == ("p", State.DEAD)


def test_a_guard_at_the_engine_that_never_started_and_is_all_of_a_run_elsewhere_is_dead_soon() -> None:
    def guard(state: str, age: float, owner: Owner = FAR) -> Resource:
        labels = {**resource("p", owner, seconds_left=8 * 3600).labels, GUARD_LABEL: "p"}
        made = f"{datetime.fromtimestamp(NOW - age, timezone.utc):%Y-%m-%d %H:%M:%S} +0000 UTC"
        return Resource("p-guard", labels, (), {"State": state, "CreatedAt": made})

    assert states(guard("created", 130)) == {"p": State.DEAD}
    # The run may be about to start it, or is another's that goes on without it.
    assert states(guard("created", 60)) == {"p": State.FOREIGN}
    assert states(guard("running", 130)) == {"p": State.FOREIGN}
    assert states(guard("created", 130, ALIVE)) == {"p": State.RUNNING}
    assert states(guard("created", 130), resource("p", FAR, seconds_left=60, state="")) == {"p": State.FOREIGN}


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The projects removed; one called `stuck` resists."""
    projects: list[str] = []

    def remove_project(endpoint: Endpoint, project: str, *, bound: float, guard: bool) -> Report:
        assert endpoint == ENDPOINT
        assert bound > 0
        projects.append(project)
        stuck = project == "stuck"
        if project == "unheard":
            return Report(left={"unknown": ["nothing could be listed"]}, seconds=0.5)
        return Report(left={"networks": ["net"] if stuck else []}, errors=["in use"] if stuck else [], seconds=0.5)

    monkeypatch.setattr(orphans, "remove_project", remove_project)
    return projects


def test_what_became_of_each_is_said(removed: list[str]) -> None:
    said: list[str] = []
    assert remove(standing([resource("p")], NOW), ENDPOINT, said.append, 60)
    assert removed == ["p"]
    assert said == ["p (dead): removed in 0.5 s"]


def test_what_resists_is_named_with_the_reason_and_the_rest_is_still_removed(removed: list[str]) -> None:
    said: list[str] = []
    environments = standing([resource("stuck", started="1"), resource("p", started="2")], NOW)
    assert not remove(environments, ENDPOINT, said.append, 60)
    assert removed == ["stuck", "p"]
    assert said[:2] == ["stuck (dead): LEFT after 0.5 s: network net", "  in use"]


def test_what_could_not_be_listed_is_told_as_it_is(removed: list[str]) -> None:
    said: list[str] = []
    assert not remove(standing([resource("unheard")], NOW), ENDPOINT, said.append, 60)
    assert said == ["unheard (dead): LEFT after 0.5 s: nothing could be listed"]


def test_a_name_that_no_project_of_compose_has_is_never_taken_for_removed(removed: list[str]) -> None:
    said: list[str] = []
    environments = standing([resource(name, DEAD) for name in ("blank ", "a\nb", "A", "\x1b[2J")], NOW)
    assert to_remove(environments, ["evv"], everything=False) == []
    assert remove(environments, ENDPOINT, said.append, 60.0)
    assert removed == []
    assert said[1] == "a\\nb: left alone, no project of Compose has such a name"


def test_the_mark_of_a_kept_environment_goes_with_it_and_only_then(removed: list[str], tmp_path: Path) -> None:
    for project, marked in (("stuck", True), ("p", False)):
        keep.mark(tmp_path)
        remove(standing([resource(project, folder=tmp_path)], NOW), ENDPOINT, print, 60)
        assert keep.is_marked(tmp_path) == marked


def test_nothing_to_remove_is_complete(removed: list[str]) -> None:
    def say(line: str, **_: Any) -> None:
        raise AssertionError(line)

    assert remove([], ENDPOINT, say, 60)


def test_a_sweep_removes_the_dead_of_one_repository_and_says_what_they_are(removed: list[str]) -> None:
    said: list[str] = []
    environments = standing([resource("p"), resource("alive", ALIVE), resource("of-hub", repository="hub")], NOW)
    sweep(environments, "evv", ENDPOINT, said.append)
    assert removed == ["p"]
    assert said == ["  left by a dead run: p (dead): removed in 0.5 s"]


def test_what_the_engine_holds_is_asked_for_by_one_listing_of_each_kind(script: ScriptedDocker) -> None:
    values = [resource("p").labels.get(label, "") for label in LABELS]
    script.answer(
        {
            "ps -a": (0, f"{json.dumps(['p-odoo-1', '0.0.0.0:8090->8069/tcp', *values, 'running', ''])}\n", ""),
            "network ls": (0, f"{json.dumps(['p_default', '', *values, '', ''])}\n", ""),
            "volume ls": (0, "", ""),
            "info": (0, '["the-engine","2027-01-15T08:00:00.123456789Z",8,2]', ""),
        }
    )
    (environment,) = look(Engine(script.endpoint))
    assert (environment.project, environment.owner, environment.state, environment.ports) == ("p", DEAD, State.DEAD, (8090,))
    *listings, about = sorted(script.calls, key=lambda call: "info" in call)
    assert len(listings) == 3
    assert all("--filter label=agent-test.repository " in call for call in listings)
    assert "SystemTime" in about
