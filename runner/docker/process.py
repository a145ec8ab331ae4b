"""The one way to run a docker client: with an environment, a folder and a process group of its own, for a bounded time.

Standard library only: the guard lives from this as the runner does, and has to start in tens of milliseconds.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from runner.processes import marked

# Every client of a run carries its token, by which the guard finds those that are still at work.
TOKEN_VARIABLE = "AGENT_TEST_TOKEN"  # noqa: S105 - the variable's name
# What holds secrets in the run's folder for as long as a client starts: that which launch.py reads, and the compose file.
SECRET_FILES = ".launch-*"  # noqa: S105 - of files
# Each client has a mark of its own as well, by which what it starts is found in whatever session that is.
_CLIENT_VARIABLE = "AGENT_TEST_CLIENT"
# Compose would fetch an `include` or `extends` of git or OCI, by programs that a `.env` beside the compose file can name.
_NO_FETCHING = {"COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false", "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false"}
# A client lives for milliseconds: Go's collector of garbage on all processors at once costs it a sixth of its time.
_ONE_PROCESSOR = {"GOMAXPROCS": "1"}
# In seconds, for the kernel to end what was killed and to close its pipes.
REAP = 2.0
# Within which a process that starts others is caught.
_ROUNDS = 50
# In bytes, of a line that is waited for.
_LONGEST_LINE = 1000
# In characters, of each end of what a client says of its failure: Go says first, what others say last, why it ended.
_MOST_SAID = 5_000
# In seconds, to read what a client has said that ended before its deadline, while another one was waited for.
_READ = 0.1


class DockerFailed(Exception):
    """A docker client failed; the text is what it said."""


class DockerStalled(DockerFailed):
    """A docker client did not answer in time."""


class Completed(NamedTuple):
    """How a client ended, and what it printed; of `errors` both ends."""

    exit_code: int
    output: str
    errors: str


class Client:
    """One docker client: what all of them have, however they are read."""

    def __init__(self, words: tuple[str, ...], environ: Mapping[str, str], memory: int | None = None, **how: Any) -> None:
        """Start `docker WORDS` with this environment and no other. DockerFailed if it cannot be started.

        `memory`: in bytes, the most that the client may take, and each program that it starts. `how`: as of Popen.
        """
        self._mark = os.urandom(8).hex()
        # The limit, in KiB, before the client starts, as it starts others at once; without a word where it has less.
        limited = ["/bin/sh", "-c", f'ulimit -d {memory >> 10} 2>/dev/null; exec docker "$@"', "sh"] if memory else ["docker"]
        try:
            # A session of its own: a Ctrl+C at the terminal must not reach the client that cleans up, and what the client
            # starts ends with it. A folder that nobody can delete: docker does not start in one that is gone.
            self._process: subprocess.Popen[Any] = subprocess.Popen(
                [*limited, *words],
                start_new_session=True,
                cwd="/",
                env={**environ, _CLIENT_VARIABLE: self._mark},
                **{"stdout": subprocess.PIPE, **how},
            )
        except (OSError, ValueError) as error:  # ValueError: a null byte in a word or a variable
            raise DockerFailed(f"docker cannot be started: {error}") from error

    def _kill(self) -> None:
        """Kill the client and what it started, in whatever session."""
        kill_group(self._process.pid)
        _kill_marked(_CLIENT_VARIABLE, self._mark)


class Command(Client):
    """One docker client at work: `result` waits for its answer, `cancel` ends it."""

    def __init__(
        self, words: tuple[str, ...], environ: Mapping[str, str], memory: int | None = None, stdin: int = subprocess.DEVNULL
    ) -> None:
        """Start `docker WORDS`, as every Client."""
        self.name = named(words)
        self._began = time.monotonic()
        super().__init__(words, environ, memory, stdin=stdin, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")

    def result(self, deadline: float) -> Completed:
        """Return the client's answer. DockerStalled, with the client ended, if there is none at `deadline` (monotonic)."""
        try:
            output, errors = self._process.communicate(timeout=max(_READ, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.cancel()
            raise self._stalled() from None
        except BaseException:
            self.cancel()
            raise
        if len(errors) > 2 * _MOST_SAID:
            errors = f"{errors[:_MOST_SAID]}\n...\n{errors[-_MOST_SAID:]}"
        return Completed(self._process.returncode, output, errors)

    def output(self, deadline: float) -> str:
        """Return what the client printed. DockerFailed, with its words, if it failed or did not answer in time."""
        exit_code, output, errors = self.result(deadline)
        if exit_code:
            raise DockerFailed(f"`{self.name}`: {errors.strip() or f'exit {exit_code}'}")
        return output

    @property
    def is_over(self) -> bool:
        """Whether its end was seen, as by `result`."""
        return self._process.returncode is not None

    def cancel(self) -> None:
        """End the client and what it started, in a bounded time."""
        if self.is_over:
            return
        self._kill()
        try:
            self._process.communicate(timeout=REAP)
        except subprocess.TimeoutExpired:
            # A child that took its mark off holds the pipes.
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                if pipe:
                    pipe.close()
            self._process.poll()

    def _stalled(self) -> DockerStalled:
        return DockerStalled(f"`{self.name}` did not answer within {time.monotonic() - self._began:.0f} s")


class Attached(Command):
    """One docker client whose standard input stays open for as long as this process lives, and is at its end with it."""

    def __init__(self, words: tuple[str, ...], environ: Mapping[str, str]) -> None:
        """Start `docker WORDS`, as every Client."""
        super().__init__(words, environ, stdin=subprocess.PIPE)

    def first_line(self, deadline: float) -> str:
        """Return the first line that the client prints. DockerFailed, and the client ended, if none comes until `deadline`."""
        assert self._process.stdout
        said = b""
        try:
            # Not by readline, which would wait for the end of a line without an end.
            while b"\n" not in said and len(said) < _LONGEST_LINE:
                if not select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    raise self._stalled()
                if not (piece := os.read(self._process.stdout.fileno(), _LONGEST_LINE)):
                    break
                said += piece
            return "".join(said.decode(errors="replace").partition("\n")[:2]) or self.output(time.monotonic() + REAP)
        except BaseException:
            self.cancel()
            raise

    def tell(self, line: str) -> None:
        """Write a line to the client. DockerFailed if it has ended."""
        assert self._process.stdin
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError as error:
            raise DockerFailed(f"`{self.name}` has ended: {error}") from error

    @property
    def has_ended(self) -> bool:
        """Whether the client has ended."""
        return self._process.poll() is not None


@dataclass(frozen=True)
class Endpoint:
    """One engine, settled at the start: the environment that every client of it gets, whatever the user changes meanwhile."""

    environ: Mapping[str, str]

    def start(self, *words: str) -> Command:
        """Start a client. DockerFailed if there is none."""
        return Command(words, self.environ)


def named(words: Sequence[str]) -> str:
    """Return the command as a person calls it, as in `docker image inspect`: without options and names."""
    command, *more = words[:2]
    return " ".join(["docker", command, *(word for word in more if not word.startswith("-"))])


def kill_group(pid: int) -> None:
    """Kill the process group that this process leads; nothing happens where there is none any more."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_clients(token: str) -> int:
    """Kill every client of the run with this token, as far as it can be seen (processes.py); their number."""
    return _kill_marked(TOKEN_VARIABLE, token)


def _kill_marked(variable: str, value: str) -> int:
    killed: set[int] = set()
    # A process may start another one while the list is read: looked through until nothing is found.
    for _ in range(_ROUNDS):
        living = marked(f"{variable}={value}")
        if not living:
            break
        for pid in living:
            with contextlib.suppress(OSError):  # gone in between
                os.kill(pid, signal.SIGKILL)
        killed.update(living)
    return len(killed)


def client_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for docker clients: without the COMPOSE_* settings of the user's shell and without any token.

    Compose fetches no part of a compose file from elsewhere. Each client keeps to one processor, unless the user says another.
    """
    kept = {key: value for key, value in environ.items() if not key.startswith("COMPOSE_") and key != TOKEN_VARIABLE}
    return {**_ONE_PROCESSOR, **kept, **_NO_FETCHING}


def has_vanished(said: str) -> bool:
    """Tell whether docker failed because something was removed meanwhile: also in listings, of what nobody had asked for."""
    return "no such" in said.lower() or "not found" in said.lower()
