"""What there is of a run is listed by kind, and what cannot be listed is an error."""

import subprocess
import time

import pytest

from runner.cleanup.resources import Resources, list_resources, listing_commands
from runner.docker.listing import LISTING_TRIES
from runner.docker.process import DockerFailed
from tests.unit.fake_docker import FakeDocker
from tests.unit.processes import PATIENCE

PROJECT, OTHER = "evv-agent-test-traction-1", "evv-agent-test-traction-2"


def listed(docker: FakeDocker, project: str, seconds: float = PATIENCE) -> Resources:
    return list_resources(docker.endpoint, project, time.monotonic() + seconds)


def test_a_listing_in_which_things_vanish_for_ever_is_an_error_in_the_end(docker: FakeDocker) -> None:
    docker.fail("volumes", *["no such volume"] * LISTING_TRIES)
    with pytest.raises(DockerFailed, match="no such volume"):
        listed(docker, PROJECT)
    assert listed(docker, PROJECT) == {"containers": [], "networks": [], "volumes": []}


def test_every_failure_of_a_listing_is_told(docker: FakeDocker) -> None:
    docker.fail("containers", "first reason")
    docker.fail("volumes", "second reason")
    with pytest.raises(DockerFailed, match=r"first reason.*second reason"):
        listed(docker, PROJECT)


def test_names_are_listed_by_kind(docker: FakeDocker) -> None:
    docker.create(PROJECT, "containers", "b")
    docker.create(PROJECT, "containers", "a")
    docker.create(PROJECT, "volumes", "v")
    assert listed(docker, PROJECT) == {"containers": ["a", "b"], "networks": [], "volumes": ["v"]}


def test_the_commands_that_a_person_is_shown_list_the_same(docker: FakeDocker) -> None:
    docker.create(PROJECT, "networks", "shown")
    commands = listing_commands(PROJECT)
    assert set(commands) == set(listed(docker, PROJECT))
    for kind, command in commands.items():
        shown = subprocess.run(command.split(), capture_output=True, text=True, check=True).stdout.split()
        assert shown == (["shown"] if kind == "networks" else [])


def test_the_volume_of_a_prepared_database_is_its_run_s_until_a_marker_names_it(docker: FakeDocker) -> None:
    docker.begin_snapshot(PROJECT, "begun")
    docker.begin_snapshot(OTHER, "another-s")
    assert listed(docker, PROJECT)["volumes"] == ["begun"]
    docker.publish_snapshot("begun")
    assert listed(docker, PROJECT)["volumes"] == []
    assert listed(docker, OTHER)["volumes"] == ["another-s"]


def test_volumes_of_a_generation_are_kept_together_once_one_marker_names_it(docker: FakeDocker) -> None:
    for name, generation in (("db-1", "first"), ("odoo-1", "first"), ("db-2", "second"), ("odoo-2", "second")):
        docker.begin_snapshot(PROJECT, name, generation)
    assert listed(docker, PROJECT)["volumes"] == ["db-1", "odoo-1", "db-2", "odoo-2"]
    docker.publish_snapshot("first")
    assert listed(docker, PROJECT)["volumes"] == ["db-2", "odoo-2"]


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_what_is_no_listing_is_an_error_and_not_an_empty_one(docker: FakeDocker, kind: str) -> None:
    docker.create(PROJECT, kind, "there")
    docker.fail(kind, "print WARNING: not what was asked for")
    with pytest.raises(DockerFailed, match="not understood: 'WARNING"):
        listed(docker, PROJECT)


def test_a_listing_that_hangs_is_given_up_and_every_failure_is_told(docker: FakeDocker) -> None:
    docker.fail("networks", "hang")
    docker.fail("containers", "no daemon")
    with pytest.raises(DockerFailed, match=r"no daemon; `docker network ls` did not answer"):
        listed(docker, PROJECT, 2)
