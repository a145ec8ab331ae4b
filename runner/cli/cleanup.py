"""`cleanup`: remove what dead runs left, and what a person names."""

import argparse
import os
import shlex
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from runner.cleanup import orphans, strays
from runner.cleanup.orphans import Standing, State
from runner.cleanup.strays import Stray
from runner.cleanup.teardown import remove_project
from runner.config import repositories as config
from runner.config.names import CONFIG
from runner.docker.engine import Engine, connect
from runner.errors import ExitCode, UsageError
from runner.images.store import beyond_limits, own_images, remove, removed
from runner.snapshots.store import Store, images_of_registries
from runner.terminal import Terminal
from runner.text import age, printable

if TYPE_CHECKING:
    from runner.uat.standing import Uat


def cleanup(given: argparse.Namespace, settings: config.Config, terminal: Terminal) -> ExitCode:
    """Remove what dead runs left: of every repository, of those named, or the environments and strays named.

    LEFT_BEHIND if something resists. UsageError for a name that is none of these, or is that of a run that is going on.
    """
    from runner.uat import standing  # noqa: PLC0415 - not for every run

    engine = connect(os.environ)
    environments = [
        environment if environment.repository in given.targets else strays.attributed(environment, settings)
        for environment in orphans.look(engine)
    ]
    uats = standing.look(engine)
    for uat in uats:
        if uat.project in given.targets:
            raise UsageError(
                f"{uat.project} is an environment to look at, whose data is wanted until somebody says otherwise: no cleanup "
                f"removes it. To remove it with its data: nox -s uat -- {printable(uat.repository)} reset"
            )
    found = strays.look(engine, settings)
    named = [environment for environment in environments if environment.project in given.targets]
    named_strays = [stray for stray in found.strays if {stray.name, printable(stray.name)}.intersection(given.targets)]
    known = {environment.project for environment in named}
    known |= {name for stray in named_strays for name in (stray.name, printable(stray.name))}
    for environment in named:
        if environment.state is State.RUNNING and environment.owner:
            raise UsageError(
                f"{environment.project} belongs to a run that is going on. End that first: kill {environment.owner.pid}"
            )
    repositories = [_repository(target, settings, environments) for target in given.targets if target not in known]
    if not given.targets:
        repositories = list(settings.repositories)
    chosen = named + orphans.to_remove(environments, repositories, everything=given.all)
    chosen_strays = [
        stray for stray in found.strays if stray in named_strays or (given.all and stray.repository in repositories)
    ]
    spared = [
        environment for environment in environments if environment not in chosen and environment.repository in repositories
    ]
    spared_strays = [stray for stray in found.strays if stray not in chosen_strays and stray.repository in repositories]
    mentions = strays.told_mentions(found, settings, repositories)
    for line in (*map(_why_spared, spared), *map(_why_stray, spared_strays), *mentions):
        terminal.line(line)
    half_made = [uat for uat in uats if uat.is_left and uat.repository in repositories]
    is_clear = all(environment.state in (State.RUNNING, State.KEPT) for environment in spared)
    if is_clear and not (chosen or chosen_strays or spared_strays or mentions or half_made):
        terminal.line(f"Nothing is left of dead runs of {', '.join(repositories)}.")
    if not given.targets and (others := strays.elsewhere(environments, settings)):
        terminal.line(f"Of {', '.join(map(printable, others))}, which {CONFIG} does not name, dead runs have left something.")
        terminal.line(f"To remove that: nox -s cleanup -- {shlex.join(map(printable, others))}")
    complete = True
    if given.dry_run:
        for environment in chosen:
            terminal.line(f"{printable(environment.project)} ({environment.state.value}): would be removed")
        for stray in chosen_strays:
            terminal.line(f"{printable(stray.name)} (stray): would be removed, {stray.about}")
    else:
        complete = orphans.remove(chosen, engine.endpoint, terminal.line, given.timeout)
        complete &= strays.remove(chosen_strays, engine.endpoint, terminal.line, given.timeout)
    complete &= _remove_half_made(half_made, engine, terminal, given)
    # Afterwards, because a dead environment may still hold one.
    complete &= remove_prepared_databases(
        Store(engine), terminal, repositories, everything=given.snapshots, dry_run=given.dry_run
    )
    complete &= _remove_images_of_registries(engine, terminal, dry_run=given.dry_run)
    complete &= remove_images(engine, terminal, repositories, everything=given.images, dry_run=given.dry_run)
    return ExitCode.PASSED if complete else ExitCode.LEFT_BEHIND


