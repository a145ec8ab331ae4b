"""Everything of a project is removed, its absence is proven by two listings, and a failure is a report, not an exception."""

import secrets
import time
from functools import partial
from pathlib import Path

import pytest

from runner.cleanup import teardown
from runner.cleanup.resources import Resources, list_resources
from runner.cleanup.teardown import Report, remove_named, remove_project
from runner.docker.process import Endpoint, kill_clients
from tests.unit.fake_docker import FakeDocker
from tests.unit.processes import PATIENCE, line, python

PROJECT, OTHER = "evv-agent-test-traction-1", "evv-agent-test-traction-2"


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def removed(docker: FakeDocker, clock: Clock, bound: float = 60.0, token: str | None = None, engine_id: str = "") -> Report:
    endpoint = docker.endpoint
    return remove_project(endpoint, PROJECT, bound=bound, token=token, engine_id=engine_id, clock=clock, wait=clock.wait)


def listings(docker: FakeDocker) -> int:
    return sum(call.startswith("ps ") for call in docker.calls)


def test_containers_networks_and_volumes_of_the_project_are_removed_and_no_others(docker: FakeDocker, clock: Clock) -> None:
    for project in (PROJECT, OTHER):
        docker.create(project, "containers", f"{project}-db-1")
        docker.create(project, "containers", f"{project}-odoo-1")
        docker.create(project, "networks", f"{project}_default")
        docker.create(project, "volumes", f"{project}_data")
    report = removed(docker, clock)
    assert docker.names(PROJECT) == []
    assert len(docker.names(OTHER)) == 4
    assert report.complete
    assert report.left == {"containers": [], "networks": [], "volumes": []}
    assert report.errors == []


def test_a_prepared_database_that_was_not_finished_goes_with_the_run_that_made_it(docker: FakeDocker, clock: Clock) -> None:
    docker.begin_snapshot(PROJECT, "unfinished")
    docker.begin_snapshot(PROJECT, "finished")
    docker.publish_snapshot("finished")
    docker.begin_snapshot(OTHER, "another-s")
    docker.create(PROJECT, "containers", "that-copies")
    assert list_resources(docker.endpoint, PROJECT, time.monotonic() + PATIENCE) == {
        "containers": ["that-copies"],
        "networks": [],
        "volumes": ["unfinished"],
    }
    assert removed(docker, clock).complete
    assert docker.snapshots == ["finished", "finished-ready", "another-s"]


def test_containers_go_first_with_force_and_their_anonymous_volumes(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "networks", "n")
    docker.create(PROJECT, "volumes", "v")
    docker.create(PROJECT, "containers", "c")
    removed(docker, clock)
    removals = [call for call in docker.calls if "ps " not in call and " ls " not in call]
    assert removals[0] == "rm -f -v c"
    assert sorted(removals[1:]) == ["network rm n", "volume rm -f v"]  # side by side


def test_the_guard_at_the_engine_goes_last_and_is_left_alone_where_it_is_still_wanted(
    docker: FakeDocker, clock: Clock
) -> None:
    docker.create(PROJECT, "containers", "odoo")
    docker.create(PROJECT, "volumes", "data")
    docker.create_guard(PROJECT, "guard")
    docker.create_guard(OTHER, "another-s")
    remove = partial(remove_project, docker.endpoint, PROJECT, bound=60.0, clock=clock, wait=clock.wait)
    assert remove().complete
    assert "rm -f -v guard" not in docker.calls
    report = remove(guard=True)
    assert (report.left, report.errors) == ({"containers": [], "networks": [], "volumes": []}, [])
    assert docker.calls.index("volume rm -f data") < docker.calls.index("rm -f -v guard")
    assert docker.names(f"guard-of-{PROJECT}") == []
    assert docker.names(f"guard-of-{OTHER}") == ["containers/another-s"]


def test_an_engine_that_never_answers_is_told_once_also_where_there_is_a_guard(docker: FakeDocker, clock: Clock) -> None:
    docker.fail("containers", *["no daemon"] * 20)
    report = remove_project(docker.endpoint, PROJECT, guard=True, bound=5, clock=clock, wait=lambda _: clock.wait(10.0))
    assert report.left == {"unknown": ["nothing could be listed"]}


