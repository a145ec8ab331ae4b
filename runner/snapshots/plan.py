"""Which prepared database a run starts from, and which stages it has yet to make: a value that nobody changes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.config.repositories import RepoConfig
from runner.docker.engine import Pending
from runner.docker.inventory import Image
from runner.docker.listing import Resource
from runner.errors import EnvironmentFailed
from runner.odoo import command as odoo
from runner.odoo.addons import modules_of
from runner.odoo.dependencies import (
    Dependencies,
    SnapshotUnavailable,
    dependencies_of,
    missed_auto_installs,
    server_wide_sources,
)
from runner.odoo.settings import server_wide_modules, settings_of
from runner.snapshots import memory
from runner.snapshots.assets import asks_over_http, why_none_from_before
from runner.snapshots.contents import NOT_SOURCES, contents_digest
from runner.snapshots.password import statements
from runner.snapshots.snapshot import (
    DB_SERVICE,
    FOLDER_IN_MEMORY,
    DatabaseImage,
    Snapshot,
    Stage,
    in_memory,
    stages,
    surroundings_digest,
    unsupported,
    with_snapshot,
    worth_making,
)
from runner.snapshots.store import Refusal, Store
from runner.snapshots.surroundings import Around, Surroundings, surroundings_of
from runner.text import printable, without


@dataclass(frozen=True)
class Plan:
    """The prepared database of one run; `modules` are all of its repository.

    `used`: the snapshot that the run starts from, if any. `missing`: the stages to make after it. `installed`: the modules in
    the database before the tests, as far as they come from preparation. `in_memory`: the run's database is not on disk.
    `unavailable_reason`: why there is no prepared one; empty if there is. `refused`: why a further stage is not made.
    `no_assets`: why it has no assets bundles, where the tests look as if they needed them. `server_wide`: the modules of
    the repository that Odoo imports before it looks at a database. `checkout`: the repository as it is tested, where that is
    not what is installed first.
    """

    repository: RepoConfig
    module: str
    modules: Mapping[str, Path]
    dependencies: Dependencies = field(default_factory=lambda: Dependencies({}, ()))
    database: DatabaseImage = field(default_factory=DatabaseImage)
    local_digest: str = ""
    surroundings: Surroundings = field(default_factory=lambda: Surroundings(""))
    mounted_digest: str = ""
    used: Snapshot | None = None
    missing: tuple[Stage, ...] = ()
    installed: tuple[str, ...] = ()
    in_memory: bool = False
    unavailable_reason: str = ""
    refused: str = ""
    no_assets: str = ""
    server_wide: Mapping[str, Path] = field(default_factory=dict)
    server_wide_digest: str = ""
    checkout: RepoConfig | None = None

    def disable(self, reason: str) -> "Plan":
        """Return the plan of a run that goes without a prepared database."""
        return replace(self, used=None, missing=(), installed=(), in_memory=False, unavailable_reason=reason)

    def with_installed(self, modules: Iterable[str]) -> "Plan":
        """Return the plan once these modules are in the database."""
        return replace(self, installed=tuple(sorted(modules)))

    @property
    def is_complete(self) -> bool:
        """Whether all dependencies are in the prepared database that the run starts from."""
        return self.used is not None and not self.missing and not self.refused

    @property
    def is_up_to_date(self) -> bool:
        """Whether the sources of the local dependencies, and what is mounted, are still those of the keys.

        SnapshotUnavailable if they cannot be read any more.
        """
        now = (_sources(self.dependencies.local), _sources(self.server_wide), self.surroundings.contents())
        return now == (self.local_digest, self.server_wide_digest, self.mounted_digest)

    def check_auto_installs(self) -> None:
        """Raise SnapshotUnavailable if a prepared database would keep Odoo from installing local modules by itself."""
        if missed := missed_auto_installs(self.module, self.modules, self.installed):
            raise SnapshotUnavailable(f"{', '.join(missed)} would not be installed automatically, as on an empty database")

    def misplaced(self, installed: Iterable[str]) -> list[str]:
        """Return those modules of the repository, also the one under test, that must not be in its prepared database."""
        return sorted(set(installed) & set(self.modules) - set(self.dependencies.local))

    @property
    def local_folders(self) -> dict[str, Path]:
        """The sources of the module and of its local dependencies, by name."""
        return {**self.dependencies.local, self.module: self.modules[self.module]}

    @property
    def updated_folders(self) -> list[Path]:
        """The sources to which the module, and what it depends on here, are updated; none where they are not."""
        if self.checkout is None or self.checkout is self.repository:
            return []
        modules = modules_of(self.checkout)
        return [*dependencies_of(self.module, modules).local.values(), modules[self.module]]

    def folders_in_container(self, stage: Stage) -> list[str]:
        """Return where those modules of the repository are in the odoo container that a stage may see."""
        targets = dict(zip(self.repository.addons, odoo.targets_of(self.repository), strict=True))
        seen = {**self.server_wide, **(self.dependencies.local if stage.own else {})}
        return [f"{targets[folder.parent]}/{name}" for name, folder in sorted(seen.items())]

    @property
    def data_folder(self) -> str:
        """Where the database's container keeps its data."""
        return FOLDER_IN_MEMORY if self.in_memory else self.database.data_folder

    def override(
        self, override: dict[str, Any], rendered: Mapping[str, Any], labels: dict[str, str], password: str
    ) -> dict[str, Any]:
        """Return a run's override, extended by what the snapshot, with this run's password, and a database in memory need."""
        if self.used:
            override = with_snapshot(override, rendered, self.used.volume, self.database, statements(rendered, password))
        return in_memory(override, labels) if self.in_memory else override

    def facts(self) -> dict[str, str]:
        """Return what a reader of the log has to know."""
        if self.unavailable_reason:
            return {"prepared database": f"none ({self.unavailable_reason})"}
        source = f"{self.used.volume} ({self.used.stage})" if self.used else "made by this run"
        source += ", in memory" if self.in_memory else ""
        facts = {"prepared database": source, "it holds": " ".join(self.installed)}
        if self.no_assets:
            facts["assets bundles"] = f"none from before, as {printable(self.no_assets)}"
        return facts | ({"not more": self.refused} if self.refused else {})

    def in_a_line(self) -> str:
        """Return the same for the terminal."""
        if self.unavailable_reason:
            return f"no prepared database: {self.unavailable_reason}"
        asked = [name for name in (*self.dependencies.external, *self.dependencies.local) if name in self.installed]
        more = f"; not more, as {self.refused}" if self.refused else ""
        return f"prepared database with {', '.join(asked)} ({len(self.installed)} modules){more}"


