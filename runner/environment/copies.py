"""What containers get as copies of this machine's files, where their engine does not have the same at the same path.

Folders become volumes of the run, filled before it starts. A volume cannot be mounted on a file: what is in one gets into the
compose file that the run starts from, or, for a secret, into a variable of Compose's client.
"""

import copy
import os
import posixpath
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from runner.config.repositories import RepoConfig
from runner.docker import questions
from runner.docker.engine import Engine
from runner.docker.listing import PROJECT_LABEL
from runner.docker.whereabouts import Whereabouts
from runner.environment.archive import Archive, is_needed
from runner.environment.host_paths import is_of_each_machine, paths_in
from runner.environment.isolation import OUR_COPY
from runner.errors import ConfigError, EnvironmentFailed
from runner.odoo.addons import is_there
from runner.odoo.source_tree import is_below
from runner.text import counted, first_of, printable

if TYPE_CHECKING:
    from runner.docker.streams import Streams

# In bytes: more would be too long for a compose file; and for a variable, by the kernel, as also for all of them.
_LONGEST_FILE, _LONGEST_SECRET = 1_000_000, 100_000
_FULL = "no space left on device"


@dataclass(frozen=True)
class Choice:
    """Which paths of this machine are copied: those that the engine has not surely the same, as `sources` allows.

    `more`: folders that are copied if those of addons are, with their targets. `closed`: Odoo's user cannot read the addons
    as they are. `all_are`: what the engine had at these paths was not the same.
    """

    repository: RepoConfig
    whereabouts: Whereabouts
    closed: bool = False
    all_are: bool = False
    more: Mapping[Path, str] = field(default_factory=dict)

    def is_copied(self, path: str) -> bool:
        """Tell whether containers get a copy; of the folders of addons all, or none."""
        if self.repository.sources == "mount":
            return False
        if Path(path) in (*self.repository.addons, *self.more):
            return self.closed or not all(self._is_same(str(folder)) for folder in self.repository.addons)
        return not self._is_same(path) and not is_of_each_machine(path)

    def is_foreign(self, path: str) -> bool:
        """Tell whether containers get what the engine's machine has at that path, of which nothing is known here."""
        return not self._is_same(path) and not self.is_copied(path)

    def _is_same(self, path: str) -> bool:
        if self.all_are or self.repository.sources == "copy":
            return False
        return self.whereabouts.at_engine(Path(path)) == PurePosixPath(path)