def test_a_guard_that_resists_is_left_and_said(docker: FakeDocker, clock: Clock) -> None:
    docker.create_guard(PROJECT, "guard")
    docker.resist("guard")
    report = remove_project(docker.endpoint, PROJECT, guard=True, bound=5, clock=clock, wait=lambda _: clock.wait(10.0))
    assert report.left["containers"] == ["guard"]
    assert "guard is still in use" in report.errors[0]


def test_nothing_there_still_takes_two_listings_that_lie_apart(docker: FakeDocker, clock: Clock) -> None:
    report = removed(docker, clock)
    assert report.complete
    assert listings(docker) == 2
    assert sum(clock.waits) >= teardown.SETTLE >= 0.5
    assert report.seconds == sum(clock.waits)


def test_two_empty_listings_too_close_to_each_other_are_no_proof(docker: FakeDocker, clock: Clock) -> None:
    report = remove_project(docker.endpoint, PROJECT, bound=60.0, clock=clock, wait=lambda seconds: clock.wait(seconds / 3))
    assert report.complete
    assert listings(docker) >= 4
    assert report.seconds >= teardown.SETTLE


def test_where_nothing_can_appear_any_more_the_second_listing_follows_at_once(docker: FakeDocker, clock: Clock) -> None:
    report = remove_project(docker.endpoint, PROJECT, bound=10, settle=0, clock=clock, wait=clock.wait)
    assert report.complete
    assert sum(clock.waits) == 0
    assert listings(docker) == 2


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_what_appears_after_an_empty_listing_is_removed_too(docker: FakeDocker, clock: Clock, kind: str) -> None:
    docker.create_after_a_listing(PROJECT, kind, "late")
    report = removed(docker, clock)
    assert docker.names(PROJECT) == []
    assert report.complete
    assert listings(docker) == 4  # empty; not empty; after the removal; and one more, a while later


def test_a_container_that_appears_during_the_removal_is_removed_too(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "containers", "first")
    docker.create_after_a_listing(PROJECT, "containers", "late")
    assert removed(docker, clock).complete
    assert docker.names(PROJECT) == []


def test_what_resists_is_reported_and_time_is_bounded(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "containers", "c")
    docker.create(PROJECT, "networks", "stuck")
    docker.resist("stuck")
    report = removed(docker, clock, bound=1.0)
    assert not report.complete
    assert report.left["networks"] == ["stuck"]
    assert docker.names(PROJECT) == ["networks/stuck"]
    assert any("stuck is still in use" in error for error in report.errors)
    assert 1.0 <= report.seconds <= 1.0 + teardown.SETTLE


def test_an_error_is_reported_once_however_often_it_comes(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "networks", "stuck")
    docker.resist("stuck")
    assert len(removed(docker, clock, bound=1.0).errors) == 1


def test_what_resists_for_a_while_is_removed_in_the_end(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "networks", "stuck")
    docker.resist("stuck")

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        docker.recover()

    report = remove_project(docker.endpoint, PROJECT, bound=60.0, clock=clock, wait=wait)
    assert report.complete
    assert report.errors != []
    assert docker.names(PROJECT) == []


def test_a_listing_that_fails_is_tried_again(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "containers", "c")
    docker.fail("containers", "the daemon restarts", "the daemon restarts")
    report = removed(docker, clock)
    assert report.complete
    assert docker.names(PROJECT) == []
    assert report.errors == ["`docker ps`: the daemon restarts"]


def test_what_another_teardown_removes_during_a_listing_is_no_error(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "volumes", "data")
    docker.fail("volumes", "Error response from daemon: get other_data: no such volume", "fine", "get another: no such volume")
    report = removed(docker, clock)
    assert report.complete
    assert report.errors == []


def test_a_failure_between_two_empty_listings_makes_them_start_anew(docker: FakeDocker, clock: Clock) -> None:
    docker.fail("volumes", "fine", "the daemon restarts")
    assert removed(docker, clock).complete
    assert listings(docker) == 4


