"""`cleanup`: remove what dead runs left, and what a person names."""

import argparse
from collections.abc import Container, Sequence

from runner.cleanup import orphans
from runner.cleanup.orphans import REPOSITORY_LABEL, Standing, State
from runner.config import repositories as config
from runner.docker.engine import Engine
from runner.errors import ExitCode, UsageError
from runner.snapshots.store import Store
from runner.terminal import Terminal


def cleanup(given: argparse.Namespace, settings: config.Config, terminal: Terminal) -> ExitCode:
    """Remove what dead runs left: of every repository, of those named, or the environments named.

    LEFT_BEHIND if something resists. UsageError for a name that is neither, or is that of a run that lives.
    """
    engine = Engine()
    engine.check()
    environments = orphans.standing(engine.labelled(REPOSITORY_LABEL))
    by_project = {environment.project: environment for environment in environments}
    named = [by_project[target] for target in given.targets if target in by_project]
    for environment in named:
        if environment.state is State.LIVES and environment.owner:
            raise UsageError(
                f"{environment.project} belongs to a run that lives. End that first: kill {environment.owner.pid}"
            )
    repositories = [_repository(target, settings, environments) for target in given.targets if target not in by_project]
    if not given.targets:
        repositories = list(settings.repositories)
    chosen = named + orphans.to_remove(environments, repositories, everything=given.all)
    for environment in environments:
        spared = environment not in chosen and environment.state in (State.KEPT, State.ELSEWHERE)
        if spared and environment.repository in repositories:
            state = environment.state.value
            terminal.line(f"{environment.project}: left alone, it is {state}. To remove it, name it, or add --all")
    if not chosen:
        terminal.line(f"Nothing is left of dead runs of {', '.join(repositories)}.")
    complete = True
    if given.dry_run:
        for environment in chosen:
            terminal.line(f"{environment.project} ({environment.state.value}): would be removed")
    else:
        complete = orphans.remove(chosen, terminal.line, given.timeout)
    # Afterwards, because a dead environment may still hold one.
    complete &= remove_prepared_databases(
        Store(engine), terminal, repositories, everything=given.snapshots, dry_run=given.dry_run
    )
    return ExitCode.PASSED if complete else ExitCode.LEFT_BEHIND


def remove_prepared_databases(
    store: Store, terminal: Terminal, repositories: Container[str], *, everything: bool, dry_run: bool
) -> bool:
    """Remove what dead preparations left; `everything`: also every prepared database that runs of these repositories made.

    Says what it does, and returns whether nothing resisted, as one that a run uses does.
    """
    volumes = store.volumes()
    chosen = [snapshot for snapshot in volumes.ready.values() if everything and snapshot.repository in repositories]
    refused = list(volumes.refused.values()) if everything else []
    if dry_run:
        for name in (*volumes.dead, *refused, *(snapshot.volume for snapshot in chosen)):
            terminal.line(f"{name}: would be removed")
        return True
    gone = store.sweep(volumes.dead)
    for name in volumes.dead:
        terminal.line(f"{name} (never finished, or too old): {'removed' if name in gone else 'LEFT, the engine keeps it'}")
    complete = len(gone) == len(volumes.dead) and store.sweep(refused) == refused
    for snapshot in chosen:
        removed = store.drop(snapshot)
        terminal.line(f"{snapshot.volume}: {'removed' if removed else 'LEFT, perhaps a run uses it'}")
        complete = complete and removed
    return complete


def _repository(name: str, settings: config.Config, environments: Sequence[Standing]) -> str:
    if name in settings.repositories:
        return name
    if name in {environment.repository for environment in environments}:
        return name  # of another clone of this project on the machine
    if "-" in name and any(name.startswith(repository.prefix) for repository in settings.repositories.values()):
        raise UsageError(f"There is no environment {name} (any more). What stands: nox -s list")
    return settings.repository(name).name
