"""Ask git about a checkout that nobody vouches for: nothing in it runs a program, and no answer takes more than its time.

Only commands are given that read objects and names of files: none of them writes, refreshes an index, runs a filter of
`.gitattributes`, or shows a text through a program. What else could is switched off.
"""

import contextlib
import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from runner.docker.process import kill_group
from runner.text import printable, shortened

# `safe.bareRepository`: a committed folder that looks like a repository is none. `--no-replace-objects`: a commit is itself.
_OPTIONS = (
    *("--no-replace-objects", "--no-optional-locks", "--literal-pathspecs"),
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.bareRepository=explicit"),
)
# A partial clone would fetch what it lacks, by programs that its configuration names.
_NO_FETCHING = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
# What the person who runs this has set for all repositories; the rest, as a hook has it, speaks of one repository.
_OF_THE_PERSON = re.compile(r"GIT_(CONFIG.*|EXEC_PATH|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM)")
# The index lists files as tracked that HEAD does not have, and can hide changes: an empty one can do neither.
_NO_INDEX = {"GIT_INDEX_FILE": "/nonexistent/index"}
_PIECE = 1 << 16
_LONGEST_PART = 1 << 20
_LONGEST_ERROR = 200


class NoAnswer(Exception):
    """git says no, with its first line, empty if it says nothing; or there is no answer in time."""


def in_time(deadline: float) -> None:
    """Raise NoAnswer if the deadline, of time.monotonic(), is over."""
    if time.monotonic() > deadline:
        raise NoAnswer("it took too long")


def ask(folder: Path, *arguments: str, deadline: float) -> str:
    """Return git's one answer, without the end of its line. `deadline` is of time.monotonic(). NoAnswer."""
    return b"".join(parts(folder, *arguments, deadline=deadline)).decode(errors="surrogateescape").removesuffix("\n")


def parts(folder: Path, *arguments: str, deadline: float) -> Iterator[bytes]:
    """Yield what git prints, up to each null byte, as it comes. Closed before the end, it ends git. NoAnswer."""
    with _running(folder, *arguments, deadline=deadline) as output:
        yield from _split(output)


def contents(folder: Path, objects: Iterable[str], deadline: float) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Yield of each blob its size, and its content in pieces, which have to be taken before the next one. NoAnswer."""
    with tempfile.TemporaryFile() as names:
        names.write("".join(f"{name}\n" for name in objects).encode("ascii"))
        names.seek(0)
        with _running(folder, "cat-file", "--batch", deadline=deadline, stdin=names) as output:
            while about := output.readline(_LONGEST_PART):
                name, *kind = about.decode(errors="replace").split()
                if kind[:1] != ["blob"]:
                    raise NoAnswer(f"it lacks the object {printable(name)}: was all of it fetched?")
                size = int(kind[1])
                yield size, _pieces(output, size)
                output.read(1)  # the end of a line


def _pieces(output: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0:
        piece = output.read(min(size, _PIECE))
        if not piece:
            raise NoAnswer("git did not come to its end")
        size -= len(piece)
        yield piece


@contextlib.contextmanager
def _running(
    folder: Path, *arguments: str, deadline: float, stdin: IO[bytes] | int = subprocess.DEVNULL
) -> Iterator[IO[bytes]]:
    """Start git, give what it prints, and end it. NoAnswer if it says no, or not in time."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or _OF_THE_PERSON.match(name)}
    # Not of the folder in which somebody stands, which may be the checkout.
    programs = os.pathsep.join(path for path in os.get_exec_path() if os.path.isabs(path))  # noqa: PTH117 - a text
    environ |= {"LC_ALL": "C", "PATH": programs, **_NO_FETCHING, **_NO_INDEX}
    command = ["git", *_OPTIONS, "-C", str(folder), *arguments]
    with contextlib.ExitStack() as opened:
        try:
            errors = opened.enter_context(tempfile.TemporaryFile())
            git = subprocess.Popen(
                command, env=environ, stdin=stdin, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
            )
        except OSError as error:  # also where no folder for temporary files can be written
            raise NoAnswer(str(error)) from error
        alarm = threading.Timer(max(deadline - time.monotonic(), 0), kill_group, (git.pid,))
        alarm.start()
        try:
            with git:
                try:
                    assert git.stdout
                    yield git.stdout
                    code = git.wait()
                finally:
                    if git.returncode is None:
                        kill_group(git.pid)
        finally:
            alarm.cancel()
        if code:
            in_time(deadline)
            raise NoAnswer(_first_line(errors))


def _split(output: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while piece := os.read(output.fileno(), _PIECE):
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
        if len(rest) > _LONGEST_PART:
            raise NoAnswer("git printed a name without an end")
    if rest:
        yield rest


def _first_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    text = errors.read(_PIECE).decode(errors="replace").strip()
    first, *others = (shortened(printable(line.strip()), _LONGEST_ERROR) for line in text.split("\n"))
    # Of the checkout of another user.
    advice = next((line for line in others if line.startswith("git config --global --add safe.directory ")), "")
    return f"{first}; if you trust it: {advice}" if advice else first
