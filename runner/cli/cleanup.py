"""`cleanup`: remove what dead runs left, and what a person names."""

import argparse
import os
from collections.abc import Container, Sequence

from runner.cleanup import orphans
from runner.cleanup.orphans import Standing, State
from runner.config import repositories as config
from runner.docker.engine import connect
from runner.errors import ExitCode, UsageError
from runner.snapshots.store import Store
from runner.terminal import Terminal
from runner.text import age, printable


def cleanup(given: argparse.Namespace, settings: config.Config, terminal: Terminal) -> ExitCode:
    """Remove what dead runs left: of every repository, of those named, or the environments named.

    LEFT_BEHIND if something resists. UsageError for a name that is neither, or is that of a run that is going on.
    """
    engine = connect(os.environ)
    environments = orphans.look(engine)
    by_project = {environment.project: environment for environment in environments}
    named = [by_project[target] for target in given.targets if target in by_project]
    for environment in named:
        if environment.state is State.RUNNING and environment.owner:
            raise UsageError(
                f"{environment.project} belongs to a run that is going on. End that first: kill {environment.owner.pid}"
            )
    repositories = [_repository(target, settings, environments) for target in given.targets if target not in by_project]
    if not given.targets:
        repositories = list(settings.repositories)
    chosen = named + orphans.to_remove(environments, repositories, everything=given.all)
    for environment in environments:
        spared = environment not in chosen and environment.state in (State.KEPT, State.FOREIGN)
        if spared and environment.repository in repositories:
            terminal.line(f"{printable(environment.project)}: left alone, {_why_left_alone(environment)}")
    if not chosen:
        terminal.line(f"Nothing is left of dead runs of {', '.join(repositories)}.")
    complete = True
    if given.dry_run:
        for environment in chosen:
            terminal.line(f"{environment.project} ({environment.state.value}): would be removed")
    else:
        complete = orphans.remove(chosen, engine.endpoint, terminal.line, given.timeout)
    # Afterwards, because a dead environment may still hold one.
    complete &= remove_prepared_databases(
        Store(engine), terminal, repositories, everything=given.snapshots, dry_run=given.dry_run
    )
    return ExitCode.PASSED if complete else ExitCode.LEFT_BEHIND


def _why_left_alone(environment: Standing) -> str:
    if environment.state is State.KEPT:
        return "it is kept. To remove it, name it, or add --all"
    where = f" ({printable(environment.owner.host)})" if environment.owner else ""
    why = f"it is of another host or container{where}, where its run may be going on. "
    if environment.seconds_left is None:
        return f"{why}If it is not, remove it: name it, or add --all"
    return (
        f"{why}In {age(environment.seconds_left)} that is over in any case, and the next run or cleanup removes it. "
        "To remove it now, name it, or add --all"
    )


def remove_prepared_databases(
    store: Store, terminal: Terminal, repositories: Container[str], *, everything: bool, dry_run: bool
) -> bool:
    """Remove what dead preparations left; `everything`: also every prepared database that runs of these repositories made.

    Says what it does, and returns whether nothing resisted, as one that a run uses does.
    """
    volumes = store.volumes()
    chosen = [snapshot for snapshot in volumes.ready.values() if everything and snapshot.repository in repositories]
    refused = [refusal.volume for refusal in volumes.refused.values()] if everything else []
    if dry_run:
        for name in (*volumes.dead, *refused, *(snapshot.volume for snapshot in chosen)):
            terminal.line(f"{name}: would be removed")
        return True
    for name, reason in volumes.odd.items():
        terminal.line(f"{name}: left alone, {reason}. To remove it: docker volume rm {name}")
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
        raise UsageError(f"There is no environment {name} (any more). See: nox -s list")
    return settings.repository(name).name
