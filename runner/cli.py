"""Arguments -> what to do. Errors of the user and of the machine become a message and an exit code here."""

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from . import config, doctor, housekeeping
from .addons import find_module
from .arguments import EXAMPLE, RUN_USAGE, parse
from .errors import ConfigError, Interrupted, RunnerError, UsageError
from .machine_reports import MachineReports
from .naming import check_module_name
from .outcome import Outcome
from .progress import Terminal
from .repository_names import CONFIG
from .run import Keep, Options, run_module
from .signals import Signals

# On the terminal; the log has them all.
_REMARKS_SHOWN = 5


def main_inner(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for and return the exit code; errors are printed, not raised."""
    terminal = Terminal()
    signals = Signals(lambda _signum: terminal.line("  teardown is under way and is not interrupted"))
    try:
        with signals.installed(os.environ):
            return _main(arguments, terminal, signals)
    except (RunnerError, Interrupted) as error:
        terminal.error(f"Error: {error}")
        return int(error.exit_code)


def _main(arguments: Sequence[str], terminal: Terminal, signals: Signals) -> int:
    command, given = parse(arguments)
    settings = config.load(_config_folder(), os.environ)
    if command == "run":
        return _run(given, settings, terminal, signals, shlex.join(["python", "-m", "runner", *arguments]))
    # From a folder that cannot be deleted: docker does not start in one that is.
    os.chdir("/")
    if command == "cleanup":
        return housekeeping.cleanup(
            given.words, settings, terminal, everything=given.all, dry_run=given.dry_run, timeout=given.timeout
        )
    return housekeeping.show(terminal) if command == "list" else doctor.examine(settings, terminal)


def _config_folder() -> Path:
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise ConfigError("The current folder is deleted. Change into the one that holds repos.yaml.") from None
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
    machine_reports = MachineReports(given.junit, given.json)
    os.chdir("/")
    if len(settings.files) > 1:
        terminal.line(f"{settings.files[-1].name} overrides {settings.files[0].name} on this machine")
    options = Options(given.health_timeout, given.test_timeout, given.test_tags, Keep(given.keep), given.strict)
    only = len(modules) == 1
    outcomes = []
    for module in modules:
        outcome = run_module(repository, module, options, only=only, command=command, terminal=terminal, signals=signals)
        outcomes.append(outcome)
        _summary(outcome, terminal)
        if signals.first is not None:
            break
    return machine_reports.write(outcomes, os.environ, terminal.line)


def _summary(outcome: Outcome, terminal: Terminal) -> None:
    terminal.line()
    terminal.line(f"{outcome.module}: {outcome.word}  {outcome.counts}")
    for reason in outcome.reasons:
        terminal.line("\n".join(f"  {line}" for line in reason.splitlines()))
    for remark in outcome.remarks[:_REMARKS_SHOWN]:
        terminal.line(f"  note: {remark}")
    if len(outcome.remarks) > _REMARKS_SHOWN:
        terminal.line(f"  note: ... and {len(outcome.remarks) - _REMARKS_SHOWN} more in the log")
    terminal.line(f"  log: {outcome.proof}")