def wanted(
    repository: RepoConfig,
    module: str,
    *,
    rendered: Mapping[str, Any],
    override: Mapping[str, Any],
    images: Mapping[str, Image],
    environ: Mapping[str, str],
    password: str,
    assets: bool = False,
    is_foreign: Callable[[str], bool] = lambda _path: False,
    checkout: RepoConfig | None = None,
) -> tuple[Plan, list[Stage]]:
    """Return the stages to a module's prepared database, the lowest first, and what is known of a run that goes that way.

    `checkout`: the repository of which the folders are mounted as ever, where `repository` is what it was before.
    `override`: what every run adds to the compose file. `environ`: the variables of Compose's client. `assets`: whether a
    browser is opened in any case. What `is_foreign` is mounted from a machine whose files cannot be read here.
    SnapshotUnavailable if there can be none.
    """
    modules = modules_of(repository)
    dependencies = dependencies_of(module, modules)
    server_wide = server_wide_sources(server_wide_modules(repository), module, modules)
    database = database_image(images, rendered["services"].get(DB_SERVICE) or {})
    if hindrance := unsupported(rendered, database.data_folder):
        raise SnapshotUnavailable(hindrance)
    checkout = checkout or repository
    around = Around(checkout.addons, checkout.path, environ, password, override, is_foreign)
    surroundings = surroundings_of(rendered, around)
    plan = Plan(
        repository,
        module,
        modules,
        dependencies=dependencies,
        database=database,
        local_digest=_sources(dependencies.local),
        server_wide=server_wide,
        server_wide_digest=_sources(server_wide),
        surroundings=surroundings,
        mounted_digest=surroundings.contents(),
        checkout=checkout,
    )
    if assets := assets or asks_over_http(modules[module]):
        # What is server-wide can change how bundles are made, also those of modules that do not depend on it.
        by_server = f"{', '.join(server_wide)} is loaded server-wide" if server_wide else ""
        updated = "" if checkout is repository else "the module is updated first"
        plan = replace(plan, no_assets=updated or by_server or why_none_from_before(plan.local_folders))
        assets = not plan.no_assets
    command = odoo.prepare_command((), tuple(server_wide), 0, settings_of(repository))
    mounted = plan.mounted_digest + plan.server_wide_digest
    digest = surroundings_digest(surroundings.text, mounted, _known(images), command)
    return plan, stages(digest, dependencies.external, tuple(dependencies.local), plan.local_digest, assets=assets)


