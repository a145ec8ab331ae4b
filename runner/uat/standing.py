"""What the engine holds of environments to look at, and whose each is."""

import socket
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.cleanup.life import LIFE_LABELS, Life, life_of
from runner.cleanup.orphans import Standing, State
from runner.cleanup.owner import owner_from
from runner.cleanup.resources import GENERATION_LABEL, PUBLISHED_LABEL
from runner.docker.address import Address, address_of
from runner.docker.engine import Engine, Pending
from runner.docker.listing import CONTAINERS, NETWORKS, PROJECT_LABEL, VOLUMES, Resource
from runner.environment.ports import HOST as HOST_OF_PORTS
from runner.naming import UAT_LABEL
from runner.reporting.proof_log import seconds_since
from runner.text import age
from runner.uat.data import STATE_LABEL, Data, from_label

REPOSITORY, CHECKOUT, HOST = "agent-test-uat.repository", "agent-test-uat.checkout", "agent-test-uat.host"
_LABELS = (PROJECT_LABEL, UAT_LABEL, REPOSITORY, CHECKOUT, HOST, GENERATION_LABEL, PUBLISHED_LABEL, STATE_LABEL, *LIFE_LABELS)
LEFT = "a command was killed; `nox -s cleanup`, and the next `uat` command, remove what it left"
_RUNS = ("running", "restarting")


@dataclass(frozen=True)
class Uat:
    """One environment: `data`, if it has any that counts, its `containers` with their states, and the ports they publish.

    `half`: what belongs to no whole generation: of a start or an update that did not come to its end, or goes on, by a
    `worker`. `older`: volumes that others have replaced. `is_readable`: this version understands the data.
    """

    project: str
    repository: str
    checkout: str
    host: str
    data: Data | None
    containers: Mapping[str, str]
    ports: tuple[int, ...]
    half: Sequence[str]
    older: Sequence[str]
    volumes: Sequence[str]
    networks: Sequence[str]
    worker: str
    is_readable: bool = True

    @property
    def is_running(self) -> bool:
        """Whether its containers run; not whether Odoo is well."""
        return bool(self.data and not self.half and any(state in _RUNS for state in self.containers.values()))

    @property
    def state(self) -> str:
        """Its state in a word."""
        if self.worker:
            return "in the making"
        if self.half:
            return "half-updated" if self.data or not self.is_readable else "half-started"
        return "running" if self.is_running else "stopped"

    @property
    def is_left(self) -> bool:
        """Whether something is left of a command that was killed together with its guard: nothing of the data that counts."""
        return bool(self.half) and not self.worker

    def belongs_to(self, repository: str, checkout: Path, *, on_any_host: bool) -> bool:
        """Tell whether it is that of this checkout, on this machine or, `on_any_host`, on whatever machine has it there."""
        is_here = on_any_host or self.host == socket.gethostname()
        return is_here and (self.repository, self.checkout) == (repository, str(checkout))


def labels_of(repository: str, checkout: Path) -> dict[str, str]:
    """Return the labels that say whose an environment is."""
    return {REPOSITORY: repository, CHECKOUT: str(checkout), HOST: socket.gethostname()}


def prefetch(engine: Engine) -> dict[str, Pending[list[Resource]]]:
    """Start the listings of all that belongs to environments to look at."""
    return engine.prefetch_resources(_LABELS, f"label={UAT_LABEL}", columns=("State",))


def look(engine: Engine) -> list[Uat]:
    """Return the environments to look at that the engine holds, by project."""
    listings = prefetch(engine)
    engine.prefetch_info()
    return found_in({kind: listing.result() for kind, listing in listings.items()}, engine.info.now)


def address_at(engine: Engine, port: int) -> Address:
    """Return where a person reaches it."""
    return address_of(engine.whereabouts, port, HOST_OF_PORTS)


def as_environments(engine: Engine) -> list[Standing]:
    """Return those whose containers run as environments that a person can look into, as into that of a run."""
    return [
        Standing(uat.project, uat.repository, uat.data.made if uat.data else "?", State.UAT, None, None, uat.ports, {})
        for uat in look(engine)
    ]


def told(engine: Engine, uat: Uat) -> str:
    """Say in a line what it is, where it is, and since when."""
    at = [f"http://{address_at(engine, port)}" for port in uat.ports[:1] if uat.is_running]
    left = f", and its data as before; {LEFT}" if uat.is_left and uat.data else f"; {LEFT}" if uat.is_left else ""
    parts = [f"{uat.state}{' at ' if at else ''}{''.join(at)}{left}", f"of {uat.repository} at {uat.checkout}"]
    if uat.data:
        parts += [", ".join(uat.data.modules), f"updated {age(seconds_since(uat.data.updated))} ago"]
    return f"{uat.project}: {'; '.join(parts)}; nox -s uat -- {uat.repository} status"


def found_in(listed: Mapping[str, Iterable[Resource]], now: float) -> list[Uat]:
    """Sort out what was listed, by kind; `now`: by the engine's clock, in seconds of the epoch."""
    projects: dict[str, dict[str, list[Resource]]] = defaultdict(lambda: defaultdict(list))
    for kind, resources in listed.items():
        for resource in resources:
            projects[resource.labels.get(UAT_LABEL, "")][kind].append(resource)
    return [_uat(project, parts, now) for project, parts in sorted(projects.items()) if project]


def _uat(project: str, parts: Mapping[str, list[Resource]], now: float) -> Uat:
    containers, networks, volumes = (parts.get(kind, []) for kind in (CONTAINERS, NETWORKS, VOLUMES))
    markers = [volume for volume in volumes if PUBLISHED_LABEL in volume.labels]
    whole = {marker.labels[PUBLISHED_LABEL] for marker in markers}
    understood = [(data, marker) for marker in markers if (data := from_label(marker.labels.get(STATE_LABEL, "")))]
    data, counts = max(understood, key=lambda pair: pair[0].number, default=(None, None))
    rest = [volume for volume in volumes if volume not in markers]
    half = [part for part in (*containers, *rest) if part.labels.get(GENERATION_LABEL) not in whole]
    older = [marker for _data, marker in understood if marker is not counts]
    # What is no data, as copied sources, goes with the containers.
    data_volumes = [volume for volume in rest if not containers or PROJECT_LABEL not in volume.labels]
    # The markers first: without them the others are half.
    older += [volume for volume in data_volumes if data and volume not in half and volume.name not in data.volumes.values()]
    about = (counts or next(iter((*markers, *containers, *volumes, *networks)))).labels
    return Uat(
        project,
        about.get(REPOSITORY, "?"),
        about.get(CHECKOUT, "?"),
        about.get(HOST, "?"),
        data,
        {container.name: container.columns.get("State", "") for container in containers},
        tuple(port for container in containers for port in container.ports),
        half=[resource.name for resource in half],
        older=[volume.name for volume in older],
        volumes=[volume.name for volume in (*markers, *rest)],
        networks=[network.name for network in networks],
        worker=_worker(half, now),
        is_readable=len(understood) == len(markers),
    )


def _worker(half: Iterable[Resource], now: float) -> str:
    """Say which process may still be at work at it; "" if none is."""
    for resource in half:
        life, owner = life_of(resource.labels, now), owner_from(resource.labels)
        if owner and life is Life.ALIVE:
            return f"process {owner.pid}"
        if owner and life is Life.UNKNOWN:
            return f"a process on {owner.host}"
    return ""
