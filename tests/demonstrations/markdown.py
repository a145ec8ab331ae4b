"""Demonstrations as Markdown. Pure."""

import re
from collections.abc import Mapping, Sequence

from .record import Demonstration, Listings, Seen, disagreements

_FIRST, _LAST = 12, 40
_LOG_LINES = 25
Pair = tuple[Demonstration, Seen]


def page(expected: Demonstration, seen: Seen) -> str:
    """The page of one demonstration: what it shows, expected and seen, the command, its output, and what is left."""
    wrong = disagreements(expected, seen)
    parts = [
        f"# {expected.title}: {'as expected' if not wrong else 'NOT AS EXPECTED'}",
        expected.shows,
        "\n".join(f"- **{each}**" for each in wrong),
        _table([("", "expected", "seen"), *_rows(expected, seen)]),
        f"## Command\n\n{_block(f'$ {seen.command}')}",
        f"## Output\n\n{_block(shortened(seen.output))}",
        f"## The end of the proof log\n\n{_block(_end(seen.log))}" if seen.log else "",
        f"## What is left afterwards\n\n{_block(_listings(seen.left))}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(facts: Mapping[str, str], pairs: Sequence[Pair]) -> str:
    """The page of them all: the facts of machine and sources, then a row for each demonstration."""
    wrong = [expected.title for expected, seen in pairs if disagreements(expected, seen)]
    rows = [("demonstration", "exit code expected", "seen", "left behind", "")]
    for expected, seen in pairs:
        left = sum(len(lines) for lines in seen.left.values())
        outcome = "NOT as expected" if disagreements(expected, seen) else "as expected"
        link = f"[{expected.title}]({expected.name}.md)"
        rows.append((link, _code(expected.exit_code), _code(seen.exit_code), str(left) if left else "nothing", outcome))
    head = f"{len(wrong)} of {len(pairs)} did NOT go as expected" if wrong else f"all {len(pairs)} went as expected"
    known = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    return f"# Demonstrations: {head}\n\n{known}\n\n{_table(rows)}\n"


def shortened(text: str) -> str:
    """The text without the middle of its lines, if there are many, and how many that are."""
    lines = text.rstrip("\n").splitlines()
    cut = len(lines) - _FIRST - _LAST
    if cut <= 1:
        return "\n".join(lines)
    return "\n".join([*lines[:_FIRST], f"[... {cut} lines are left out here ...]", *lines[-_LAST:]])


def _rows(expected: Demonstration, seen: Seen) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if expected.exit_code is not None:
        rows.append(("exit code", _code(expected.exit_code), _code(seen.exit_code)))
    rows += [("output", f"`{text}`", _said(text, seen.output)) for text in expected.says]
    rows += [("proof log", f"`{text}`", _said(text, seen.log or "")) for text in expected.log_says]
    left = [line for lines in seen.left.values() for line in lines]
    return [*rows, ("left behind", "nothing", ", ".join(left) or "nothing")]


def _said(text: str, where: str) -> str:
    return "yes" if text in where else "NO"


def _code(exit_code: int | None) -> str:
    return "-" if exit_code is None else str(exit_code)


def _end(text: str) -> str:
    return "\n".join(text.rstrip("\n").splitlines()[-_LOG_LINES:])


def _listings(left: Listings) -> str:
    return "\n".join(line for command, lines in left.items() for line in (f"$ {command}", *(lines or ["(nothing)"])))


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    head, *body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def _block(text: str) -> str:
    """A fenced block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"
