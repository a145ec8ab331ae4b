"""What the engine holds of one run: found by its Compose project's label, and the volume of a preparation that did not finish.

Standard library only, because the guard lives from this.
"""

import contextlib

from runner.docker.process import LISTING_TRIES, PROJECT_LABEL, DockerFailed, finish, has_vanished, start

SNAPSHOT_PREFIX = "agent-test-snapshot"
# A prepared database outlives its run once a second volume, its marker, names it. Until then it belongs to the run.
MAKER_LABEL = f"{SNAPSHOT_PREFIX}.maker"
PUBLISHED_LABEL = f"{SNAPSHOT_PREFIX}.volume"

_LISTINGS = {
    "containers": ("ps", "-a"),
    "networks": ("network", "ls"),
    "volumes": ("volume", "ls"),
}
_NAMES = {"containers": "{{.Names}}", "networks": "{{.Name}}"}
# Docker joins conditions with "and" only: one client that lists all volumes costs less than three that choose.
_VOLUMES = "\t".join(["{{.Name}}", *(f'{{{{.Label "{label}"}}}}' for label in (PROJECT_LABEL, MAKER_LABEL, PUBLISHED_LABEL))])

Remains = dict[str, list[str]]


class _Vanished(DockerFailed):
    """It failed only because something went away while it worked."""


def list_remains(project: str) -> Remains:
    """The names of the run's containers, networks and volumes, by kind. DockerFailed if the engine cannot say."""
    for _ in range(LISTING_TRIES - 1):
        with contextlib.suppress(_Vanished):
            return _listed(project)
    return _listed(project)


def _listed(project: str) -> Remains:
    running = {
        kind: start(*_LISTINGS[kind], "--filter", f"label={PROJECT_LABEL}={project}", "--format", template)
        for kind, template in _NAMES.items()
    }
    running["volumes"] = start(*_LISTINGS["volumes"], "--format", _VOLUMES)
    output: dict[str, str] = {}
    failures = []
    for kind, process in running.items():
        try:
            output[kind] = finish(process)
        except DockerFailed as error:
            failures.append(str(error))
    if failures:
        raise (_Vanished if all(map(has_vanished, failures)) else DockerFailed)("; ".join(failures))
    return {kind: output[kind].split() for kind in _NAMES} | {"volumes": _volumes_of(project, output["volumes"])}


def _volumes_of(project: str, listing: str) -> list[str]:
    rows = [line.split("\t") for line in listing.splitlines()]
    published = {volume for _, _, _, volume in rows}
    return [name for name, owner, maker, _ in rows if owner == project or (maker == project and name not in published)]


def listing_commands(project: str) -> dict[str, str]:
    """The commands by which a person sees the project's, by kind."""
    return {kind: f"docker {' '.join(words)} --filter label={PROJECT_LABEL}={project}" for kind, words in _LISTINGS.items()}