def choose(
    repository: RepoConfig,
    module: str,
    store: Store,
    listing: Pending[list[Resource]],
    *,
    rendered: Mapping[str, Any],
    password: str,
    memory_of: str | None,
    checkout: RepoConfig | None = None,
    **around: Any,
) -> Plan:
    """Return the plan with the longest stage that is ready; whatever hinders only means that the run goes without.

    `listing`: the store's, asked already. `memory_of`: the kernel of the engine, None where the database must be on disk.
    `checkout`, `around`: what else `wanted` has to know.
    """
    plan = Plan(repository, module, modules_of(repository), checkout=checkout)
    try:
        plan, way = wanted(repository, module, rendered=rendered, password=password, checkout=checkout, **around)
        plan = _with_stages(plan, store, listing, way)
        if plan.used and not plan.missing:
            plan.check_auto_installs()
    except (SnapshotUnavailable, EnvironmentFailed) as error:
        return plan.disable(without(str(error), password))
    is_limited = memory.is_limited(rendered["services"][DB_SERVICE], repository.limits.memory)
    fits = memory_of is not None and not is_limited and memory.has_room(memory_of)
    return replace(plan, in_memory=fits)


def database_image(images: Mapping[str, Image], service: Mapping[str, Any]) -> DatabaseImage:
    """Tell what the image of the service `db` starts, and where it keeps its data."""
    if "image" not in service:
        return DatabaseImage()
    config = images[service["image"]].config
    environ = dict(word.split("=", 1) for word in config.get("Env") or [])
    return DatabaseImage(
        name=service["image"],
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        data_folder=(service.get("environment") or {}).get("PGDATA") or environ.get("PGDATA") or "",
    )


def _sources(modules: Mapping[str, Path]) -> str:
    return contents_digest(modules.values(), NOT_SOURCES) if modules else ""


def _known(images: Mapping[str, Image]) -> dict[str, str]:
    """The images as the engine tells them apart. SnapshotUnavailable if it does not."""
    if unknown := [name for name, image in images.items() if not image.id]:
        raise SnapshotUnavailable(f"the engine does not tell which image {unknown[0]} is")
    return {name: f"{image.digest} {image.id}" for name, image in images.items()}


def _with_stages(plan: Plan, store: Store, listing: Pending[list[Resource]], way: list[Stage]) -> Plan:
    """The plan with what is ready, and what has to be made. SnapshotUnavailable where that failed before."""
    volumes = store.volumes(listing)
    store.sweep(volumes.dead)
    number = next((number for number in range(len(way), 0, -1) if way[number - 1].key in volumes.ready), 0)
    used = volumes.ready[way[number - 1].key] if number else None
    missing = [stage for stage in way[number:] if not (used and stage.is_held_by(used.modules))]
    at = next((at for at, stage in enumerate(missing) if stage.key in volumes.refused), len(missing))
    refused = _why(missing[at], volumes.refused[missing[at].key]) if at < len(missing) else ""
    missing = missing[:at]
    if not used and not missing:
        raise SnapshotUnavailable(refused)
    if not used:
        missing = worth_making(missing, volumes.ready.values())
    return replace(plan, used=used, missing=tuple(missing), installed=used.modules if used else (), refused=refused)


def _why(stage: Stage, refusal: Refusal) -> str:
    return (
        f"the preparation of {stage.name} failed before: {refusal.reason}; it is tried again when its sources, images or "
        "compose file change, after a day, or after `nox -s cleanup -- --snapshots`"
    )
