"""`shell` and `logs` find the one environment that is meant, and show what docker does of it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from runner.cleanup import keep as keeping
from runner.cleanup.orphans import Standing, standing
from runner.cli import enter as entering
from runner.cli.arguments import parse
from runner.cli.enter import logs, resolve_run, shell
from runner.config.repositories import Config
from runner.docker.address import Address
from runner.docker.inventory import ContainerStatus
from runner.docker.listing import Resource
from runner.errors import UsageError
from runner.terminal import Terminal
from tests.unit.cleanup.test_orphans import ALIVE, NOW, resource
from tests.unit.fake_engine import inspection_of
from tests.unit.fake_volumes import engine_with


class Became(Exception):
    """This process would be another program now."""


CORE = "evv-agent-test-core-2-cd"
CONTAINERS = [
    ContainerStatus(f"{CORE}-{service}-1", service, state, None, 0, oom_killed=False)
    for service, state in (("odoo", "running"), ("db", "exited"))
]


def of_module(project: str, module: str, service: str = "odoo") -> Resource:
    labels = resource(project, ALIVE).labels
    return Resource(f"{project}-{service}-1", labels | {"agent-test.module": module})


def two() -> list[Standing]:
    return standing(
        [of_module("evv-agent-test-traction-1-ab", "traction"), of_module("evv-agent-test-core-2-cd", "core")], NOW
    )


def enter(*words: str) -> None:
    """Do what `shell` or `logs` does, whichever is the first word."""
    given = parse(words)
    {"shell": shell, "logs": logs}[given.command](given, Config(repositories={}, files=()), Terminal())


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that this process was replaced by."""
    commands = []

    def execvpe(program: str, command: list[str], environ: Mapping[str, str]) -> None:
        assert program == command[0]
        assert "COMPOSE_FILE" not in environ
        assert environ["DOCKER_HOST"] == os.environ["DOCKER_HOST"]
        commands.append(command)
        raise Became

    monkeypatch.setattr(os, "execvpe", execvpe)
    engine = engine_with([of_module(CORE, "core"), of_module(CORE, "core", "db")])
    engine.answers["container inspect"] = inspection_of(lambda: CONTAINERS)
    monkeypatch.setattr("runner.docker.engine.Engine", engine)
    monkeypatch.setenv("COMPOSE_FILE", "other.yml")
    return commands


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _descriptor: True)


@pytest.mark.parametrize("word", ["evv-agent-test-traction-1-ab", "evv-agent-test-traction", "traction"])
def test_an_environment_is_meant_by_its_name_a_beginning_or_its_module(word: str) -> None:
    assert resolve_run(word, two()).project == "evv-agent-test-traction-1-ab"


def test_a_whole_name_that_begins_another_is_no_doubt() -> None:
    found = standing([of_module("p-1", "a"), of_module("p-11", "a")], NOW)
    assert resolve_run("p-1", found).project == "p-1"


@pytest.mark.parametrize("word", ["evv", "evv-agent-test-"])
def test_a_word_that_means_several_is_answered_with_those(word: str) -> None:
    with pytest.raises(
        UsageError, match=f"2 environments are meant by '{word}'. Name one by its project, or by a beginning"
    ) as caught:
        resolve_run(word, two())
    assert "  evv-agent-test-core-2-cd (running)\n" in f"{caught.value}\n"
    assert "  evv-agent-test-traction-1-ab (running)\n" in f"{caught.value}\n"


def test_a_word_that_means_none_is_answered_with_what_stands() -> None:
    with pytest.raises(UsageError, match="No environment is meant by 'hub'") as caught:
        resolve_run("hub", two())
    assert "evv-agent-test-core-2-cd" in str(caught.value)


def test_where_nothing_stands_it_is_said_how_one_would() -> None:
    with pytest.raises(UsageError, match=r"No environment of a run stands, so none is \'traction\'.*--keep failed"):
        resolve_run("traction", [])


class Shown:
    """A client that has some words to say, of which no terminal may do as they bid."""

    exit_code = 0
    words: tuple[str, ...]

    def __init__(self, words: tuple[str, ...], _environ: Mapping[str, str]) -> None:
        Shown.words = words

    def pieces(self, _deadline: float, _silence: float) -> Iterator[bytes]:
        yield from (b"one \x1b[3", b"A line\n")


def test_the_logs_are_those_of_odoo_and_do_nothing_but_show(
    became: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(entering, "Stream", Shown)
    enter("logs", "core")
    assert Shown.words == ("logs", "evv-agent-test-core-2-cd-odoo-1")
    assert capsys.readouterr().out == "one \\x1b[3A line\n"


def test_the_logs_of_another_service_can_be_followed(became: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "Stream", Shown)
    enter("logs", "core", "--follow", "--service", "db")
    assert Shown.words == ("logs", "--follow", "evv-agent-test-core-2-cd-db-1")


def test_an_unknown_service_is_answered_with_those_that_there_are(became: list[list[str]]) -> None:
    with pytest.raises(UsageError, match="has no container of a service 'web'; it has: db, odoo"):
        enter("logs", "core", "--service", "web")
    assert became == []


def test_a_shell_is_opened_in_odoos_container(became: list[list[str]], at_a_terminal: None) -> None:
    with pytest.raises(Became):
        enter("shell", "core")
    assert became == [["docker", "exec", "-it", "evv-agent-test-core-2-cd-odoo-1", "bash"]]


def test_without_a_terminal_there_is_no_shell(became: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda descriptor: descriptor == 0)  # as before a pipe
    with pytest.raises(UsageError, match=r"A shell needs a terminal(.|\n)*docker exec PROJECT-odoo-1 COMMAND"):
        enter("shell", "core")
    assert became == []


def test_a_container_that_has_ended_has_logs_but_no_shell(
    became: list[list[str]], at_a_terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entering, "SERVICE", "db")
    with pytest.raises(UsageError, match=r"db-1 does not run \(it is exited\)(.|\n)*nox -s logs -- core"):
        enter("shell", "core")
    assert became == []


def test_the_hints_for_a_kept_environment_name_these_commands(tmp_path: Path) -> None:
    hints = keeping.how_to_use("p-1", Address("127.0.0.1:8090"), keeping.Served())
    for command in ("shell", "logs", "cleanup"):
        assert any(line.endswith(f"nox -s {command} -- p-1") for line in hints)


@pytest.mark.parametrize("command", ["shell", "logs"])
def test_which_environment_must_be_said(command: str) -> None:
    with pytest.raises(UsageError, match=f"RUN(.|\n)*Usage: nox -s {command} -- RUN(.|\n)*nox -s list"):
        parse([command])
