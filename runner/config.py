"""repos.yaml, repos.local.yaml and the two image variables -> frozen, validated values."""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .errors import ConfigError, UsageError
from .repository_names import CONFIG, LOCAL_CONFIG, names_in

_PREFIX = r"^[a-z0-9][a-z0-9-]{1,39}$"
_SECTIONS = ("defaults", "repositories")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PortRange(_Frozen):
    """Host ports from `first` to `last`, both included; written `8090-8100` or as a single number."""

    first: Annotated[int, Field(ge=1, le=65535)]
    last: Annotated[int, Field(ge=1, le=65535)]

    def __iter__(self) -> Any:
        return iter(range(self.first, self.last + 1))

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def _port_range(value: Any) -> Any:
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", str(value))
    if not found:
        raise ValueError("must be a range like 8090-8100")
    first, last = int(found.group(1)), int(found.group(2) or found.group(1))
    if first > last:
        raise ValueError("the first port of a range must not be greater than the last")
    return {"first": first, "last": last}


class Images(_Frozen):
    """The images of the two services, as `docker pull` takes them."""

    odoo: Annotated[str, Field(min_length=1)]
    postgres: Annotated[str, Field(min_length=1)]


class _Repository(_Frozen):
    """One entry of `repositories`, with `defaults` filled in, as it is written."""

    prefix: Annotated[str, Field(pattern=_PREFIX)]
    path: Path
    addons: Annotated[tuple[Path, ...], Field(min_length=1)]
    compose_file: Path
    ports: Annotated[PortRange, BeforeValidator(_port_range)]
    images: Images


class RepoConfig(_Frozen):
    """One repository; every path is absolute."""

    name: str
    prefix: str
    path: Path
    addons: tuple[Path, ...]
    compose_file: Path
    ports: PortRange
    images: Images


class Config(_Frozen):
    """All repositories, in the order of repos.yaml, and the files that were read."""

    repositories: dict[str, RepoConfig]
    files: tuple[Path, ...]

    def repository(self, name: str) -> RepoConfig:
        """The repository called `name`; UsageError lists the known ones."""
        if name in self.repositories:
            return self.repositories[name]
        near = difflib.get_close_matches(name, self.repositories, n=1)
        hint = f" Perhaps you meant {near[0]!r}?" if near else ""
        raise UsageError(f"No repository {name!r} in {CONFIG}; known are: {', '.join(self.repositories)}.{hint}")


def load(folder: Path, environ: Mapping[str, str]) -> Config:
    """Read the configuration in `folder`. ConfigError names the file, the key and what is expected there."""
    main, local = folder / CONFIG, folder / LOCAL_CONFIG
    if not main.is_file():
        raise ConfigError(f"There is no {CONFIG} in {folder}. Run from the folder that holds it.")
    raw = _read(main)
    files = [main]
    if local.is_file():
        raw = _merged(raw, _read(local))
        files.append(local)
    defaults, entries = raw.get("defaults") or {}, raw.get("repositories") or {}
    if not isinstance(defaults, dict):
        raise ConfigError(f"{main}: `defaults:` must be a mapping of settings.")
    if not isinstance(entries, dict) or not entries:
        raise ConfigError(f"{main}: `repositories:` must map at least one name to its settings.")
    images = {
        key: environ[name] for key, name in (("odoo", "ODOO_IMAGE"), ("postgres", "POSTGRES_IMAGE")) if environ.get(name)
    }
    where = " + ".join(file.name for file in files)
    repositories = {}
    for name, entry in entries.items():
        if not isinstance(entry, dict):
            raise ConfigError(f"{where}: repositories.{name} must be a mapping of settings.")
        settings = _merged(_merged(defaults, entry), {"images": images} if images else {})
        repository = _validated(settings, f"{where}: repositories.{name}")
        repositories[name] = _resolved(name, repository, folder, own_compose_file="compose_file" in entry)
    _check_prefixes(repositories, where)
    return Config(repositories=repositories, files=tuple(files))


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        content = yaml.safe_load(text) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{file} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{file} must hold a mapping at its top, with `defaults:` and `repositories:`.")
    unknown = [key for key in content if key not in _SECTIONS]
    if unknown:
        raise ConfigError(f"{file}: unknown key {unknown[0]!r}{_suggestion(str(unknown[0]), _SECTIONS)}")
    entries = content.get("repositories")
    listed = list(entries) if isinstance(entries, dict) else []
    if listed != names_in(text):
        raise ConfigError(
            f"{file}: the names under `repositories:` must stand one to a line, indented by two spaces "
            f"(read as YAML: {listed}, line by line: {names_in(text)})."
        )
    return content


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `base`, mappings merged key by key, everything else replaced."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def _validated(settings: dict[str, Any], where: str) -> _Repository:
    try:
        return _Repository.model_validate(settings)
    except ValidationError as error:
        found = error.errors(include_url=False)
        # A mistyped key is also a missing one; what helps is the key as it was typed.
        first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = Images.model_fields if key.startswith("images.") else _Repository.model_fields
            unknown = key.rpartition(".")[2]
            raise ConfigError(f"{where}.{key}: unknown key{_suggestion(unknown, known)}") from error
        raise ConfigError(f"{where}.{key}: {first['msg']} (found: {first['input']!r})") from error


def _suggestion(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f". Perhaps you meant {near[0]!r}?" if near else f"; known are: {', '.join(known)}."


def _resolved(name: str, entry: _Repository, folder: Path, *, own_compose_file: bool) -> RepoConfig:
    path = (folder / entry.path.expanduser()).resolve()
    # A compose file of the repository's own lies in its checkout, the common one beside repos.yaml.
    compose_file = (path if own_compose_file else folder) / entry.compose_file
    return RepoConfig(
        name=name,
        prefix=entry.prefix,
        path=path,
        addons=tuple((path / addons).resolve() for addons in entry.addons),
        compose_file=compose_file.resolve(),
        ports=entry.ports,
        images=entry.images,
    )


def at_checkout(repository: RepoConfig, checkout: Path) -> RepoConfig:
    """The same repository with its sources in another folder: what `--path` asks for."""
    checkout = checkout.resolve()

    def moved(path: Path) -> Path:
        return checkout / path.relative_to(repository.path) if path.is_relative_to(repository.path) else path

    return repository.model_copy(
        update={
            "path": checkout,
            "addons": tuple(moved(folder) for folder in repository.addons),
            "compose_file": moved(repository.compose_file),
        }
    )


def _check_prefixes(repositories: Mapping[str, RepoConfig], where: str) -> None:
    seen: dict[str, str] = {}
    for name, repository in repositories.items():
        other = seen.setdefault(repository.prefix, name)
        if other != name:
            raise ConfigError(f"{where}: repositories {other} and {name} have the same prefix {repository.prefix!r}.")
