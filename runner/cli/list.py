"""`list`: the environments of all runs, the prepared databases, and the images that were built."""

import argparse
import os
from typing import TYPE_CHECKING

from runner.cleanup import orphans, strays
from runner.cleanup.orphans import Standing, State
from runner.cleanup.strays import Stray
from runner.config import repositories as config
from runner.docker.engine import Engine, connect
from runner.errors import ExitCode
from runner.images.store import OwnImage, own_images
from runner.reporting.proof_log import seconds_since
from runner.snapshots.snapshot import Snapshot
from runner.snapshots.store import Store
from runner.terminal import Terminal
from runner.text import age, printable, table

if TYPE_CHECKING:
    from runner.uat.standing import Uat


def list_environments(_given: argparse.Namespace, settings: config.Config, terminal: Terminal) -> ExitCode:
    """Print tables of all environments and strays that stand, of the prepared databases, and of the built images."""
    from runner.uat import standing  # noqa: PLC0415 - not for every run

    engine = connect(os.environ)
    rows = [*map(_environment_row, orphans.look(engine))]
    found = strays.look(engine, settings)
    rows += map(_stray_row, found.strays)
    uats = standing.look(engine)
    rows += map(_uat_row, uats)
    if rows:
        for line in table([("STATE", "PORT", "AGE", "OWNER", "PROJECT"), *rows]):
            terminal.line(line)
        if machine := engine.whereabouts.machine:
            terminal.line(f"The ports are those of {machine}.")
    mentions = strays.told_mentions(found, settings, settings.repositories)
    if not (rows or mentions):
        terminal.line("No environment is running.")
    if found.strays:
        terminal.line("stray: no run has made it; nox -s cleanup -- PROJECT removes it")
    for line in mentions:
        terminal.line(line)
    for uat in uats:
        terminal.line(f"uat: {printable(standing.told(engine, uat))}")
    list_prepared_databases(Store(engine), terminal)
    list_images(engine, terminal)
    return ExitCode.PASSED


def list_prepared_databases(store: Store, terminal: Terminal) -> None:
    """Print a table of the prepared databases, the newest first, with those in the making. Nothing where there is none."""
    volumes = store.volumes()
    newest_first = sorted(volumes.ready.values(), key=lambda snapshot: snapshot.created, reverse=True)
    rows = [_snapshot_row(snapshot, store.now) for snapshot in newest_first]
    rows += [("in the making", "-", "-", "-", name) for name in volumes.preparing]
    rows += [("dead", "-", "-", "-", name) for name in volumes.dead]
    if rows:
        terminal.line("")
        for line in table([("STAGE", "SIZE", "AGE", "MADE FOR", "PREPARED DATABASE"), *rows]):
            terminal.line(line)
    for name, reason in volumes.odd.items():
        terminal.line(f"{name}: {reason}; to remove it: docker volume rm {name}")
    for refusal in volumes.refused.values():
        terminal.line(f"{refusal.volume}: {refusal.reason}; to try again: nox -s cleanup -- --snapshots")
    if volumes.dead:
        terminal.line("dead: never finished, or too old; nox -s cleanup removes it")


def list_images(engine: Engine, terminal: Terminal) -> None:
    """Print a table of the images that were built, the newest first. Nothing where there is none."""
    images = own_images(engine)
    if images:
        terminal.line("")
        rows = [_image_row(image, engine.info.now) for image in images]
        for line in table([("SIZE", "AGE", "MADE FOR", "IMAGE"), *rows]):
            terminal.line(line)


def _environment_row(environment: Standing) -> tuple[str, str, str, str, str]:
    state, owner = environment.state, environment.owner
    ports = ",".join(str(port) for port in environment.ports) or "-"
    if owner is None:
        whose = "unknown"
    elif state is State.FOREIGN:
        left = environment.seconds_left
        whose = f"on {owner.host}" + ("" if left is None else f", for {age(left)} at most")
    else:
        # Of one that is dead or kept the process is gone, and its number says nothing.
        whose = f"pid {owner.pid}" if state is State.RUNNING else "-"
    return state.value, ports, _age(environment.started), whose, environment.project


def _stray_row(stray: Stray) -> tuple[str, str, str, str, str]:
    ports = ",".join(map(str, stray.ports)) or "-"
    how_old = "?" if stray.seconds is None else age(stray.seconds)
    return f"stray, {'running' if stray.running else 'not running'}", ports, how_old, "unknown", stray.name


def _uat_row(uat: "Uat") -> tuple[str, str, str, str, str]:
    ports = ",".join(map(str, uat.ports)) or "-"
    return f"uat, {uat.state}", ports, _age(uat.data.made) if uat.data else "?", "-", uat.project


def _snapshot_row(snapshot: Snapshot, now: float) -> tuple[str, str, str, str, str]:
    return snapshot.stage, f"{snapshot.megabytes} MB", age(now - snapshot.created), snapshot.repository, snapshot.volume


def _image_row(image: OwnImage, now: float) -> tuple[str, str, str, str]:
    return f"{image.megabytes} MB", age(now - image.created), image.made_for, image.told


def _age(started: str) -> str:
    try:
        return age(seconds_since(started))
    except ValueError:
        return "?"
