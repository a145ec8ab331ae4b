"""Lines that GitHub Actions takes for commands (`::error ...::`, `##[error]`): none that others wrote may be one.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

import re
import secrets
from collections.abc import Mapping

# GitHub reads a line without the white space before it, and compares as a person would: what cannot be seen does not count.
_COMMAND = re.compile(r"^([^!-~\n]*:[^!-~\n]*):", re.MULTILINE)
# The older way, anywhere in a line.
_OLDER_COMMAND = re.compile(r"(#[^!-~\n]*#[^!-~\n]*)\[")


def on_github(environ: Mapping[str, str]) -> bool:
    """Tell whether this is a job of GitHub Actions."""
    return environ.get("GITHUB_ACTIONS") == "true"


def new_token() -> str:
    """Make a word that nobody can guess, with which commands are stopped and then resumed."""
    return secrets.token_hex(16)


def stop(token: str) -> str:
    """Return the line after which GitHub takes none for a command, on standard output and error, until `resume`."""
    return f"::stop-commands::{token}\n"


def resume(token: str) -> str:
    """Return the line after which commands are such again."""
    return f"::{token}::\n"


def without_groups(text: str, before: str) -> str:
    """Change `##[`, which begins and ends groups where GitHub shows a log, also while it takes no line for a command.

    `before`: the end of what was shown before this text, in which the mark may begin.
    """
    return (before + text).replace("##[", "##\\[")[len(before) :]


def defused(text: str) -> str:
    """Change every line that would be a command: for standard error, which GitHub reads in no order with standard output."""
    return _OLDER_COMMAND.sub(r"\1\\[", _COMMAND.sub(r"\1\\:", text))
