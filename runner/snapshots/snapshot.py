"""Prepared databases: which a run can start from, each a stage built on the one before, and what their keys cover.

A snapshot never holds the module under test nor anything that depends on it. Its key covers all that decides what is in it: a
change of any of it is another key, so that an old snapshot is not found any more. That is the only protection against a wrong
verdict from old data, so it rather covers too much.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runner.odoo.command import MOUNT, SERVICE

# Rises with every change of what is in a snapshot or how it is used.
SCHEMA = 3
STAGES = ("base", "core", "assets", "own")
DB_SERVICE = "db"
# In the containers.
IN_MEMORY = "/agent-test-memory"
# Within it, as the server insists on owning its folder.
FOLDER_IN_MEMORY = f"{IN_MEMORY}/cluster"

# What steps down from root, as PostgreSQL refuses to run as that: of the official images, of Alpine's, of Debian.
STEPS_DOWN = ("gosu", "su-exec", "setpriv")
_STATEMENTS = "AGENT_TEST_STATEMENTS"
# As the owner of the cluster, by PostgreSQL alone: nobody can connect yet. None of its settings counts but those named here.
_SINGLE = (
    'postgres --single -F -D "$PGDATA" -c config_file=/dev/null -c shared_buffers=1MB -c log_checkpoints=off '
    "-c exit_on_error=on template1"
)
# Run in the place of the image's entrypoint, as the image's user. What is not whole, or keeps another run's password, ends the
# container.
_START = f"""no() {{ echo "agent-test: $1" >&2; exit 1; }}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    [ -e {MOUNT}/complete ] || no 'the snapshot is not complete'
    mkdir -p "$PGDATA" && cp -a {MOUNT}/cluster/. "$PGDATA/" || exit 1
