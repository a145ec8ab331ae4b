"""Which prepared database a run starts from, and which stages it has yet to make."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runner.config.repositories import RepoConfig
from runner.docker.clients import Question
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.errors import EnvironmentFailed
from runner.odoo import command as odoo
from runner.odoo.addons import modules_of
from runner.odoo.dependencies import Unfit, dependencies_of, left_to_chance, sources_digest
from runner.snapshots import memory
from runner.snapshots.snapshot import (
    DB_SERVICE,
    FOLDER_IN_MEMORY,
    Snapshot,
    Stage,
    in_memory,
    mounted_paths,
    stages,
    surroundings_of,
    unsupported,
    with_snapshot,
    worth_making,
)
from runner.snapshots.store import LISTING, Store


class PreparedDatabase:
    """The prepared database of one run.

    `used`: the snapshot that the run starts from, if any. `missing`: the stages to make after it. `holds`: the modules in the
    database before the tests, as far as they come from preparation. `in_memory`: the run's database is not on disk.
    `why_not`: why there is no prepared one; empty if there is.
    """

    def __init__(self, repository: RepoConfig, module: str, *, wanted: bool, may_be_in_memory: bool) -> None:
        self.used: Snapshot | None = None
        self.missing: list[Stage] = []
        self.holds: tuple[str, ...] = ()
        self.why_not = "" if wanted else "--no-snapshot"
        self.repository = repository
        self._data_folder = ""
        self._may_be_in_memory = may_be_in_memory
        self.in_memory = False
        self._module = module
        self._modules = modules_of(repository)
        self.image = ""
        self._image: dict[str, list[str]] = {}
        self._own_digest = ""
        self.store: Store | None = None

    @property
    def questions(self) -> tuple[Question, ...]:
        """What `choose` asks the engine at first."""
        return () if self.why_not else (LISTING,)

    def choose(self, engine: Engine, rendered: Mapping[str, Any], images: Mapping[str, Image], password: str) -> None:
        """Find the longest stage that is ready. Whatever hinders only means that the run goes without."""
        if self.why_not:
            return
        try:
            self._choose(engine, rendered, images, password)
        except (Unfit, EnvironmentFailed) as error:
            self.give_up(str(error))

    def _choose(self, engine: Engine, rendered: Mapping[str, Any], images: Mapping[str, Image], password: str) -> None:
        self.dependencies = dependencies_of(self._module, self._modules)
        self._read_image(images, rendered["services"].get(DB_SERVICE) or {})
        if hindrance := unsupported(rendered, self._data_folder):
            raise Unfit(hindrance)
        mounted = mounted_paths(rendered, tuple(str(folder) for folder in self.repository.addons))
        surroundings = surroundings_of(
            rendered,
            {name: image.digest for name, image in images.items()},
            odoo.prepare_command((), (), 0),
            sources_digest(Path(each) for each in mounted),
            password,
        )
        self._own_digest = self.digest_of_own()
        self.missing = stages(surroundings, self.dependencies.external, tuple(self.dependencies.local), self._own_digest)
        self.store = Store(engine)
        volumes = self.store.volumes()
        self.store.sweep(volumes.dead)
        for number in range(len(self.missing), 0, -1):
            if found := volumes.ready.get(self.missing[number - 1].key):
                self.used, self.missing = found, self.missing[number:]
                self.holds = found.modules
                break
        for number, stage in enumerate(self.missing):
            if stage.key in volumes.refused:
                self.missing = self.missing[:number]
                break
        if self.used:
            if not self.missing:
                self.check_automatic(self.holds)
        elif not self.missing:
            raise Unfit("its preparation failed before; it is tried again after a day")
        else:
            self.missing = worth_making(self.missing, volumes.ready.values())
        if self._may_be_in_memory and not memory.is_limited(rendered["services"][DB_SERVICE]):
            self.in_memory = memory.has_room(engine.kernel)

    def _read_image(self, images: Mapping[str, Image], service: Mapping[str, Any]) -> None:
        if "image" not in service:
            return
        self.image = service["image"]
        config = images[self.image].config
        environ = dict(word.split("=", 1) for word in config.get("Env") or [])
        self._data_folder = (service.get("environment") or {}).get("PGDATA") or environ.get("PGDATA") or ""
        self._image = {"entrypoint": config.get("Entrypoint") or [], "command": config.get("Cmd") or []}

    def digest_of_own(self) -> str:
        """The digest of the sources of the dependencies within the repository, as they are now."""
        return sources_digest(self.dependencies.local.values())

    @property
    def own_is_unchanged(self) -> bool:
        """Whether the sources are still those of the keys."""
        return self.digest_of_own() == self._own_digest

    def check_automatic(self, installed: Iterable[str]) -> None:
        """Unfit if the repository has modules that a prepared database would keep Odoo from installing by itself."""
        if missed := left_to_chance(self._module, self._modules, installed):
            raise Unfit(f"{', '.join(missed)} would not be installed automatically, as on an empty database")

    @property
    def own_folders(self) -> dict[str, Path]:
        """The sources of the module and of its dependencies within the repository, by name."""
        return {**self.dependencies.local, self._module: self._modules[self._module]}

    def strangers(self, installed: Iterable[str]) -> list[str]:
        """Those modules of the repository, also the one under test, that must not be in its prepared database."""
        return sorted(set(installed) & set(self._modules) - set(self.dependencies.local))

    @property
    def data_folder(self) -> str:
        """Where the database's container keeps its data."""
        return FOLDER_IN_MEMORY if self.in_memory else self._data_folder

    def override(self, override: dict[str, Any], rendered: Mapping[str, Any], labels: dict[str, str]) -> dict[str, Any]:
        """The override of a run, extended by what the snapshot and a database in memory need."""
        if self.used:
            override = with_snapshot(override, rendered, self.used.volume, self._image, odoo.SERVICE)
        return in_memory(override, labels) if self.in_memory else override

    def give_up(self, why: str) -> None:
        """Go without a prepared database."""
        self.used, self.missing, self.holds, self.why_not = None, [], (), why
        self.in_memory = False

    def folders_in_container(self) -> list[str]:
        """Where the dependencies within the repository are in the odoo container."""
        targets = dict(zip(self.repository.addons, odoo.addons_targets(len(self.repository.addons)), strict=True))
        return [f"{targets[folder.parent]}/{name}" for name, folder in self.dependencies.local.items()]

    def about(self) -> dict[str, str]:
        """What a reader of the log has to know."""
        if self.why_not:
            return {"prepared database": f"none ({self.why_not})"}
        source = f"{self.used.volume} ({self.used.stage})" if self.used else "made by this run"
        source += ", in memory" if self.in_memory else ""
        return {"prepared database": source, "it holds": " ".join(self.holds)}

    def in_a_line(self) -> str:
        """The same for the terminal."""
        if self.why_not:
            return f"no prepared database: {self.why_not}"
        asked = [name for name in (*self.dependencies.external, *self.dependencies.local) if name in self.holds]
        return f"prepared database with {', '.join(asked)} ({len(self.holds)} modules)"
