"""What docker says becomes values and errors of ours; `docker` is a script that says what a test wants."""

import json
import os
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from runner.docker import engine as engine_module
from runner.docker import questions
from runner.docker.engine import Engine, connect
from runner.docker.inventory import EngineFacts, Image, Machine
from runner.docker.listing import VOLUMES, Resource
from runner.docker.questions import ComposeProject, Question
from runner.errors import ConfigError, EngineStalled, EngineUnavailable, EnvironmentFailed
from tests.unit.processes import PATIENCE, ROOT, end_of
from tests.unit.scripted_docker import Answer, ScriptedDocker

VERSION = '{"Client": {"Version": "28.0.4"}, "Server": {"Version": "20.10.24", "KernelVersion": "6.1"}}'
CONTAINER = """{"Id": "abc", "Name": "/p-odoo-1", "State": {"Status": "%s", "ExitCode": %d, "OOMKilled": %s %s},
"Config": {"Labels": {"com.docker.compose.service": "odoo", "com.docker.compose.project": "p"}}}"""
PROJECT = ComposeProject("p-1", (Path("/a.yml"), Path("/b.json")), {"ODOO_PORT": "8090"})
HANGING = "exec sleep 1000"

Make = Callable[[dict[str, Answer]], Engine]


def test_the_engine_tells_its_version_and_the_kernel_of_its_machine(engine: Make) -> None:
    assert engine({"version": (0, VERSION, "")}).ask(questions.version()) == EngineFacts("20.10.24", "6.1", client="28.0.4")


def test_podman_is_told_apart(engine: Make) -> None:
    server = {"Version": "5.0", "KernelVersion": "6.1", "Components": [{"Name": "Podman Engine"}, {"Name": "conmon"}]}
    facts = engine({"version": (0, json.dumps({"Server": server}), "")}).ask(questions.version())
    assert facts == EngineFacts("5.0", "6.1", is_podman=True)
    assert facts.name == "Podman 5.0"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((1, "", "permission denied while trying to connect to the socket"), ["No permission", "group `docker`"]),
        (
            (1, '{"Server": null}', "Cannot connect to the Docker daemon at unix:///x."),
            ["does not answer", "Cannot connect to the Docker daemon", "nox -s setup"],
        ),
        ((0, '{"Client": {"Version": "28"}, "Server": null}', ""), ["did not tell its version"]),
        ((1, "", ""), ["does not answer", "exit code 1"]),
        # As Podman 4.3 says it, which is `docker` with podman-docker.
        (
            (0, '{"Client":{"APIVersion":"4.3.1","Version":"4.3.1","OsArch":"linux/amd64"}}', ""),
            ["Podman itself", "DOCKER_HOST"],
        ),
    ],
    ids=["no permission", "no daemon", "no version", "no word", "podman"],
)
def test_what_is_missing_is_said_with_what_to_do(engine: Make, answer: Answer, expected: list[str]) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        engine({"version": answer}).ask(questions.version())
    for part in expected:
        assert part in str(caught.value)


def test_an_engine_that_never_answers_is_none(script: ScriptedDocker) -> None:
    script.run("exec sleep 1000")
    with pytest.raises(EngineUnavailable, match=r"^Waited 0 s in vain for `docker version`\. Is the Docker daemon overloaded"):
        Engine(script.endpoint).ask(questions.version().within(0.05))


def test_whoever_connects_knows_that_the_engine_answers(script: ScriptedDocker) -> None:
    script.answer({"version": (0, VERSION, "")})
    assert connect({**script.environ, "DOCKER_HOST": "tcp://one"}).endpoint.environ["DOCKER_HOST"] == "tcp://one"
    script.answer({"version": (1, "", "Cannot connect to the Docker daemon at unix:///x.")})
    with pytest.raises(EngineUnavailable, match="does not answer"):
        connect(script.environ)


@pytest.mark.parametrize(
    "ask",
    [lambda engine: engine.ask(questions.compose_version()), lambda engine: engine.rendered(PROJECT)],
    ids=["version", "config"],
)
def test_a_docker_without_compose_is_told_what_to_install(engine: Make, ask: Callable[[Engine], object]) -> None:
    made = engine({"compose": (125, "", "unknown flag: --project-name")})
    with pytest.raises(EngineUnavailable, match=r"Compose v2 is missing .*docker-compose-plugin") as caught:
        ask(made)
    assert "unknown flag" not in str(caught.value)


def test_the_version_of_compose_is_the_last_word(engine: Make) -> None:
    made = engine({"compose version": (0, "Docker Compose version v2.26.1\n", "")})
    assert made.ask(questions.compose_version()) == "v2.26.1"


