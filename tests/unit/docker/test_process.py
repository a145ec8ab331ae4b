"""A docker client gets what it is given and nothing else, is bounded in time, and does not outlive who asked."""

import os
import secrets
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from runner.cleanup.resources import finish
from runner.docker import process as process_module
from runner.docker.process import (
    Attached,
    Command,
    Completed,
    DockerFailed,
    DockerStalled,
    Endpoint,
    client_environ,
    has_vanished,
    kill_clients,
    named,
)
from runner.errors import Interrupted
from runner.processes import marked
from tests.unit.processes import PATIENCE, end_of, line, python
from tests.unit.scripted_docker import ESCAPED, ScriptedDocker

# Two processes that hold the pipes: the client and its child. They tell their pids first.
HANGING = 'sleep 1000 & echo $$ $! >"$tell"; wait'
UNMARKED = f"env -u AGENT_TEST_CLIENT {ESCAPED}"


def soon() -> float:
    """A deadline that nobody keeps who hangs."""
    return time.monotonic() + 0.05


def late() -> float:
    """A deadline that everybody keeps who works."""
    return time.monotonic() + PATIENCE


def test_a_client_has_the_environment_that_it_is_given_and_no_other(
    script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_FILE", "/of/the/shell")
    script.run("env")
    output = Command(("info",), {**script.environ, "GIVEN": "yes"}).output(late())
    names = {entry.partition("=")[0] for entry in output.splitlines()}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "GIVEN", "AGENT_TEST_CLIENT"}  # a shell makes the others itself
    assert "GIVEN=yes" in output.splitlines()


