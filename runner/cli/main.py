"""Arguments -> what to do. Errors of the user and of the machine become a message and an exit code here."""

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from runner.cli import cleanup as housekeeping
from runner.cli import doctor, matrix
from runner.cli import enter as entering
from runner.cli import parity as parity_check
from runner.cli.arguments import EXAMPLE, RUN_USAGE, parse
from runner.config import repositories as config
from runner.config.names import CONFIG
from runner.errors import ConfigError, Interrupted, RunnerError, UsageError
from runner.naming import check_module_name
from runner.odoo.addons import find_module, repositories_with
from runner.reporting.machine_reports import MachineReports
from runner.run.call import Call, make
from runner.run.display import terminal_for
from runner.run.module_run import Keep, Options
from runner.run.selection import modules_with_tests
from runner.signals import Signals
from runner.terminal import Terminal


def main_inner(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for and return the exit code; errors are printed, not raised."""
    try:
        given = parse(arguments)
        terminal = terminal_for(quiet=given.quiet) if given.command == "run" else Terminal()
        signals = Signals(lambda _signum: terminal.line("  teardown is under way and is not interrupted"))
        with signals.installed(os.environ):
            return _main(given.command, given, shlex.join(["python", "-m", "runner", *arguments]), terminal, signals)
    except (RunnerError, Interrupted) as error:
        Terminal().error(f"Error: {error}")
        return int(error.exit_code)


def _main(command: str, given: argparse.Namespace, words: str, terminal: Terminal, signals: Signals) -> int:
    settings = config.load(_config_folder(), os.environ)
    if command == "run":
        return _run(given, settings, terminal, signals, words)
    if command == "matrix":
        return matrix.show(given.repositories, settings, terminal)
    # From a folder that cannot be deleted: docker does not start in one that is.
    os.chdir("/")
    if command == "cleanup":
        return housekeeping.cleanup(
            given.targets,
            settings,
            terminal,
            everything=given.all,
            snapshots=given.snapshots,
            dry_run=given.dry_run,
            timeout=given.timeout,
        )
    if command == "parity":
        return parity_check.check(settings, terminal)
    if command == "shell":
        entering.shell(given.run)
    if command == "logs":
        entering.logs(given.run, given.service, follow=given.follow)
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
    if given.repository is None:
        raise UsageError(f"Which repository and module?\nUsage: {RUN_USAGE}\n{EXAMPLE}")
    repository = _repository(given.repository, settings)
    if given.path:
        repository = config.at_checkout(repository, given.path)
    modules = _modules(given, repository, settings, terminal)
    machine_reports = MachineReports(given.junit, given.json)
    if len(settings.files) > 1:
        terminal.line(f"{settings.files[-1].name} overrides {settings.files[0].name} on this machine")
    options = Options(
        given.health_timeout,
        given.test_timeout,
        given.test_tags,
        Keep(given.keep),
        given.strict,
        given.wait_for_port,
        snapshot=not given.no_snapshot,
    )
    jobs = min(given.jobs, len(modules), len(list(repository.ports)))
    if jobs < min(given.jobs, len(modules)):
        terminal.line(f"at most {jobs} at once: the repository has {jobs} ports ({repository.ports})")
    wanted = Call(repository, modules, options, command, jobs, given.fail_fast)
    return make(wanted, machine_reports, terminal, signals, os.environ)


def _repository(word: str, settings: config.Config) -> config.RepoConfig:
    """The repository of that name. UsageError, with the command to give, for the name of a module."""
    if word not in settings.repositories and (having := repositories_with(word, settings.repositories)):
        commands = "\n".join(f"  nox -s odoo_tests -- {name} {word}" for name in having)
        raise UsageError(f"{word!r} is a module; the repository goes before it:\n{commands}")
    return settings.repository(word)


def _modules(
    given: argparse.Namespace, repository: config.RepoConfig, settings: config.Config, terminal: Terminal
) -> list[str]:
    """The modules that are asked for, each once. UsageError if there are none, or one does not exist."""
    modules = list(dict.fromkeys(given.modules))
    if given.all:
        if modules:
            raise UsageError(f"Either --all or names of modules ({', '.join(modules)}), not both.")
        selection = modules_with_tests(repository)
        for module, reason in selection.left_out.items():
            terminal.line(f"left out: {module} ({reason})")
        modules = list(selection.modules)
        if not modules:
            raise UsageError(f"No module of {repository.name} has tests. Looked in: {', '.join(map(str, repository.addons))}")
    if not modules:
        raise UsageError(f"Which module of {repository.name}?\nUsage: {RUN_USAGE}\n{EXAMPLE}")
    for module in modules:
        check_module_name(module, repository.prefix)
        find_module(module, repository, settings.repositories)
    return modules
