"""What an environment to look at is started from, beyond what a run is: its data in volumes that last, and a server to use.

All else, as images, mounts, limits and what is refused, is as in a run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.errors import ConfigError
from runner.odoo.command import DATA_FOLDER, SERVICE
from runner.snapshots.snapshot import DB_SERVICE, DatabaseImage, is_within

# Volumes of ours, for what the compose file keeps in none that has a name.
_OWN = {DB_SERVICE: "agent-test-uat-db", SERVICE: "agent-test-uat-odoo"}
# What an entry of `volumes` may have whose content is the engine's alone.
_PLAIN = {"name", "labels", "driver"}


@dataclass(frozen=True)
class Places:
    """The volumes that last, by their names in the compose file, each with mounts that are added for it.

    `needed`: those with the database and with Odoo's files.
    """

    mounts: Mapping[str, Sequence[Mapping[str, str]]]
    needed: Sequence[str]


def data_places(rendered: Mapping[str, Any], database: DatabaseImage) -> Places:
    """Return which volumes last. ConfigError where the database, or Odoo's files, would not be in one."""
    if DB_SERVICE not in rendered["services"]:
        raise ConfigError(f"The compose file has no service `{DB_SERVICE}`, whose data an environment to look at keeps.")
    if not database.data_folder:
        raise ConfigError(
            f"The image of the service `{DB_SERVICE}` does not name its folder in PGDATA, so nobody can tell what to keep. "
            "Set PGDATA in its `environment`."
        )
    mounts: dict[str, Sequence[Mapping[str, str]]] = {}
    for name, volume in (rendered.get("volumes") or {}).items():
        if not set(volume or {}) - _PLAIN and _is_mounted(rendered, name):
            mounts[name] = ()
    needed = []
    for service, folder in ((DB_SERVICE, database.data_folder), (SERVICE, DATA_FOLDER)):
        kind, source = _what_is_at(folder, rendered["services"][service])
        if kind not in ("", "volume") or (source and source not in mounts):
            raise ConfigError(
                f"services.{service}: {folder} is in {source or kind}, which is no volume of the engine's own. An environment "
                "to look at keeps its data in one. Leave that mount out, or write a volume with a name."
            )
        if not source:
            source = _OWN[service]
            mounts[source] = [{"service": service, "target": folder}]
        needed.append(source)
    return Places(mounts, needed)


def _is_mounted(rendered: Mapping[str, Any], name: str) -> bool:
    services = rendered["services"].values()
    return any(mount.get("source") == name for service in services for mount in _volumes(service))


def _volumes(service: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (mount for mount in service.get("volumes") or () if mount.get("type") == "volume")


def _what_is_at(folder: str, service: Mapping[str, Any]) -> tuple[str, str]:
    """The kind of what is mounted there, or around it, and its name or place; nothing where that has no name."""
    tmpfs = service.get("tmpfs") or ()
    mounts = [("tmpfs", "", word.partition(":")[0]) for word in ([tmpfs] if isinstance(tmpfs, str) else tmpfs)]
    mounts += [(mount["type"], str(mount.get("source") or ""), mount["target"]) for mount in service.get("volumes") or ()]
    around = [(kind, source, target) for kind, source, target in mounts if is_within(folder, target)]
    kind, source, _target = max(around, key=lambda mount: len(mount[2]), default=("", "", ""))
    return kind, source


def with_volumes(
    rendered: dict[str, Any], override: dict[str, Any], places: Places, names: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both compose files with the volumes of these names in the place of the project's own, which would go with it."""
    volumes, services = {**override["volumes"]}, {**override["services"]}
    of_file = {**(rendered.get("volumes") or {})}
    for key, mounts in places.mounts.items():
        if key not in names:
            continue
        if key in of_file:  # what else stands there says how to make it, and Compose takes that for a contradiction
            of_file[key] = {"name": (of_file[key] or {})["name"]}
        volumes[key] = {"name": names[key], "external": True}
        for mount in mounts:
            service = services[mount["service"]]
            added = {"type": "volume", "source": key, "target": mount["target"]}
            services[mount["service"]] = {**service, "volumes": [*(service.get("volumes") or ()), added]}
    return {**rendered, "volumes": of_file}, {**override, "volumes": volumes, "services": services}


def with_server(override: dict[str, Any], command: Sequence[str]) -> dict[str, Any]:
    """Return the override in which Odoo's service serves the database, and not as the compose file has it."""
    service = {**override["services"][SERVICE], "entrypoint": list(command), "command": []}
    return {**override, "services": {**override["services"], SERVICE: service}}


def served_port(rendered: Mapping[str, Any], published: int) -> int:
    """Return the port in Odoo's container that is published as the environment's. ConfigError if none is."""
    for port in rendered["services"][SERVICE].get("ports") or ():
        if port.get("published") == str(published):
            return int(port["target"])
    raise ConfigError(
        "The compose file publishes no port of Odoo: write `ports: [127.0.0.1:${ODOO_PORT}:8069]` in its service `odoo`."
    )
