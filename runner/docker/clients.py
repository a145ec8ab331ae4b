"""Docker's clients as processes of this one: each call bounded in time, and several side by side.

A question takes 40 to 130 ms, nearly all of it the client's own start. So what is sure to be asked is begun at once, and
whoever asks for it later finds the answer on its way.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

from runner.signals import time_limit

Question = tuple[str, ...]


class Answer(NamedTuple):
    """How a client ended, and what it printed."""

    exit_code: int
    output: str
    errors: str


class Clients:
    """Docker's clients of one run."""

    def __init__(self) -> None:
        self._begun: dict[Question, subprocess.Popen[str]] = {}

    def begin(self, *questions: Question) -> None:
        """Start a client for each of the questions; `ask` with the same words gets its answer, once."""
        for question in questions:
            if question not in self._begun:
                self._begun[question] = _start(question)

    def ask(self, question: Question, limit: float, what: str = "") -> Answer:
        """The answer to `docker QUESTION`, within `limit` seconds. EngineStalled, with all clients ended, if there is none."""
        process = self._begun.pop(question, None) or _start(question)
        try:
            with time_limit(limit, what or f"`docker {' '.join(question[:2])}`"):
                output, errors = process.communicate()
        except BaseException:
            _end(process)
            self.drop()
            raise
        return Answer(process.returncode, output, errors)

    def ask_all(self, questions: Sequence[Question], limit: float) -> list[Answer]:
        """The answers to all of them, asked side by side, each within `limit` seconds."""
        self.begin(*questions)
        return [self.ask(question, limit) for question in questions]

    def drop(self) -> None:
        """End the clients whose answers nobody asked for."""
        while self._begun:
            _end(self._begun.popitem()[1])


def in_new_session() -> list[str]:
    """The docker command in a session of its own: a second Ctrl+C at the terminal would else kill a client at work."""
    if shutil.which("setsid"):
        return ["setsid", "docker"]
    shim = "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-I", "-S", "-c", shim, "docker"]


def _start(question: Question) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*in_new_session(), *question],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()
