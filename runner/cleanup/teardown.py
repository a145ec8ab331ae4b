"""Remove everything of one run, and prove that nothing is left.

Standard library only, because the guard lives from this. Works from any folder and without the compose file: it uses no
`docker compose down`, which exits 0 with resources still in use and fails on a deleted folder or a broken `.env`.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from runner.cleanup.resources import Resources, finish, list_resources, outputs
from runner.docker.listing import CONTAINERS, ENGINE_ID, NETWORKS, VOLUMES
from runner.docker.process import DockerFailed, Endpoint, has_vanished, kill_clients

# A daemon finishes the request of a client that was killed: containers appeared up to 0.26 s after an empty listing.
SETTLE = 0.5
PAUSE = 0.2
# Seconds for the docker clients of one step, which work side by side. After a failure a step gets more patience. At the very
# end it gets a moment: that it had no time is no reason why something is left.
COMMAND_TIMEOUT = 10.0
_MOST_PATIENT = 60.0
_LEAST_PATIENT = 1.0
# Containers first: they hold the others, which then go side by side. Data that is thrown away needs no graceful stop.
_REMOVALS = (
    {CONTAINERS: ("rm", "-f", "-v")},
    {NETWORKS: ("network", "rm"), VOLUMES: ("volume", "rm", "-f")},
)


@dataclass
class Report:
    """How a teardown ended: what is left by kind (empty lists if it is complete), the errors met, and the seconds."""

    left: Resources
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether nothing is left."""
        return not any(self.left.values())


def remove_project(
    endpoint: Endpoint,
    project: str,
    *,
    bound: float,
    engine_id: str = "",
    token: str | None = None,
    settle: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Report:
    """Remove all that is the project's until two listings `settle` seconds apart (default: SETTLE) are empty.

    `settle` may be 0 where no client that can create anything was killed: then nothing can appear any more. Takes at most
    `bound` seconds. Clients that carry `token` are killed first, and again in every round, so that they start nothing more.
    `engine_id`: no empty listing of another engine is believed. Never raises: whatever happens is in the report, and is tried
    again until it works or the time is over.
    """
    settle = SETTLE if settle is None else settle
    started = clock()
    deadline = started + bound
    report = Report(left={"unknown": ["nothing could be listed"]})
    empty_since: float | None = None
    patience = COMMAND_TIMEOUT

    def until() -> float:
        """When a step that begins now has to end, by the clock of the clients."""
        return time.monotonic() + min(patience, max(_LEAST_PATIENT, deadline - clock()))

    while True:
        try:
            if token:
                kill_clients(token)
            report.left = list_resources(endpoint, project, until())
            if not report.complete:
                empty_since = None
                _remove(endpoint, report.left, until())
                report.left = list_resources(endpoint, project, until())
            if report.complete and empty_since is None:
                _check_engine(endpoint, engine_id, until())
        except Exception as error:  # noqa: BLE001 - whatever it is, the run's resources are still there
            empty_since = None
            said = str(error) if isinstance(error, DockerFailed) else repr(error)
            if said not in report.errors:
                report.errors.append(said)
            patience = min(2 * patience, _MOST_PATIENT)
        else:
            if report.complete and empty_since is None:
                empty_since = clock()
            elif report.complete and empty_since is not None and clock() - empty_since >= settle:
                break
        if clock() >= deadline:
            if report.complete:  # by one listing only: no proof
                report.left = {"unknown": ["what one empty listing did not show; no second one could be had"]}
            break
        wait(PAUSE if empty_since is None else settle)
    report.seconds = round(clock() - started, 2)
    return report


def _check_engine(endpoint: Endpoint, engine_id: str, deadline: float) -> None:
    """DockerFailed if another engine answers: its empty listing proves nothing. `engine_id` is "" for one that has none."""
    if not engine_id:
        return
    (answer,) = outputs([endpoint.start(*ENGINE_ID)], deadline)
    if (found := json.loads(answer)) != engine_id:
        raise DockerFailed(f"another engine answers than the one of this run (ID {found} instead of {engine_id})")


def _remove(endpoint: Endpoint, resources: Resources, deadline: float) -> None:
    """Remove what is listed; DockerFailed with what docker said if some of it could not be removed."""
    failures: list[str] = []
    for removals in _REMOVALS:
        running = [endpoint.start(*words, *names) for kind, words in removals.items() for names in _groups(kind, resources)]
        _, failed = finish(running, deadline)
        # Somebody else (--rm, another teardown) was quicker: that is what is wanted.
        failures += [said for said in failed if not has_vanished(said)]
    if failures:
        raise DockerFailed("; ".join(failures))


def _groups(kind: str, resources: Resources) -> list[list[str]]:
    """What is removed by a client each: one removes containers side by side, but volumes and networks one after another."""
    names = resources.get(kind) or []
    return [names] if kind == CONTAINERS and names else [[name] for name in names]