def test_an_engine_that_never_answers_is_an_incomplete_teardown(docker: FakeDocker, clock: Clock) -> None:
    docker.fail("containers", *["no daemon"] * 100)
    report = removed(docker, clock, bound=2.0)
    assert not report.complete
    assert report.errors == ["`docker ps`: no daemon"]
    assert report.left == {"unknown": ["nothing could be listed"]}


def test_one_empty_listing_is_no_proof_when_the_engine_does_not_answer_any_more(docker: FakeDocker, clock: Clock) -> None:
    docker.fail("containers", "fine", *["no daemon"] * 100)
    report = removed(docker, clock, bound=2.0)
    assert report.left == {"unknown": ["what one empty listing did not show; no second one could be had"]}
    assert report.errors == ["`docker ps`: no daemon"]


def test_a_docker_that_hangs_is_killed_and_reported(docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teardown, "_LEAST_PATIENT", 0.05)
    docker.hang()
    report = removed(docker, clock, bound=0.0)
    assert not report.complete
    assert "did not answer within" in report.errors[0]


def test_a_listing_that_hangs_is_given_up_and_asked_for_again(
    docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teardown, "COMMAND_TIMEOUT", 1.0)
    docker.create(PROJECT, "containers", "c")
    docker.fail("networks", "hang")
    report = removed(docker, clock)
    assert report.complete
    (error,) = report.errors
    assert error.startswith("`docker network ls` did not answer within")


