"""Long lines for a person's terminal: broken between words, never within a command, a path or a name. Pure."""

import re
import textwrap

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