def test_a_client_works_in_a_folder_that_nobody_can_delete(
    script: ScriptedDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.run("pwd")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert script.endpoint.start("info").output(late()) == "/\n"
    monkeypatch.chdir(tmp_path)


def test_a_client_leads_a_process_group_and_a_session_of_its_own(script: ScriptedDocker) -> None:
    script.run(HANGING)
    command = script.endpoint.start("info")
    client, _child = script.told_pids()
    assert os.getpgid(client) == os.getsid(client) == client
    command.cancel()


def test_clients_work_side_by_side_and_their_answers_keep_their_order(script: ScriptedDocker) -> None:
    script.run('touch "$here/$1"; while [ ! -e "$here/$2" ]; do sleep 0.01; done; echo "$1 met $2"')
    commands = [script.endpoint.start("one", "two"), script.endpoint.start("two", "one")]
    assert [command.output(late()) for command in commands] == ["one met two\n", "two met one\n"]


def test_how_a_client_ended_is_an_answer_and_why_it_failed_is_an_error(script: ScriptedDocker) -> None:
    script.run('echo out; echo "went wrong" >&2; exit 3')
    assert script.endpoint.start("network", "ls").result(late()) == Completed(3, "out\n", "went wrong\n")
    with pytest.raises(DockerFailed, match=r"^`docker network ls`: went wrong$"):
        script.endpoint.start("network", "ls", "--quiet").output(late())
    script.run("exit 3")
    with pytest.raises(DockerFailed, match=r"^`docker network ls`: exit 3$"):
        script.endpoint.start("network", "ls").output(late())


def test_bytes_that_are_no_text_are_replaced(script: ScriptedDocker) -> None:
    script.run(r"printf 'caf\303\251 \377'; printf '\376' >&2")
    assert script.endpoint.start("info").result(late()) == Completed(0, "caf\u00e9 \ufffd", "\ufffd")


def test_a_machine_without_docker_is_an_error_with_that(tmp_path: Path) -> None:
    with pytest.raises(DockerFailed, match=r"docker cannot be started: .*No such file"):
        Command(("info",), {"PATH": str(tmp_path)})


def test_at_its_deadline_a_client_is_ended_with_its_child(script: ScriptedDocker) -> None:
    script.run(HANGING)
    command = script.endpoint.start("container", "ls", "--all")
    client, child = script.told_pids()
    with (
        end_of(client),
        end_of(child),
        pytest.raises(DockerStalled, match=r"^`docker container ls` did not answer within \d+ s$"),
    ):
        command.result(soon())


@pytest.mark.parametrize("client", ["wait", "exit"], ids=["that hangs itself", "that has ended"])
def test_a_child_in_a_session_of_its_own_is_ended_too(script: ScriptedDocker, client: str) -> None:
    script.run(f"{ESCAPED} {client}")
    command = script.endpoint.start("info")
    (child,) = script.told_pids()
    with end_of(child), pytest.raises(DockerStalled):
        command.result(soon())


@pytest.mark.parametrize("client", ["wait", "exit"], ids=["that hangs itself", "that has ended"])
def test_a_child_that_cannot_be_found_keeps_nobody_waiting(
    script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    monkeypatch.setattr(process_module, "REAP", 0.05)
    script.run(f"{UNMARKED} {client}")
    command = script.endpoint.start("info")
    (child,) = script.told_pids()
    began = time.monotonic()
    try:
        with pytest.raises(DockerStalled):
            command.result(soon())
        assert time.monotonic() - began < PATIENCE
    finally:
        os.kill(child, signal.SIGKILL)


def test_clients_that_were_started_together_share_one_deadline(script: ScriptedDocker) -> None:
    script.run(HANGING)
    commands = [script.endpoint.start("info") for _ in range(5)]
    began = time.monotonic()
    printed, failures = finish(commands, began + 1)
    assert (printed, len(failures)) == ([], 5)
    assert time.monotonic() - began < 4  # one after another it would be five


def test_what_a_client_said_in_time_counts_also_where_another_one_was_waited_for(script: ScriptedDocker) -> None:
    script.run(f'if [ "$1" = hangs ]; then {HANGING}; fi; echo here; echo said >"$tell"')
    answered = script.endpoint.start("answers")
    assert script.told() == ["said"]
    hanging = script.endpoint.start("hangs")
    deadline = soon()
    with pytest.raises(DockerStalled):
        hanging.output(deadline)
    assert answered.output(deadline) == "here\n"


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a signal come while the first answer is waited for."""
    communicate = subprocess.Popen.communicate

    def interrupted_once(process: "subprocess.Popen[str]", *arguments: Any, **options: Any) -> tuple[str, str]:
        monkeypatch.setattr(subprocess.Popen, "communicate", communicate)
        raise Interrupted(signal.SIGINT)

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted_once)


def test_whoever_is_interrupted_while_waiting_leaves_no_client(script: ScriptedDocker, interrupted: None) -> None:
    script.run(HANGING)
    command = script.endpoint.start("info")
    client, child = script.told_pids()
    with end_of(client), end_of(child), pytest.raises(Interrupted):
        command.result(late())


def test_nor_one_of_those_that_were_started_together(script: ScriptedDocker, interrupted: None) -> None:
    script.run(HANGING)
    commands = [script.endpoint.start("info"), script.endpoint.start("info")]
    client, child = script.told_pids()
    another, its_child = script.told_pids()
    with end_of(client), end_of(child), end_of(another), end_of(its_child), pytest.raises(Interrupted):
        finish(commands, late())


def test_a_client_whose_answer_nobody_wants_is_ended_with_its_child(script: ScriptedDocker) -> None:
    script.run(HANGING)
    command = script.endpoint.start("info")
    client, child = script.told_pids()
    with end_of(client), end_of(child):
        command.cancel()


def test_after_its_end_there_is_nothing_to_cancel(script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    script.run("echo done")
    command = script.endpoint.start("info")
    command.result(late())
    # By then the pid may be that of somebody else.
    monkeypatch.setattr(process_module, "kill_group", lambda pid: pytest.fail(f"{pid} killed"))
    command.cancel()


def test_compose_settings_of_the_shell_and_the_token_are_not_for_docker_and_compose_fetches_nothing() -> None:
    given = {
        "COMPOSE_FILE": "x",
        "COMPOSE_PROJECT_NAME": "y",
        "AGENT_TEST_TOKEN": "secret",
        "DOCKER_CONFIG": "/c",
        "HOME": "/h",
    }
    before = dict(given)
    fetches_nothing = {"COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false", "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false"}
    on_one_processor = {"GOMAXPROCS": "1"}
    assert client_environ(given) == {"DOCKER_CONFIG": "/c", "HOME": "/h", **fetches_nothing, **on_one_processor}
    assert given == before


def test_an_endpoint_gives_every_client_its_own_environment(script: ScriptedDocker) -> None:
    script.run('echo "$DOCKER_HOST"')
    for host in ("tcp://one", "tcp://two"):
        assert Endpoint({**script.environ, "DOCKER_HOST": host}).start("info").output(late()) == f"{host}\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("image", "inspect", "odoo:18.0"), "docker image inspect"),
        (("ps", "-a", "--filter", "x"), "docker ps"),
        (("version", "--format", "x"), "docker version"),
        (("info",), "docker info"),
    ],
)
def test_a_command_is_named_as_a_person_calls_it(words: tuple[str, ...], expected: str) -> None:
    assert named(words) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Error response from daemon: get x: no such volume", True),
        ("Error: No such container: c", True),
        ("network abc not found", True),
        ("the daemon is shutting down", False),
    ],
)
def test_what_went_away_meanwhile_is_told_apart_from_other_failures(said: str, expected: bool) -> None:
    assert has_vanished(said) == expected


# Clients that are found by the run's token

WAITING = "import sys; print('up', flush=True); sys.stdin.read()"


def test_clients_are_known_by_the_whole_token_in_their_environment() -> None:
    token = secrets.token_hex(8)
    with (
        python(WAITING, AGENT_TEST_TOKEN=token) as ours,
        python(WAITING, AGENT_TEST_TOKEN=f"{token}-too") as others,
        python(WAITING, ANOTHER_TOKEN=token) as strangers,
    ):
        assert line(ours) == line(others) == line(strangers) == "up"
        assert kill_clients(token) == 1
        assert ours.wait(PATIENCE) == -signal.SIGKILL
        assert others.poll() is None
        assert strangers.poll() is None
        assert kill_clients(token) == 0


def test_a_client_that_is_started_while_others_are_looked_for_is_killed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    token = secrets.token_hex(8)
    with ExitStack() as stack:
        clients = [stack.enter_context(python(WAITING, AGENT_TEST_TOKEN=token))]
        assert line(clients[0]) == "up"

        def marked_and_one_more(mark: str) -> list[int]:
            found = marked(mark)
            if len(clients) == 1:
                clients.append(stack.enter_context(python(WAITING, AGENT_TEST_TOKEN=token)))
                assert line(clients[1]) == "up"
            return found

        monkeypatch.setattr(process_module, "marked", marked_and_one_more)
        assert kill_clients(token) == 2
        assert [client.wait(PATIENCE) for client in clients] == [-signal.SIGKILL] * 2


def test_a_client_that_is_yet_to_be_started_is_known_by_its_starter_s_argument_but_the_guard_is_no_client() -> None:
    token = secrets.token_hex(8)
    with python(WAITING, f"AGENT_TEST_TOKEN={token}", "docker") as starter, python(WAITING, token) as guard:
        assert line(starter) == line(guard) == "up"
        assert kill_clients(token) == 1
        assert starter.wait(PATIENCE) == -signal.SIGKILL
        assert guard.poll() is None


def test_the_caller_without_the_token_survives() -> None:
    token = secrets.token_hex(8)
    os.environ["AGENT_TEST_TOKEN"] = token  # set after the start: not in /proc/self/environ
    assert kill_clients(token) == 0


@pytest.mark.parametrize(("said", "line"), [("ready", "ready\n"), ("", "\n")])
def test_an_attached_client_tells_its_first_line_and_works_on_until_its_input_ends(
    script: ScriptedDocker, said: str, line: str
) -> None:
    script.run(f"echo {said}; read word; exit 3")
    client = Attached(("run",), script.environ)
    assert client.first_line(late()) == line
    assert not client.has_ended
    client.tell("go\n")
    assert client.result(late()).exit_code == 3


@pytest.mark.parametrize("said", ["", "printf 'no line';"])
def test_an_attached_client_that_comes_to_no_first_line_is_ended_in_time(script: ScriptedDocker, said: str) -> None:
    script.run(said + HANGING)
    client = Attached(("run",), script.environ)
    pid, child = script.told_pids()
    with end_of(pid), end_of(child), pytest.raises(DockerStalled):
        client.first_line(soon())


def test_an_attached_client_that_ends_without_a_line_says_why(script: ScriptedDocker) -> None:
    script.run("echo no such image >&2; exit 125")
    with pytest.raises(DockerFailed, match="no such image"):
        Attached(("run",), script.environ).first_line(late())


def test_of_what_a_client_says_without_an_end_both_ends_are_kept(script: ScriptedDocker) -> None:
    script.run("echo fatal >&2; head -c 10000000 /dev/zero | tr '\\0' x >&2; echo why >&2; exit 1")
    with pytest.raises(DockerFailed, match=r"(?s)fatal\n.*why$") as caught:
        Command(("info",), script.environ).output(late())
    assert len(str(caught.value)) < 20_000
