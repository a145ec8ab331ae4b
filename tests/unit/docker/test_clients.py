"""Clients work side by side, are bounded in time, and none outlives the one who asked."""

import os
import time
from pathlib import Path

import pytest

from runner.docker.clients import Clients
from runner.errors import EngineStalled, Interrupted
from tests.unit.processes import PATIENCE, end_of

# `meet` waits for another client like it; `number` counts; anything else never ends.
_DOCKER = """#!/bin/sh
cd {folder}
case "$1" in
meet) touch "here-$2"; while [ ! -e "here-$3" ]; do sleep 0.01; done; echo "$2 met $3" ;;
number) echo x >> calls; wc -l < calls ;;
fail) echo out; echo "went wrong" >&2; exit 3 ;;
*) echo $$ > "pid-$1"; exec sleep 1000 ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "docker"
    program.write_text(_DOCKER.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def pid_of(folder: Path, name: str) -> int:
    """The pid of the client, as soon as it has said it."""
    file = folder / f"pid-{name}"
    deadline = time.monotonic() + PATIENCE
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < deadline, f"the client {name} does not start"
    return int(file.read_text())


@pytest.mark.usefixtures("folder")
def test_questions_are_answered_side_by_side_and_in_their_order() -> None:
    answers = Clients().ask_all([("meet", "one", "two"), ("meet", "two", "one")], 30)
    assert [answer.output for answer in answers] == ["one met two\n", "two met one\n"]


@pytest.mark.usefixtures("folder")
def test_what_was_begun_is_asked_once_and_answered_once() -> None:
    clients = Clients()
    clients.begin(("number",))
    clients.begin(("number",))
    assert [clients.ask(("number",), 30).output.strip() for _ in range(2)] == ["1", "2"]


@pytest.mark.usefixtures("folder")
def test_a_failure_is_an_answer_too() -> None:
    assert Clients().ask(("fail",), 30) == (3, "out\n", "went wrong\n")


def test_what_hangs_is_given_up_together_with_all_that_was_begun(folder: Path) -> None:
    clients = Clients()
    clients.begin(("hangs", "up", "and more"), ("never",))
    with (
        end_of(pid_of(folder, "hangs")),
        end_of(pid_of(folder, "never")),
        pytest.raises(EngineStalled, match="in vain for `docker hangs up`"),
    ):
        clients.ask(("hangs", "up", "and more"), 0.05)


def test_an_interrupted_question_leaves_no_client(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise Interrupted(2)

    monkeypatch.setattr("runner.docker.clients.time_limit", interrupted)
    clients = Clients()
    clients.begin(("never",))
    with end_of(pid_of(folder, "never")), pytest.raises(Interrupted):
        clients.ask(("never",), 30)


def test_what_nobody_asked_for_is_ended(folder: Path) -> None:
    clients = Clients()
    clients.begin(("never",))
    with end_of(pid_of(folder, "never")):
        clients.drop()
