"""What the engine holds, listed by docker's own listings: a line of JSON for each container, network or volume.

JSON, because a label may hold anything: a tab, a comma, a line's end. Standard library only, as the guard lives from this.
"""

import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from runner.docker.process import DockerFailed

# By Compose, on everything that it creates.
PROJECT_LABEL = "com.docker.compose.project"
# How often a listing is asked for again in which another run removes something: several teardowns at once.
LISTING_TRIES = 10
# An engine is told from every other one by this.
ENGINE_ID = ("info", "--format", "{{json .ID}}")
CONTAINERS, NETWORKS, VOLUMES = "containers", "networks", "volumes"
# How a person lists them; the first word of a kind is docker's word for what it removes and inspects.
LISTINGS = {CONTAINERS: ("ps", "-a"), NETWORKS: ("network", "ls"), VOLUMES: ("volume", "ls")}
_NAMES = {CONTAINERS: "{{json .Names}}", NETWORKS: "{{json .Name}}", VOLUMES: "{{json .Name}}"}
# Asked for like a label: how a container is, in docker's word for it, as `running` or `exited`.
STATE = "state"
_STATES = {CONTAINERS: "{{json .State}}"}
_PUBLISHED = re.compile(r":(\d+)(?:-(\d+))?->")


class Resource(NamedTuple):
    """A container, network or volume: its name, those of the labels asked for that it has, and the host ports it publishes.

    `columns`: what of docker's own listing was asked for; `state`: of a container, where STATE was asked for.
    """

    name: str
    labels: dict[str, str]
    ports: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    state: str = ""


def listing(kind: str, labels: Iterable[str], *filters: str, columns: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the words for docker that list a kind, with the values of these labels; a filter is `label=NAME[=VALUE]`.

    `columns`: what else is to be listed, by docker's names for it, as `State`.
    """
    template = [
        _NAMES[kind],
        "{{json .Ports}}" if kind == CONTAINERS else '""',
        *(_STATES.get(kind, '""') if label == STATE else f'{{{{json (.Label "{label}")}}}}' for label in labels),
        *(f"{{{{json .{column}}}}}" for column in columns),
    ]
    chosen = [word for condition in filters for word in ("--filter", condition)]
    return (*LISTINGS[kind], *chosen, "--format", f"[{','.join(template)}]")


def resources_in(output: str, labels: Sequence[str], columns: Sequence[str] = ()) -> list[Resource]:
    """Read the answer to `listing`. DockerFailed for an answer that is none: it must not be taken for an empty listing."""
    resources = []
    for line in io.StringIO(output):  # not splitlines(): docker leaves U+0085 in a label as it is
        try:
            name, ports, *values = json.loads(line)
            # docker says "" for a label that is not there.
            found = {label: str(value) for label, value in zip([*labels, *columns], values, strict=True) if str(value)}
            shown = tuple(found.pop(column, "") for column in columns)
            resources.append(Resource(str(name), found, _ports_in(str(ports)), shown, found.pop(STATE, "")))
        except (ValueError, TypeError, RecursionError) as error:
            raise DockerFailed(f"docker's listing is not understood: {line.strip()[:200]!r}") from error
    return resources


def _ports_in(published: str) -> tuple[int, ...]:
    """The host ports in docker's words for them, as in `127.0.0.1:8090->8069/tcp, :::8000-8002->8000-8002/tcp`."""
    ranges = (tuple(int(end or first) for end in (first, last)) for first, last in _PUBLISHED.findall(published))
    return tuple(dict.fromkeys(port for first, last in ranges for port in range(first, last + 1)))