class Copies:
    """The copies of one run; `sources` are all paths of this machine that its compose files name."""

    def __init__(self, choice: Choice, project: str, models: Sequence[Mapping[str, Any]]) -> None:
        """Look what of the compose files `models` is copied. ConfigError, with what to do, if something cannot be."""
        self.choice = choice
        self._project = project
        self._container = f"{project}-copies"
        named = [path for model in models for path in paths_in(model)]
        targets = {source: target for _where, source, target in named}
        self.sources = targets.keys()
        sources = sorted(source for source in self.sources if choice.is_copied(source))
        self._archives = {
            source: Archive(Path(source), targets[source], *([is_needed] if Path(source) in choice.repository.addons else ()))
            for source in sources
            if Path(source) in choice.repository.addons or os.path.isdir(source)  # noqa: PTH112 - Path's fails where a folder is closed
        }
        # Whether a single file is copied that is no secret, which not every Compose can.
        self.have_content = any(
            source in sources and source not in self._archives and not where.startswith("secrets.")
            for where, source, _target in named
        )
        self._files = len(sources) - len(self._archives)
        self._seconds = 0.0
        self._check(models)

    def of_all(self, models: Sequence[Mapping[str, Any]]) -> "Copies":
        """Return the copies of a run whose engine has nothing that is here. ConfigError if something cannot be copied."""
        return Copies(replace(self.choice, all_are=True), self._project, models)

    @property
    def has_addons(self) -> bool:
        """Whether the folders of addons are copied."""
        return self.choice.is_copied(str(self.choice.repository.addons[0]))

    @property
    def leave_foreign(self) -> bool:
        """Whether the containers get something of another machine, of which nothing is known here."""
        return any(map(self.choice.is_foreign, self.sources))

    @property
    def are_here(self) -> bool:
        """Whether this machine has all that its compose files name."""
        return all(is_there(Path(source)) for source in self.sources)

    @property
    def has_folders(self) -> bool:
        """Whether there is anything to make."""
        return bool(self._archives)

    @property
    def told(self) -> str:
        """Say, for the log, what is mounted and what is copied."""
        files = self._files + sum(archive.files for archive in self._archives.values())
        megabytes = sum(archive.bytes for archive in self._archives.values()) / 1e6
        copied = f"copied ({counted(files, 'file')}, {megabytes:.1f} MB, {self._seconds:.1f} s)"
        if self.has_addons:
            return copied
        return f"mounted, other files {copied}" if files else "mounted"

    @property
    def may_be_more(self) -> bool:
        """Whether addons are mounted that could be copied instead."""
        mounted = [str(folder) for folder in self.choice.repository.addons if str(folder) in self.sources]
        return self.choice.repository.sources == "auto" and not all(map(self.choice.is_copied, mounted))

    def applied(self, model: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return a compose file with the copies in the place of what is copied, and the variables that it then needs.

        ConfigError for a file that does not fit into it.
        """
        changed: dict[str, Any] = copy.deepcopy(dict(model))
        variables: dict[str, str] = {}
        for name, service in (changed.get("services") or {}).items():
            mounts = service.get("volumes") or []
            copied = [mount for mount in mounts if self._is_copied(mount)]
            # Folders first: it is looked for them where a file is put.
            for mount in sorted(copied, key=lambda mount: str(mount["source"]) not in self._archives):
                mounts.remove(mount)
                self._replace(f"services.{name}.volumes", mount, service, changed)
        for kind in ("configs", "secrets"):
            for name, value in (changed.get(kind) or {}).items():
                if (file := (value or {}).get("file")) and self.choice.is_copied(file):
                    del value["file"]
                    for service, target in _uses(changed, kind, name):
                        _check_place(f"{kind}.{name}", file, service, target)
                    if kind == "configs":
                        value["content"] = _text(f"configs.{name}", file, _LONGEST_FILE)
                    else:
                        value["environment"] = variable = f"AGENT_TEST_SECRET_{len(variables) + 1}"
                        variables[variable] = _text(f"secrets.{name}", file, _LONGEST_SECRET)
                        if sum(map(len, variables.values())) > _LONGEST_SECRET:
                            raise _refused(f"secrets.{name}", file, f"all secrets have more than {_LONGEST_SECRET // 1000} KB")
        return changed, variables

    def make(self, engine: Engine, streams: "Streams", labels: Mapping[str, str], image: str) -> None:
        """Copy the folders into volumes of the run. EnvironmentFailed if the engine cannot take them."""
        begun = time.monotonic()
        words = [word for item in {**labels, PROJECT_LABEL: self._project}.items() for word in ("--label", "=".join(item))]
        volumes = [self._volume(source) for source in self._archives]
        for made in [engine.prefetch(questions.command("volume", "create", *words, name)) for name in volumes]:
            made.result()
        places = {source: f"/{OUR_COPY}/{number}" for number, source in enumerate(self._archives)}
        mounts = [f"--volume={name}:{place}:nocopy" for name, place in zip(volumes, places.values(), strict=True)]
        # Of an image that names no command the engine makes no container without one, also if it never runs.
        engine.command("create", "--pull=never", f"--name={self._container}", "--network=none", *words, *mounts, image, "none")
        for source, archive in self._archives.items():
            try:
                streams.copy(archive.pieces(), self._container, places[source], begun + questions.COPY_LIMIT)
            except EnvironmentFailed as error:
                if _FULL in str(error).lower():
                    raise EnvironmentFailed(
                        f"The engine has no room for a copy of {printable(source)}: {_FULL}. What takes it: docker system df"
                    ) from error
                raise
        # Before the start, which takes all containers of the project for its own.
        engine.command("rm", "--force", "--volumes", self._container)
        self._seconds = time.monotonic() - begun

    def _is_copied(self, mount: Mapping[str, Any]) -> bool:
        return mount.get("type") == "bind" and self.choice.is_copied(str(mount["source"]))

    def _replace(self, where: str, mount: Mapping[str, Any], service: dict[str, Any], model: dict[str, Any]) -> None:
        source, is_read_only = str(mount["source"]), bool(mount.get("read_only"))
        if source in self._archives:
            key = self._key(source)
            new = {"type": "volume", "source": key, "target": mount["target"], "read_only": is_read_only}
            service["volumes"].append({**new, "volume": {"nocopy": True}})
            model["volumes"] = {**(model.get("volumes") or {}), key: {"name": self._volume(source), "external": True}}
            return
        _check_place(where, source, service, str(mount["target"]))
        configs = model["configs"] = model.get("configs") or {}
        key = f"{OUR_COPY}-{len(configs) + 1}"
        configs[key] = {"content": _text(where, source, _LONGEST_FILE)}
        # Only where it has to be another one, as Compose warns that it may not count.
        mode = 0o444 | (Path(source).stat().st_mode & 0o111 and 0o111) | (0 if is_read_only else 0o222)
        with_mode = {"mode": mode} if mode != 0o444 else {}
        service["configs"] = [*(service.get("configs") or ()), {"source": key, "target": mount["target"], **with_mode}]

    def _check(self, models: Sequence[Mapping[str, Any]]) -> None:
        for model in models:
            for name, volume in (model.get("volumes") or {}).items():
                device = str(((volume or {}).get("driver_opts") or {}).get("device") or "")
                if device.startswith("/") and is_there(Path(device)) and self.choice.is_copied(device):
                    raise _refused(f"volumes.{name}", device, "no volume with `driver_opts` is filled with a copy")
        unreadable = [path for archive in self._archives.values() for path in archive.unreadable()]
        if unreadable:
            raise ConfigError(
                f"What this user cannot read cannot be copied to the engine: {first_of(list(map(printable, unreadable)), 5)}. "
                "Nothing was started. Let it be read: chmod -R u+rX FOLDER"
            )

    def _key(self, source: str) -> str:
        return f"{OUR_COPY}-{list(self._archives).index(source) + 1}"

    def _volume(self, source: str) -> str:
        return f"{self._project}_{self._key(source)}"


def _uses(model: Mapping[str, Any], kind: str, name: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The services that have a config or secret, and where."""
    for service in (model.get("services") or {}).values():
        for used in service.get(kind) or ():
            if used["source"] == name:
                yield service, posixpath.join("/run/secrets" if kind == "secrets" else "/", used.get("target") or name)


def _check_place(where: str, source: str, service: Mapping[str, Any], target: str) -> None:
    """ConfigError where Compose, which does so before the start, cannot put a file, or nobody would see it."""
    if service.get("read_only"):
        raise _refused(where, source, "its service is `read_only`, so that it can only have copies of folders")
    tmpfs = service.get("tmpfs") or ()
    around = [("tmpfs", path.partition(":")[0]) for path in ([tmpfs] if isinstance(tmpfs, str) else tmpfs)]
    for mount in service.get("volumes") or ():
        is_writable_volume = mount["type"] == "volume" and not mount.get("read_only")
        around.append(("" if is_writable_volume else mount["type"], str(mount["target"])))
    around = [(kind, path) for kind, path in around if is_below(target, path)]
    kind, path = max(around, key=lambda item: len(item[1]), default=("", ""))
    if kind:
        raise _refused(where, source, f"what is mounted at {printable(path)} lies over {printable(target)}")


def _text(where: str, source: str, longest: int) -> str:
    """What is in a file. ConfigError if it is too long, or no text."""
    try:
        # Not to wait for the other end of a pipe.
        with open(source, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise _refused(where, source, "it is no regular file")
            content = stream.read(longest + 1)
        text = content.decode()
    except OSError as error:
        raise _refused(where, source, f"it cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        text = "\0"
    if len(content) > longest or "\0" in text:
        raise _refused(where, source, f"it is no text in UTF-8 of {longest // 1000} KB at most")
    return text


def _refused(where: str, source: str, why: str) -> ConfigError:
    return ConfigError(
        f"{where}: {printable(source)} cannot be copied to the engine, as {why}. Nothing was started. "
        "Mount the folder that it is in, or have the engine see the same files and set `sources: mount` in repos.yaml."
    )
