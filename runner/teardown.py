"""Remove everything of one Compose project, found by its label, and prove that nothing is left.

Standard library only, because the guard lives from this. Works from any folder and without the compose file: it uses no
`docker compose down`, which exits 0 with resources still in use and fails on a deleted folder or a broken `.env`.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# A daemon finishes the request of a client that was killed: containers appeared up to 0.26 s after an empty listing.
SETTLE = 0.5
# One docker command, also of a daemon under load; a client that hangs is killed and the command tried again.
COMMAND_TIMEOUT = 30.0
PAUSE = 0.2
# Several teardowns at once: how often a listing is asked for again in which another one removes something.
LISTING_TRIES = 10

TOKEN_VARIABLE = "AGENT_TEST_TOKEN"  # noqa: S105 - the variable's name
# By Compose, on everything that it creates.
PROJECT_LABEL = "com.docker.compose.project"
_LISTINGS = {
    "containers": ("ps", "-a", "--format", "{{.Names}}"),
    "networks": ("network", "ls", "--format", "{{.Name}}"),
    "volumes": ("volume", "ls", "--format", "{{.Name}}"),
}
# Containers first: they hold the others, which then go side by side. Data that is thrown away needs no graceful stop.
_REMOVALS = (
    {"containers": ("rm", "-f", "-v")},
    {"networks": ("network", "rm"), "volumes": ("volume", "rm", "-f")},
)

Remains = dict[str, list[str]]


@dataclass
class Report:
    """How a teardown ended: what is left by kind (empty lists if it is complete), the errors met, and the seconds."""

    left: Remains
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether nothing is left."""
        return not any(self.left.values())


class DockerFailed(Exception):
    """A docker command failed or hung; the text is what it said."""


class _Vanished(DockerFailed):
    """It failed only because something went away while it worked."""


def docker_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for docker clients: without COMPOSE_* settings of the user's shell, and without a run's token."""
    return {key: value for key, value in environ.items() if not key.startswith("COMPOSE_") and key != TOKEN_VARIABLE}


def has_vanished(said: str) -> bool:
    """Whether docker failed because something was removed meanwhile: also in listings, of what nobody had asked for."""
    return "no such" in said.lower() or "not found" in said.lower()


def list_remains(project: str) -> Remains:
    """The names of the project's containers, networks and volumes, by kind. DockerFailed if the engine cannot say."""
    for _ in range(LISTING_TRIES - 1):
        with contextlib.suppress(_Vanished):
            return _listed(project)
    return _listed(project)


def _listed(project: str) -> Remains:
    running = {kind: _start(*command, "--filter", f"label={PROJECT_LABEL}={project}") for kind, command in _LISTINGS.items()}
    remains: Remains = {}
    failures = []
    for kind, process in running.items():
        try:
            remains[kind] = _finish(process).split()
        except DockerFailed as error:
            failures.append(str(error))
    if failures:
        raise (_Vanished if all(map(has_vanished, failures)) else DockerFailed)("; ".join(failures))
    return remains


def listing_commands(project: str) -> dict[str, str]:
    """The commands by which a person sees the same listings, by kind."""
    return {
        kind: f"docker {' '.join(command[:2])} --filter label={PROJECT_LABEL}={project}" for kind, command in _LISTINGS.items()
    }


def remove_project(
    project: str,
    *,
    bound: float,
    token: str | None = None,
    settle: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Report:
    """Remove all that carries the project's label until two listings `settle` seconds apart (default: SETTLE) are empty.

    `settle` may be 0 where no client that can create anything was killed: then nothing can appear any more. Takes at most
    `bound` seconds plus one command's time. Clients that carry `token` are killed first, and again in every round, so that
    they start nothing more. Never raises for what docker does: the report tells.
    """
    settle = SETTLE if settle is None else settle
    started = clock()
    report = Report(left={"unknown": ["nothing could be listed"]})
    empty_since: float | None = None
    while True:
        if token:
            kill_clients(token)
        try:
            report.left = list_remains(project)
            if not report.complete:
                empty_since = None
                _remove(report.left)
                report.left = list_remains(project)
        except DockerFailed as error:
            empty_since = None
            if str(error) not in report.errors:
                report.errors.append(str(error))
        else:
            if report.complete and empty_since is None:
                empty_since = clock()
            elif report.complete and empty_since is not None and clock() - empty_since >= settle:
                break
        if clock() - started >= bound:
            if report.complete:  # by one listing only: no proof
                report.left = {"unknown": ["what one empty listing did not show; no second one could be had"]}
            break
        wait(PAUSE if empty_since is None else settle)
    report.seconds = round(clock() - started, 2)
    return report


def _remove(remains: Remains) -> None:
    """Remove what is listed; DockerFailed with what docker said if some of it could not be removed."""
    failures = []
    for commands in _REMOVALS:
        running = [_start(*command, *names) for kind, command in commands.items() for names in _groups(kind, remains)]
        for process in running:
            try:
                _finish(process)
            except DockerFailed as error:
                # Somebody else (--rm, another teardown) was quicker: that is what is wanted.
                if not has_vanished(str(error)):
                    failures.append(str(error))
    if failures:
        raise DockerFailed("; ".join(failures))


def _groups(kind: str, remains: Remains) -> list[list[str]]:
    """What is removed by a client each: one removes containers side by side, but volumes and networks one after another."""
    names = remains.get(kind) or []
    return [names] if kind == "containers" and names else [[name] for name in names]


def kill_clients(token: str) -> int:
    """Kill every process whose environment carries the run's token; their number. Linux only (0 where there is no /proc)."""
    mark = f"{TOKEN_VARIABLE}={token}".encode()
    killed = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)
                killed += 1
        except OSError:
            continue  # gone in between, or another user's
    return killed


def _start(*arguments: str) -> "subprocess.Popen[str]":
    try:
        # A session of its own: a Ctrl+C at the terminal must not reach the client that cleans up.
        return subprocess.Popen(
            ["docker", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
            env=docker_environ(os.environ),
        )
    except OSError as error:
        raise DockerFailed(f"docker cannot be started: {error}") from error


def _finish(process: "subprocess.Popen[str]") -> str:
    command = " ".join(str(part) for part in list(process.args)[:3])  # type: ignore[arg-type]
    try:
        output, errors = process.communicate(timeout=COMMAND_TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise DockerFailed(f"`{command}` did not answer within {COMMAND_TIMEOUT:.0f} s") from None
    if process.returncode:
        raise DockerFailed(f"`{command}`: {errors.strip() or f'exit {process.returncode}'}")
    return output
