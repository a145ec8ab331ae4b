"""Arguments -> the command that they name. Errors of the user and of the machine become a message and an exit code here."""

import argparse
import errno
import os
import shlex
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from runner.ci_sections import ci_of
from runner.cli.arguments import parse
from runner.cli.cleanup import cleanup
from runner.cli.doctor import doctor
from runner.cli.enter import logs, shell
from runner.cli.list import list_environments
from runner.cli.matrix import matrix
from runner.cli.parity import parity
from runner.cli.run import run
from runner.cli.snapshots import snapshots
from runner.cli.uat import uat
from runner.config import repositories as config
from runner.config.names import CONFIG
from runner.errors import ConfigError, Interrupted, RunnerError, UsageError, cause_of
from runner.run.display import terminal_for
from runner.signals import Signals
from runner.terminal import Terminal

# Seconds for a reader that stands still to take the last lines, after a signal or an error.
_LAST_WORDS = 3.0

Command = Callable[[argparse.Namespace, config.Config, Terminal], int]


def main_inner(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for and return the exit code; errors are printed, not raised."""
    terminal = Terminal(ci=ci_of(os.environ))
    try:
        given = parse(arguments)
        if given.command == "run":
            terminal = terminal_for(verbose=given.verbose, quiet=given.quiet, ci=ci_of(os.environ))
        elif given.command == "uat":
            terminal = terminal_for(verbose=given.verbose, quiet=False, ci=ci_of(os.environ))
        signals = Signals(lambda _signum: terminal.line("  teardown is under way and is not interrupted"))
        command_line = shlex.join(["python", "-m", "runner", *arguments])
        commands: dict[str, Command] = {
            "run": partial(run, signals=signals, command_line=command_line),
            "cleanup": cleanup,
            "list": list_environments,
            "shell": shell,
            "logs": logs,
            "doctor": doctor,
            "matrix": matrix,
            "snapshots": partial(snapshots, signals=signals),
            "parity": parity,
            "uat": partial(uat, signals=signals, command_line=command_line),
        }
        with signals.installed(os.environ):
            settings = config.load(_config_folder(), os.environ)
            code = commands[given.command](given, settings, terminal)
            # Nothing stands any more. As any program does, it waits for who reads slowly; not where it has been told to end.
            terminal.finish(None if signals.first is None else _LAST_WORDS)
        # What a run says is in its log as well, what the others print is nowhere else. A reader who has enough is no error.
        if given.command != "run" and terminal.lost and terminal.lost.errno != errno.EPIPE:
            raise UsageError(f"Standard output cannot be written: {cause_of(terminal.lost)}.")
        return code
    except (RunnerError, Interrupted) as error:
        terminal.error(f"Error: {error}")
        terminal.finish(_LAST_WORDS)
        return int(error.exit_code)
    except Exception:  # a defect, which __main__ says. Without this the program would wait at its end for who does not read.
        terminal.finish(_LAST_WORDS)
        raise


def say_a_defect() -> None:
    """Print the traceback of an error that nobody expected, which may quote what others wrote."""
    terminal = Terminal(ci=ci_of(os.environ))
    terminal.error(f"{traceback.format_exc()}Error: this is a defect of the runner; please report it with the lines above.")
    terminal.finish(_LAST_WORDS)


def _config_folder() -> Path:
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise ConfigError("The current folder is deleted. Change into the one that holds repos.yaml.") from None
    for folder in (here, *here.parents):
        try:
            (folder / CONFIG).lstat()
        except FileNotFoundError:
            continue
        except OSError as error:  # as after `sudo -u`, in a folder that the other user may not enter
            raise ConfigError(
                f"{CONFIG} cannot be looked for: {cause_of(error)}. Change into the folder that holds it."
            ) from error
        return folder
    raise ConfigError(f"There is no {CONFIG} in {here} or above it. Run from the folder that holds it.")
