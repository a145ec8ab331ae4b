"""Arguments -> the command that they name. Errors of the user and of the machine become a message and an exit code here."""

import contextlib
import errno
import gc
import os
import shlex
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from runner.ci_sections import ci_of
from runner.cli.arguments import parse
from runner.cli.report_output import output_for_a_report
from runner.config import repositories as config
from runner.config.names import CONFIG
from runner.errors import ConfigError, Interrupted, RunnerError, UsageError, cause_of
from runner.run.display import terminal_for
from runner.signals import Signals
from runner.terminal import Terminal

# Seconds for a reader that stands still to take the last lines, after a signal or an error.
_LAST_WORDS = 3.0

# By its name, the module of this package, and the function in there.
_COMMANDS = {
    "run": ("run", "run"),
    "cleanup": ("cleanup", "cleanup"),
    "list": ("list", "list_environments"),
    "shell": ("enter", "shell"),
    "logs": ("enter", "logs"),
    "doctor": ("doctor", "doctor"),
    "matrix": ("matrix", "matrix"),
    "snapshots": ("snapshots", "snapshots"),
    "parity": ("parity", "parity"),
    "verify": ("verify", "verify"),
    "uat": ("uat", "uat"),
}


def main_inner(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for and return the exit code; errors are printed, not raised."""
    terminal = Terminal(ci=ci_of(os.environ))
    opened = contextlib.ExitStack()
    try:
        given = parse(arguments)
        output = None
        if given.command == "run":
            files = (given.junit, given.json, given.html, given.in_toto, given.coverage_xml, given.coverage_html)
            output = opened.enter_context(output_for_a_report(*files))
            how = {"verbose": given.verbose, "quiet": given.quiet, "shared": given.debugger}
            terminal = terminal_for(ci=ci_of(os.environ), **how)
        elif given.command == "uat":
            terminal = terminal_for(verbose=given.verbose, quiet=False, ci=ci_of(os.environ))
        signals = Signals(lambda _signum: terminal.line("  teardown is under way and is not interrupted"))
        command_line = shlex.join(["python", "-m", "runner", *arguments])
        more: dict[str, dict[str, Any]] = {
            "run": {"signals": signals, "command_line": command_line, "output": output},
            "snapshots": {"signals": signals},
            "uat": {"signals": signals, "command_line": command_line},
        }
        command = _command(given.command)
        with signals.installed(os.environ):
            settings = config.load(_config_folder(), os.environ)
            code = command(given, settings, terminal, **more.get(given.command, {}))
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
    finally:
        opened.close()


def _command(name: str) -> Callable[..., int]:
    """Import a command, which is the last that is imported for most of them, and return it: the others take their time too."""
    module, function = _COMMANDS[name]
    command: Callable[..., int] = getattr(import_module(f"runner.cli.{module}"), function)
    if not gc.isenabled():  # by __main__, for the imports
        gc.freeze()
        gc.enable()
    return command


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