def _remove_half_made(uats: Sequence["Uat"], engine: Engine, terminal: Terminal, given: argparse.Namespace) -> bool:
    """Remove what is left of commands that were killed at environments to look at; whether nothing resisted.

    What has the label of such a project belongs to no data that counts, which a teardown leaves alone.
    """
    complete = True
    for uat in uats:
        what = f"{printable(uat.project)} ({uat.state}; the data that it had stays)"
        if given.dry_run:
            terminal.line(f"{what}: would be removed")
            continue
        report = remove_project(engine.endpoint, uat.project, bound=given.timeout, guard=True)
        orphans.tell(what, report, terminal.line)
        complete &= report.complete
    return complete


def _why_spared(environment: Standing) -> str:
    told = f"{printable(environment.project)}: left alone, "
    if environment.state is State.RUNNING:
        return f"{told}it is running"
    if environment.state is State.KEPT:
        return f"{told}it is kept. To remove it, name it, or add --all"
    where = f" ({printable(environment.owner.host)})" if environment.owner else ""
    told += f"it is of another host or container{where}, where its run may be going on. "
    if environment.seconds_left is None:
        return f"{told}If it is not, remove it: name it, or add --all"
    return (
        f"{told}In {age(environment.seconds_left)} that is over in any case, and the next run or cleanup removes it. "
        "To remove it now, name it"
    )


def _why_stray(stray: Stray) -> str:
    told = f"{printable(stray.name)}: left alone, it is a stray, which no run has made: {stray.about}"
    return f"{told}. To remove it, name it, or add --all"


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


def _remove_images_of_registries(engine: Engine, terminal: Terminal, *, dry_run: bool) -> bool:
    """Remove the images of prepared databases that a run has left which was killed while it pulled or pushed."""
    complete = True
    for image in images_of_registries(engine):
        gone = not dry_run and removed(engine, image)
        told = "would be removed" if dry_run else "removed" if gone else "LEFT, perhaps a run uses it"
        terminal.line(f"{image} (a prepared database, pulled or to be pushed): {told}")
        complete = complete and (gone or dry_run)
    return complete


def remove_images(
    engine: Engine, terminal: Terminal, repositories: Container[str], *, everything: bool, dry_run: bool
) -> bool:
    """Remove built images that are too many or too old; `everything`: also all that were made for these repositories.

    Says what it does, and returns whether nothing resisted, as one that a container has does.
    """
    images = own_images(engine)
    beyond = beyond_limits(images, engine.info.now) if images else []
    chosen = [image for image in images if everything and image.made_for in repositories and image not in beyond]
    complete = True
    for image in (*beyond, *chosen):
        gone = not dry_run and remove(engine, image)
        told = "would be removed" if dry_run else "removed" if gone else "LEFT, perhaps a run uses it"
        terminal.line(f"{image.told}: {told}")
        # One that is too old may well be in use.
        complete = complete and (gone or dry_run or image in beyond)
    return complete


def _repository(name: str, settings: config.Config, environments: Sequence[Standing]) -> str:
    if name in settings.repositories:
        return name
    if name in {environment.repository for environment in environments}:
        return name  # of another clone of this project on the machine
    if "-" in name and any(name.startswith(repository.prefix) for repository in settings.repositories.values()):
        raise UsageError(f"There is no environment {name} (any more). See: nox -s list")
    return settings.repository(name).name
