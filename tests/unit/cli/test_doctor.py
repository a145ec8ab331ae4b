"""What the doctor says of what it finds. The engine is a fake here; tests/docker has the real one."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.cleanup.owner import this_process
from runner.cli import doctor
from runner.cli.arguments import parse
from runner.config.model import Images, PortRange
from runner.config.repositories import Config, RepoConfig
from runner.docker.listing import Resource
from runner.errors import ExitCode
from runner.terminal import Terminal
from tests.unit.fake_engine import Answer, FakeEngine, Said, Words, failed
from tests.unit.fake_volumes import engine_with


def container(name: str, **about: Any) -> Resource:
    return Resource(name, {"com.docker.compose.project": name, **about.pop("labels", {})}, **about)


ROOT_DIR = "info --format {{.DockerRootDir}}"


@dataclass
class Machine:
    """A machine on which everything is well, unless a test says otherwise."""

    settings: Config
    containers: list[Resource]
    engine: FakeEngine
    images: set[str]

    def examine(self) -> ExitCode:
        return doctor.doctor(parse(["doctor"]), self.settings, Terminal())


@pytest.fixture
def machine(settings: Config, monkeypatch: pytest.MonkeyPatch) -> Machine:
    def image(words: Words) -> Said:
        return json.dumps([{"Id": "sha256:1"}]) if words[-1] in images else failed("Error: No such image")

    containers: list[Resource] = []
    images = {"odoo:18.0", "postgres:16"}
    engine = engine_with(containers)
    more: dict[str, Answer] = {
        "compose version": "Docker Compose version 2.30\n",
        "image inspect": image,
        ROOT_DIR: "/\n",
    }
    engine.answers |= more
    monkeypatch.setattr(doctor, "Engine", engine)
    # The ports of the test's machine are not its own.
    monkeypatch.setattr(doctor, "port_holders", lambda _ports, *, is_here: {})
    monkeypatch.setattr(doctor, "_DISK_WANTED", 0)
    return Machine(settings, containers, engine, images)


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    (tmp_path / "addons").mkdir()
    (tmp_path / "compose.yml").touch()
    repository = RepoConfig(
        name="evv",
        prefix="evv-agent-test",
        path=tmp_path,
        addons=(tmp_path / "addons",),
        compose_file=tmp_path / "compose.yml",
        ports=PortRange(first=28090, last=28091),
        images=Images(odoo="odoo:18.0", postgres="postgres:16", series={"17.0": "odoo:17.0"}),
    )
    return Config(repositories={"evv": repository}, files=(tmp_path / "repos.yaml",))


def test_all_well_is_0(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine.examine() == ExitCode.PASSED
    assert "WRONG" not in capsys.readouterr().out


def test_an_image_that_is_not_here_is_said_but_is_not_wrong(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.images.clear()
    assert machine.examine() == ExitCode.PASSED
    output = capsys.readouterr().out
    assert [f"{image} is not here yet" in output for image in ("odoo:18.0", "postgres:16", "odoo:17.0")] == [True] * 3


def test_a_full_range_is_4_with_its_holders(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.containers += [container("one", ports=(28090,)), container("two", ports=(28091,))]
    assert machine.examine() == ExitCode.NO_PORT
    output = capsys.readouterr().out
    assert "0 of 28090-28091 are free; nox -s cleanup" in output
    assert "28091 is held by container two" in output


def test_a_dead_environment_is_8(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    labels = {**this_process().labels(), "agent-test.owner-boot": "another", "agent-test.repository": "evv"}
    machine.containers.append(container("evv-agent-test-x", labels=labels))
    assert machine.examine() == ExitCode.LEFT_BEHIND
    assert "1 dead; remove what dead runs left: nox -s cleanup" in capsys.readouterr().out


def test_a_dead_environment_of_a_repository_of_another_clone_is_told_with_the_command_that_removes_it(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = {**this_process().labels(), "agent-test.owner-start": "1", "agent-test.repository": "of another"}
    machine.containers.append(container("other-agent-test-x", labels=labels))
    assert machine.examine() == ExitCode.LEFT_BEHIND
    told = "1 dead; remove what dead runs left: nox -s cleanup and nox -s cleanup -- 'of another'\n"
    assert told in capsys.readouterr().out


def test_strays_are_named_and_nothing_that_is_wrong(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.containers += [container("evv-agent-test-old"), container("my-evv-agent-test")]
    assert machine.examine() == ExitCode.PASSED
    output = capsys.readouterr().out
    how = "to remove it: nox -s cleanup -- evv-agent-test-old"
    assert f"ok     stray          evv-agent-test-old: 1 container (none running); {how}\n" in output
    assert "ok     environments   1 stray\n" in output
    assert "ok     mentioned      container my-evv-agent-test: left alone" in output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("version", "The Docker daemon does not answer: Cannot connect"),
        ("compose version", "Docker Compose v2 is missing"),
    ],
)
def test_no_engine_is_3_and_ends_the_examination(
    machine: Machine, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    machine.engine.answers[words] = failed("Cannot connect")
    assert machine.examine() == ExitCode.NO_ENGINE
    output = capsys.readouterr().out
    assert f"WRONG  engine         {said}" in output
    assert "image  " not in output


def test_no_docker_client_is_3_too(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert machine.examine() == ExitCode.NO_ENGINE
    assert "WRONG  engine         There is no `docker` command." in capsys.readouterr().out
    assert machine.engine.asked == []


def test_little_disk_is_wrong_and_says_how_to_make_room(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_DISK_WANTED", 2**80)
    assert machine.examine() == ExitCode.ENVIRONMENT
    assert "docker image prune" in capsys.readouterr().out


def test_a_missing_checkout_is_2(machine: Machine) -> None:
    machine.settings.repositories["evv"].compose_file.unlink()
    assert machine.examine() == ExitCode.USAGE


def test_each_finding_says_what_it_is_about(machine: Machine, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    machine.examine()
    lines = capsys.readouterr().out.splitlines()
    for line in (
        f"ok     configuration  {tmp_path / 'repos.yaml'}",
        f"ok     repository     evv at {tmp_path}",
        "ok     engine         Docker 28.0, docker client 28.5, Compose 2.30",
        "ok     image          odoo:18.0 is here",
        "ok     ports          2 of 28090-28091 are free",
        "ok     environments   none",
    ):
        assert line in lines
    assert lines[-1].startswith("ok     disk           ")
    assert lines[-1].endswith(" GiB free at /")


@pytest.mark.parametrize("key", ["path", "addons", "compose_file"])
def test_what_is_missing_of_a_repository_is_named_with_its_key(
    machine: Machine, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    gone = Path("/no/such")
    value = (gone,) if key == "addons" else gone
    repository = machine.settings.repositories["evv"].model_copy(update={key: value})
    machine.settings = machine.settings.model_copy(update={"repositories": {"evv": repository}})
    assert machine.examine() == ExitCode.USAGE
    expected = f"WRONG  repository     evv: there is no /no/such; set `{key}` in repos.local.yaml"
    assert expected in capsys.readouterr().out


def test_a_checkout_that_takes_no_log_is_2(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("os.access", lambda _path, mode: not mode & os.W_OK)
    monkeypatch.setattr("shutil.which", lambda *_, **__: "docker")
    assert machine.examine() == ExitCode.USAGE
    assert f"must be able to write and remove files in {tmp_path}." in capsys.readouterr().out


def test_what_only_another_user_may_look_at_is_said_to_be_so(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def no_permission(_path: object, **_options: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "stat", no_permission)
    monkeypatch.setattr("shutil.disk_usage", no_permission)
    assert machine.examine() == ExitCode.USAGE
    said = capsys.readouterr().out
    assert f"WRONG  repository     evv at {tmp_path}: this user may not look there\n" in said
    assert "ok     disk           not known: /: this user may not look there\n" in said


def test_an_engine_elsewhere_keeps_its_disk_to_itself(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.engine.answers[ROOT_DIR] = "/of/another/machine\n"
    assert machine.examine() == ExitCode.PASSED
    assert "ok     disk           not on this host, so not known" in capsys.readouterr().out


def test_a_folder_that_is_called_as_the_remote_engine_s_is_not_taken_for_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://far:2375")
    assert machine.examine() == ExitCode.PASSED
    assert "ok     disk           that of the engine's host, so not known" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("host", "container", "told"),
    [
        ("", "", "the engine is on this machine\n"),
        ("tcp://far:2375", "", "the engine is on far: "),
        ("", "its own", "this is a container of the engine: "),
        ("", "another's", "the engine is on this machine\n"),
    ],
)
def test_where_the_engine_is_is_told(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    host: str,
    container: str,
    told: str,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    monkeypatch.setattr("runner.docker.engine.own_container", lambda: container)
    machine.engine.answers["container inspect"] = "[]" if container == "its own" else failed("Error: No such container: x")
    assert machine.examine() == ExitCode.PASSED
    assert f"ok     place          {told}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ({"Version": "28.5.2"}, "Docker 28.5.2, docker client 27.1, Compose 2.30"),
        ({"Version": "19.03.15"}, "Docker 19.03.15 (older than 20.10, with which nothing was tried: update it), docker"),
        ({"Version": "4.3.1", "Components": [{"Name": "Podman Engine"}]}, "Podman 4.3.1, docker"),
        ({"Version": "3.4.4", "Components": [{"Name": "Podman Engine"}]}, "Podman 3.4.4 (older than 4.3, "),
    ],
)
def test_the_versions_are_told_and_which_are_older_than_any_that_was_tried(
    machine: Machine, capsys: pytest.CaptureFixture[str], server: dict[str, Any], told: str
) -> None:
    machine.engine.answers["version"] = json.dumps({"Client": {"Version": "27.1"}, "Server": server})
    assert machine.examine() == ExitCode.PASSED
    assert f"ok     engine         {told}" in capsys.readouterr().out


def test_a_rootless_engine_is_told(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.engine.answers["info --format {{.SecurityOptions}}"] = "[name=seccomp,profile=default name=rootless]\n"
    assert machine.examine() == ExitCode.PASSED
    assert "Docker 28.0, rootless, docker client 28.5" in capsys.readouterr().out


def test_an_old_compose_is_3(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.engine.answers["compose version"] = "Docker Compose version v2.6.0\n"
    assert machine.examine() == ExitCode.NO_ENGINE
    assert "WRONG  engine         Docker Compose v2.6.0 is too old" in capsys.readouterr().out


@pytest.mark.parametrize(("sources", "is_told"), [("copy", True), ("auto", False)])
def test_a_compose_that_copies_no_single_file_is_told_where_something_is_copied(
    machine: Machine, capsys: pytest.CaptureFixture[str], sources: str, is_told: bool
) -> None:
    machine.engine.answers["compose version"] = "Docker Compose version v2.20.3\n"
    evv = machine.settings.repositories["evv"]
    machine.settings.repositories["evv"] = evv.model_copy(update={"sources": sources})
    assert machine.examine() == ExitCode.PASSED
    assert ("ok     copies         of folders, but of no single file" in capsys.readouterr().out) == is_told
