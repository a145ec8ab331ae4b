"""`uat`: an environment to look at, for each repository one, whose data lasts."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from runner.cli.arguments import UAT_ACTIONS
from runner.config import repositories as config
from runner.config.options import Options
from runner.docker.engine import connect
from runner.errors import ExitCode, UsageError
from runner.signals import Signals
from runner.terminal import Terminal

if TYPE_CHECKING:
    from runner.uat.place import Place


def uat(given: argparse.Namespace, settings: config.Config, terminal: Terminal, *, signals: Signals, command_line: str) -> int:
    """Do what is asked for with the environment of a repository; the exit code. `command_line` is what its log says was run.

    UsageError, before anything is done, for what is not understood, and where `reset` can ask nobody.
    """
    from runner.uat import commands  # noqa: PLC0415 - nobody else needs it
    from runner.uat.place import Place  # noqa: PLC0415

    name, action = given.repository, given.action
    if action not in UAT_ACTIONS and name in UAT_ACTIONS:
        name, action = action, name
    if not name or action not in UAT_ACTIONS:
        wrong = f"{action!r} is none of {', '.join(UAT_ACTIONS)}" if name and action else "Which repository, and what?"
        raise UsageError(f"{wrong}\nUsage: nox -s uat -- {name or 'REPO'} ({' | '.join(UAT_ACTIONS)})")
    if given.modules and action not in ("start", "update"):
        raise UsageError(
            f"`{action}` is for all of the environment, and takes no modules (given: {', '.join(given.modules)})."
        )
    if given.yes and action != "reset":
        raise UsageError(f"--yes answers the question of `reset`; `{action}` asks none.")
    repository = settings.repository(name)
    if given.path:
        repository = config.at_checkout(repository, given.path)
    options = Options(given.health_timeout, given.install_timeout, snapshot=False)
    about = (repository, settings.repositories, connect(os.environ), options, command_line, terminal, signals)
    place = Place(*about, is_named=given.path is not None)
    if action in ("start", "update") and len(settings.files) > 1:
        terminal.line(f"{settings.files[-1].name} overrides {settings.files[0].name} on this machine")
    if action == "start":
        return commands.start(place, given.modules)
    if action == "update":
        return commands.update(place, given.modules)
    if action == "stop":
        return commands.stop(place)
    if action == "status":
        return commands.status(place)
    if not (given.yes or _agrees(place, terminal)):
        terminal.line("Nothing was removed.")
        return ExitCode.PASSED
    return commands.reset(place)


def _agrees(place: "Place", terminal: Terminal) -> bool:
    """Ask whether the data is to go. UsageError where nobody can answer."""
    if not place.found():  # then there is nothing to ask
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            f"`reset` removes {place.project} with all of its data, and asks before, which takes a terminal. Without one: "
            f"{place.call('reset')} --yes"
        )
    terminal.line(f"Remove {place.project} with all of its data? It cannot be had back. [y/N]")
    terminal.catch_up()
    return sys.stdin.buffer.readline().strip().lower() in (b"y", b"yes")
