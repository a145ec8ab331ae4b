"""What `cleanup` and `list` do about prepared databases."""

import time
from collections.abc import Container

from runner.docker.engine import Engine
from runner.snapshots.snapshot import Snapshot
from runner.snapshots.store import Store
from runner.terminal import Terminal
from runner.text import age, lines_of


def clean(engine: Engine, terminal: Terminal, repositories: Container[str], *, everything: bool, dry_run: bool) -> bool:
    """Remove what dead preparations left; `everything`: also every prepared database that runs of these repositories made.

    Says what it does, and returns whether nothing resisted, as one that a run uses does.
    """
    store = Store(engine)
    volumes = store.volumes()
    chosen = [each for each in volumes.ready.values() if everything and each.repository in repositories]
    refused = list(volumes.refused.values()) if everything else []
    if dry_run:
        for name in (*volumes.dead, *refused, *(each.volume for each in chosen)):
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


def show(engine: Engine, terminal: Terminal) -> None:
    """Print a table of the prepared databases, the newest first, with those in the making. Nothing where there is none."""
    volumes = Store(engine).volumes()
    newest_first = sorted(volumes.ready.values(), key=lambda each: each.created, reverse=True)
    rows = [_row(snapshot, time.time()) for snapshot in newest_first]
    rows += [("in the making", "-", "-", "-", name) for name in volumes.preparing]
    rows += [("dead", "-", "-", "-", name) for name in volumes.dead]
    if rows:
        terminal.line("")
        for line in lines_of([("STAGE", "SIZE", "AGE", "MADE FOR", "PREPARED DATABASE"), *rows]):
            terminal.line(line)
    if volumes.dead:
        terminal.line("dead: never finished, or too old; nox -s cleanup removes it")


def _row(snapshot: Snapshot, now: float) -> tuple[str, str, str, str, str]:
    return snapshot.stage, f"{snapshot.megabytes} MB", age(now - snapshot.created), snapshot.repository, snapshot.volume
