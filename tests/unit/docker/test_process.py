"""The guard's docker: which environment it has, and that a failure has docker's own words."""

import pytest

from runner.docker.process import DockerFailed, docker_environ, finish, start
from tests.unit.fake_docker import FakeDocker


def test_compose_settings_of_the_shell_and_the_token_do_not_reach_docker(
    docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_FILE", "/no/such/file")
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "another")
    monkeypatch.setenv("AGENT_TEST_TOKEN", "secret")
    monkeypatch.setenv("DOCKER_CONFIG", "/some/where")
    finish(start("network", "ls", "--filter", "label=com.docker.compose.project=p"))
    names = {entry.partition("=")[0] for entry in docker.environ}
    assert not {name for name in names if name.startswith("COMPOSE_")}
    assert "AGENT_TEST_TOKEN" not in names
    assert {"DOCKER_HOST", "DOCKER_CONFIG", "PATH", "HOME"} <= names


def test_the_environment_for_docker_leaves_the_given_one_alone() -> None:
    given = {"COMPOSE_FILE": "x", "PATH": "/bin"}
    assert docker_environ(given) == {"PATH": "/bin"}
    assert given == {"COMPOSE_FILE": "x", "PATH": "/bin"}


def test_what_docker_says_is_returned_and_why_it_failed_is_the_error(docker: FakeDocker) -> None:
    docker.create("p", "networks", "mine")
    listing = ("network", "ls", "--filter", "label=com.docker.compose.project=p")
    assert finish(start(*listing)) == "mine\n"
    docker.fail("networks", "no daemon")
    with pytest.raises(DockerFailed, match=r"^`docker network ls`: no daemon$"):
        finish(start(*listing))
