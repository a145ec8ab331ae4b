"""What docker says becomes values and errors of ours; `docker` is a script that says what a test wants."""

import gc
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.cleanup.teardown import kill_clients
from runner.docker import engine as engine_module
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.docker.messages import PortTaken
from runner.docker.process import TOKEN_VARIABLE
from runner.errors import ConfigError, EngineStalled, EngineUnavailable, EnvironmentFailed

VERSION = '{"Client": {"Version": "28.0.4"}, "Server": {"Version": "20.10.24", "KernelVersion": "6.1"}}'
CONTAINERS = """[{"Id": "abc", "Name": "/p-odoo-1", "State": {"Status": "%s", "ExitCode": %d, "OOMKilled": %s %s},
"Config": {"Labels": {"com.docker.compose.service": "odoo", "com.docker.compose.project": "p"}}}]"""

Answers = dict[str, tuple[int, str, str]]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Answers], Engine]:
    """Make an engine of answers: the beginning of a command -> exit code, standard output, standard error."""
    folder = tmp_path / "docker-that-answers"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def make(answers: Answers) -> Engine:
        cases = "".join(
            f"{shlex.quote(begin)}*) printf %s {shlex.quote(out)}; printf %s {shlex.quote(err)} >&2; exit {code} ;;\n"
            for begin, (code, out, err) in answers.items()
        )
        program = folder / "docker"
        program.write_text(f'#!/bin/sh\necho "$*" >>{folder}/calls\ncase "$*" in\n{cases}*) exit 99 ;;\nesac\n')
        program.chmod(0o755)
        return Engine({"ODOO_PORT": "8090"})

    return make


Make = Callable[[Answers], Engine]


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "docker-that-answers/calls").read_text().splitlines()


def test_the_engine_tells_its_version_and_the_kernel_of_its_machine(engine: Make) -> None:
    made = engine({"version": (0, VERSION, "")})
    assert (made.check(), made.kernel) == ("20.10.24", "6.1")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"version": (1, "", "permission denied while trying to connect to the socket")}, ["No permission", "group `docker`"]),
        (
            {"version": (1, '{"Server": null}', "Cannot connect to the Docker daemon at unix:///x.")},
            ["does not answer", "Cannot connect to the Docker daemon", "nox -s setup"],
        ),
        ({"version": (0, '{"Client": {"Version": "28"}, "Server": null}', "")}, ["did not tell its version"]),
    ],
    ids=["no permission", "no daemon", "no version"],
)
def test_what_is_missing_is_said_with_what_to_do(engine: Make, answers: Answers, expected: list[str]) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        engine(answers).check()
    for part in expected:
        assert part in str(caught.value)


@pytest.mark.parametrize("ask", [Engine.compose_version, Engine.rendered])
def test_a_docker_without_compose_is_told_what_to_install(engine: Make, ask: Callable[[Engine], object]) -> None:
    made = engine({"compose": (125, "", "unknown flag: --project-name")})
    with pytest.raises(EngineUnavailable, match=r"Compose v2 is missing .*docker-compose-plugin") as caught:
        ask(made)
    assert "unknown flag" not in str(caught.value)


def test_a_machine_without_docker_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailable, match=r"no `docker` command.*nox -s setup"):
        Engine()