fi
as_owner() {{
    [ "$(id -u)" = 0 ] || exec "$@"
    owner=$(stat -c %u:%g "$PGDATA/PG_VERSION") && chown "$owner" "$PGDATA" || exit
    for way in {" ".join(STEPS_DOWN)}; do command -v $way >/dev/null && break; done
    [ $way != setpriv ] || exec setpriv --reuid=${{owner%:*}} --regid=${{owner#*:}} --clear-groups "$@"
    exec $way $owner "$@"
}}
if [ -n "${_STATEMENTS}" ]; then
    printf '%s\\n' "${_STATEMENTS}" | as_owner {_SINGLE} >/dev/null \\
        || no 'the password of the database cannot be set'
    unset {_STATEMENTS}
fi
exec "$@"
"""


@dataclass(frozen=True)
class Stage:
    """One step on the way to a module's database: `modules` are installed by name, with their own dependencies.

    `base`: the key of the lowest stage of that way. `assets`: nothing is installed, but the assets bundles of all that is are
    generated.
    """

    name: str
    modules: tuple[str, ...]
    key: str
    base: str
    own: bool = False
    assets: bool = False

    def is_held_by(self, installed: Iterable[str]) -> bool:
        """Whether a database with these modules holds all of this stage, whose sources are the image's alone."""
        return not (self.own or self.assets) and set(self.modules) <= set(installed)


@dataclass(frozen=True)
class Snapshot:
    """A prepared database that is ready, in a volume of that name. `base` as in Stage, `created` in seconds of the epoch.

    `seconds`: what it took to make it from the stage before.
    """

    key: str
    base: str
    stage: str
    volume: str
    repository: str
    modules: tuple[str, ...]
    created: float
    megabytes: int
    seconds: int


@dataclass(frozen=True)
class DatabaseImage:
    """The image of the service `db`: its name, what it starts, and the folder of its data."""

    name: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    data_folder: str = ""


def stages(
    surroundings: str, core: tuple[str, ...], own: tuple[str, ...], own_sources: str, *, assets: bool = False
) -> list[Stage]:
    """Return the stages to a database with these modules, the lowest first. `own_sources`: the digest of those of `own`.

    `assets`: whether it is worth while to have the assets bundles.
    """
    base = _digest(SCHEMA, surroundings)
    chain = [Stage("base", ("base",), base, base)]
    if core != ("base",):
        chain.append(Stage("core", core, _digest(chain[-1].key, core), base))
    if assets:
        chain.append(Stage("assets", core, _digest(chain[-1].key, "assets"), base, assets=True))
    if own:
        chain.append(Stage("own", own, _digest(chain[-1].key, own, own_sources), base, own=True))
    return chain


def worth_making(missing: list[Stage], ready: Iterable[Snapshot]) -> list[Stage]:
    """Choose the missing stages, if there is none to start from, to stop at and keep.

    To install `base` alone first takes some 10 s longer than to install all that is needed at once. That pays for the second
    set of dependencies with the same base, not for the first.
    """
    first_two = [stage.name for stage in missing[:2]]
    if first_two == ["base", "core"] and all(snapshot.base != missing[0].key for snapshot in ready):
        return missing[1:]
    return missing


def surroundings_digest(text: str, contents: str, images: Mapping[str, str], command: list[str]) -> str:
    """Digest what is around the modules: the compose file, what it mounts, the images, and Odoo's options."""
    return _digest(text, contents, sorted(images.items()), command)


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def unsupported(rendered: Mapping[str, Any], data_folder: str | None) -> str:
    """Tell why a compose file allows for no prepared databases; empty if it does. `data_folder`: PGDATA of the service db."""
    service = rendered["services"].get(DB_SERVICE)
    if service is None:
        return f"the compose file has no service `{DB_SERVICE}`"
    if not data_folder:
        return f"the image of the service `{DB_SERVICE}` does not name its folder in PGDATA"
    on_disk = [volume for volume in service.get("volumes") or [] if is_within(data_folder, volume["target"])]
    if service.get("tmpfs") or any(volume["type"] != "volume" for volume in on_disk):
        return f"the service `{DB_SERVICE}` does not keep its data in a volume"
    return ""


def is_within(folder: str, target: str) -> bool:
    """Tell whether what is mounted at `target` is there in the folder, or around it."""
    return f"{folder.rstrip('/')}/".startswith(f"{target.rstrip('/')}/")


def with_snapshot(
    override: dict[str, Any], rendered: Mapping[str, Any], volume: str, database: DatabaseImage, statements: str
) -> dict[str, Any]:
    """Return the override of a run, with the snapshot mounted read-only and copied before the database starts.

    `statements`: the SQL that the copy is given before anybody can connect, one a line.
    What the image of the database starts is said anew: Compose forgets it when it is given another entrypoint.
    """
    mount = {"type": "volume", "source": "agent-test-snapshot", "target": MOUNT, "read_only": True}
    for name in (DB_SERVICE, SERVICE):
        override["services"][name].setdefault("volumes", []).append(mount)
    override["volumes"]["agent-test-snapshot"] = {"name": volume, "external": True}
    return _begun_with(_START, override, rendered, database, statements)


def with_data(
    override: dict[str, Any], rendered: Mapping[str, Any], database: DatabaseImage, statements: str
) -> dict[str, Any]:
    """Return the override of an environment whose database is in a volume that was there before, and is to last.

    `statements`: as for a snapshot. What they change is on disk before anybody can connect.
    """
    return _begun_with(_START.replace(" --single -F ", " --single "), override, rendered, database, statements)


def _begun_with(
    script: str, override: dict[str, Any], rendered: Mapping[str, Any], database: DatabaseImage, statements: str
) -> dict[str, Any]:
    service = rendered["services"][DB_SERVICE]
    entrypoint = service.get("entrypoint") or list(database.entrypoint)
    given = service.get("command") or ([] if service.get("entrypoint") else list(database.command))
    override["services"][DB_SERVICE] |= {
        "entrypoint": ["sh", "-c", script, "agent-test-snapshot", *entrypoint],
        "command": given,
    }
    override["services"][DB_SERVICE].setdefault("environment", {})[_STATEMENTS] = statements
    return override


def in_memory(override: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    """Return the override of a run, with the database in a volume of memory: empty again once no container has it mounted."""
    volume = {"driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": "mode=1777"}, "labels": labels}
    mount = {"type": "volume", "source": "agent-test-memory", "target": IN_MEMORY}
    override["services"][DB_SERVICE].setdefault("volumes", []).append(mount)
    override["services"][DB_SERVICE].setdefault("environment", {})["PGDATA"] = FOLDER_IN_MEMORY
    override["volumes"]["agent-test-memory"] = volume
    return override