@pytest.mark.parametrize(
    ("version", "is_too_old"), [("v2.7.0", True), ("1.29.2", True), ("v2.8.0", False), ("2.40.3-3", False), ("dev", False)]
)
def test_a_compose_whose_up_lacks_what_a_run_needs_is_told_to_be_updated(engine: Make, version: str, is_too_old: bool) -> None:
    made = engine({"compose version": (0, f"Docker Compose version {version}\n", "")})
    if is_too_old:
        with pytest.raises(EngineUnavailable, match=rf"Compose {version} is too old.*to 2\.8 or later"):
            made.ask(questions.compose_version())
    else:
        assert made.ask(questions.compose_version()) == version


@pytest.mark.parametrize(
    ("question", "output"),
    [
        pytest.param(question, output, id=f"{question.words[0]} {output}")
        for question, valid in (
            (questions.version(), None),
            (questions.info(), None),
            (questions.rendered(PROJECT), '{"Server": 7}'),
            (questions.image("odoo"), None),
            (questions.states(["c"]), "[]"),
            (questions.resources(VOLUMES, ["a"]), ""),
        )
        for output in ("", "no JSON", "null", "7", "[7]", '"text"', "[", "[]", "[[]]", '{"Server": 7}', "[null]")
        if output != valid
    ],
)
def test_an_answer_that_is_none_is_an_error_with_an_exit_code(
    script: ScriptedDocker, question: Question[Any], output: str
) -> None:
    script.run(f"printf %s '{output}'")
    with pytest.raises((EngineUnavailable, EnvironmentFailed), match=r"not understood|did not tell its version"):
        Engine(script.endpoint).ask(question)


@pytest.mark.parametrize(
    "system_time",
    ["2026-11-26T10:00:00Z", "2026-11-26T10:00:00.999999999Z", "2026-11-26T11:30:00.5+01:30", "2026-11-26T07:00:00-03:00"],
)
def test_an_engine_is_told_from_others_by_its_id_and_has_a_clock_that_goes_on(
    script: ScriptedDocker, system_time: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.answer({"info": (0, json.dumps(["SR5H:UYO3", system_time, 8000, 2, True, False, True]), "")})
    made = Engine(script.endpoint)
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    made.prefetch_info()
    clock[0] += 60  # in which something else was done
    assert made.info.id == "SR5H:UYO3"
    assert made.info.now == datetime(2026, 11, 26, 10, 1, tzinfo=timezone.utc).timestamp()
    assert made.info.machine == Machine(8000, 2, True, False, True)
    assert len(script.calls) == 1


@pytest.mark.parametrize(
    "answer",
    ['["a", "yesterday", 8, 2]', '["a", "", 8, 2]', '["a", null, 8, 2]', '[null, "2026-11-26T10:00:00Z", 8, 2]', '["a"]'],
)
def test_an_engine_that_tells_no_id_or_no_time_is_not_understood(script: ScriptedDocker, answer: str) -> None:
    script.run(f"printf %s '{answer}'")
    with pytest.raises(EnvironmentFailed, match="`docker info` gave an answer that is not understood"):
        _ = Engine(script.endpoint).info


def test_a_command_is_what_docker_prints_or_an_error_with_its_words(engine: Make) -> None:
    made = engine({"volume create": (0, "v\n", ""), "volume rm": (1, "", "volume is in use")})
    assert made.command("volume", "create", "v") == "v\n"
    with pytest.raises(EnvironmentFailed, match=r"^`docker volume rm` failed: volume is in use$"):
        made.command("volume", "rm", "v")


# Which client is asked, and how long it is waited for


def test_every_client_has_the_endpoint_and_the_token_and_a_compose_project_s_variables_too(script: ScriptedDocker) -> None:
    script.run('printf \'{"seen": "%s %s"}\' "$AGENT_TEST_TOKEN" "$ODOO_PORT"')
    made = Engine(script.endpoint, "of-this-run")
    assert json.loads(made.command("info")) == {"seen": "of-this-run "}
    assert made.rendered(PROJECT) == {"seen": "of-this-run 8090"}
    assert made.rendered(replace(PROJECT, variables={"ODOO_PORT": "8091"})) == {"seen": "of-this-run 8091"}
    assert "AGENT_TEST_TOKEN" not in made.endpoint.environ
    assert json.loads(Engine(script.endpoint).command("info")) == {"seen": " "}


def test_what_is_asked_ahead_is_answered_side_by_side_to_whoever_asked(script: ScriptedDocker) -> None:
    script.run('touch "$here/$1"; while [ ! -e "$here/$2" ]; do sleep 0.01; done; echo "$1 met $2"')
    made = Engine(script.endpoint)
    pending = [made.prefetch(questions.command(*words)) for words in (("one", "two"), ("two", "one"))]
    assert [question.result() for question in pending] == ["one met two\n", "two met one\n"]


def test_the_same_question_asked_twice_has_two_answers(script: ScriptedDocker) -> None:
    script.run('echo x >>"$here/count"; wc -l <"$here/count"; echo answered >"$tell"')
    made = Engine(script.endpoint)
    first = made.prefetch(questions.command("info"))
    assert script.told() == ["answered"]
    second = made.prefetch(questions.command("info"))
    assert [second.result().strip(), first.result().strip()] == ["2", "1"]


def test_a_docker_that_hangs_is_given_up_and_named(script: ScriptedDocker) -> None:
    script.run(f'echo $$ >"$tell"; {HANGING}')
    made = Engine(script.endpoint)
    pending = made.prefetch(questions.info().within(0.05))
    (client,) = script.told_pids()
    with (
        end_of(client),
        pytest.raises(EngineStalled, match=r"Waited 0 s in vain for `docker info`\..*nox -s doctor"),
    ):
        pending.result()
    with pytest.raises(EngineStalled, match="in vain for `docker info`"):
        made.command("info", limit=0.05)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        (questions.rendered(PROJECT), "`docker compose config`"),
        (questions.execution("c", ["createdb", "x"]), "`createdb` in c"),
    ],
)
def test_what_is_waited_for_is_named_in_words_of_the_run(script: ScriptedDocker, question: Question[Any], named: str) -> None:
    script.run(HANGING)
    with pytest.raises(EngineStalled, match=f"in vain for {named}"):
        Engine(script.endpoint).ask(question.within(0.05))


