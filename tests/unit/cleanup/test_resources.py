"""What there is of a run is listed by kind, and what cannot be listed is an error."""

import subprocess

import pytest

from runner.cleanup.resources import list_remains, listing_commands
from runner.docker.process import LISTING_TRIES, DockerFailed
from tests.unit.fake_docker import FakeDocker

PROJECT, OTHER = "evv-agent-test-traction-1", "evv-agent-test-traction-2"


def test_a_listing_in_which_things_vanish_for_ever_is_an_error_in_the_end(docker: FakeDocker) -> None:
    docker.fail("volumes", *["no such volume"] * LISTING_TRIES)
    with pytest.raises(DockerFailed, match="no such volume"):
        list_remains("p")
    assert list_remains("p") == {"containers": [], "networks": [], "volumes": []}


def test_every_failure_of_a_listing_is_told(docker: FakeDocker) -> None:
    docker.fail("containers", "first reason")
    docker.fail("volumes", "second reason")
    with pytest.raises(DockerFailed, match=r"first reason.*second reason"):
        list_remains(PROJECT)


def test_names_are_listed_by_kind(docker: FakeDocker) -> None:
    docker.create(PROJECT, "containers", "b")
    docker.create(PROJECT, "containers", "a")
    docker.create(PROJECT, "volumes", "v")
    assert list_remains(PROJECT) == {"containers": ["a", "b"], "networks": [], "volumes": ["v"]}


def test_the_commands_that_a_person_is_shown_list_the_same(docker: FakeDocker) -> None:
    docker.create(PROJECT, "networks", "shown")
    commands = listing_commands(PROJECT)
    assert set(commands) == set(list_remains(PROJECT))
    for kind, command in commands.items():
        shown = subprocess.run(command.split(), capture_output=True, text=True, check=True).stdout.split()
        assert shown == (["shown"] if kind == "networks" else [])


def test_the_volume_of_a_prepared_database_is_its_run_s_until_a_marker_names_it(docker: FakeDocker) -> None:
    docker.begin_snapshot(PROJECT, "begun")
    docker.begin_snapshot(OTHER, "another-s")
    assert list_remains(PROJECT)["volumes"] == ["begun"]
    docker.publish_snapshot("begun")
    assert list_remains(PROJECT)["volumes"] == []
    assert list_remains(OTHER)["volumes"] == ["another-s"]
