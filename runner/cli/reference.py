"""The page docs/reference.md: what the parser, the model of repos.yaml and the exit codes say, for readers.

python -m runner.cli.reference > docs/reference.md
"""

import argparse
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from runner.cli.arguments import build_parser, subcommands
from runner.config.model import ConfigFile
from runner.errors import ExitCode

_HEAD = """\
# Reference

Made from the code by `python -m runner.cli.reference > docs/reference.md`: change it there. What the options are for is told
in the [guide](guide.md).
"""

_COMMANDS = """\
Each is called as `python -m runner run`, `python -m runner cleanup` and so on; all but `matrix` are sessions of nox too, `run`
as `nox -s odoo_tests`, with their arguments after `--`. Each has `--help`. In usage lines, `[...]` may be left out and `|`
is "or"."""

_KEYS = """\
Every key may stand under `defaults`, or with a repository, where it wins. Each repository needs all of them in one of the two
places.
[repos.local.yaml](guide.md#reposyaml-and-reposlocalyaml) overrides any of it on one machine. "This file" is repos.yaml."""

_VARIABLES = {
    "`ODOO_IMAGE`, `POSTGRES_IMAGE`": "the images of every repository, instead of `images` in repos.yaml and repos.local.yaml",
    "`DOCKER_HOST`, `DOCKER_CONTEXT`, `DOCKER_CONFIG`, `DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH`": (
        "which engine, as for docker itself; the teardown works at the same one"
    ),
    "`COMPOSE_*`": "ignored, so that no setting of a shell changes what is started and removed",
    "`TMPDIR`": "where ports are reserved, in `agent-test-ports`; one and the same for all who share the ports of a machine",
    "`TERM`": "where it is `dumb`, or standard output is no terminal, plain lines are printed",
    "`NO_COLOR`": "no colours at a terminal",
    "`GITHUB_ACTIONS`, `GITHUB_WORKSPACE`, `GITHUB_STEP_SUMMARY`": (
        "set by GitHub: where the first is `true`, failing tests are annotations, and the job gets a summary"
    ),
    "`AGENT_TEST_STARTER`": (
        "set by the noxfile to its own process: the run ends, with its teardown, when that process is gone"
    ),
}

# By code: the verdict, what it means, and what to do.
_EXIT_CODES = {
    ExitCode.PASSED: ("PASSED", "every requested module was installed, and its tests ran and passed", "attach the proof"),
    ExitCode.FAILED: (
        "FAILED",
        "a test failed or erred",
        "mend the tests that are listed with their place and assertion; the tracebacks are in the log",
    ),
    ExitCode.USAGE: (
        "ERROR",
        "wrong arguments or configuration; nothing was started",
        "correct the arguments, `repos.yaml` or the compose file as the message says",
    ),
    ExitCode.NO_ENGINE: (
        "ERROR",
        "no Docker engine or Compose v2, or no permission for it",
        "`nox -s setup`, or ask whoever runs the machine",
    ),
    ExitCode.NO_PORT: (
        "ERROR",
        "no free port",
        "the holders are listed: wait for another run to end (`--wait-for-port S`), or `nox -s cleanup`",
    ),
    ExitCode.ENVIRONMENT: (
        "ERROR",
        "the environment did not start, did not become healthy, or died",
        "read the server's last lines in the message",
    ),
    ExitCode.TIMED_OUT: (
        "TIMED OUT",
        "the tests ran past their time",
        "a test hangs: the stacks of Odoo's threads are at the end of the log; `--test-timeout S` if it is only slow",
    ),
    ExitCode.NOT_PROVEN: (
        "NOT PROVEN",
        "no test of the module ran, it was not installed, the log is cut short, a report cannot be written ...",
        "mend what the reasons name. This is not a success",
    ),
    ExitCode.LEFT_BEHIND: (
        "LEFT BEHIND",
        "something is left that could not be removed, whatever the tests said",
        "`nox -s cleanup`, then report it",
    ),
    ExitCode.INTERNAL: ("none, a traceback", "a defect of the runner", "report it with the traceback"),
}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_INTERRUPTED = (
    "INTERRUPTED",
    f"ended by {', '.join(signum.name for signum in _SIGNALS)}, after the teardown",
    "Ctrl+C, SIGTERM or a closed terminal: run it again",
)

_AFTER_EXIT_CODES = """\
These are the codes of `python -m runner`. nox ends with 1 for each that is not 0, and with 130 after Ctrl+C; the log has the
code of the run itself after `exit code:`. With several modules the highest one is the call's, and 8 before any other.

Of the other commands, `doctor` ends with the code of a run for the first thing that is wrong, `cleanup` with 8 if something
could not be removed, `parity` with 1 for a difference, and `matrix` with 2 if there is no module."""


def reference() -> str:
    """Return the page as it is published."""
    parts = [_HEAD, "## Commands\n", _COMMANDS]
    for name, parser in subcommands(build_parser()).items():
        parts += [f"\n### {name}\n", *_command(parser)]
    parts += ["\n## repos.yaml\n", _KEYS, "", *_table(("key", "meaning"), _keys())]
    parts += ["\n## Environment variables\n", *_table(("variable", "meaning"), _VARIABLES.items())]
    titles = ("exit code", "verdict", "meaning", "what to do")
    parts += ["\n## Exit codes\n", *_table(titles, _exit_codes()), "", _AFTER_EXIT_CODES]
    return "\n".join([*parts, ""])


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"{parser.description}\n"
    yield f"    {parser.usage}"
    rows = [
        (f"`{_as_typed(action)}`", action.help or "") for action in parser._actions if "--help" not in action.option_strings
    ]
    if rows:
        yield from ("", *_table(("argument or option", "meaning"), rows))
    if parser.epilog:
        yield f"\n{parser.epilog}"


def _as_typed(action: argparse.Action) -> str:
    value = str(action.metavar or ("{" + ",".join(action.choices) + "}" if action.choices else ""))
    return " ".join(part for part in (*action.option_strings, value) if part)


def _keys() -> Iterator[tuple[str, str]]:
    """Give each key with its meaning, those of a mapping below it, as the schema for editors describes them."""
    definitions = ConfigFile.model_json_schema()["$defs"]

    def keys_of(definition: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
        for name, key in definition["properties"].items():
            nested = definitions.get(key.get("$ref", "").rpartition("/")[2], {})
            pattern = f" As a regular expression: `{key['pattern']}`" if "pattern" in key else ""
            yield f"`{before}{name}`", key.get("description", nested.get("description", "")) + pattern
            if nested:
                yield from keys_of(nested, f"{before}{name}.")

    return keys_of(definitions["Settings"], "")


def _exit_codes() -> Iterator[tuple[str, ...]]:
    for code in ExitCode:
        if code is ExitCode.INTERNAL:
            yield (", ".join(str(128 + signum) for signum in _SIGNALS), *_INTERRUPTED)
        yield (str(int(code)), *_EXIT_CODES[code])


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    head, *body = (" | ".join(cell.replace("|", r"\|") for cell in row) for row in (titles, *rows))
    yield from (f"| {head} |", f"|{'---|' * len(titles)}", *(f"| {line} |" for line in body))


if __name__ == "__main__":
    sys.stdout.write(reference())
