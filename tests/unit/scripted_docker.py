"""A `docker` that is a script of the test's own, which can tell the test what it does."""

import os
import select
import shlex
import sys
from pathlib import Path

from runner.docker.process import Endpoint

from .processes import PATIENCE

# A child that leaves the group of the script, and tells its pid. Who waits for it without a bound waits longer than a test.
_ESCAPING = (
    "import os, sys, time; os.setsid(); print(os.getpid(), file=open(sys.argv[1], 'w')); time.sleep(float(sys.argv[2]))"
)
ESCAPED = f'{shlex.quote(sys.executable)} -c {shlex.quote(_ESCAPING)} "$tell" {2 * PATIENCE} &'

# Exit code, standard output, standard error.
Answer = tuple[int, str, str]


class ScriptedDocker:
    """The script, written anew as often as the test likes; `$tell` in it is a pipe to the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._pipe = folder / "pipe"
        os.mkfifo(self._pipe)
        # For writing too: so it can be opened before the script does, and is never at its end.
        self._told = os.open(self._pipe, os.O_RDWR)
        self._unread = b""
        self.run("exit 99")

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._told)

    def run(self, script: str) -> None:
        """Be this shell script from here on."""
        program = self.folder / "docker"
        program.write_text(f"#!/bin/sh\nhere={shlex.quote(str(self.folder))} tell={shlex.quote(str(self._pipe))}\n{script}\n")
        program.chmod(0o755)

    def answer(self, answers: dict[str, Answer]) -> None:
        """Give each answer to the commands that begin so, and exit with 99 for every other one."""
        cases = "".join(
            f"{shlex.quote(begin)}*) printf %s {shlex.quote(out)}; printf %s {shlex.quote(err)} >&2; exit {code} ;;\n"
            for begin, (code, out, err) in answers.items()
        )
        self.run(f'echo "$*" >>"$here/calls"\ncase "$*" in\n{cases}*) exit 99 ;;\nesac')

    @property
    def calls(self) -> list[str]:
        """The arguments of every call that was answered."""
        calls = self.folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    @property
    def environ(self) -> dict[str, str]:
        """An environment in which `docker` is this script."""
        return {"PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}"}

    @property
    def endpoint(self) -> Endpoint:
        """The same as an endpoint."""
        return Endpoint(self.environ)

    def told(self, patience: float = PATIENCE) -> list[str]:
        """The words of the next line that the script writes into the pipe; AssertionError if none comes."""
        while b"\n" not in self._unread:
            readable, _, _ = select.select([self._told], [], [], patience)
            assert readable, "the script does not tell anything"
            self._unread += os.read(self._told, 1024)
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode().split()

    def told_pids(self) -> list[int]:
        """The numbers in that line."""
        return [int(word) for word in self.told()]
