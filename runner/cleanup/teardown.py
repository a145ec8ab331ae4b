"""Remove everything of one run, and prove that nothing is left.

Standard library only, because the guard lives from this. Works from any folder and without the compose file: it uses no
`docker compose down`, which exits 0 with resources still in use and fails on a deleted folder or a broken `.env`.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from runner.cleanup.others import Use, disconnect, uses
from runner.cleanup.resources import Resources, finish, list_guards, list_named, list_resources, outputs
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
# A removal gets less of it: the engine goes on with one whose client was killed, and some that hang must not use up the time.
_REMOVAL_PATIENT = 20.0
# Seconds for what nothing changes but a person, who may be about to.
_FOR_A_PERSON = 5.0
_NEVER = float("inf")
# Data that is thrown away needs no graceful stop.
_REMOVALS = {CONTAINERS: ("rm", "-f", "-v"), NETWORKS: ("network", "rm"), VOLUMES: ("volume", "rm", "-f")}


@dataclass
class Report:
    """How a teardown ended: what is left by kind (empty lists if it is complete), the errors met, and the seconds.

    `disconnected`: containers of somebody else that were on the project's networks, and run on without them; `in_use`: what is
    left because such a container uses it, and what to do about it.
    """

    left: Resources
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0
    disconnected: list[str] = field(default_factory=list)
    in_use: list[str] = field(default_factory=list)

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
    guard: bool = False,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Report:
    """Remove all that is the project's until two listings `settle` seconds apart (default: SETTLE) are empty.

    `settle` may be 0 where no client that can create anything was killed: then nothing can appear any more. Takes at most
    `bound` seconds. Clients that carry `token` are killed first, and again in every round, so that they start nothing more.
    `engine_id`: no empty listing of another engine is believed. Never raises: whatever happens is in the report, and is tried
    again until it works, the time is over, or it is certain that nothing but a person can help.

    `guard`: also the guard at the engine, last of all, so that it does the rest if this process is killed meanwhile.
    """
    remove = partial(_remove, endpoint, settle=SETTLE if settle is None else settle, clock=clock, wait=wait)
    report = remove(lambda deadline: list_resources(endpoint, project, deadline), bound, engine_id=engine_id, token=token)
    if guard:
        listed, token = partial(list_guards, endpoint, project), token and guard_token(token)
        rest = remove(listed, max(COMMAND_TIMEOUT, bound - report.seconds), token=token)
        for kind, names in rest.left.items():
            report.left[kind] = list(dict.fromkeys((*report.left.get(kind, ()), *names)))
        report.errors += rest.errors
        report.seconds = round(report.seconds + rest.seconds, 2)
    return report


def guard_token(token: str) -> str:
    """Return the token of the client that holds the guard at the engine: it lives as long as that does."""
    return f"{token}-guard"


def remove_named(endpoint: Endpoint, names: Resources, *, bound: float) -> Report:
    """Remove the containers, networks and volumes of these names, in at most `bound` seconds; as `remove_project`.

    Nobody is disconnected: that such a network is ours says nothing but its name.
    """
    return _remove(endpoint, lambda deadline: list_named(endpoint, names, deadline), bound, may_disconnect=False)


def _remove(
    endpoint: Endpoint,
    listed: Callable[[float], Resources],
    bound: float,
    *,
    engine_id: str = "",
    token: str | None = None,
    settle: float = SETTLE,
    may_disconnect: bool = True,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Report:
    started = clock()
    deadline = started + bound
    report = Report(left={"unknown": ["nothing could be listed"]})
    empty_since: float | None = None
    stuck_since = _NEVER
    patience = COMMAND_TIMEOUT

    def until(most: float = _MOST_PATIENT) -> float:
        """When a step that begins now has to end, by the clock of the clients."""
        return time.monotonic() + min(patience, most, max(_LEAST_PATIENT, deadline - clock()))

    def tell(said: str) -> None:
        nonlocal patience
        if said not in report.errors:
            report.errors.append(said)
        patience = min(2 * patience, _MOST_PATIENT)

    while True:
        used: list[Use] = []
        try:
            if token:
                kill_clients(token)
            report.left = listed(until())
            if not report.complete:
                empty_since = None
                failures, used = _remove_once(endpoint, report, listed, lambda: until(_REMOVAL_PATIENT), may_disconnect)
                if failures:
                    tell("; ".join(failures))
                report.left = listed(until())
            if report.complete and empty_since is None:
                _check_engine(endpoint, engine_id, until())
        except Exception as error:  # noqa: BLE001 - whatever it is, the run's resources are still there
            empty_since, stuck_since = None, _NEVER
            tell(str(error) if isinstance(error, DockerFailed) else repr(error))
        else:
            if report.complete and empty_since is None:
                empty_since = clock()
            elif report.complete and empty_since is not None and clock() - empty_since >= settle:
                break
            stuck_since = min(stuck_since, clock()) if _only_a_person_helps(report.left, used) else _NEVER
        if clock() >= min(deadline, stuck_since + _FOR_A_PERSON):
            if report.complete:  # by one listing only: no proof
                report.left = {"unknown": ["what one empty listing did not show; no second one could be had"]}
            break
        wait(PAUSE if empty_since is None else settle)
    report.in_use = [use.told for use in used]
    report.seconds = round(clock() - started, 2)
    return report


def _check_engine(endpoint: Endpoint, engine_id: str, deadline: float) -> None:
    """DockerFailed if another engine answers: its empty listing proves nothing. `engine_id` is "" for one that has none."""
    if not engine_id:
        return
    (answer,) = outputs([endpoint.start(*ENGINE_ID)], deadline)
    if (found := json.loads(answer)) != engine_id:
        raise DockerFailed(f"another engine answers than the one of this run (ID {found} instead of {engine_id})")


def _remove_once(
    endpoint: Endpoint,
    report: Report,
    listed: Callable[[float], Resources],
    until: Callable[[], float],
    may_disconnect: bool,
) -> tuple[list[str], list[Use]]:
    """Remove what is left by the report; what docker said of what could not be removed, and who else uses it."""
    # Containers first: they hold the others, which then go side by side.
    failures = _removed(endpoint, report.left, until(), CONTAINERS)
    refused = _removed(endpoint, report.left, until(), NETWORKS, VOLUMES)
    if not refused:
        return failures, []
    try:
        found = uses(endpoint, report.left, until())
        # Asked for afterwards: a container of ours that has only just appeared is nobody else's.
        ours = listed(until()).get(CONTAINERS) or ()
    except DockerFailed as error:
        return [*failures, *refused, str(error)], []
    others = [use for use in found if use.container not in ours]
    if may_disconnect and (connected := [use for use in others if use.kind == NETWORKS]):
        done, failed = disconnect(endpoint, connected, until())
        told = [f"container {use.container} from network {use.name}" for use in done]
        report.disconnected += [line for line in told if line not in report.disconnected]
        refused = failed + _removed(endpoint, report.left, until(), NETWORKS, VOLUMES)
    return failures + refused, others if refused else []


def _removed(endpoint: Endpoint, resources: Resources, deadline: float, *kinds: str) -> list[str]:
    """Remove these kinds, side by side; what docker said of what could not be removed."""
    running = [endpoint.start(*_REMOVALS[kind], *names) for kind in kinds for names in _groups(kind, resources)]
    _, failed = finish(running, deadline)
    # Somebody else (--rm, another teardown) was quicker, or is about to be: that is what is wanted.
    return [said for said in failed if not has_vanished(said) and "already in progress" not in said]


def _only_a_person_helps(left: Resources, used: Sequence[Use]) -> bool:
    """Whether all that is left are volumes in use by containers that keep them also when they end."""
    kept = {use.name for use in used if use.stays}
    return any(left.values()) and all(kind == VOLUMES and kept.issuperset(names) for kind, names in left.items() if names)


def _groups(kind: str, resources: Resources) -> list[list[str]]:
    """What is removed by a client each: one removes containers side by side, but volumes and networks one after another."""
    names = resources.get(kind) or []
    return [names] if kind == CONTAINERS and names else [[name] for name in names]
