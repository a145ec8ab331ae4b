"""Everything of a project is removed, its absence is proven by two listings, and a failure is a report, not an exception."""

import os
from pathlib import Path

import pytest

from runner.cleanup import teardown
from runner.cleanup.resources import list_remains
from runner.cleanup.teardown import kill_clients, remove_project
from runner.docker import process as bare_docker
from tests.unit.fake_docker import FakeDocker
from tests.unit.processes import line, python

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


def removed(clock: Clock, bound: float = 60.0, token: str | None = None) -> teardown.Report:
    return remove_project(PROJECT, bound=bound, token=token, clock=clock, wait=clock.wait)


def listings(docker: FakeDocker) -> int:
    return sum(call.startswith("ps ") for call in docker.calls)


def test_containers_networks_and_volumes_of_the_project_are_removed_and_no_others(docker: FakeDocker, clock: Clock) -> None:
    for project in (PROJECT, OTHER):
        docker.create(project, "containers", f"{project}-db-1")
        docker.create(project, "containers", f"{project}-odoo-1")
        docker.create(project, "networks", f"{project}_default")
        docker.create(project, "volumes", f"{project}_data")
    report = removed(clock)
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
    assert list_remains(PROJECT) == {"containers": ["that-copies"], "networks": [], "volumes": ["unfinished"]}
    assert removed(clock).complete
    assert docker.snapshots == ["finished", "finished-ready", "another-s"]


def test_containers_go_first_with_force_and_their_anonymous_volumes(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "networks", "n")
    docker.create(PROJECT, "volumes", "v")
    docker.create(PROJECT, "containers", "c")
    removed(clock)
    removals = [call for call in docker.calls if "ps " not in call and " ls " not in call]
    assert removals[0] == "rm -f -v c"
    assert sorted(removals[1:]) == ["network rm n", "volume rm -f v"]  # side by side


def test_nothing_there_still_takes_two_listings_that_lie_apart(docker: FakeDocker, clock: Clock) -> None:
    report = removed(clock)
    assert report.complete
    assert listings(docker) == 2
    assert sum(clock.waits) >= teardown.SETTLE >= 0.5
    assert report.seconds == sum(clock.waits)


def test_two_empty_listings_too_close_to_each_other_are_no_proof(docker: FakeDocker, clock: Clock) -> None:
    report = remove_project(PROJECT, bound=60.0, clock=clock, wait=lambda seconds: clock.wait(seconds / 3))
    assert report.complete
    assert listings(docker) >= 4
    assert report.seconds >= teardown.SETTLE


def test_where_nothing_can_appear_any_more_the_second_listing_follows_at_once(docker: FakeDocker, clock: Clock) -> None:
    report = remove_project(PROJECT, bound=10, settle=0, clock=clock, wait=clock.wait)
    assert report.complete
    assert sum(clock.waits) == 0
    assert listings(docker) == 2


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_what_appears_after_an_empty_listing_is_removed_too(docker: FakeDocker, clock: Clock, kind: str) -> None:
    docker.create_after_a_listing(PROJECT, kind, "late")
    report = removed(clock)
    assert docker.names(PROJECT) == []
    assert report.complete
    assert listings(docker) == 4  # empty; not empty; after the removal; and one more, a while later


def test_a_container_that_appears_during_the_removal_is_removed_too(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "containers", "first")
    docker.create_after_a_listing(PROJECT, "containers", "late")
    assert removed(clock).complete
    assert docker.names(PROJECT) == []


def test_what_resists_is_reported_and_time_is_bounded(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "containers", "c")
    docker.create(PROJECT, "networks", "stuck")
    docker.resist("stuck")
    report = removed(clock, bound=1.0)
    assert not report.complete
    assert report.left["networks"] == ["stuck"]
    assert docker.names(PROJECT) == ["networks/stuck"]
    assert any("stuck is still in use" in error for error in report.errors)
    assert 1.0 <= report.seconds <= 1.0 + teardown.SETTLE


