"""The grammar of the command line. Standard library only: the noxfile imports it where nothing but nox is installed."""

import argparse
import difflib
import itertools
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from runner.errors import UsageError

RUN_USAGE = "nox -s odoo_tests -- REPO (MODULE [MODULE ...] | --all) [options]"
EXAMPLE = "For example: nox -s odoo_tests -- evv traction"
_LONGEST = 86400.0
_UNITS = {"K": 1000, "M": 1_000_000, "G": 1_000_000_000}
_LEAST_SIZE, _DIGITS = 100_000, 16
_MOST, _SHOWN = 10_000, 60
UAT_ACTIONS = ("start", "update", "stop", "reset", "status")
_RUN_IS = "RUN is an environment: its project, a beginning of that name, or its module. They are listed by: nox -s list"


class _Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse would exit."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


# What add_subparsers returns; argparse gives it no public name.
_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m runner`, with a subparser for each command; see `subcommands`.

    It is for help and for documents. `parse` is what understands a command line.
    """
    parser = _Parser(
        "python -m runner",
        usage="python -m runner COMMAND ...",
        epilog=f"Each has its own --help. Most are sessions of nox as well, `run` as odoo_tests. {EXAMPLE}",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_run(commands)
    _add_cleanup(commands)
    _add(commands, "list", "list the environments of all runs, the prepared databases, and the images that were built")
    shell = _add(commands, "shell", "open a shell in an environment", usage="nox -s shell -- RUN", epilog=_RUN_IS)
    _add_environment(shell)
    _add_logs(commands)
    _add(commands, "doctor", "examine this machine, and say what to do where something is wrong")
    matrix = _add(
        commands,
        "matrix",
        "print all modules with tests as JSON, for a CI",
        usage="python -m runner matrix [REPO ...] [options]",
        epilog="For example: python -m runner matrix evv --shards 20 --changed-since origin/main",
    )
    matrix.add_argument("repositories", nargs="*", metavar="REPO", help="only modules of these repositories; default: of all")
    matrix.add_argument(
        "--shards",
        type=_number,
        metavar="N",
        help="make at most N jobs, of about the same time; default: as many as GitHub, or GitLab where it runs there, allows",
    )
    matrix.add_argument(
        "--timings",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="a JSON report of an earlier run, or a folder of them, that tells how long each module takes;"
        " default: by its number of tests",
    )
    _add_changed_since(matrix)
    _add_snapshots(commands)
    _add_verify(commands)
    _add_uat(commands)
    _add(commands, "parity", "check that the repositories' environments differ in nothing but prefix and paths")
    return parser


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the subparser of each command of `build_parser()`, in their order."""
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(commands.choices)


def known_options() -> dict[str, list[str]]:
    """Return the options of each command, for whoever checks that documents name none that does not exist."""
    return {name: list(command._option_string_actions) for name, command in subcommands(build_parser()).items()}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what was asked for: `command`, and the fields of its subparser. `--help` prints and exits.

    UsageError, with usage and an example, for anything that is not understood.
    """
    parser = build_parser()
    commands = subcommands(parser)
    name, *words = arguments or [""]
    if name in ("-h", "--help"):
        parser.parse_args([name])
    if name not in commands:
        raise UsageError(f"{_unknown(name, commands)}\nUsage: {RUN_USAGE}\n{EXAMPLE}")
    command = commands[name]
    try:
        # By the command's own parser: through the one above it, options could not stand between the names of modules.
        return command.parse_intermixed_args(words)
    except UsageError as error:
        advice = _advice(str(error), words, command)
        raise UsageError(f"{error}{advice}\nUsage: {command.usage}\n{command.epilog or ''}".rstrip()) from None


def _unknown(name: str, commands: Collection[str]) -> str:
    said = f"unknown command {name!r}" if name else "no command"
    near = difflib.get_close_matches(name, commands, n=1)
    return f"{said}; known are: {', '.join(commands)}{f'. Perhaps you meant {near[0]!r}?' if near else ''}"


def _advice(message: str, words: Sequence[str], command: argparse.ArgumentParser) -> str:
    """Say which known option is near to an unknown one, and how a value is given that looks like an option."""
    options = command._option_string_actions
    unknown = [word.partition("=")[0] for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    if "unrecognized" in message and (near := difflib.get_close_matches(unknown[0], options, n=1) if unknown else []):
        return f". Perhaps you meant {near[0]}?"
    for option, value in itertools.pairwise(words):
        if f"argument {option}: expected one argument" in message and value not in options:
            return f". A value that begins with '-' needs '=': {option}={value}"
    return ""


def _add(commands: _Commands, name: str, about: str, *, usage: str = "", epilog: str = "") -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        usage=usage or f"python -m runner {name}",
        epilog=epilog or None,
        allow_abbrev=False,
    )
    parser.set_defaults(command=name)
    return parser


def _add_run(commands: _Commands) -> None:
    run = _add(commands, "run", "run the tests of modules, each in an environment of its own", usage=RUN_USAGE, epilog=EXAMPLE)
    run.add_argument("repository", nargs="?", metavar="REPO", help="a repository of repos.yaml")
    run.add_argument(
        "modules",
        nargs="*",
        metavar="MODULE",
        help="what to test of it: modules, by their technical names;"
        " tests of one, as MODULE:TestClass or MODULE:TestClass.test_method; test files, as for pytest",
    )
    run.add_argument("--path", type=Path, metavar="DIR", help="use this checkout of the repository, not the one in repos.yaml")
    run.add_argument("--all", action="store_true", help="test every module of the repository that has tests; instead of names")
    _add_changed_since(run)
    run.add_argument(
        "--jobs",
        type=_number,
        default=1,
        metavar="N",
        help="run at most N environments at once, and never more than the repository has ports; default: 1",
    )
    run.add_argument(
        "--fail-fast", action="store_true", help="after the first module that is not green, end the others and start no more"
    )
    run.add_argument(
        "--last-failed",
        action="store_true",
        help="only the tests that failed when they last ran in this checkout; all, if none is known",
    )
    run.add_argument("-x", "--exitfirst", action="store_true", help="stop the run of a module at the first test that fails")
    run.add_argument(
        "--repeat",
        type=_number,
        default=1,
        metavar="N",
        help="run each module N times, each time in an environment of its own, and tell which tests are flaky",
    )
    run.add_argument("--slowest", type=_number, default=0, metavar="N", help="tell the N slowest tests, with their seconds")
    shown = run.add_mutually_exclusive_group()
    shown.add_argument(
        "--verbose",
        action="store_true",
        help="show all that Odoo prints, which is in the log in any case; on GitHub Actions and in GitLab CI it is shown"
        " without this too, in a section that is collapsed",
    )
    shown.add_argument("--quiet", action="store_true", help="show nothing but the closing lines, of how the run ended")
    run.add_argument(
        "--test-tags",
        metavar="SPEC",
        help="the tests to run, as Odoo's own option; '=' goes before a SPEC that begins with '-'; default: /MODULE",
    )
    run.add_argument(
        "--js",
        action="store_true",
        help="also run the JavaScript tests of Odoo 18 and newer (static/tests/**/*.test.js), each counted as a test, in the"
        " browser of the image; --test-tags leaves none of them out",
    )
    run.add_argument(
        "--health-timeout",
        type=_seconds,
        default=300.0,
        metavar="S",
        help="seconds until the environment must be healthy; default: 300",
    )
    run.add_argument(
        "--test-timeout",
        type=_seconds,
        default=3600.0,
        metavar="S",
        help="seconds until the tests must have ended; default: 3600",
    )
    run.add_argument(
        "--wait-for-port",
        type=_seconds,
        default=0.0,
        metavar="S",
        help="seconds to wait for a free port if all are taken; default: that is an error at once",
    )
    run.add_argument(
        "--max-log",
        type=_size,
        default=100_000_000,
        metavar="SIZE",
        help="leave the middle of Odoo's output out of a log of more than SIZE, as 500K, 100M or 2G; default: 100M",
    )
    run.add_argument(
        "--junit",
        type=_report,
        metavar="FILE",
        help="write a JUnit report, with one testsuite for each module; `-` as for --json",
    )
    run.add_argument(
        "--json",
        type=_report,
        metavar="FILE",
        help="write a JSON report, by the schema docs/report.schema.json; `-` is standard output, which then has nothing"
        " else: what the run says goes to standard error",
    )
    run.add_argument(
        "--sign-key",
        type=Path,
        metavar="FILE",
        help="sign the proof log with this SSH key, into LOG.sig; the public part, for a key in ssh-agent",
    )
    run.add_argument(
        "--html",
        type=_report,
        metavar="FILE",
        help="write a page for who reviews it: one file that loads nothing; `-` as for --json",
    )
    run.add_argument(
        "--in-toto",
        type=_report,
        metavar="FILE",
        help="write an in-toto statement, predicate Test Result v0.1; `-` as for --json",
    )
    _add_coverage(run)
    run.add_argument(
        "--no-snapshot", action="store_true", help="use no prepared database: install everything into an empty one"
    )
    run.add_argument(
        "--strict",
        action="store_true",
        help="red also for skipped tests, for tests in the sources that did not run, and for records at ERROR of the module"
        " and of the modules of its repository on which it depends",
    )
    run.add_argument(
        "--strict-all", action="store_true", help="as --strict, and red for every record at ERROR, also of Odoo's own code"
    )
    run.add_argument(
        "--demo",
        action=argparse.BooleanOptionalAction,
        help="install modules with their demo data, or without; default: `demo` of repos.yaml, else as Odoo does by itself",
    )
    steps = run.add_mutually_exclusive_group()
    steps.add_argument(
        "--upgrade-from",
        type=_ref,
        metavar="REF",
        help="install the module as it is at that commit, tag or branch, then update it to the checkout, and test: with its"
        " migration scripts. With --all, what was not there then is installed as ever",
    )
    steps.add_argument(
        "--reinstall", action="store_true", help="install the module, uninstall it, then install it again, and test"
    )
    run.add_argument(
        "--odoo",
        type=_series,
        default=(),
        metavar="SERIES,...",
        help="test with each of these series of Odoo, by the images in `images.series` of repos.yaml",
    )
    run.add_argument(
        "--language",
        action="append",
        default=[],
        metavar="CODE",
        help="load a language such as de_DE besides English, instead of `languages` of repos.yaml; may be given several times",
    )
    run.add_argument(
        "--watch",
        action="store_true",
        help="keep the environment, and test the one module again whenever its sources, or those of its repository on which it"
        " depends, change, until Ctrl+C; without proof log and reports",
    )
    debuggers = run.add_mutually_exclusive_group()
    debuggers.add_argument(
        "--debugger",
        action="store_true",
        help="have breakpoint() in a test, or in code that it calls, open pdb in this terminal; the tests have eight hours,"
        " and what passes is not proven",
    )
    debuggers.add_argument(
        "--debugpy",
        action="store_true",
        help="wait with the tests until a debugger as VS Code's attaches, at an address that is told, by debugpy in the image;"
        " else as --debugger",
    )
    run.add_argument(
        "--keep",
        choices=["never", "failed", "always"],
        default="never",
        help="leave the environment running, serve its test database, and say how to enter and to remove it; default: never",
    )


def _add_coverage(run: argparse.ArgumentParser) -> None:
    run.add_argument(
        "--coverage",
        action="store_true",
        help="measure which lines and branches of each module its tests run, by coverage.py in the image, and show them as a"
        " table; not of its tests, its manifest and its migrations",
    )
    run.add_argument(
        "--coverage-html",
        type=_place,
        metavar="DIR",
        help="write the coverage as HTML pages, with the sources: DIR/index.html; implies --coverage",
    )
    run.add_argument(
        "--coverage-xml", type=_place, metavar="FILE", help="write the coverage in Cobertura's XML; implies --coverage"
    )
    run.add_argument(
        "--fail-under",
        type=_percentage,
        metavar="N",
        help="red if less than N percent of a module's lines and branches ran; implies --coverage",
    )


def _add_changed_since(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--changed-since",
        type=_ref,
        metavar="REF",
        help="only the modules that changed since HEAD left the history of this commit, branch or tag, and all that depend on"
        " them; all, if repos.yaml, the compose file, what the image is made of or the runner changed",
    )


def _add_cleanup(commands: _Commands) -> None:
    cleanup = _add(
        commands,
        "cleanup",
        "remove what dead runs left, never what belongs to a run that is alive",
        usage="nox -s cleanup -- [REPO | PROJECT ...] [options]",
        epilog="For example: nox -s cleanup -- evv --dry-run",
    )
    cleanup.add_argument(
        "targets",
        nargs="*",
        metavar="REPO | PROJECT",
        help="only what belongs to these repositories, or these environments and strays, even if kept;"
        " default: all repositories",
    )
    cleanup.add_argument(
        "--all",
        action="store_true",
        help="also what was kept, strays, and what nobody can tell the owner of",
    )
    cleanup.add_argument("--snapshots", action="store_true", help="also the prepared databases")
    cleanup.add_argument("--images", action="store_true", help="also the images that were built for the repositories")
    cleanup.add_argument(
        "--timeout", type=_seconds, default=60.0, metavar="S", help="seconds for each environment; default: 60"
    )
    cleanup.add_argument("--dry-run", action="store_true", help="only say what would be removed")


def _add_snapshots(commands: _Commands) -> None:
    snapshots = _add(
        commands,
        "snapshots",
        "save the prepared databases as files, load them, or print the key by which a CI's cache finds them",
        usage="nox -s snapshots -- (save DIR | load DIR | key) [REPO ...] [--prune]",
        epilog="For example: nox -s snapshots -- save prepared evv",
    )
    snapshots.add_argument(
        "action",
        choices=["save", "load", "key"],
        help="`save`: those that runs of these repositories made, a file each; `load`: all that are in a folder; `key`: a line"
        " that changes when a prepared database that runs of these repositories would start from does",
    )
    snapshots.add_argument("words", nargs="*", metavar="DIR | REPO", help="the folder, then repositories; default: all")
    snapshots.add_argument(
        "--prune",
        action="store_true",
        help="save those that runs of the sources as they are would start from, whoever made them, and remove from DIR all"
        " other files of prepared databases",
    )


def _add_verify(commands: _Commands) -> None:
    verify = _add(
        commands,
        "verify",
        "check proof logs: whether each is whole, of these sources and images, and whether its verdict follows from it",
        usage="nox -s verify -- LOG [LOG ...] [options]",
        epilog="For example: nox -s verify -- examples/evv/proof_of_execution_tests.log --against HEAD",
    )
    verify.add_argument("logs", nargs="+", type=Path, metavar="LOG", help="a proof log")
    verify.add_argument(
        "--against",
        type=_ref,
        metavar="REF",
        help="it must be of this commit, branch or tag, and of a clean checkout of it; default: of the checkout as it is",
    )
    verify.add_argument(
        "--path", type=Path, metavar="DIR", help="use this checkout of the repository, not the one in repos.yaml"
    )
    verify.add_argument(
        "--module",
        action="append",
        default=[],
        metavar="MODULE",
        help="there must be a log of this module, as MODULE or REPO/MODULE, and none of another one; may be given several"
        " times",
    )
    verify.add_argument(
        "--allowed-signers",
        type=Path,
        metavar="FILE",
        help="it must be signed by one of these: LOG.sig, by `ssh-keygen -Y`; the FILE is as that of git",
    )
    verify.add_argument("--signer", default="", metavar="IDENTITY", help="it must be signed by this one of them")


def _add_uat(commands: _Commands) -> None:
    uat = _add(
        commands,
        "uat",
        "an environment to look at, one for each repository, whose data lasts until it is reset",
        usage="nox -s uat -- REPO ACTION [MODULE ...] [options]",
        epilog="For example: nox -s uat -- evv start",
    )
    uat.add_argument("repository", nargs="?", metavar="REPO", help="a repository of repos.yaml")
    uat.add_argument(
        "action",
        nargs="?",
        metavar="ACTION",
        help="`start`: the first time with the modules installed, later with the data that is there; `update`: bring in"
        " modules that changed or are new; `stop`: free the port, keep the data; `reset`: remove it with its data; `status`:"
        " say how it is",
    )
    uat.add_argument(
        "modules",
        nargs="*",
        metavar="MODULE",
        help="what a first `start` installs; default: all of the repository. What `update` brings in, changed or not; default:"
        " what changed",
    )
    uat.add_argument(
        "--path", type=Path, metavar="DIR", help="that of this checkout of the repository, not of the one in repos.yaml"
    )
    uat.add_argument("--yes", action="store_true", help="`reset` without a question")
    uat.add_argument(
        "--health-timeout",
        type=_seconds,
        default=300.0,
        metavar="S",
        help="seconds until the environment must be healthy, and show its page to log in; default: 300",
    )
    uat.add_argument(
        "--install-timeout",
        type=_seconds,
        default=3600.0,
        metavar="S",
        help="seconds until the modules must be installed or updated; default: 3600",
    )
    uat.add_argument("--verbose", action="store_true", help="show all that Odoo prints, which is in the log in any case")


def _add_logs(commands: _Commands) -> None:
    logs = _add(
        commands,
        "logs",
        "show the server's log of an environment",
        usage="nox -s logs -- RUN [--follow] [--service NAME]",
        epilog=_RUN_IS,
    )
    _add_environment(logs)
    logs.add_argument("--follow", action="store_true", help="go on until the container ends, or Ctrl+C")
    logs.add_argument("--service", default="odoo", metavar="NAME", help="a service of the compose file, as db; default: odoo")


def _add_environment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a project, a beginning of its name, or the module")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _LONGEST:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, at most {_LONGEST:g} (given: {text!r})")
    return value


def _percentage(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"must be a percentage, from 0 to 100 (given: {text[:_SHOWN]!r})")
    return value


def _ref(text: str) -> str:
    if not text or text.startswith("-") or not text.isprintable():
        raise argparse.ArgumentTypeError(f"must be a commit, a branch or a tag (given: {text!r})")
    return text


def _series(text: str) -> tuple[str, ...]:
    series = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    if not all(series):
        raise argparse.ArgumentTypeError(f"must be a series of Odoo, or several with commas, as 17.0,18.0 (given: {text!r})")
    return series


def _report(text: str) -> Path:
    # A file of this name is another path than standard output.
    return Path(text).absolute() if Path(text) == Path("-") and text != "-" else Path(text)


def _place(text: str) -> Path:
    if text == "-":
        raise argparse.ArgumentTypeError("must be a file: standard output shows the run")
    return Path(text)


def _size(text: str) -> int:
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "")
    size = int(number) * _UNITS.get(unit, 1) if number.isascii() and number.isdigit() and len(number) < _DIGITS else 0
    if size < _LEAST_SIZE:
        raise argparse.ArgumentTypeError(f"must be a number of bytes, as 500K, 100M or 2G, at least 100K (given: {text!r})")
    return size


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) < _DIGITS
    if not is_number or not 0 < int(text) <= _MOST:
        raise argparse.ArgumentTypeError(f"must be a whole number, from 1 to {_MOST} (given: {text[:_SHOWN]!r})")
    return int(text)
