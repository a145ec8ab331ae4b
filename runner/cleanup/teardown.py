"""Remove everything of one run, and prove that nothing is left.

Standard library only, because the guard lives from this. Works from any folder and without the compose file: it uses no
`docker compose down`, which exits 0 with resources still in use and fails on a deleted folder or a broken `.env`.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runner.cleanup.resources import Remains, list_remains
from runner.docker.process import TOKEN_VARIABLE, DockerFailed, finish, has_vanished, start

# A daemon finishes the request of a client that was killed: containers appeared up to 0.26 s after an empty listing.
SETTLE = 0.5
PAUSE = 0.2
# Containers first: they hold the others, which then go side by side. Data that is thrown away needs no graceful stop.
_REMOVALS = (
    {"containers": ("rm", "-f", "-v")},
    {"networks": ("network", "rm"), "volumes": ("volume", "rm", "-f")},
)


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


def remove_project(
    project: str,
    *,
    bound: float,
    token: str | None = None,
    settle: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Report:
    """Remove all that is the project's until two listings `settle` seconds apart (default: SETTLE) are empty.

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
        running = [start(*command, *names) for kind, command in commands.items() for names in _groups(kind, remains)]
        for process in running:
            try:
                finish(process)
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
