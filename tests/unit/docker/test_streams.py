"""What streams from docker comes line by line, is bounded in time, and leaves neither a client nor a file behind."""

import contextlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runner.docker import questions
from runner.docker import streams as streams_module
from runner.docker.engine import Engine
from runner.docker.messages import PortTaken
from runner.docker.process import Endpoint
from runner.docker.questions import ComposeProject
from runner.docker.streams import Execution, Streams
from runner.errors import EngineStalled, EngineUnavailable, EnvironmentFailed
from tests.unit.processes import PATIENCE, ROOT, end_of
from tests.unit.scripted_docker import ESCAPED, ScriptedDocker

PROJECT = ComposeProject("p-1", (Path("/a.yml"), Path("/b.json")), {"ODOO_PORT": "8090", "DB_PASSWORD": "of the database"})
# A line, and two processes that hold the pipe: the client, which tells the pids, and its child.
HANGING = 'echo begun; sleep 1000 & echo $$ $! >"$tell"; wait'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir()
    return made


@pytest.fixture
def streams(script: ScriptedDocker, folder: Path) -> Streams:
    return Streams(Engine(script.endpoint, "of-this-run"), folder)


def _output(execution: Execution) -> bytes:
    return b"".join(execution)


# How a client is started


def test_a_client_has_the_engine_s_environment_and_the_project_s_and_no_other(
    streams: Streams, script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_FILE", "/of/the/shell")
    script.run('env >"$here/env"')
    streams.up(PROJECT)
    environ = dict(line.split("=", 1) for line in (script.folder / "env").read_text().splitlines())
    for shell_s_own in ("PWD", "OLDPWD", "SHLVL", "_"):
        environ.pop(shell_s_own, None)
    assert environ == {**script.environ, **PROJECT.variables, "AGENT_TEST_TOKEN": "of-this-run"}


def test_a_client_has_a_session_and_a_folder_of_its_own(streams: Streams, script: ScriptedDocker) -> None:
    script.run('pwd; echo $$ >"$tell"; sleep 1000')
    execution = streams.execute("c", ["odoo"], PATIENCE)
    assert next(iter(execution)) == b"/\n"
    (client,) = script.told_pids()
    assert os.getpgid(client) == os.getsid(client) == client
    execution.end()


def test_the_password_is_in_no_file_once_the_client_runs_and_no_file_is_left(
    streams: Streams, script: ScriptedDocker, folder: Path
) -> None:
    script.run('echo $$ >"$tell"; read -r _ <"$here/go"')
    os.mkfifo(script.folder / "go")
    with ThreadPoolExecutor() as threads:
        up = threads.submit(streams.up, PROJECT)
        (pid,) = script.told()
        (file,) = folder.iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.read_text() == pid
        (script.folder / "go").write_text("on\n")
        up.result(PATIENCE)
    assert list(folder.iterdir()) == []


def test_the_password_is_in_no_file_for_a_command_in_a_container(
    streams: Streams, script: ScriptedDocker, folder: Path
) -> None:
    script.run(f"ls -A {folder}")
    assert _output(streams.execute("c", ["odoo"], PATIENCE)) == b""


@pytest.mark.parametrize("ends", ["exit 0", "exit 1", "kill -9 $$", "sleep 1000"])
def test_however_a_client_ends_no_file_is_left(
    streams: Streams, script: ScriptedDocker, folder: Path, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.run(ends)
    monkeypatch.setattr(streams_module, "UP_LIMIT", 0.5)
    try:
        streams.up(PROJECT)
    except EngineStalled:
        assert ends == "sleep 1000"
    except EnvironmentFailed:
        assert ends in ("exit 1", "kill -9 $$")
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_gone_is_an_error_of_the_environment(script: ScriptedDocker, tmp_path: Path) -> None:
    streams = Streams(Engine(script.endpoint), tmp_path / "deleted")
    expected = r"^`docker` cannot be run: No such file or directory: .*deleted"
    with pytest.raises(EnvironmentFailed, match=expected):
        streams.up(PROJECT)


# In a process of its own: the limit would also hold for the file into which pytest writes.
_FULL_DISK = """
import resource, sys
from pathlib import Path
from runner.docker.engine import Engine
from runner.docker.process import Endpoint
from runner.docker.questions import ComposeProject
from runner.docker.streams import Streams
from runner.errors import EngineUnavailable, EnvironmentFailed
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    Streams(Engine(Endpoint({"PATH": sys.argv[1]})), Path(sys.argv[2])).up(ComposeProject("p", (), {}))
except EnvironmentFailed as error:
    print(error)
"""


def test_a_full_disk_starts_no_client_with_half_of_its_environment(script: ScriptedDocker, folder: Path) -> None:
    words = [sys.executable, "-c", _FULL_DISK, script.endpoint.environ["PATH"], str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("`docker` cannot be run: No space left on device: ")
    assert list(folder.iterdir()) == []


# Starting a project


@pytest.mark.parametrize(
    "message",
    [
        "Bind for 127.0.0.1:8090 failed: port is already allocated",
        "listen tcp4 127.0.0.1:8090: bind: address already in use",
        "all ports are allocated",
    ],
)
def test_a_port_that_went_to_somebody_else_is_told_apart_from_other_failures(
    streams: Streams, script: ScriptedDocker, message: str
) -> None:
    script.answer({"compose": (1, "", f"Container p-odoo-1 Starting\nError response from daemon: {message}\n")})
    with pytest.raises(PortTaken):
        streams.up(PROJECT)


def test_any_other_failure_of_up_carries_what_compose_said(streams: Streams, script: ScriptedDocker) -> None:
    script.answer({"compose": (1, "", "Network p Creating\nno space left on device\n")})
    with pytest.raises(EnvironmentFailed) as caught:
        streams.up(PROJECT)
    assert not isinstance(caught.value, PortTaken)
    assert str(caught.value) == "`docker compose up` failed:\nNetwork p Creating\nno space left on device"


def test_a_compose_that_does_not_know_what_it_is_asked_for_is_told_to_be_updated_if_it_is_too_old(
    streams: Streams, script: ScriptedDocker
) -> None:
    script.run('[ "$2" = version ] && echo "Docker Compose version v2.6.0" && exit; echo "unknown flag: --pull"; exit 125')
    with pytest.raises(EngineUnavailable, match=r"Compose v2\.6\.0 is too old"):
        streams.up(PROJECT)


def test_a_failure_of_up_without_a_word_has_its_exit_code(streams: Streams, script: ScriptedDocker) -> None:
    script.run("exit 7")
    with pytest.raises(EnvironmentFailed, match=r"^`docker compose up` failed:\nexit code 7$"):
        streams.up(PROJECT)


def test_compose_is_spoken_to_about_the_project_and_all_its_files(streams: Streams, script: ScriptedDocker) -> None:
    script.answer({"compose": (0, "", "")})
    streams.up(PROJECT)
    (call,) = script.calls
    for part in ("--file /a.yml --file /b.json", "--project-name p-1", "up --detach"):
        assert part in call


def test_an_up_that_hangs_is_given_up_and_named(
    streams: Streams, script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "UP_LIMIT", 0.5)
    script.run("exec sleep 1000")
    with pytest.raises(EngineStalled, match=r"in vain for `docker compose up`\..*nox -s doctor"):
        streams.up(PROJECT)


# Pulling an image


def test_an_image_that_cannot_be_pulled_is_said_with_the_way_without_a_registry(
    streams: Streams, script: ScriptedDocker
) -> None:
    script.answer({"image pull --quiet odoo:18.0": (1, "", "dial tcp: no such host")})
    with pytest.raises(EnvironmentFailed) as caught:
        streams.pull("odoo:18.0")
    for part in ("odoo:18.0", "no such host", "nox -s setup", "repos.local.yaml"):
        assert part in str(caught.value)


def test_an_image_that_was_pulled_costs_one_client(streams: Streams, script: ScriptedDocker) -> None:
    script.answer({"image pull": (0, "docker.io/library/odoo:18.0\n", "")})
    streams.pull("odoo:18.0")
    assert script.calls == ["image pull --quiet odoo:18.0"]


def test_a_pull_that_hangs_is_given_up_and_named(
    streams: Streams, script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "PULL_LIMIT", 0.1)
    script.run("exec sleep 1000")
    with pytest.raises(EngineStalled, match=r"in vain for `docker pull odoo:18\.0`"):
        streams.pull("odoo:18.0")


# A command in a container


@pytest.mark.parametrize("code", [0, 1, 137, 255])
def test_a_command_s_output_comes_in_pieces_and_its_exit_code_afterwards(
    streams: Streams, script: ScriptedDocker, code: int
) -> None:
    script.answer({"exec c odoo --version": (code, "one\ncaf\u00e9\n", "")})
    execution = streams.execute("c", ["odoo", "--version"], PATIENCE)
    assert _output(execution) == "one\ncaf\u00e9\n".encode()
    assert execution.exit_code == code


def test_lines_come_in_the_order_in_which_they_were_written(streams: Streams, script: ScriptedDocker) -> None:
    script.run("for i in 1 2 3 4 5 6 7 8 9; do echo out; echo err >&2; done")
    assert _output(streams.execute("c", ["odoo"], PATIENCE)) == b"out\nerr\n" * 9


def test_a_line_without_an_end_comes_in_pieces_and_is_never_in_memory_as_a_whole(
    streams: Streams, script: ScriptedDocker
) -> None:
    script.run("head -c 20000000 /dev/zero")
    sizes = [len(piece) for piece in streams.execute("c", ["odoo"], PATIENCE)]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 65_536


def test_a_command_waits_until_its_output_is_taken(streams: Streams, script: ScriptedDocker) -> None:
    script.run('head -c 1000000 /dev/zero; echo >"$tell"')
    pieces = iter(streams.execute("c", ["odoo"], PATIENCE))
    assert next(pieces)
    with pytest.raises(AssertionError, match="does not tell anything"):
        script.told(0.2)
    assert sum(map(len, pieces)) > 900_000
    script.told()


def test_bytes_that_are_no_text_are_passed_on_and_the_exit_code_too(streams: Streams, script: ScriptedDocker) -> None:
    script.run(r"printf 'caf\351\n'; printf '\377\n' >&2; exit 1")
    execution = streams.execute("c", ["odoo"], PATIENCE)
    assert _output(execution) == b"caf\xe9\n\xff\n"
    assert execution.exit_code == 1


@pytest.mark.parametrize("word", ["up", "pull"])
def test_bytes_that_are_no_text_are_no_traceback_where_docker_fails(
    streams: Streams, script: ScriptedDocker, word: str
) -> None:
    script.run(r"printf 'refused: \377\n' >&2; exit 1")
    with pytest.raises(EnvironmentFailed):
        streams.up(PROJECT) if word == "up" else streams.pull("odoo:18.0")


def test_a_command_that_runs_past_its_limit_is_given_up_and_ended_with_its_child(
    streams: Streams, script: ScriptedDocker
) -> None:
    script.run(HANGING)
    lines = iter(streams.execute("c", ["odoo"], 1))
    assert next(lines) == b"begun\n"
    client, child = script.told_pids()
    with end_of(client), end_of(child), pytest.raises(EngineStalled, match="in vain for the end of `odoo` in c"):
        next(lines)


def test_a_child_that_outlives_its_client_holds_nobody_up_and_is_ended_too(streams: Streams, script: ScriptedDocker) -> None:
    script.run('echo begun; sleep 1000 & echo $! >"$tell"')
    lines = iter(streams.execute("c", ["odoo"], 1))
    assert next(lines) == b"begun\n"
    (child,) = script.told_pids()
    with end_of(child), pytest.raises(EngineStalled):
        next(lines)


def test_a_child_in_a_session_of_its_own_holds_nobody_up(streams: Streams, script: ScriptedDocker) -> None:
    script.run(f"{ESCAPED} echo begun")
    lines = iter(streams.execute("c", ["odoo"], 0.5))
    assert next(lines) == b"begun\n"
    (child,) = script.told_pids()
    with end_of(child), pytest.raises(EngineStalled):
        next(lines)


def test_a_client_whose_lines_nobody_wants_any_more_is_ended_with_its_child(
    streams: Streams, script: ScriptedDocker, folder: Path
) -> None:
    script.run(HANGING)
    lines = iter(streams.execute("c", ["odoo"], PATIENCE))
    assert next(lines) == b"begun\n"
    client, child = script.told_pids()
    with end_of(client), end_of(child):
        lines.close()  # type: ignore[attr-defined]
    assert list(folder.iterdir()) == []


def test_a_docker_that_is_gone_is_an_exit_code_of_its_starter(script: ScriptedDocker, folder: Path, tmp_path: Path) -> None:
    streams = Streams(Engine(Endpoint({"PATH": str(tmp_path)})), folder)
    with pytest.raises(EnvironmentFailed, match="No such file or directory"):
        streams.up(PROJECT)


def test_a_command_that_never_stops_printing_is_given_up_at_its_limit(streams: Streams, script: ScriptedDocker) -> None:
    script.run("while :; do echo more; done")
    with pytest.raises(EngineStalled):
        for _piece in streams.execute("c", ["odoo"], 0.2):
            pass


# Silence


def test_silence_comes_as_an_empty_line_where_it_is_asked_for(streams: Streams, script: ScriptedDocker) -> None:
    script.run('echo begun; read -r _ <"$here/go"; echo ended')
    os.mkfifo(script.folder / "go")
    execution = streams.execute("c", ["odoo"], PATIENCE, 0.05)
    lines = iter(execution)
    assert next(line for line in lines if line) == b"begun\n"
    assert next(lines) == b""
    (script.folder / "go").write_text("on\n")
    assert [line for line in lines if line] == [b"ended\n"]
    assert execution.exit_code == 0


def test_a_command_can_be_left_before_its_end(streams: Streams, script: ScriptedDocker, folder: Path) -> None:
    script.run(HANGING)
    execution = streams.execute("c", ["odoo"], PATIENCE)
    lines = iter(execution)
    assert next(lines) == b"begun\n"
    client, child = script.told_pids()
    with end_of(client), end_of(child):
        execution.end()
    assert list(folder.iterdir()) == []


def test_a_start_that_is_silent_is_looked_at_and_ends_with_what_is_seen(
    streams: Streams, script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "_SILENCE", 0.05)
    script.run(HANGING)
    with contextlib.ExitStack() as ends:

        def look() -> None:
            for pid in script.told_pids():
                ends.enter_context(end_of(pid))
            raise EnvironmentFailed("The container of db does not stay up.")

        with pytest.raises(EnvironmentFailed, match="does not stay up"):
            streams.up(PROJECT, look)


def test_a_copy_is_written_to_docker_and_fails_with_its_words(script: ScriptedDocker, streams: Streams) -> None:
    script.run('echo "$*" >"$here/words"; cat >"$here/read"')
    streams.copy(iter([b"tar", b"stream"]), "c", "/there", late())
    assert (script.folder / "words").read_text() == "cp - c:/there\n"
    assert (script.folder / "read").read_text() == "tarstream"
    script.run("echo Error response from daemon: no space left on device >&2; exit 1")
    with pytest.raises(EnvironmentFailed, match="`docker cp` failed: Error response from daemon: no space left on device"):
        streams.copy(iter([bytes(10**6)]), "c", "/there", late())


def test_a_copy_of_which_the_engine_takes_nothing_more_is_given_up(
    script: ScriptedDocker, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.run("exec sleep 1000")
    with pytest.raises(EngineStalled, match="in vain for the end of the copy to c"):
        streams.copy(iter([bytes(10**6)]), "c", "/there", time.monotonic() + 0.05)
    monkeypatch.setattr(streams_module, "_TAKING", 0.05)
    with pytest.raises(EngineStalled, match="in vain for the engine to take what is copied to c"):
        streams.copy(iter([bytes(10**6)]), "c", "/there", late())


def late() -> float:
    """A deadline that everybody keeps who works."""
    return time.monotonic() + PATIENCE
