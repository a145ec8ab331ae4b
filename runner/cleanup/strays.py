"""Strays: what is named as the runs of a repository are, and none of them has made, as what a script of old has left.

Nobody can tell whose it is, or whether it is still wanted: so it is named, and only removed if a person says so.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from runner.cleanup import orphans
from runner.cleanup.orphans import LEFTOVERS, Standing
from runner.cleanup.resources import SNAPSHOT_PREFIX, Resources
from runner.cleanup.teardown import remove_named, remove_project
from runner.config.repositories import Config
from runner.docker.engine import Engine
from runner.docker.listing import CONTAINERS, GUARD_LABEL, NETWORKS, PROJECT_LABEL, VOLUMES, Resource, project_of
from runner.docker.process import Endpoint
from runner.naming import REPOSITORY_LABEL, UAT_LABEL
from runner.text import age, counted, first_of, printable

_LABELS = (PROJECT_LABEL, GUARD_LABEL, REPOSITORY_LABEL, UAT_LABEL)
_COLUMNS = ("State", "CreatedAt", "Image", "Command")
# What stands between a prefix and the rest of a name: `evv` is no prefix of `evvolution`.
_BETWEEN = ("-", "_", ".")
# Names in one line.
_MOST = 5


@dataclass(frozen=True)
class Stray:
    """A Compose project, or what of its name belongs to none (`is_project`), with a name that begins with a prefix.

    `running`: how many of its containers run; `seconds`: since its oldest part was made, None where docker does not say;
    `ports`: those that its containers publish.
    """

    name: str
    repository: str
    is_project: bool
    resources: Resources
    running: int
    seconds: float | None
    ports: tuple[int, ...]

    @property
    def about(self) -> str:
        """Say what it consists of, whether it runs, and how old it is."""
        parts = [counted(len(names), kind[:-1]) for kind, names in self.resources.items()]
        if CONTAINERS in self.resources:
            parts[0] += f" ({self.running or 'none'} running)"
        return ", ".join([*parts, *([] if self.seconds is None else [f"{age(self.seconds)} old"])])


class Found(NamedTuple):
    """The strays, the oldest first, and by repository what else docker's listings show where its prefix is looked for."""

    strays: list[Stray]
    mentions: dict[str, list[str]]


def look(engine: Engine, settings: Config) -> Found:
    """Return what the engine holds under the prefixes of all repositories and no run of this runner has made."""
    listings = engine.prefetch_resources(_LABELS, columns=_COLUMNS)
    listed = [(kind, resource) for kind, listing in listings.items() for resource in listing.result()]
    return found_in(listed, prefixes_of(settings), engine.info.now)


def prefixes_of(settings: Config) -> dict[str, str]:
    """Return the prefix of each repository."""
    return {name: repository.prefix for name, repository in settings.repositories.items()}


def found_in(listed: Sequence[tuple[str, Resource]], prefixes: Mapping[str, str], now: float) -> Found:
    """Choose from all containers, networks and volumes, each with its kind, by the prefixes of the repositories.

    `now`: by the engine's clock, in seconds of the epoch.
    """
    of_runs = {project_of(resource.labels) for _, resource in listed if REPOSITORY_LABEL in resource.labels} - {""}
    strays: dict[tuple[str, bool], list[tuple[str, Resource]]] = defaultdict(list)
    mentions: dict[str, list[str]] = defaultdict(list)
    for kind, resource in listed:
        project = project_of(resource.labels)
        if (
            project in of_runs
            or UAT_LABEL in resource.labels
            or (kind == VOLUMES and resource.name.startswith(SNAPSHOT_PREFIX))
        ):
            continue
        if whose(project or resource.name, prefixes):
            strays[project or resource.name, bool(project)].append((kind, resource))
            continue
        shown = (project, resource.name, *resource.columns.values())
        for repository, prefix in prefixes.items():
            if any(prefix in text for text in shown):
                mentions[repository].append(f"{kind[:-1]} {resource.name}")
    found = [_stray(name, whose(name, prefixes), is_project, parts, now) for (name, is_project), parts in strays.items()]
    return Found(sorted(found, key=lambda stray: -(stray.seconds or 0.0)), dict(mentions))


