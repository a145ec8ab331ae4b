"""The names of the repositories, read with the standard library alone: the noxfile is loaded where only nox is installed.

model.py reads the same files as YAML and refuses a file in which this reading finds other names.
"""

import contextlib
import re
from pathlib import Path

CONFIG = "repos.yaml"
LOCAL_CONFIG = "repos.local.yaml"

_TOP_LEVEL_KEY = re.compile(r"[^\s#]")
_NAME = re.compile(r"  ([A-Za-z0-9][A-Za-z0-9_-]*):(?:\s|$)")


def names_in(text: str) -> list[str]:
    """Return the keys of `repositories:` in a repos.yaml, in their order; they stand one to a line, indented by two spaces."""
    names: list[str] = []
    inside = False
    for line in text.splitlines():
        if _TOP_LEVEL_KEY.match(line):
            inside = line.split("#")[0].strip() == "repositories:"
        elif inside and (match := _NAME.match(line)):
            names.append(match.group(1))
    return names


def repository_names(folder: Path) -> list[str]:
    """Return the names in `folder`/repos.yaml and repos.local.yaml, without repetition; empty where there is no such file."""
    names: dict[str, None] = {}
    for file in (folder / CONFIG, folder / LOCAL_CONFIG):
        with contextlib.suppress(OSError):  # why it cannot be read, says the runner
            if file.is_file():
                names.update(dict.fromkeys(names_in(file.read_text(encoding="utf-8", errors="replace"))))
    return list(names)
