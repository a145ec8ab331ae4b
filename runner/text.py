"""Text for people: columns, long lines, lengths of time."""

import re
import textwrap
from collections.abc import Sequence

# What is there to be copied: in backticks, or one of our commands up to the end of its line or clause.
_WHOLE = re.compile(r"`[^`]*`|\b(?:nox -s|docker (?=[a-z]+ -)|python -m) ?.*?(?=[,;)]|\.(?:\s|$)|$)")
_HELD = "\0"
_INDENT = "  "


def wrapped(text: str, width: int) -> str:
    """The text with lines of at most `width` characters where words allow it; what is continued is indented."""
    return "\n".join(part for line in text.split("\n") for part in _broken(line, width))


def _broken(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    held = _WHOLE.sub(lambda found: found.group().replace(" ", _HELD), line)
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


def lines_of(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, the headings first; the last column is as long as it is."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows]


def age(seconds: float) -> str:
    """Such as `3 hours`: in the largest unit of which there are two."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    number = round(max(seconds, 0))
    return f"{number} second{'' if number == 1 else 's'}"