def attributed(environment: Standing, settings: Config) -> Standing:
    """Count an environment of a repository that repos.yaml does not name (any more) to the one whose prefix its name has."""
    if environment.repository in settings.repositories:
        return environment
    repository = whose(environment.project, prefixes_of(settings))
    return replace(environment, repository=repository or environment.repository)


def elsewhere(environments: Iterable[Standing], settings: Config) -> list[str]:
    """Return the repositories with leftovers that repos.yaml does not name: of another clone, so that they are to be named."""
    counted_to = {
        attributed(environment, settings).repository for environment in environments if environment.state in LEFTOVERS
    }
    return sorted(counted_to - settings.repositories.keys())


def whose(name: str, prefixes: Mapping[str, str]) -> str:
    """Return the repository whose prefix the name begins with, of several the one with the longest; "" if there is none.

    Never for the name of a repository, which may be a prefix as well: so a person's own project of the checkout may be called.
    """
    if name in prefixes:
        return ""
    fitting = [repository for repository, prefix in prefixes.items() if _begins(name, prefix)]
    return max(fitting, key=lambda repository: len(prefixes[repository]), default="")


def _begins(name: str, prefix: str) -> bool:
    rest = name[len(prefix) :]
    return name.startswith(prefix) and (not rest or prefix.endswith(_BETWEEN) or rest.startswith(_BETWEEN))


def _stray(name: str, repository: str, is_project: bool, parts: Sequence[tuple[str, Resource]], now: float) -> Stray:
    resources: Resources = {}
    for kind, resource in parts:
        resources.setdefault(kind, []).append(resource.name)
    return Stray(
        name=name,
        repository=repository,
        is_project=is_project,
        resources=resources,
        running=sum(resource.columns.get("State") == "running" for _, resource in parts),
        seconds=max((now - made_at for _, resource in parts if (made_at := resource.made_at) is not None), default=None),
        ports=tuple(port for _, resource in parts for port in resource.ports),
    )


def told_mentions(found: Found, settings: Config, repositories: Container[str]) -> list[str]:
    """Say for each of these repositories what only has its prefix somewhere, and is left to who made it."""
    prefixes = prefixes_of(settings)
    return [
        f"{printable(first_of(names, _MOST))}: left alone, {prefixes[repository]} is in the name, image or command, "
        f"but not as in {prefixes[repository].rstrip('-')}-..."
        for repository, names in found.mentions.items()
        if repository in repositories
    ]


def remove(strays: Sequence[Stray], endpoint: Endpoint, say: Callable[[str], None], bound: float) -> bool:
    """Remove strays, for at most `bound` seconds each, say what became of them, and return whether nothing is left."""
    projects = [stray for stray in strays if stray.is_project and orphans.is_project_name(stray.name)]
    single = [stray for stray in strays if stray not in projects]
    # First the containers that hold others' networks and volumes, and last the networks and volumes that they have held.
    complete = _remove_named(single, (CONTAINERS,), endpoint, say, bound)
    for stray in projects:
        report = remove_project(endpoint, stray.name, bound=bound, guard=True)
        orphans.tell(f"{stray.name} (stray)", report, say)
        complete &= report.complete
    return _remove_named(single, (NETWORKS, VOLUMES), endpoint, say, bound) and complete


def _remove_named(
    strays: Iterable[Stray], kinds: Sequence[str], endpoint: Endpoint, say: Callable[[str], None], bound: float
) -> bool:
    names = {kind: [name for stray in strays for name in stray.resources.get(kind, ())] for kind in kinds}
    if not any(names.values()):
        return True
    report = remove_named(endpoint, names, bound=bound)
    what = ", ".join(f"{kind[:-1]} {printable(name)}" for kind in kinds for name in names[kind])
    orphans.tell(f"{what} (stray)", report, say)
    return report.complete
