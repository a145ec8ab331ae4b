"""Text for people: columns, long lines, numbers of things, lengths of time."""

import re
import textwrap
from collections.abc import Collection, Mapping, Sequence

from runner.foreign_text import escaped, visible

# What is there to be copied: in backticks, or one of our commands up to the end of its line or clause.
_WHOLE = re.compile(r"`[^`]*`|\b(?:nox -s|docker (?=[a-z]+ -)|python -m) ?.*?(?=[,;)]|\.(?:\s|$)|$)")
_HELD = "\0"
_INDENT = "  "


def wrapped(text: str, width: int) -> str:
    """Break lines of more than `width` characters where words allow it; what is continued is indented."""
    return "\n".join(part for line in text.split("\n") for part in _broken(line, width))


def _broken(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    held = _WHOLE.sub(lambda match: match.group().replace(" ", _HELD), line)
    indent = line[: len(line) - len(line.lstrip())]
    parts = textwrap.wrap(
        held,
        width,
        subsequent_indent=indent + _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
        expand_tabs=False,
        replace_whitespace=False,
    )
    return [part.replace(_HELD, " ") for part in parts]


def shortened(text: str, length: int) -> str:
    """Cut off what goes beyond so many characters, and say so."""
    return text if len(text) <= length else f"{text[:length]} ..."


def without(text: str, secret: str) -> str:
    """Return a text that does not show a secret."""
    return text.replace(secret, "***")


def printable(text: str) -> str:
    """Write out what would do more than show, in one line: a label may hold anything, also the end of one."""
    return re.sub(r"[\t\n]", lambda match: escaped(match[0]), visible(text))


def table(rows: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> list[str]:
    """Write a line for each row, the headings first; `numbers`: the columns that are aligned to the right.

    The last cell of a row that is shorter than the headings is as long as it is.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    count = len(rows[0])
    widths = [max(len(row[at]) for row in rows if at < len(row) - (len(row) < count)) for at in range(count)]
    cells = [
        [cell.rjust(widths[at]) if at in numbers else cell.ljust(widths[at]) for at, cell in enumerate(row)] for row in rows
    ]
    return ["  ".join(row).rstrip() for row in cells]


def aligned(facts: Mapping[str, str]) -> list[str]:
    """Write a line for each fact, its name first."""
    width = max(len(name) for name in facts) + 2
    return [f"{name + ':':<{width}}{printable(value)}" for name, value in facts.items()]


def counted(number: int, thing: str) -> str:
    """Say how many there are: `1 test`, `2 tests`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def first_of(names: Sequence[str], most: int) -> str:
    """Name so many at most, and say how many more there are: `a, b and 3 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def age(seconds: float) -> str:
    """Say how long ago it was, as in `3 hours`: in the largest unit of which there are two."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return counted(round(max(seconds, 0)), "second")
