"""Modules in a repository's addons folders."""

import os
import stat
from collections.abc import Iterator, Sequence
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
