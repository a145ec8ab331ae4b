"""Which environment to look at it is: one for each repository and engine, at which one command works at a time."""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.cleanup import orphans
from runner.cleanup.teardown import remove_project
from runner.config.options import Options
from runner.config.repositories import RepoConfig
from runner.docker.engine import Engine
from runner.environment.port_lock import ANOTHER_RUN, NoLock, lock
from runner.errors import ConfigError, EnvironmentFailed, UsageError
from runner.naming import uat_project_name
from runner.reporting.proof_log import RUNS_FOLDER
from runner.signals import Signals
from runner.terminal import Terminal
from runner.text import printable
from runner.uat.data import Data, drop
from runner.uat.login import read_login
from runner.uat.standing import Uat, look

# Seconds: for the guard of a command that was killed to have done its work; for a server to write what it has and to end; for
# the removal of what runs.
_PATIENCE, _PAUSE = 3.0, 0.2
_STOPPING, _STOP_LIMIT = 30, 120.0
REMOVING = 60.0


@dataclass(frozen=True)
class Place:
    """Of which repository it is, at which engine, and who is told; `options` as of a run, `repositories` all that are known.

    `is_named`: its checkout was named by who asks, who so says that it is meant wherever it was made.
    """

    repository: RepoConfig
    repositories: Mapping[str, RepoConfig]
    engine: Engine
    options: Options
    command: str
    terminal: Terminal
    signals: Signals
    is_named: bool = False

    @property
    def project(self) -> str:
        """Its Compose project."""
        return uat_project_name(self.repository.prefix)

    def call(self, action: str) -> str:
        """Return the command for another action."""
        return f"nox -s uat -- {self.repository.name} {action}"

    @property
    def folder(self) -> Path:
        """Where its passwords and its log are, in the checkout."""
        return self.repository.path / RUNS_FOLDER / self.project

    def found(self) -> Uat | None:
        """Return what the engine holds of it. UsageError, which says whose it is, if it is that of another checkout.

        Who has its passwords has it, also where the checkout was moved, or this machine is called otherwise.
        """
        uat = next((uat for uat in look(self.engine) if uat.project == self.project), None)
        if not uat or uat.belongs_to(self.repository.name, self.repository.path, on_any_host=self.is_named):
            return uat
        login = read_login(self.folder)
        if login and uat.data and login.id == uat.data.login_id:
            return uat
        checkout = printable(uat.checkout)
        raise UsageError(
            f"{self.project} is there already, for {printable(uat.repository)} at {checkout} on {printable(uat.host)}. "
            f"Nothing was changed.\nThat one is meant with --path {checkout}; for one of its own, this repository needs "
            "another `prefix` in repos.local.yaml."
        )


@contextlib.contextmanager
def alone(place: Place) -> Iterator[int]:
    """Have no other command at work at it within the block, nor the guard of one. UsageError if one is."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            held = lock(f"uat-{place.project}")
            break
        except NoLock as reason:
            if str(reason) != ANOTHER_RUN:
                raise UsageError(f"No lock can be had for {place.project}: {reason}.") from reason
            if time.monotonic() >= deadline:
                raise at_work(place, "") from None
            time.sleep(_PAUSE)
    try:
        yield held
    finally:
        os.close(held)


def at_work(place: Place, who: str) -> UsageError:
    """Return the error for a command that finds another one at work."""
    return UsageError(
        f"Another `uat` command is at work at {place.project}{who}. Nothing was changed. Try again when it has ended."
    )


def cleared(place: Place) -> Uat | None:
    """Return what there is, without what is left of a start or an update that was killed together with its guard."""
    uat = place.found()
    if not uat:
        return None
    if uat.worker:
        raise at_work(place, f", {uat.worker}")
    if uat.half:
        report = remove_project(place.engine.endpoint, place.project, bound=REMOVING, guard=True)
        orphans.tell(
            f"  left by a command that was killed: {', '.join(map(printable, uat.half))}", report, place.terminal.line
        )
        if not report.complete:
            raise EnvironmentFailed(f"What is left of {place.project} cannot be removed; nothing can be started beside it.")
    drop_older(place, uat)
    return place.found() if uat.half or uat.older else uat


def drop_older(place: Place, uat: Uat | None) -> None:
    """Remove what newer data has replaced. What cannot be removed now, the next command removes."""
    for line in drop(place.engine, uat.older if uat else ()):
        place.terminal.line(f"  replaced, but not removed: {line}")


def usable(place: Place, uat: Uat | None) -> Data | None:
    """Return the data that counts. ConfigError if another version of this program has made it."""
    if uat and not uat.is_readable:
        raise ConfigError(
            f"The data of {place.project} was made by another version of this runner. Nothing was changed. "
            f"Work with it by that one, or remove it: {place.call('reset')}"
        )
    return uat.data if uat else None


def take_down(place: Place, uat: Uat) -> None:
    """Remove its containers and networks, after its servers have written what they have. EnvironmentFailed if some stay."""
    if not (uat.containers or uat.networks):
        return
    with place.terminal.phase("stop"):
        if running := [name for name, state in uat.containers.items() if state not in ("exited", "created", "dead")]:
            # Who does not stop is killed: a database gets over that, and whatever was saved is there.
            with contextlib.suppress(EnvironmentFailed):
                place.engine.command("stop", "--time", str(_STOPPING), *running, limit=_STOP_LIMIT)
        report = remove_project(place.engine.endpoint, place.project, bound=REMOVING, guard=True)
    if not report.complete:
        orphans.tell(place.project, report, place.terminal.line)
        raise EnvironmentFailed(f"{place.project} could not be stopped.")
