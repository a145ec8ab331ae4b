"""Arguments -> what to do. Errors of the user and of the machine become a message and an exit code here."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from . import config, janitor
from .addons import find_module
from .arguments import EXAMPLE, RUN_USAGE, parse
from .errors import ConfigError, Interrupted, RunnerError, UsageError
from .naming import check_module_name
from .progress import Terminal
from .repository_names import CONFIG
from .run import Options, Outcome, run_module
from .signals import Signals


def main_inner(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for and return the exit code; errors are printed, not raised."""
    terminal = Terminal()
    signals = Signals(lambda _signum: terminal.line("  teardown is under way and is not interrupted"))
    try:
        with signals.installed(os.environ):
            command, given = parse(arguments)
            settings = config.load(_config_folder(), os.environ)
            if command == "cleanup":
                names = [settings.repository(word).name for word in given.words] or list(settings.repositories)
                return janitor.cleanup(names, terminal)
            return _run(given, settings, terminal, signals, shlex.join(["python", "-m", "runner", *arguments]))
    except (RunnerError, Interrupted) as error:
        print(f"Error: {error}", file=sys.stderr)
        return int(error.exit_code)


def _config_folder() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CONFIG).is_file():
            return folder
    raise ConfigError(f"There is no {CONFIG} in {here} or above it. Run from the folder that holds it.")


def _run(given: argparse.Namespace, settings: config.Config, terminal: Terminal, signals: Signals, command: str) -> int:
    if not given.words:
        raise UsageError(f"Which repository and module?\nUsage: {RUN_USAGE}\n{EXAMPLE}")
    repository = settings.repository(given.words[0])
    modules = list(dict.fromkeys(given.words[1:]))
    if not modules:
        raise UsageError(f"Which module of {repository.name}?\nUsage: {RUN_USAGE}\n{EXAMPLE}")
    if given.path:
        repository = config.at_checkout(repository, given.path)
    for module in modules:
        check_module_name(module, repository.prefix)
        find_module(module, repository, settings.repositories)
    if len(settings.files) > 1:
        terminal.line(f"{settings.files[-1].name} overrides {settings.files[0].name} on this machine")
    options = Options(given.health_timeout, given.test_timeout, given.test_tags)
    outcomes = []
    for module in modules:
        outcomes.append(
            run_module(
                repository, module, options, only=len(modules) == 1, command=command, terminal=terminal, signals=signals
            )
        )
        _summary(outcomes[-1], terminal)
        if signals.first is not None:
            break
    return max(outcome.exit_code for outcome in outcomes)


def _summary(outcome: Outcome, terminal: Terminal) -> None:
    terminal.line()
    counts = f"  {outcome.verdict.counts}" if outcome.verdict else ""
    terminal.line(f"{outcome.module}: {outcome.word}{counts}")
    for reason in outcome.reasons:
        terminal.line("\n".join(f"  {line}" for line in reason.splitlines()))
    terminal.line(f"  log: {outcome.proof}")
