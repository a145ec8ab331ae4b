"""The environments that the engine holds, whose each is, and the removal of what dead runs left: never of a running one."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from runner.cleanup import keep
from runner.cleanup.life import LIFE_LABELS, Life, deadline_of, life_of
from runner.cleanup.owner import Owner, owner_from
from runner.cleanup.teardown import Report, remove_project
from runner.docker.engine import Engine, Pending
from runner.docker.listing import GUARD_LABEL, LISTINGS, PROJECT_LABEL, Resource, project_of
from runner.docker.process import Endpoint
from runner.naming import MODULE_LABEL, REPOSITORY_LABEL, STARTED_LABEL, UAT_LABEL
from runner.text import printable

# Seconds for one environment; a living engine needs one. What resists must not hold up every run that comes after.
_SWEEP_BOUND = 3.0
# Seconds. A run gives a guard at the engine up that does not stand after half of them.
_LONGEST_GUARD_START = 120.0
# Compose takes no other. With another one no listing can be trusted: docker cuts off blanks in what is asked for.
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]*")


class State(Enum):
    """Why an environment stands."""

    RUNNING = "running"
    KEPT = "kept"
    DEAD = "dead"
    PAST_ITS_DEADLINE = "past its deadline"
    FOREIGN = "of another host or container"
    UAT = "to look at"


_BY_LIFE = {Life.GONE: State.DEAD, Life.PAST_ITS_DEADLINE: State.PAST_ITS_DEADLINE, Life.UNKNOWN: State.FOREIGN}
# Those that nobody needs.
LEFTOVERS = frozenset({State.DEAD, State.PAST_ITS_DEADLINE})


@dataclass(frozen=True)
class Standing:
    """An environment that the engine holds, whole or in parts; `ports`: those that its containers publish.

    `seconds_left`: until its deadline, at which its run is over whatever happened to it; None if its labels name none.
    """

    project: str
    repository: str
    started: str
    state: State
    owner: Owner | None
    seconds_left: float | None
    ports: tuple[int, ...]
    labels: dict[str, str]


# Of every container, network and volume of a run, what is to be known.
LABELS = (
    *(PROJECT_LABEL, GUARD_LABEL, REPOSITORY_LABEL, MODULE_LABEL, STARTED_LABEL, keep.FOLDER_LABEL, UAT_LABEL),
    *LIFE_LABELS,
)


def standing(resources: Iterable[Resource], now: float) -> list[Standing]:
    """Return the environments to which these containers, networks and volumes belong, the oldest first.

    They are as `prefetch` lists them. `now`: by the engine's clock, in seconds of the epoch.
    """
    merged: dict[str, list[Resource]] = {}
    for resource in resources:
        # A container of an image of a repository's own has all labels of a run, without a value.
        if (project := project_of(resource.labels)) and UAT_LABEL not in resource.labels:
            merged.setdefault(project, []).append(resource)
    return sorted(
        (_standing(project, parts, now) for project, parts in merged.items()), key=lambda environment: environment.started
    )


def _standing(project: str, parts: Sequence[Resource], now: float) -> Standing:
    # Should they differ, which no run does, that of a run that lives counts.
    labels = next((part.labels for part in parts if life_of(part.labels, now) is Life.ALIVE), parts[-1].labels)
    has_a_name = is_project_name(project)
    deadline = deadline_of(labels) if has_a_name else None
    never_started = len(parts) == 1 and _is_guard_that_never_started(parts[0], now)
    containers = [state for resource in parts if (state := resource.columns.get("State"))]
    return Standing(
        project=project,
        repository=labels.get(REPOSITORY_LABEL, "?"),
        started=labels.get(STARTED_LABEL, "?"),
        state=_state(labels, now, containers, never_started=never_started) if has_a_name else State.FOREIGN,
        owner=owner_from(labels),
        seconds_left=None if deadline is None else deadline - now,
        ports=tuple(port for resource in parts for port in resource.ports),
        labels=labels,
    )


def look(engine: Engine) -> list[Standing]:
    """Return every environment that the engine holds, the oldest first."""
    listings = prefetch(engine)
    engine.prefetch_info()
    return standing((resource for listing in listings for resource in listing.result()), engine.info.now)


def prefetch(engine: Engine, repository: str = "") -> list[Pending[list[Resource]]]:
    """Start the listings of what belongs to environments, of this repository or of all."""
    label = f"label={REPOSITORY_LABEL}={repository}" if repository else f"label={REPOSITORY_LABEL}"
    return [*engine.prefetch_resources(LABELS, label, columns=("State", "CreatedAt")).values()]


def _is_guard_that_never_started(part: Resource, now: float) -> bool:
    """Whether it is a guard at the engine between whose making and start its run was killed: that had nothing else yet."""
    is_waiting = GUARD_LABEL in part.labels and part.columns.get("State") == "created"
    return is_waiting and part.made_at is not None and now - part.made_at > _LONGEST_GUARD_START


def _state(labels: dict[str, str], now: float, containers: Sequence[str], *, never_started: bool) -> State:
    life = life_of(labels, now, containers)
    if life is Life.ALIVE:
        return State.RUNNING
    if never_started:
        return State.DEAD
    return State.KEPT if keep.is_kept(labels) else _BY_LIFE[life]


def to_remove(environments: Sequence[Standing], repositories: Sequence[str], *, everything: bool) -> list[Standing]:
    """Return what a cleanup of these repositories removes: what nobody needs.

    `everything`: also what was kept, and what would else stay for ever, as nobody can tell whether it is needed.
    """

    def is_chosen(environment: Standing) -> bool:
        stays = environment.state is State.FOREIGN and environment.seconds_left is None
        return environment.state in LEFTOVERS or (everything and (environment.state is State.KEPT or stays))

    return [environment for environment in environments if environment.repository in repositories and is_chosen(environment)]


def sweep(environments: Sequence[Standing], repository: str, endpoint: Endpoint, say: Callable[[str], None]) -> None:
    """Remove what dead runs of the repository left, as every run does at its start."""
    dead = to_remove(environments, [repository], everything=False)
    remove(dead, endpoint, lambda line: say(f"  left by a dead run: {line}"), _SWEEP_BOUND)


def remove(environments: Iterable[Standing], endpoint: Endpoint, say: Callable[[str], None], bound: float) -> bool:
    """Remove environments, for at most `bound` seconds each, say what became of them, and return whether nothing is left."""
    complete = True
    for environment in environments:
        if not is_project_name(environment.project):
            say(f"{printable(environment.project)}: left alone, no project of Compose has such a name")
            continue
        report = remove_project(endpoint, environment.project, bound=bound, guard=True)
        tell(f"{environment.project} ({environment.state.value})", report, say)
        if report.complete:
            keep.unmark(environment.labels)
        complete = complete and report.complete
    return complete


def is_project_name(name: str) -> bool:
    """Tell whether a project of Compose can have this name."""
    return bool(_PROJECT.fullmatch(name))


def tell(what: str, report: Report, say: Callable[[str], None]) -> None:
    """Say what became of a removal, and what was met on the way."""
    say(f"{what}: {_outcome(report)}")
    for error in report.errors:
        say(f"  {error}")
    for line in (*report.in_use, *(f"disconnected: {told}" for told in report.disconnected)):
        say(f"  {printable(line)}")


def _outcome(report: Report) -> str:
    if report.complete:
        return f"removed in {report.seconds:g} s"
    kinds = {kind: f"{kind[:-1]} " for kind in LISTINGS}
    left = [f"{kinds.get(kind, '')}{printable(name)}" for kind, names in report.left.items() for name in names]
    return f"LEFT after {report.seconds:g} s: {', '.join(left)}"
