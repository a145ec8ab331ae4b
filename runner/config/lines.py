"""A YAML file -> its content, and the line on which each of its keys stands."""

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from runner.errors import ConfigError

# From the top of the file down: names of keys, and numbers of list items, all as text.
Key = tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """One YAML file: its text, what it means, and the line of every key and list item, counted from 1."""

    file: Path
    text: str
    content: Any
    lines: Mapping[Key, int]

    def place(self, key: Key) -> str:
        """`FILE:LINE` of a key; of a key that does not stand there, the line of what should hold it."""
        while key and key not in self.lines:
            key = key[:-1]
        return f"{shown(self.file)}:{self.lines.get(key, 1)}"

    def says(self, key: Key, message: str) -> str:
        """`FILE:LINE: KEY: message`, the form in which editors find the place."""
        return ": ".join(part for part in (self.place(key), ".".join(key), message) if part)


def shown(file: Path) -> str:
    """Return the file as a person writes it: relative to the current folder if it is in or below that."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def read(file: Path) -> Document:
    """Read a YAML file. ConfigError, with the line, if it is not YAML, or for every key that stands twice in one mapping.

    PyYAML itself takes the last of two equal keys without a word.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # a pipe or a device may have no end
            raise ConfigError(f"{shown(file)} is no regular file.")
        return parse(file, file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{shown(file)} cannot be read: {error.strerror}") from error


def parse(file: Path, content: bytes) -> Document:
    """Read what a YAML file holds. ConfigError as `read`."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{shown(file)}:{line}: not UTF-8 ({error.reason}). Save the file as UTF-8.") from error
    lines: dict[Key, int] = {}
    twice: dict[Key, int] = {}
    try:
        meaning = yaml.safe_load(text)
        for key, line in _keys(yaml.compose(text, Loader=yaml.SafeLoader), ()):
            if key in lines and not any(key[:length] in twice for length in range(len(key))):
                twice[key] = line
            lines.setdefault(key, line)
    except yaml.YAMLError as error:
        raise ConfigError(_syntax(file, text, error)) from error
    except (ValueError, OverflowError, RecursionError) as error:  # 2024-13-45 is a date to YAML; a list may hold itself
        hint = ". What looks like a date must stand in quotes" if isinstance(error, ValueError) else ""
        raise ConfigError(f"{shown(file)}: not valid YAML: {error}{hint}") from error
    if twice:
        raise ConfigError("\n".join(_repeated(file, key, lines[key], again) for key, again in twice.items()))
    return Document(file, text, meaning, lines)


def _keys(node: yaml.Node | None, above: Key) -> Iterator[tuple[Key, int]]:
    """Every key and list item below `node`, with its line."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            key = (*above, name.value)
            yield key, name.start_mark.line + 1
            yield from _keys(value, key)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield (*above, str(number)), item.start_mark.line + 1
            yield from _keys(item, (*above, str(number)))


def _repeated(file: Path, key: Key, first: int, again: int) -> str:
    name = ".".join(key)
    return f"{shown(file)}:{again}: {name}: stands in line {first} already. Remove one of them."


def _syntax(file: Path, text: str, error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        line, problem = error.problem_mark.line + 1, f"{error.problem or error.context}"
    else:  # a character that YAML does not allow
        line, problem = text.count("\n", 0, getattr(error, "position", 0)) + 1, str(error).splitlines()[0]
    hint = ". YAML takes no tab for an indentation, only spaces" if "'\\t'" in problem else ""
    return f"{shown(file)}:{line}: not valid YAML: {problem}{hint}"