def test_an_error_is_reported_once_however_often_it_comes(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "networks", "stuck")
    docker.resist("stuck")
    assert len(removed(clock, bound=1.0).errors) == 1


def test_what_resists_for_a_while_is_removed_in_the_end(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "networks", "stuck")
    docker.resist("stuck")

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        docker.recover()

    report = remove_project(PROJECT, bound=60.0, clock=clock, wait=wait)
    assert report.complete
    assert report.errors != []
    assert docker.names(PROJECT) == []


def test_a_listing_that_fails_is_tried_again(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "containers", "c")
    docker.fail("containers", "the daemon restarts", "the daemon restarts")
    report = removed(clock)
    assert report.complete
    assert docker.names(PROJECT) == []
    assert report.errors == ["`docker ps -a`: the daemon restarts"]


def test_what_another_teardown_removes_during_a_listing_is_no_error(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "volumes", "data")
    docker.fail("volumes", "Error response from daemon: get other_data: no such volume", "fine", "get another: no such volume")
    report = removed(clock)
    assert report.complete
    assert report.errors == []


def test_a_failure_between_two_empty_listings_makes_them_start_anew(docker: FakeDocker, clock: Clock) -> None:
    docker.fail("volumes", "fine", "the daemon restarts")
    assert removed(clock).complete
    assert listings(docker) == 4


def test_an_engine_that_never_answers_is_an_incomplete_teardown(docker: FakeDocker, clock: Clock) -> None:
    docker.fail("containers", *["no daemon"] * 100)
    report = removed(clock, bound=2.0)
    assert not report.complete
    assert report.errors == ["`docker ps -a`: no daemon"]
    assert report.left == {"unknown": ["nothing could be listed"]}


def test_one_empty_listing_is_no_proof_when_the_engine_does_not_answer_any_more(docker: FakeDocker, clock: Clock) -> None:
    docker.fail("containers", "fine", *["no daemon"] * 100)
    report = removed(clock, bound=2.0)
    assert report.left == {"unknown": ["what one empty listing did not show; no second one could be had"]}
    assert report.errors == ["`docker ps -a`: no daemon"]


def test_a_docker_that_hangs_is_killed_and_reported(docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bare_docker, "COMMAND_TIMEOUT", 0.05)
    docker.hang()
    report = removed(clock, bound=0.0)
    assert not report.complete
    assert "did not answer within" in report.errors[0]


def test_a_missing_docker_is_reported_not_raised(clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    report = removed(clock, bound=1.0)
    assert not report.complete
    assert "docker cannot be started" in report.errors[0]


def test_what_somebody_else_removed_in_between_is_no_error(docker: FakeDocker) -> None:
    docker.create(PROJECT, "containers", "c")
    teardown._remove({"containers": ["c", "gone"], "networks": ["gone"], "volumes": ["gone"]})
    assert docker.names(PROJECT) == []


def test_it_can_be_done_again(docker: FakeDocker, clock: Clock) -> None:
    docker.create(PROJECT, "containers", "c")
    assert removed(clock).complete
    assert removed(clock).complete


def test_a_deleted_working_folder_does_not_matter(
    docker: FakeDocker, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    docker.create(PROJECT, "containers", "c")
    assert removed(clock).complete
    monkeypatch.chdir(tmp_path)


def test_clients_with_the_run_s_token_are_killed_and_no_others(docker: FakeDocker, clock: Clock) -> None:
    program = "import sys; print('up', flush=True); sys.stdin.read()"
    with python(program, AGENT_TEST_TOKEN="mine") as ours, python(program, AGENT_TEST_TOKEN="mine-too") as others:
        assert line(ours) == line(others) == "up"
        removed(clock, token="mine")
        assert ours.wait(10) == -9
        assert others.poll() is None
        assert kill_clients("mine") == 0


def test_the_caller_without_the_token_survives() -> None:
    os.environ["AGENT_TEST_TOKEN"] = "late"  # set after the start, as the runner does: not in /proc/self/environ
    assert kill_clients("late") == 0