def test_after_every_failure_the_next_step_has_more_patience(
    docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted: list[float] = []

    def listed(endpoint: Endpoint, project: str, deadline: float) -> Resources:
        granted.append(deadline - time.monotonic())
        return list_resources(endpoint, project, deadline)

    monkeypatch.setattr(teardown, "list_resources", listed)
    docker.fail("containers", *["no daemon"] * 4)
    assert removed(docker, clock, bound=1000).complete
    assert granted == pytest.approx([10, 20, 40, 60, 60, 60], abs=1)
    granted.clear()
    docker.fail("containers", *["no daemon"] * 10)
    removed(docker, clock, bound=1)
    assert granted == pytest.approx([1] * len(granted), abs=0.2)  # nor longer than is left, nor no time at all


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_what_is_no_listing_is_told_and_asked_for_again(docker: FakeDocker, clock: Clock, kind: str) -> None:
    docker.create(PROJECT, kind, "there")
    docker.fail(kind, "print WARNING: not what was asked for")
    report = removed(docker, clock)
    assert docker.names(PROJECT) == []
    assert report.complete
    assert report.errors == ["docker's listing is not understood: 'WARNING: not what was asked for'"]


def test_whatever_goes_wrong_is_told_and_tried_again(
    docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = iter([ZeroDivisionError("a defect"), MemoryError()])

    def listed(endpoint: Endpoint, project: str, deadline: float) -> Resources:
        for error in tries:
            raise error
        return list_resources(endpoint, project, deadline)

    monkeypatch.setattr(teardown, "list_resources", listed)
    docker.create(PROJECT, "containers", "c")
    report = removed(docker, clock)
    assert docker.names(PROJECT) == []
    assert report.complete
    assert report.errors == ["ZeroDivisionError('a defect')", "MemoryError()"]


# Whose engine it is


def test_an_empty_listing_of_another_engine_is_not_believed(docker: FakeDocker, clock: Clock) -> None:
    docker.be_engine("another")
    report = removed(docker, clock, bound=2.0, engine_id="mine")
    assert not report.complete
    assert report.errors == ["another engine answers than the one of this run (ID another instead of mine)"]


def test_once_the_run_s_own_engine_answers_again_it_is_torn_down(docker: FakeDocker, clock: Clock) -> None:
    docker.be_engine("another")

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        if len(clock.waits) == 1:
            docker.create(PROJECT, "containers", "c")
            docker.be_engine("mine")

    report = remove_project(docker.endpoint, PROJECT, bound=60, engine_id="mine", clock=clock, wait=wait)
    assert report.complete
    assert docker.names(PROJECT) == []


def test_the_engine_is_asked_for_its_id_once_before_the_first_empty_listing_is_believed(
    docker: FakeDocker, clock: Clock
) -> None:
    docker.be_engine("mine")
    docker.create(PROJECT, "containers", "c")
    assert removed(docker, clock, engine_id="mine").complete
    calls = [call.split()[0] for call in docker.calls if call.split()[0] in ("ps", "rm", "info")]
    assert calls == ["ps", "rm", "ps", "info", "ps"]


def test_an_engine_without_an_id_is_not_asked_for_one(docker: FakeDocker, clock: Clock) -> None:
    assert removed(docker, clock, engine_id="").complete
    assert not [call for call in docker.calls if call.startswith("info")]


@pytest.mark.parametrize("answer", ["no daemon", "print {", "print null", "hang"])
def test_an_engine_that_does_not_tell_its_id_at_first_is_asked_again(
    docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(teardown, "COMMAND_TIMEOUT", 1.0)
    docker.be_engine("mine")
    docker.fail("info", answer)
    report = removed(docker, clock, engine_id="mine")
    assert report.complete
    assert len(report.errors) == 1
    assert listings(docker) == 3  # that one, and two with the ID


# Containers of somebody else


@pytest.mark.parametrize("others", [["other"], ["other", "another", "a-dead-one-s-endpoint"]])
def test_somebody_else_s_containers_are_taken_off_the_network_and_named(
    docker: FakeDocker, clock: Clock, others: list[str]
) -> None:
    docker.create(PROJECT, "containers", "c")
    docker.create(PROJECT, "networks", "net")
    for other in others:
        docker.use("net", other)
    report = removed(docker, clock)
    assert report.complete
    assert docker.names(PROJECT) == []
    assert sorted(report.disconnected) == sorted(f"container {other} from network net" for other in others)
    assert report.errors == []
    assert not [call for call in docker.calls if call.startswith("rm") and any(other in call for other in others)]


def test_who_connects_again_is_disconnected_again_and_named_once(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "networks", "net")
    docker.use("net", "other", reconnects=3)
    report = removed(docker, clock)
    assert report.complete
    assert report.disconnected == ["container other from network net"]
    assert report.in_use == []


def test_a_container_of_the_run_itself_is_nobody_else_s(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "containers", "stuck")
    docker.create(PROJECT, "networks", "net")
    docker.create(PROJECT, "volumes", "data")
    docker.resist("stuck")
    docker.use("net", "stuck")
    docker.use("data", "stuck")
    report = removed(docker, clock, bound=2.0)
    assert report.left == {"containers": ["stuck"], "networks": ["net"], "volumes": ["data"]}
    assert (report.disconnected, report.in_use) == ([], [])


def test_who_keeps_a_volume_is_named_and_not_waited_for_until_the_bound(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "networks", "net")
    docker.create(PROJECT, "volumes", "data")
    docker.create(PROJECT, "volumes", "free")
    docker.use("data", "other")
    report = removed(docker, clock, bound=120.0)
    assert report.left == {"containers": [], "networks": [], "volumes": ["data"]}
    assert report.seconds < 10
    (told,) = report.in_use
    assert told.startswith("volume data is used by other, a container of somebody else.")
    assert told.endswith("docker rm -f other")


def test_a_container_that_the_engine_removes_at_its_end_is_waited_for(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "volumes", "data")
    docker.use("data", "other", goes=True)

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        if clock.time > 1030 and docker.names(PROJECT):
            docker.end_use("data", "other")

    report = remove_project(docker.endpoint, PROJECT, bound=120.0, clock=clock, wait=lambda seconds: wait(max(seconds, 5)))
    assert report.complete
    assert report.in_use == []
    assert report.seconds > 30


def test_a_person_who_removes_such_a_container_at_once_is_quick_enough(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "volumes", "data")
    docker.use("data", "other")

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        if docker.names(PROJECT) and clock.time > 1001:
            docker.end_use("data", "other")

    assert remove_project(docker.endpoint, PROJECT, bound=120.0, clock=clock, wait=wait).complete


def test_removals_that_hang_in_a_row_do_not_use_up_the_time(
    docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted: list[float] = []

    def asked_to_remove(_endpoint: Endpoint, _resources: Resources, deadline: float, *kinds: str) -> list[str]:
        if "containers" in kinds:
            granted.append(deadline - time.monotonic())
            clock.time += granted[-1]
            if len(granted) <= 5:
                return [f"`docker rm` did not answer within {granted[-1]:.0f} s"]
            docker.empty(PROJECT)
        return []

    docker.create(PROJECT, "containers", "c")
    monkeypatch.setattr(teardown, "_removed", asked_to_remove)
    assert removed(docker, clock, bound=120).complete
    assert granted[:5] == pytest.approx([10, 20, 20, 20, 20], abs=1)


def test_a_removal_of_containers_that_hangs_keeps_nothing_else(
    docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teardown, "COMMAND_TIMEOUT", 1.0)
    docker.create(PROJECT, "containers", "c")
    docker.create(PROJECT, "networks", "net")
    docker.hang_in_removals("containers", 1)
    report = removed(docker, clock, bound=0.0)
    assert docker.names(PROJECT) == ["containers/c"]
    assert report.left["networks"] == []  # as it is, not as it was before


# By their names


def test_what_is_named_is_removed_and_nothing_else(docker: FakeDocker) -> None:
    docker.show_all()
    for name in ("mine", "theirs"):
        for kind in ("containers", "networks", "volumes"):
            docker.create("of-no-project", kind, f"{name}-{kind}")
    names = {kind: [f"mine-{kind}"] for kind in ("containers", "networks", "volumes")}
    assert remove_named(docker.endpoint, names, bound=PATIENCE).complete
    assert docker.names("of-no-project") == [
        "containers/theirs-containers",
        "networks/theirs-networks",
        "volumes/theirs-volumes",
    ]


def test_nobody_is_taken_off_a_network_that_is_ours_by_its_name_alone(docker: FakeDocker) -> None:
    docker.show_all()
    docker.create("of-no-project", "networks", "net")
    docker.use("net", "other")
    report = remove_named(docker.endpoint, {"networks": ["net"]}, bound=0.0)
    assert report.left == {"networks": ["net"]}
    assert report.disconnected == []
    (told,) = report.in_use
    assert told.endswith("To disconnect it: docker network disconnect -f net other")


# What does not matter


def test_a_missing_docker_is_reported_not_raised(clock: Clock, tmp_path: Path) -> None:
    endpoint = Endpoint({"PATH": str(tmp_path)})
    report = remove_project(endpoint, PROJECT, bound=1.0, clock=clock, wait=clock.wait)
    assert not report.complete
    assert "docker cannot be started" in report.errors[0]


def test_what_somebody_else_removed_in_between_is_no_error(docker: FakeDocker) -> None:
    docker.create(PROJECT, "containers", "c")
    resources = {"containers": ["c", "gone"], "networks": ["gone"], "volumes": ["gone"]}
    assert teardown._removed(docker.endpoint, resources, time.monotonic() + PATIENCE, *resources) == []
    assert docker.names(PROJECT) == []


def test_it_can_be_done_again(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "containers", "c")
    assert removed(docker, clock).complete
    assert removed(docker, clock).complete


def test_a_deleted_working_folder_does_not_matter(
    docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    docker.create(PROJECT, "containers", "c")
    assert removed(docker, clock).complete
    monkeypatch.chdir(tmp_path)


def test_clients_with_the_run_s_token_are_killed_and_no_others(docker: FakeDocker, clock: Clock) -> None:
    program = "import sys; print('up', flush=True); sys.stdin.read()"
    token = secrets.token_hex(8)
    with python(program, AGENT_TEST_TOKEN=token) as ours, python(program, AGENT_TEST_TOKEN=f"{token}-too") as others:
        assert line(ours) == line(others) == "up"
        removed(docker, clock, token=token)
        assert ours.wait(PATIENCE) == -9
        assert others.poll() is None
        assert kill_clients(token) == 0


def test_clients_are_killed_before_everything_else_in_every_round(
    docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls_at_the_time: list[int] = []
    monkeypatch.setattr(teardown, "kill_clients", lambda token: calls_at_the_time.append(len(docker.calls)))
    removed(docker, clock, token="mine")
    assert calls_at_the_time == [0, 3]
