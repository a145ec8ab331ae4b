"""Find modules in a repository's addons folders."""

import difflib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.naming import is_module_name
from runner.text import printable

MANIFEST = "__manifest__.py"
NOT_FOR_THIS_USER = "this user may not look there"


def modules_of(repository: RepoConfig) -> dict[str, Path]:
    """Find every module (a folder with a manifest) by its technical name; the first addons folder wins, as in Odoo."""
    modules: dict[str, Path] = {}
    for folder in _with_manifest(repository.addons):
        if is_module_name(folder.name):
            modules.setdefault(folder.name, folder)
    return modules


def misnamed_modules(addons: Sequence[Path]) -> list[Path]:
    """Find the folders with a manifest in which Odoo can have no module, because of their names."""
    return [folder for folder in _with_manifest(addons) if not is_module_name(folder.name)]


def _with_manifest(addons: Sequence[Path]) -> Iterator[Path]:
    for folder in addons:
        if fault := folder_fault(folder):
            if fault is NOT_FOR_THIS_USER:
                raise UsageError(f"The folder of addons {folder} cannot be read: {fault}.")
            continue
        yield from (module for module in sorted(folder.iterdir()) if is_there(module / MANIFEST))


def folder_fault(path: Path) -> str:
    """Say why something is no folder that can be looked through, "" if it is one; NOT_FOR_THIS_USER if others may."""
    try:
        mode = path.stat().st_mode
    except PermissionError:
        return NOT_FOR_THIS_USER
    except (FileNotFoundError, NotADirectoryError):
        return "that is no folder" if os.path.lexists(path) else "there is no such folder"
    except OSError as error:  # a name that is too long
        return str(error.strerror)
    if not stat.S_ISDIR(mode):
        return "that is no folder"
    return "" if os.access(path, os.R_OK | os.X_OK) else NOT_FOR_THIS_USER


def is_there(path: Path) -> bool:
    """Tell whether this user can see something there; Path.exists() is an error where it cannot look."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def check_checkout(repository: RepoConfig) -> None:
    """Check that the repository's checkout exists, where Compose can find it. UsageError says what to set."""
    for path in (repository.path, *repository.addons, repository.compose_file):
        if _is_no_text(path):
            raise UsageError(
                f"{printable(str(path))} is no UTF-8, and Docker Compose takes no other paths. Call it otherwise."
            )
    if what := folder_fault(repository.path):
        raise UsageError(
            f"The checkout of {repository.name} is not at {printable(str(repository.path))}: {what}.\n"
            f"Set repositories.{repository.name}.path in repos.local.yaml, or give --path DIR."
        )


def _is_no_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return True
    return False


def _check_addons(repository: RepoConfig) -> None:
    """Check that there are all folders of addons: the engine would make those that it mounts, owned by root."""
    if gone := {folder: fault for folder in repository.addons if (fault := folder_fault(folder))}:
        name = repository.name
        raise UsageError(
            "\n".join(
                [
                    f"Not every folder of addons that repos.yaml names for {name} is there:",
                    *(f"  {folder}  ({fault})" for folder, fault in gone.items()),
                    f"Correct repositories.{name}.addons in repos.yaml, or make the folder.",
                ]
            )
        )


def find_module(module: str, repository: RepoConfig, all_repositories: Mapping[str, RepoConfig]) -> Path:
    """Find the folder of `module`. UsageError says where was searched, what is near, and which other repository has it.

    UsageError also if one of the repository's folders of addons is missing, wherever the module is.
    """
    check_checkout(repository)
    modules = modules_of(repository)
    if module in modules:
        _check_addons(repository)
        return modules[module]
    lines = [f"No module {module!r} in repository {repository.name}. Searched for {module}/{MANIFEST} in:"]
    lines += [f"  {folder}{'' if folder.is_dir() else '  (there is no such folder)'}" for folder in repository.addons]
    lines += _without_manifest(module, repository)
    lines += _elsewhere(module, repository, all_repositories)
    near = difflib.get_close_matches(module, modules, n=3)
    if near:
        lines.append(f"Near names here: {', '.join(near)}")
    elif modules:
        lines.append(f"Modules here: {', '.join(sorted(modules))}")
    raise UsageError("\n".join(lines))


def _elsewhere(module: str, repository: RepoConfig, all_repositories: Mapping[str, RepoConfig]) -> list[str]:
    configured = all_repositories.get(repository.name, repository)
    if configured != repository and _has(module, configured):
        return [f"It is in the checkout that repos.yaml names, {configured.path}: leave out --path."]
    others = [name for name in repositories_with(module, all_repositories) if name != repository.name]
    return [f"Repository {others[0]} has it: nox -s odoo_tests -- {others[0]} {module}"] if others else []


def repositories_with(module: str, repositories: Mapping[str, RepoConfig]) -> list[str]:
    """Name the repositories that have a module of that name."""
    return [name for name, repository in repositories.items() if _has(module, repository)]


def _has(module: str, repository: RepoConfig) -> bool:
    try:
        return module in modules_of(repository)
    except UsageError:  # not for this user, who asks for a module of another repository
        return False


def _without_manifest(module: str, repository: RepoConfig) -> list[str]:
    candidates = [*(folder / module for folder in repository.addons), repository.path / module]
    return [
        f"{folder} exists, but " + ("is outside the addons folders." if is_there(folder / MANIFEST) else f"has no {MANIFEST}.")
        for folder in dict.fromkeys(candidates)
        if folder.is_dir()
    ]
