"""repos.yaml, repos.local.yaml and the two image variables -> frozen, validated values."""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runner.config.lines import Document, Key, read
from runner.config.model import Frozen, Settings, problems_in
from runner.config.names import CONFIG, LOCAL_CONFIG
from runner.errors import ConfigError, UsageError

# What a Dockerfile says itself.
_IN_A_DOCKERFILE = ("requirements", "packages")


class RepoConfig(Settings):
    """One repository; every path is absolute, but for those of files that are only looked for in the checkout.

    `series`: that of Odoo which was asked for, empty if none was. `mounted_at`: where containers have the folders of addons;
    empty where that is as ever.
    """

    name: str
    series: str = ""
    mounted_at: tuple[str, ...] = ()

    @property
    def has_own_image(self) -> bool:
        """Whether its image is built, and so another one on each machine."""
        return bool(self.requirements or self.packages or self.dockerfile)


class Config(Frozen):
    """All repositories, in the order of repos.yaml, and the files that were read."""

    repositories: dict[str, RepoConfig]
    files: tuple[Path, ...]

    def repository(self, name: str) -> RepoConfig:
        """Return the repository called `name`; UsageError lists the known ones."""
        if name in self.repositories:
            return self.repositories[name]
        near = difflib.get_close_matches(name, self.repositories, n=1)
        hint = f" Perhaps you meant {near[0]!r}?" if near else ""
        raise UsageError(f"No repository {name!r} in {CONFIG}; known are: {', '.join(self.repositories)}.{hint}")


def load(folder: Path, environ: Mapping[str, str]) -> Config:
    """Read the configuration in `folder`. ConfigError names, for everything wrong in it, file, line, key and what to do."""
    if not os.path.lexists(folder / CONFIG):
        raise ConfigError(f"There is no {CONFIG} in {folder}. Run from the folder that holds it.")
    # A link to nothing is no missing file: what somebody meant to override would be left as it is, without a word.
    documents = _documents([file for file in (folder / CONFIG, folder / LOCAL_CONFIG) if os.path.lexists(file)])
    raw: dict[str, Any] = {}
    for document in documents:
        raw = _merged(raw, {key: value for key, value in (document.content or {}).items() if value is not None})
    if not raw.get("repositories"):
        raise ConfigError(documents[0].says(("repositories",), "must map at least one name to its settings"))
    images = {
        key: environ[name] for key, name in (("odoo", "ODOO_IMAGE"), ("postgres", "POSTGRES_IMAGE")) if environ.get(name)
    }
    repositories, problems = {}, []
    for name, entry in raw["repositories"].items():
        settings = _merged(_merged(raw.get("defaults", {}), entry), {"images": images} if images else {})
        try:
            repository = Settings.model_validate(settings)
        except ValidationError as error:  # by now nothing can be wrong but missing
            problems += [_missing(documents, name, problem["loc"]) for problem in error.errors()]
        else:
            repositories[name] = _resolved(name, repository, folder, own_compose_file="compose_file" in entry)
    problems += _equal_prefixes(repositories, documents)
    problems += _two_recipes(repositories, documents)
    if problems:
        raise ConfigError("\n".join(problems))
    return Config(repositories=repositories, files=tuple(document.file for document in documents))


def _documents(files: list[Path]) -> list[Document]:
    documents, problems = [], []
    for file in files:
        try:
            documents.append(read(file))
        except ConfigError as error:
            problems.append(str(error))
        else:
            problems += problems_in(documents[-1])
    if problems:
        raise ConfigError("\n".join(problems))
    return documents


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `base`, mappings merged key by key, everything else replaced."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def _missing(documents: list[Document], repository: str, location: tuple[int | str, ...]) -> str:
    entry = ("repositories", repository)
    document = next(document for document in documents if entry in document.lines)
    return document.says((*entry, *(str(part) for part in location)), "is required, here or under `defaults`")


def _place(documents: list[Document], repository: str, key: str) -> str:
    """Where the value that counts stands: the entry before the defaults, the local file before the other."""
    entry = ("repositories", repository)
    # The entry itself for what a YAML alias brings in.
    candidates: list[Key] = [(*entry, key), ("defaults", key), entry]
    return next(document.place(path) for path in candidates for document in reversed(documents) if path in document.lines)


def _equal_prefixes(repositories: Mapping[str, RepoConfig], documents: list[Document]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, repository in repositories.items():
        other = seen.setdefault(repository.prefix, name)
        if other != name:
            yield (
                f"{_place(documents, name, 'prefix')}: repositories.{name}.prefix: {repository.prefix!r} is that of {other} "
                f"already ({_place(documents, other, 'prefix')}). Each repository needs its own."
            )


def _two_recipes(repositories: Mapping[str, RepoConfig], documents: list[Document]) -> Iterator[str]:
    for name, repository in repositories.items():
        if repository.dockerfile and (other := next((key for key in _IN_A_DOCKERFILE if getattr(repository, key)), "")):
            yield (
                f"{_place(documents, name, 'dockerfile')}: repositories.{name}.dockerfile: describes the whole image, and "
                f"`{other}` adds to one ({_place(documents, name, other)}). Put that into the Dockerfile, and write "
                f"`{other}: []` here."
            )


def _resolved(name: str, entry: Settings, folder: Path, *, own_compose_file: bool) -> RepoConfig:
    path = _behind_links(folder / entry.path.expanduser())
    # A compose file of the repository's own lies in its checkout, the common one beside repos.yaml.
    compose_file = (path if own_compose_file else folder) / entry.compose_file
    absolute = {
        "path": path,
        "addons": tuple(_behind_links(path / addons) for addons in entry.addons),
        "compose_file": _behind_links(compose_file),
    }
    return RepoConfig(**(dict(entry) | absolute), name=name)


def _behind_links(path: Path) -> Path:
    """The path without links, as far as it leads; Path.resolve() is an error where they lead in a circle (Python < 3.13)."""
    return Path(os.path.realpath(path))


def at_checkout(repository: RepoConfig, checkout: Path) -> RepoConfig:
    """Return the same repository with its sources in another folder: what `--path` asks for."""
    checkout = _behind_links(checkout)

    def moved(path: Path) -> Path:
        return checkout / path.relative_to(repository.path) if path.is_relative_to(repository.path) else path

    return repository.model_copy(
        update={
            "path": checkout,
            "addons": tuple(moved(folder) for folder in repository.addons),
            "compose_file": moved(repository.compose_file),
        }
    )


def in_series(repository: RepoConfig, series: str) -> RepoConfig:
    """Return the same repository with the image of a series of Odoo: that of `--odoo`. UsageError lists the known ones."""
    images = repository.images
    if series not in images.series:
        known = ", ".join(images.series) or 'none: write into repos.yaml `images: {series: {"17.0": odoo:17.0}}` and so on'
        raise UsageError(f"{repository.name} has no image for Odoo {series}; known are: {known}.")
    own = images.model_copy(update={"odoo": images.series[series]})
    return repository.model_copy(update={"images": own, "series": series})
