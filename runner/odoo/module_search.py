"""Find the module that is asked for; where it is not, say where it was looked for, and where it may be."""

import difflib
from collections.abc import Mapping
from pathlib import Path

from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.odoo.addons import MANIFEST, check_checkout, folder_fault, modules_of
from runner.odoo.lost_modules import advice_on


def check_addons(repository: RepoConfig) -> None:
    """Check that there are all folders of addons: the engine would make those that it mounts, owned by root."""
    if gone := {folder: fault for folder in repository.addons if (fault := folder_fault(folder))}:
        name = repository.name
        raise UsageError(
            "\n".join(
                [
                    f"Not every folder of addons that repos.yaml names for {name} is there:",
                    *(f"  {folder}  ({fault})" for folder, fault in gone.items()),
                    *advice_on((), repository),
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
        check_addons(repository)
        return modules[module]
    lines = [f"No module {module!r} in repository {repository.name}. Searched for {module}/{MANIFEST} in:"]
    lines += [f"  {folder}{'' if folder.is_dir() else '  (there is no such folder)'}" for folder in repository.addons]
    lines += _without_manifest(module, repository)
    lines += advice_on((module,), repository)
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
    candidates = [folder / module for folder in repository.addons]
    return [f"{folder} exists, but has no {MANIFEST}." for folder in candidates if folder.is_dir()]