def test_compose_settings_of_the_shell_do_not_reach_compose_and_the_run_s_variables_do(
    engine: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_FILE", "/no/such/file")
    engine({}).set_variables({"ODOO_ADDONS": "/srv"})
    assert "COMPOSE_FILE" not in os.environ
    assert (os.environ["ODOO_PORT"], os.environ["ODOO_ADDONS"]) == ("8090", "/srv")


def test_a_docker_that_hangs_is_given_up(engine: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = engine({})
    (tmp_path / "docker-that-answers/docker").write_text("#!/bin/sh\nexec sleep 1000\n")
    monkeypatch.setattr(engine_module, "QUERY_LIMIT", 0.05)
    with pytest.raises(EngineStalled, match="docker version"):
        made.check()


@pytest.mark.parametrize(
    "message",
    [
        "Bind for 127.0.0.1:8090 failed: port is already allocated",
        "listen tcp4 127.0.0.1:8090: bind: address already in use",
        "all ports are allocated",
    ],
)
def test_a_port_that_went_to_somebody_else_is_told_apart_from_other_failures(engine: Make, message: str) -> None:
    answers: Answers = {"compose": (1, "", f"Container p-odoo-1 Starting\nError response from daemon: {message}\n")}
    with pytest.raises(PortTaken):
        engine(answers).streams.up()


def test_any_other_failure_of_up_carries_what_compose_said(engine: Make) -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        engine({"compose": (1, "", "Network p Creating\nno space left on device\n")}).streams.up()
    assert not isinstance(caught.value, PortTaken)
    assert str(caught.value) == "`docker compose up` failed:\nNetwork p Creating\nno space left on device"


def test_compose_is_spoken_to_about_the_project_and_all_its_files(engine: Make, tmp_path: Path) -> None:
    made = engine({"compose": (0, '{"services": {"odoo": {}}}', "")})
    made.use_project("p-1", [Path("/a.yml"), Path("/b.json")])
    assert made.rendered() == {"services": {"odoo": {}}}
    made.streams.up()
    for call in calls(tmp_path):
        assert "--file /a.yml --file /b.json" in call
        assert "--project-name p-1" in call
    assert "up --detach" in calls(tmp_path)[-1]


def test_a_compose_file_that_compose_refuses_is_an_error_of_the_configuration(engine: Make) -> None:
    refusal = "validating /a.yml: services.odoo.colour is not allowed\n"
    made = engine({"compose version": (0, "Docker Compose version v2.26.1", ""), "compose": (15, "", refusal)})
    made.use_project("p-1", [Path("/a.yml")])
    with pytest.raises(ConfigError, match=r"does not accept /a\.yml \(`compose_file` in repos.yaml\):\n.*colour is not"):
        made.rendered()


def test_an_image_is_known_by_the_registry_s_digest_else_by_its_own(engine: Make) -> None:
    inspected = '[{"Id": "sha256:local", "RepoDigests": [%s], "Config": {"Cmd": ["odoo"]}}]'
    far = engine({"image inspect": (0, inspected % '"odoo@sha256:far"', "")}).image("odoo:18.0")
    assert far == Image("odoo@sha256:far", {"Cmd": ["odoo"]})
    local = engine({"image inspect": (0, inspected % "", "")}).image("odoo:18.0")
    assert local == Image("sha256:local", {"Cmd": ["odoo"]})
    assert engine({"image inspect": (1, "[]", "Error: No such image: odoo:18.0")}).image("odoo:18.0") is None
    with pytest.raises(EnvironmentFailed, match=r"image inspect odoo:18\.0.*shutting down"):
        engine({"image inspect": (1, "[]", "the daemon is shutting down")}).image("odoo:18.0")


def test_an_image_that_cannot_be_pulled_is_said_with_the_way_without_a_registry(engine: Make) -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        engine({"image pull": (1, "", "dial tcp: no such host")}).streams.pull("odoo:18.0")
    for part in ("odoo:18.0", "no such host", "nox -s setup", "repos.local.yaml"):
        assert part in str(caught.value)


def test_a_container_s_state_is_read_with_and_without_a_health_check(engine: Make) -> None:
    healthy = CONTAINERS % ("running", 0, "false", ', "Health": {"Status": "healthy", "FailingStreak": 0, "Log": []}')
    made = engine({"container ls": (0, "abc\n", ""), "container inspect": (0, healthy, "")})
    (found,) = made.containers("p")
    assert (found.name, found.service, found.status, found.health) == ("p-odoo-1", "odoo", "running", "healthy")
    made = engine({"container ls": (0, "abc\n", ""), "container inspect": (0, CONTAINERS % ("exited", 137, "true", ""), "")})
    (found,) = made.containers("p")
    assert (found.status, found.health, found.exit_code, found.oom_killed) == ("exited", None, 137, True)


def test_an_engine_that_does_not_tell_the_states_is_an_error_with_its_words(engine: Make) -> None:
    with pytest.raises(EnvironmentFailed, match=r"^`docker container ls` failed: the daemon is shutting down$"):
        engine({"container ls": (1, "", "the daemon is shutting down")}).containers("p")
    with pytest.raises(EnvironmentFailed, match=r"^`docker container ls` failed: exit code 7$"):
        engine({"container ls": (7, "", "")}).containers("p")


@pytest.mark.parametrize("code", [0, 1, 137, 255])
def test_a_command_s_output_comes_line_by_line_and_its_exit_code_afterwards(engine: Make, code: int) -> None:
    execution = engine({"exec": (code, "one\ncaf\u00e9\n", "")}).streams.execute("c", ["odoo"], 60)
    assert list(execution) == [b"one\n", "caf\u00e9\n".encode()]
    assert execution.exit_code == code


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_a_command_that_runs_past_its_limit_is_given_up(engine: Make, tmp_path: Path) -> None:
    made = engine({})
    (tmp_path / "docker-that-answers/docker").write_text("#!/bin/sh\necho begun\nexec sleep 1000\n")
    made.set_variables({TOKEN_VARIABLE: "of-this-test"})
    with pytest.raises(EngineStalled, match="the end of `odoo` in c"):
        list(made.streams.execute("c", ["odoo"], 0.1))
    # The client lives on: the teardown finds it by the run's token.
    assert kill_clients("of-this-test") == 1
    gc.collect()


@pytest.mark.parametrize("ask", [Engine.labelled, Engine.volumes_with])
def test_a_volume_that_another_run_removes_during_the_listing_does_not_matter(
    engine: Make, tmp_path: Path, ask: Callable[[Engine, str], list[Any]]
) -> None:
    made = engine({"container ls": (0, "", ""), "network ls": (0, "", "")})
    program = tmp_path / "docker-that-answers/docker"
    gone = f'touch {tmp_path}/once; echo "get x: no such volume" >&2; exit 1'
    once = f"volume*) if [ ! -e {tmp_path}/once ]; then {gone}; fi ;;"
    program.write_text(program.read_text().replace("*) exit 99 ;;", f"{once}\n*) exit 99 ;;"))
    assert ask(made, "x") == []
    assert (tmp_path / "once").exists()


def test_a_health_check_is_repeated_in_the_container_until_it_passes_or_its_time_is_over(engine: Make, tmp_path: Path) -> None:
    made = engine({"exec": (0, "", "")})
    assert made.passing({"c": ["pg_isready", "-q"]}, 2.0) == {"c"}
    (call,) = calls(tmp_path)
    assert call.startswith("exec c sh -c n=$1;")
    assert call.endswith("until 20 pg_isready -q")
    assert engine({"exec c": (1, "", ""), "exec d": (0, "", "")}).passing({"c": ["x"], "d": ["y"]}, 2.0) == {"d"}
    assert not engine({"exec": (126, "", "exec: sh: not found")}).passing({"c": ["x"]}, 2.0)


def test_a_health_check_that_hangs_has_not_passed(engine: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = engine({})
    (tmp_path / "docker-that-answers/docker").write_text("#!/bin/sh\nexec sleep 1000\n")
    monkeypatch.setattr(engine_module, "_HANGING", 0.05)
    assert made.passing({"c": ["x"], "d": ["y"]}, 0.0) == set()


@pytest.mark.parametrize(("test", "expected"), [(["true"], 0), (["false"], 1)])
def test_the_repetition_is_a_script_that_a_shell_understands(test: list[str], expected: int) -> None:
    script = ["sh", "-c", engine_module._UNTIL, "until", "2", *test]
    assert subprocess.run(script, check=False).returncode == expected


def test_logs_that_cannot_be_had_say_why_instead_of_hiding_the_first_error(engine: Make) -> None:
    assert (
        engine(
            {"container inspect": (0, CONTAINERS % ("running", 0, "false", ""), ""), "container logs": (0, "a\nb\n", "")}
        ).streams.logs("c", 5)
        == "a\nb"
    )
    logs = engine({"container inspect": (1, "[]", "No such container: c")}).streams.logs("c", 5)
    assert "(no log: No such container" in logs
