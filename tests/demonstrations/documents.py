"""The documents for those who use the runner: they exist, say what they have to, and name nothing that does not exist."""

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from runner.cli.arguments import known_options
from runner.errors import ExitCode
from runner.reporting.proof_log import PROOF

from .record import Scene, Seen

_TESTED_BY = "nox -s odoo_tests -- REPO MODULE"
_CLEANUP_CHECK = "docker ps -a | grep PREFIX"
# What each of them has to hold, whatever else.
REQUIRED = {
    "docs/onboarding_coder_agent.md": (_TESTED_BY, _CLEANUP_CHECK, f"{PROOF}.log", "reference.md#exit-codes"),
    "docs/work_order_template.md": (_TESTED_BY, _CLEANUP_CHECK, f"{PROOF}.log", "exit code"),
    "docs/reference.md": tuple(f"| {code} |" for code in (*map(int, ExitCode), "130, 143, 129")),
}
_COMMAND = re.compile(r"(?:nox (?:\S+ )*?-s|python -m runner) [^`\n]+")
_CODE = re.compile(r"`([^`\n]+)`")
_OPTION = re.compile(r"--[a-z][a-z-]*")
# Of docker, of every program, and of this project's own tools for its tests.
_FOREIGN = frozenset({"--help", "--filter", "--format", "--series"})
# What another program is called with is not ours to know.
_OTHERS = re.compile(r"(?:docker|invoke) ")
# Sessions whose words go to the runner, with the subcommand that gets them.
_SUBCOMMANDS = {"odoo_tests": "run"}


def review(root: Path) -> tuple[Scene, Seen]:
    """Look through the documents."""
    sessions = sessions_of((root / "noxfile.py").read_text())
    files: dict[str, str | None] = {}
    faults = []
    for name in REQUIRED:
        file = root / name
        files[name] = text = file.read_text() if file.is_file() else None
        faults += [f"{name}: {each}" for each in unknown_in(text or "", sessions)]
    scene = Scene(
        name="documents",
        title="Documents",
        shows="The documents exist, hold what a developer needs, and name only commands and options that exist.",
        files=REQUIRED,
    )
    return scene, Seen(files=files, faults=tuple(faults))


def sessions_of(noxfile: str) -> list[str]:
    """The names of the sessions that a noxfile defines."""
    names = []
    for node in ast.parse(noxfile).body:
        if isinstance(node, ast.FunctionDef):
            for decorator in map(ast.unparse, node.decorator_list):
                if decorator.startswith("nox.session"):
                    named = re.search(r"name='(\w+)'", decorator)
                    names.append(named.group(1) if named else node.name)
    return names


def commands_in(text: str) -> list[str]:
    """The commands of nox and of the runner that a document names, each once."""
    return list(dict.fromkeys(found.group().rstrip(" .,:;") for found in _COMMAND.finditer(text)))


def unknown_in(text: str, sessions: Sequence[str]) -> list[str]:
    """Every session, subcommand and option in the text that does not exist."""
    options = known_options()
    found = [wrong for command in commands_in(text) for wrong in _unknown_in_command(command, sessions, options)]
    every = {option for each in options.values() for option in each} | _FOREIGN
    for code in _CODE.findall(text):
        if not _COMMAND.match(code) and not _OTHERS.match(code):
            found += [f"`{code}`: there is no option {option}" for option in _OPTION.findall(code) if option not in every]
    return list(dict.fromkeys(found))


def _unknown_in_command(command: str, sessions: Sequence[str], options: dict[str, list[str]]) -> Iterator[str]:
    before, _, after = command.replace("[", "").replace("]", "").partition(" -- ")
    if command.startswith("python -m runner"):
        subcommand, after = [*before.split()[3:4], ""][0], before
        if subcommand not in options:
            yield f"`{command}`: there is no subcommand {subcommand!r}"
            return
    else:
        words = takewhile(lambda word: word[0] not in "#&|;-", before.partition(" -s ")[2].split())
        named = [word.strip("\"'").partition("(")[0] for word in words]
        yield from (f"`{command}`: there is no session {name!r}" for name in named if name not in sessions)
        subcommand = next((sub for name in named if (sub := _SUBCOMMANDS.get(name, name)) in options), "")
    if subcommand:
        known = {*options[subcommand], *_FOREIGN}
        yield from (f"`{command}`: there is no option {option}" for option in _OPTION.findall(after) if option not in known)