def test_clients_whose_answers_nobody_has_fetched_are_ended(script: ScriptedDocker) -> None:
    script.run(f'[ "$1" = done ] && exit; echo $$ >"$tell"; {HANGING}')
    made = Engine(script.endpoint)
    made.command("done")
    made.prefetch(questions.command("one"))
    made.prefetch(questions.command("two"))
    (one,), (two,) = script.told_pids(), script.told_pids()
    with end_of(one), end_of(two):
        made.cancel_all()
    made.cancel_all()


def test_a_docker_that_cannot_be_started_is_an_error_of_the_environment(tmp_path: Path, script: ScriptedDocker) -> None:
    made = Engine(replace(script.endpoint, environ={"PATH": str(tmp_path)}))
    with pytest.raises(EnvironmentFailed, match="docker cannot be started"):
        made.ask(questions.version())


WAITS_FOR_DOCKER = """
from runner.docker import questions
from runner.docker.engine import Engine, connect
from runner.docker.process import Endpoint

def test_that_hangs():
    Engine(Endpoint({environ!r})).ask(questions.version())
"""


def test_a_time_limit_of_pytest_holds_while_docker_is_waited_for(script: ScriptedDocker, tmp_path: Path) -> None:
    script.run(HANGING)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntimeout = 1\ntimeout_method = signal\n")
    (tmp_path / "test_it.py").write_text(WAITS_FOR_DOCKER.format(environ=script.environ))
    words = [sys.executable, "-m", "pytest", "-p", "pytest_timeout", "-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environ |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE, cwd=tmp_path, env=environ)
    assert "Timeout (>1.0s) from pytest-timeout" in ended.stdout
    assert "1 failed" in ended.stdout


# Compose files, images, containers


def test_compose_is_asked_about_the_project_and_all_its_files(engine: Make, script: ScriptedDocker) -> None:
    made = engine({"compose": (0, '{"services": {"odoo": {}}}', "")})
    assert made.rendered(PROJECT) == {"services": {"odoo": {}}}
    assert made.rendered(PROJECT, made.prefetch(questions.rendered(PROJECT))) == {"services": {"odoo": {}}}
    assert script.calls == ["compose --file /a.yml --file /b.json --project-name p-1 config --format json"] * 2


def test_a_compose_file_that_compose_refuses_is_an_error_of_the_configuration(engine: Make) -> None:
    refusal = "validating /a.yml: services.odoo.colour is not allowed\n"
    made = engine({"compose version": (0, "Docker Compose version v2.26.1", ""), "compose": (15, "", refusal)})
    expected = r"does not accept /a\.yml and /b\.json \(`compose_file` in repos.yaml\):\n.*colour is not"
    with pytest.raises(ConfigError, match=expected):
        made.rendered(PROJECT)


# Two GB, if nothing stops it.
GROWING = "x = [bytearray(1 << 26) for _ in range(32)]"


@pytest.mark.parametrize(
    ("script_of", "expected"),
    [
        (HANGING, r"takes more than \d+ s to read /a\.yml and /b\.json, or a file that is named in there or called `\.env`"),
        (
            # What takes more memory than it gets, as Compose that reads a device.
            f"{sys.executable} -c '{GROWING}' || echo 'runtime: cannot allocate memory' >&2; exit 2",
            r"takes more than 1 GB of memory to read /a\.yml and /b\.json, or a file that is named in there",
        ),
        ("echo 'fatal error: runtime: out of memory' >&2; exit 2", r"takes more than 1 GB of memory"),
    ],
    ids=["a pipe", "a device", "as Go says it"],
)
def test_a_compose_file_without_an_end_is_an_error_of_the_configuration(
    script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch, script_of: str, expected: str
) -> None:
    monkeypatch.setattr(questions, "READING_LIMIT", 0.5 if script_of == HANGING else PATIENCE)
    script.run(f'[ "$2" = version ] && exit; {script_of}')
    with pytest.raises(ConfigError, match=expected):
        Engine(script.endpoint).rendered(PROJECT)


def test_an_image_is_known_by_the_registry_s_digest_else_by_its_own(engine: Make) -> None:
    inspected = '[{"Id": "sha256:local", "RepoDigests": [%s], "Config": {"Cmd": ["odoo"]}}]'
    question = questions.image("odoo:18.0")
    far = engine({"image inspect odoo:18.0": (0, inspected % '"odoo@sha256:far"', "")}).ask(question)
    assert far == Image("odoo@sha256:far", {"Cmd": ["odoo"]}, "sha256:local")
    local = engine({"image inspect": (0, inspected % "", "")}).ask(question)
    assert local == Image("sha256:local", {"Cmd": ["odoo"]}, "sha256:local")
    assert engine({"image inspect": (1, "[]", "Error: No such image: odoo:18.0")}).ask(question) is None
    with pytest.raises(EnvironmentFailed, match=r"image inspect odoo:18\.0.*shutting down"):
        engine({"image inspect": (1, "[]", "the daemon is shutting down")}).ask(question)


def test_a_container_s_state_is_read_with_and_without_a_health_check(engine: Make, script: ScriptedDocker) -> None:
    listed: Answer = (0, '["p-odoo-1",""]\n', "")
    healthy = CONTAINER % ("running", 0, "false", ', "Health": {"Status": "healthy", "FailingStreak": 0, "Log": []}')
    (odoo,) = engine({"ps -a": listed, "container inspect p-odoo-1": (0, f"[{healthy}]", "")}).containers("p")
    assert (odoo.name, odoo.service, odoo.status, odoo.health) == ("p-odoo-1", "odoo", "running", "healthy")
    assert "--filter label=com.docker.compose.project=p " in script.calls[0]
    exited = CONTAINER % ("exited", 137, "true", "")
    (odoo,) = engine({"ps -a": listed, "container inspect": (0, f"[{exited}]", "")}).containers("p")
    assert (odoo.status, odoo.health, odoo.exit_code, odoo.oom_killed) == ("exited", None, 137, True)
    assert engine({"ps -a": (0, "", "")}).containers("p") == []


def test_an_engine_that_does_not_tell_the_states_is_an_error_with_its_words(engine: Make) -> None:
    with pytest.raises(EnvironmentFailed, match=r"^`docker ps` failed: the daemon is shutting down$"):
        engine({"ps": (1, "", "the daemon is shutting down")}).containers("p")
    with pytest.raises(EnvironmentFailed, match=r"^`docker ps` failed: exit code 7$"):
        engine({"ps": (7, "", "")}).containers("p")


def test_the_containers_of_a_failed_start_are_removed_with_their_anonymous_volumes(
    engine: Make, script: ScriptedDocker
) -> None:
    made = engine({"ps -a": (0, '["a",""]\n["b",""]\n', ""), "container rm": (0, "", "")})
    made.remove_containers("p")
    assert script.calls[1:] == ["container rm --force --volumes a b"]
    engine({"ps -a": (0, "", "")}).remove_containers("p")


def test_containers_networks_and_volumes_are_listed_with_their_labels(engine: Make, script: ScriptedDocker) -> None:
    made = engine(
        {"ps": (0, '["c","0.0.0.0:80->1/tcp","x"]\n', ""), "network": (0, "", ""), "volume": (0, '["v","",""]\n', "")}
    )
    listings = [pending.result() for pending in made.prefetch_resources(["a"], "label=a").values()]
    assert listings == [[Resource("c", {"a": "x"}, (80,))], [], [Resource("v", {})]]
    assert all("--filter label=a --format" in call for call in script.calls)


@pytest.mark.parametrize(("failures", "succeeds"), [(0, True), (9, True), (10, False)])
def test_a_volume_that_another_run_removes_during_the_listing_does_not_matter(
    script: ScriptedDocker, failures: int, succeeds: bool
) -> None:
    gone = 'echo "get x: no such volume" >&2; exit 1'
    script.run(f'echo >>"$here/calls"; [ $(wc -l <"$here/calls") -gt {failures} ] || {{ {gone}; }}; echo \'["v",""]\'')
    pending = Engine(script.endpoint).prefetch(questions.resources(VOLUMES, ()))
    if succeeds:
        assert pending.result() == [Resource("v", {})]
    else:
        with pytest.raises(EnvironmentFailed, match="no such volume"):
            pending.result()
    assert len(script.calls) == min(failures + 1, 10)


def test_only_a_listing_is_asked_for_again_and_only_if_something_vanished(engine: Make, script: ScriptedDocker) -> None:
    made = engine({"volume": (1, "", "the daemon is shutting down"), "container": (1, "", "No such container: c")})
    asked: list[Question[Any]] = [questions.resources(VOLUMES, ()), questions.states(["c"])]
    for question in asked:
        with pytest.raises(EnvironmentFailed):
            made.ask(question)
    assert len(script.calls) == 2


# In containers


def test_a_short_command_s_exit_code_and_words_are_told(engine: Make) -> None:
    made = engine({"exec c psql -l": (2, "", "no server\n"), "exec c": (0, "out\n", "not read\n")})
    assert made.ask(questions.execution("c", ["psql", "-l"])) == (2, "no server\n")
    assert made.ask(questions.execution("c", ["true"])) == (0, "out\n")


def test_a_health_check_is_repeated_in_the_container_until_it_passes_or_its_time_is_over(
    engine: Make, script: ScriptedDocker
) -> None:
    assert engine({"exec": (0, "", "")}).failing({"c": ["pg_isready", "-q"]}, 2.0) == {}
    (call,) = script.calls
    assert call.startswith("exec c sh -c n=$1;")
    assert call.endswith("until 20 pg_isready -q")
    made = engine({"exec c": (1, "connection refused", ""), "exec d": (0, "", "")})
    assert made.failing({"c": ["x"], "d": ["y"]}, 2.0) == {"c": "connection refused"}
    made = engine({"exec": (126, "", "exec: sh: not found")})
    assert made.failing({"c": ["x"]}, 2.0) == {"c": "exec: sh: not found"}


def test_a_health_check_that_hangs_has_not_passed_and_hides_none_that_has(
    script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_HANGING", 0.5)
    script.run(f'[ "$2" = c ] || exit 0; {HANGING}')
    hangs = "(it does not come to an end)"
    assert Engine(script.endpoint).failing({"c": ["x"], "d": ["y"]}, 0.0) == {"c": hangs}
    script.run(HANGING)
    assert Engine(script.endpoint).failing({"c": ["x"], "d": ["y"]}, 0.0) == {"c": hangs, "d": hangs}


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (["true"], (0, "")),
        (["sh", "-c", "echo no >&2; exit 7"], (1, "no")),
        (["sh", "-c", "head -c 9999 /dev/zero | tr '\\0' x; exit 1"], (1, "x" * 2000)),
        (["no-such-command"], (1, "until: 1: no-such-command: not found")),
    ],
)
def test_the_repetition_is_a_script_that_a_shell_understands_and_says_what_the_check_said_last(
    test: list[str], expected: tuple[int, str]
) -> None:
    words = ["sh", "-c", engine_module._UNTIL, "until", "2", *test]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == expected


def test_logs_that_cannot_be_had_say_why_instead_of_hiding_the_first_error(engine: Make) -> None:
    question = questions.logs("c", 5)
    assert engine({"logs --tail 5 c": (0, "a\nb\n", "c\n")}).ask(question) == "a\nb\nc"
    assert engine({"logs": (1, "", "No such container: c")}).ask(question) == "(no log: No such container: c)"


def test_what_was_answered_is_forgotten_as_a_watch_asks_for_hours(engine: Make) -> None:
    made = engine({"version": (0, VERSION, "")})
    questions_asked = [weakref.ref(made.prefetch(questions.version())) for _ in range(3)]
    for asked in questions_asked:
        pending = asked()
        assert pending  # nobody has its answer yet
        pending.result()
    del pending
    made.ask(questions.version())
    assert [asked() for asked in questions_asked] == [None] * 3
