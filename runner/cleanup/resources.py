"""The resources of one run: what has its Compose project's label, and the volume of a preparation that did not finish.

Standard library only, because the guard lives from this.
"""

from collections.abc import Callable, Mapping, Sequence

from runner.docker.listing import (
    CONTAINERS,
    GUARD_LABEL,
    LISTING_TRIES,
    LISTINGS,
    NETWORKS,
    PROJECT_LABEL,
    VOLUMES,
    listing,
    resources_in,
)
from runner.docker.process import Command, DockerFailed, Endpoint, has_vanished
from runner.naming import UAT_LABEL

SNAPSHOT_PREFIX = "agent-test-snapshot"
# A prepared database outlives its run once a second volume, its marker, names it. Until then it belongs to the run.
MAKER_LABEL = f"{SNAPSHOT_PREFIX}.maker"
PUBLISHED_LABEL = f"{SNAPSHOT_PREFIX}.volume"
# So does the data of an environment to look at, all of whose volumes one marker names by what they have in common here.
GENERATION_LABEL = "agent-test-uat.generation"
_VOLUME_LABELS = (PROJECT_LABEL, MAKER_LABEL, PUBLISHED_LABEL, UAT_LABEL, GENERATION_LABEL)

# The names by kind.
Resources = dict[str, list[str]]


class _Vanished(DockerFailed):
    """It failed only because something went away while it worked."""


def list_resources(endpoint: Endpoint, project: str, deadline: float) -> Resources:
    """Return the names of the run's containers, networks and volumes, by kind. DockerFailed if the engine cannot say.

    The listings are asked for side by side, and share the `deadline` (monotonic).
    """
    return _asked_until_nothing_vanishes(lambda: _listed(endpoint, project, deadline))


def list_guards(endpoint: Endpoint, project: str, deadline: float) -> Resources:
    """Return the names of the project's guards at the engine. DockerFailed if the engine cannot say."""

    def listed() -> Resources:
        (output,) = outputs([endpoint.start(*listing(CONTAINERS, (), f"label={GUARD_LABEL}={project}"))], deadline)
        return {CONTAINERS: [resource.name for resource in resources_in(output, ())]}

    return _asked_until_nothing_vanishes(listed)


def list_named(endpoint: Endpoint, names: Mapping[str, Sequence[str]], deadline: float) -> Resources:
    """Return which of these containers, networks and volumes are there. DockerFailed if the engine cannot say."""

    def listed() -> Resources:
        output = outputs([endpoint.start(*listing(kind, ())) for kind in names], deadline)
        return {
            kind: [resource.name for resource in resources_in(answer, ()) if resource.name in names[kind]]
            for kind, answer in zip(names, output, strict=True)
        }

    return _asked_until_nothing_vanishes(listed)


def _asked_until_nothing_vanishes(ask: Callable[[], Resources]) -> Resources:
    for _ in range(LISTING_TRIES - 1):
        try:
            return ask()
        except _Vanished:
            continue
    return ask()


def _listed(endpoint: Endpoint, project: str, deadline: float) -> Resources:
    mine = f"label={PROJECT_LABEL}={project}"
    # Docker joins conditions with "and" only: one client that lists all volumes costs less than three that choose.
    running = {
        CONTAINERS: endpoint.start(*listing(CONTAINERS, (), mine)),
        NETWORKS: endpoint.start(*listing(NETWORKS, (), mine)),
        VOLUMES: endpoint.start(*listing(VOLUMES, _VOLUME_LABELS)),
    }
    output = dict(zip(running, outputs(list(running.values()), deadline), strict=True))
    return {kind: [resource.name for resource in resources_in(output[kind], ())] for kind in (CONTAINERS, NETWORKS)} | {
        VOLUMES: _volumes_of(project, output[VOLUMES])
    }


def outputs(commands: Sequence[Command], deadline: float) -> list[str]:
    """Return what each of these clients printed, all within one deadline. DockerFailed, with every failure, if one failed."""
    printed, failures = finish(commands, deadline)
    if failures:
        raise (_Vanished if all(map(has_vanished, failures)) else DockerFailed)("; ".join(failures))
    return printed


def finish(commands: Sequence[Command], deadline: float) -> tuple[list[str], list[str]]:
    """Return what these clients printed, all within one deadline, and why some of them failed."""
    printed, failures = [], []
    try:
        for command in commands:
            try:
                printed.append(command.output(deadline))
            except DockerFailed as error:
                failures.append(str(error))
    finally:  # when it is interrupted, none of them outlives it
        for command in commands:
            command.cancel()
    return printed, failures


def _volumes_of(project: str, output: str) -> list[str]:
    volumes = resources_in(output, _VOLUME_LABELS)
    published = {volume.labels.get(PUBLISHED_LABEL) for volume in volumes}
    return [
        volume.name
        for volume in volumes
        if volume.labels.get(PROJECT_LABEL) == project
        or (volume.labels.get(MAKER_LABEL) == project and volume.name not in published)
        or (volume.labels.get(UAT_LABEL) == project and volume.labels.get(GENERATION_LABEL) not in published)
    ]


def listing_commands(project: str) -> dict[str, str]:
    """Return the commands by which a person sees the project's resources, by kind."""
    return {kind: f"docker {' '.join(words)} --filter label={PROJECT_LABEL}={project}" for kind, words in LISTINGS.items()}
