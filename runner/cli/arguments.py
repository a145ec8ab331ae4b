"""The command line's grammar: words -> what was asked for."""

import argparse
import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from runner.errors import UsageError

RUN_USAGE = "nox -s odoo_tests -- REPO (MODULE [MODULE ...] | --all) [options]"
EXAMPLE = "For example: nox -s odoo_tests -- evv traction"
_LONGEST = 86400.0
_RUN_IS = "RUN is an environment that stands: its project, a beginning of that name, or its module. They are in: nox -s list"


class _Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse would exit, and suggests options that are near to an unknown one."""

    def error(self, message: str) -> NoReturn:
        unknown = next((word for word in message.split() if word.startswith("--")), None)
        if "unrecognized" in message and unknown:
            near = difflib.get_close_matches(unknown, self._option_string_actions, n=1)
            message += f". Perhaps you meant {near[0]}?" if near else ""
        raise UsageError(f"{message}\nUsage: {self.usage}\n{self.epilog or ''}".rstrip())


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _LONGEST:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, at most {_LONGEST:g} (given: {text!r})")
    return value


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, 1 or more (given: {text!r})")
    return int(text)


def _run_parser() -> argparse.ArgumentParser:
    run = _Parser("run", usage=RUN_USAGE, epilog=EXAMPLE, allow_abbrev=False)
    run.add_argument("words", nargs="*", metavar="REPO MODULE", help="a repository of repos.yaml, then names of modules")
    run.add_argument("--path", type=Path, metavar="DIR", help="use this checkout instead of the one in repos.yaml")
    run.add_argument("--all", action="store_true", help="every module of the repository that has tests")
    run.add_argument("--jobs", type=_number, default=1, metavar="N", help="so many environments at once; default: 1")
    run.add_argument("--fail-fast", action="store_true", help="end the others after the first that is not green")
    run.add_argument("--quiet", action="store_true", help="show nothing of what Odoo prints; it is all in the log")
    run.add_argument("--test-tags", metavar="SPEC", help="as Odoo's option; default: /MODULE")
    run.add_argument(
        "--health-timeout", type=_seconds, default=300.0, metavar="S", help="until it must be healthy; default: 300"
    )
    run.add_argument(
        "--test-timeout", type=_seconds, default=3600.0, metavar="S", help="until the tests must end; default: 3600"
    )
    run.add_argument(
        "--wait-for-port", type=_seconds, default=0.0, metavar="S", help="if all are taken; default: an error at once"
    )
    run.add_argument("--junit", type=Path, metavar="FILE", help="write a JUnit report, one testsuite per module")
    run.add_argument("--json", type=Path, metavar="FILE", help="write a JSON report, see docs/report.schema.json")
    run.add_argument("--no-snapshot", action="store_true", help="install everything into an empty database")
    run.add_argument("--strict", action="store_true", help="red also for tests that did not start, and for records at ERROR")
    run.add_argument(
        "--keep",
        choices=["never", "failed", "always"],
        default="never",
        help="let the environment stand, and say how to enter and to remove it; default: never",
    )
    return run


def _cleanup_parser() -> argparse.ArgumentParser:
    cleanup = _Parser(
        "cleanup",
        usage="nox -s cleanup -- [REPO | PROJECT ...] [options]",
        epilog="For example: nox -s cleanup -- evv --dry-run",
        allow_abbrev=False,
    )
    cleanup.add_argument("words", nargs="*", metavar="REPO", help="only of these repositories, or these environments by name")
    cleanup.add_argument("--all", action="store_true", help="also what was kept, and what runs of other hosts left")
    cleanup.add_argument("--snapshots", action="store_true", help="also the prepared databases")
    cleanup.add_argument("--timeout", type=_seconds, default=60.0, metavar="S", help="for each environment; default: 60")
    cleanup.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    return cleanup


def _matrix_parser() -> argparse.ArgumentParser:
    matrix = _Parser("matrix", usage="python -m runner matrix [REPO ...]", allow_abbrev=False)
    matrix.add_argument("words", nargs="*", metavar="REPO", help="only of these repositories")
    return matrix


def _shell_parser() -> argparse.ArgumentParser:
    shell = _Parser("shell", usage="nox -s shell -- RUN", epilog=_RUN_IS, allow_abbrev=False)
    shell.add_argument("run", metavar="RUN", help="a project, a beginning of its name, or the module")
    return shell


def _logs_parser() -> argparse.ArgumentParser:
    logs = _Parser("logs", usage="nox -s logs -- RUN [--follow] [--service NAME]", epilog=_RUN_IS, allow_abbrev=False)
    logs.add_argument("run", metavar="RUN", help="a project, a beginning of its name, or the module")
    logs.add_argument("--follow", action="store_true", help="go on until the container ends, or Ctrl+C")
    logs.add_argument("--service", default="odoo", metavar="NAME", help="of the compose file, as db; default: odoo")
    return logs


def _plain_parser(name: str) -> argparse.ArgumentParser:
    return _Parser(name, usage=f"python -m runner {name}", allow_abbrev=False)


_COMMANDS: dict[str, tuple[str, Callable[[], argparse.ArgumentParser]]] = {
    "run": ("run the tests of modules, each in an environment of its own", _run_parser),
    "cleanup": ("remove what dead runs left", _cleanup_parser),
    "list": ("the environments that stand, and the prepared databases", lambda: _plain_parser("list")),
    "shell": ("open a shell in an environment that stands", _shell_parser),
    "logs": ("show the server's log of an environment that stands", _logs_parser),
    "doctor": ("examine this machine, and say what to do", lambda: _plain_parser("doctor")),
    "matrix": ("all modules with tests as JSON, for a CI", _matrix_parser),
    "parity": ("whether the repositories' environments are alike", lambda: _plain_parser("parity")),
}


def known_options() -> dict[str, list[str]]:
    """The options of each subcommand, for whoever checks that documents name none that does not exist."""
    return {name: list(make()._option_string_actions) for name, (_about, make) in _COMMANDS.items()}


def parse(arguments: Sequence[str]) -> tuple[str, argparse.Namespace]:
    """The subcommand and its settings. UsageError, with usage and an example, for anything else; `--help` exits."""
    command, *rest = arguments or [""]
    if command in ("-h", "--help"):
        _overview_parser().parse_args([command])
    if command not in _COMMANDS:
        raise UsageError(f"{_unknown(command)}\nUsage: {RUN_USAGE}\n{EXAMPLE}")
    _about, make = _COMMANDS[command]
    # Intermixed: options may stand between the module names.
    return command, make().parse_intermixed_args(rest)


def _overview_parser() -> argparse.ArgumentParser:
    width = max(map(len, _COMMANDS))
    lines = ["commands:", *(f"  {name:<{width}}  {about}" for name, (about, _make) in _COMMANDS.items())]
    return _Parser(
        "runner",
        usage="python -m runner COMMAND ...",
        description="\n".join(lines),
        epilog=f"Each has its own --help. Most are sessions of nox as well, `run` as odoo_tests.\n{EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _unknown(command: str) -> str:
    said = f"unknown command {command!r}" if command else "no command"
    near = difflib.get_close_matches(command, _COMMANDS, n=1)
    return f"{said}; known are: {', '.join(_COMMANDS)}{f'. Perhaps you meant {near[0]!r}?' if near else ''}"
