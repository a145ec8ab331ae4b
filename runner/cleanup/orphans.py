"""Find what runs left or keep standing, and remove it: never what belongs to a run that lives."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from runner.cleanup import keep as keeping
from runner.cleanup.owner import Owner, owner_from
from runner.cleanup.teardown import Report, remove_project
from runner.docker.inventory import Resource
from runner.naming import LABEL_PREFIX

REPOSITORY_LABEL = LABEL_PREFIX + "repository"
# Seconds for one environment; a living engine needs one.
BOUND = 60.0
# What resists must not hold up every run that comes after.
SWEEP_BOUND = 3.0


class State(Enum):
    """Why an environment stands."""

    LIVES = "lives"
    KEPT = "kept"
    DEAD = "dead"
    ELSEWHERE = "of another host"


@dataclass(frozen=True)
class Standing:
    """An environment that the engine holds, whole or in parts."""

    project: str
    repository: str
    started: str
    state: State
    owner: Owner | None
    ports: tuple[int, ...]
    labels: dict[str, str]


def standing(resources: Iterable[Resource]) -> list[Standing]:
    """The environments to which these containers, networks and volumes belong, the oldest first."""
    merged: dict[str, tuple[dict[str, str], tuple[int, ...]]] = {}
    for resource in resources:
        _, ports = merged.get(resource.project, ({}, ()))
        merged[resource.project] = (resource.labels, ports + resource.ports)
    found = []
    for project, (labels, ports) in merged.items():
        owner = owner_from(labels)
        found.append(
            Standing(
                project=project,
                repository=labels.get(REPOSITORY_LABEL, "?"),
                started=labels.get(LABEL_PREFIX + "started", "?"),
                state=_state(owner, labels),
                owner=owner,
                ports=ports,
                labels=labels,
            )
        )
    return sorted(found, key=lambda each: each.started)


def _state(owner: Owner | None, labels: dict[str, str]) -> State:
    if owner is None or not owner.is_on_this_host:
        return State.ELSEWHERE
    if owner.is_alive:
        return State.LIVES
    return State.KEPT if keeping.is_kept(labels) else State.DEAD


def to_remove(found: Sequence[Standing], repositories: Sequence[str], *, everything: bool) -> list[Standing]:
    """What a cleanup of these repositories removes: what is dead; `everything`: also what is kept or of another host."""
    states = {State.DEAD, State.KEPT, State.ELSEWHERE} if everything else {State.DEAD}
    return [each for each in found if each.repository in repositories and each.state in states]


def sweep(resources: Iterable[Resource], repository: str, say: Callable[[str], None]) -> None:
    """Remove what dead runs of the repository left, as every run does at its start."""
    dead = to_remove(standing(resources), [repository], everything=False)
    remove(dead, lambda line: say(f"  left by a dead run: {line}"), SWEEP_BOUND)


def remove(environments: Iterable[Standing], say: Callable[[str], None], bound: float = BOUND) -> bool:
    """Remove environments, for at most `bound` seconds each, say what became of them, and return whether nothing is left."""
    complete = True
    for environment in environments:
        report = remove_project(environment.project, bound=bound)
        say(f"{environment.project} ({environment.state.value}): {_outcome(report)}")
        for error in report.errors:
            say(f"  {error}")
        if report.complete:
            keeping.unmark(environment.labels)
        complete = complete and report.complete
    return complete


def _outcome(report: Report) -> str:
    if report.complete:
        return f"removed in {report.seconds:g} s"
    left = [f"{kind[:-1]} {name}" for kind, names in report.left.items() for name in names]
    return f"LEFT after {report.seconds:g} s: {', '.join(left)}"
