"""What the engine holds, listed by docker's own listings: a line of JSON for each container, network or volume.

JSON, because a label may hold anything: a tab, a comma, a line's end. Standard library only, as the guard lives from this.
"""

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from runner.docker.process import DockerFailed

# By Compose, on everything that it creates.
PROJECT_LABEL = "com.docker.compose.project"
# On a guard at the engine, which is no part of its Compose project and outlives it.
GUARD_LABEL = "agent-test.guard-of"
# How often a listing is asked for again in which another run removes something: several teardowns at once.
LISTING_TRIES = 10
# An engine is told from every other one by this.
ENGINE_ID = ("info", "--format", "{{json .ID}}")
CONTAINERS, NETWORKS, VOLUMES = "containers", "networks", "volumes"
# How a person lists them; the first word of a kind is docker's word for what it removes and inspects.
LISTINGS = {CONTAINERS: ("ps", "-a"), NETWORKS: ("network", "ls"), VOLUMES: ("volume", "ls")}
_NAMES = {CONTAINERS: "{{json .Names}}", NETWORKS: "{{json .Name}}", VOLUMES: "{{json .Name}}"}
# What docker's listing of a kind has besides; of volumes it does not say when they were made.
_COLUMNS = {CONTAINERS: ("State", "CreatedAt", "Image", "Command"), NETWORKS: ("CreatedAt",), VOLUMES: ()}
# As docker writes it: for networks with parts of a second, and always with the name of the zone behind.
_CREATED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d{4})\b")
_PUBLISHED = re.compile(r":(\d+)(?:-(\d+))?->")


class Resource(NamedTuple):
    """A container, network or volume: its name, those of the labels asked for that it has, and the host ports it publishes.

    `columns`: what else of docker's listing was asked for, by docker's names for it, as far as there is such a thing.
    """

    name: str
    labels: dict[str, str]
    ports: tuple[int, ...] = ()
    columns: Mapping[str, str] = MappingProxyType({})

    @property
    def made_at(self) -> float | None:
        """When it was made, by the engine's clock, in seconds of the epoch; None where docker does not say."""
        told = _CREATED.match(self.columns.get("CreatedAt", ""))
        return datetime.strptime(" ".join(told.groups()), "%Y-%m-%d %H:%M:%S %z").timestamp() if told else None


def listing(kind: str, labels: Iterable[str], *filters: str, columns: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the words for docker that list a kind, with the values of these labels; a filter is `label=NAME[=VALUE]`.

    `columns`: what else is to be listed, by docker's names for it, as `State`, of the kinds that have it.
    """
    template = [
        _NAMES[kind],
        "{{json .Ports}}" if kind == CONTAINERS else '""',
        *(f'{{{{json (.Label "{label}")}}}}' for label in labels),
        *(f"{{{{json .{column}}}}}" if column in _COLUMNS[kind] else '""' for column in columns),
    ]
    chosen = [word for condition in filters for word in ("--filter", condition)]
    return (*LISTINGS[kind], *chosen, "--format", f"[{','.join(template)}]")


def resources_in(output: str, labels: Sequence[str], columns: Sequence[str] = ()) -> list[Resource]:
    """Read the answer to `listing`. DockerFailed for an answer that is none: it must not be taken for an empty listing."""
    resources = []
    for line in io.StringIO(output):  # not splitlines(): docker leaves U+0085 in a label as it is
        try:
            name, ports, *values = json.loads(line)
            texts = [str(value) for value in values]
            # docker says "" for a label that is not there.
            found = {label: text for label, text in zip(labels, texts[: len(labels)], strict=True) if text}
            others = dict(zip(columns, texts[len(labels) :], strict=True))
            resources.append(Resource(str(name), found, _ports_in(str(ports)), others))
        except (ValueError, TypeError, RecursionError) as error:
            raise DockerFailed(f"docker's listing is not understood: {line.strip()[:200]!r}") from error
    return resources


def project_of(labels: Mapping[str, str]) -> str:
    """Return the project to which something with these labels belongs, as also the guard at the engine does; "" for none."""
    return labels.get(PROJECT_LABEL) or labels.get(GUARD_LABEL, "")


def _ports_in(published: str) -> tuple[int, ...]:
    """The host ports in docker's words for them, as in `127.0.0.1:8090->8069/tcp, :::8000-8002->8000-8002/tcp`."""
    ranges = (tuple(int(end or first) for end in (first, last)) for first, last in _PUBLISHED.findall(published))
    return tuple(dict.fromkeys(port for first, last in ranges for port in range(first, last + 1)))
