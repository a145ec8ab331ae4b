"""Demonstrations as Markdown. Pure."""

import re
from collections.abc import Mapping, Sequence

from .record import Check, Listings, Scene, Seen, checks, disagreements

_FIRST, _LAST = 12, 40
_LOG_LINES = 25
Pair = tuple[Scene, Seen]


def page(scene: Scene, seen: Seen) -> str:
    """The page of one demonstration: what a reviewer must see, then all of it: commands, outputs, files, what is left."""
    verdict = "as expected" if not disagreements(scene, seen) else "NOT AS EXPECTED"
    parts = [
        f"# {scene.title}: {verdict}",
        scene.shows,
        "## What a reviewer must see",
        "\n".join(map(_item, checks(scene, seen))),
        *(
            f"## Command and output\n\n{_block(f'$ {ran.command}')}\n\n{_block(shortened(ran.output))}\n\n"
            f"Exit code: {'none, it did not end' if ran.exit_code is None else ran.exit_code}"
            for ran in seen.ran
        ),
        *(
            f"## The end of {name}\n\n{_block(_end(content))}"
            for name, content in seen.files.items()
            if content and name.endswith(".log")
        ),
        *(f"## {name}\n\nBeside this page: `{kept_name(scene, name)}`" for name in scene.kept if seen.files.get(name)),
        f"## What is left afterwards\n\n{_block(_listings(seen.left))}",
    ]
    return "\n\n".join(parts) + "\n"


def kept_name(scene: Scene, file: str) -> str:
    """The name of a file that goes beside the page of its demonstration."""
    return f"{scene.name}.{file.rpartition('.')[2]}"


def summary(facts: Mapping[str, str], pairs: Sequence[Pair]) -> str:
    """The page of them all: the facts of machine and sources, then a row for each demonstration."""
    wrong = [scene.title for scene, seen in pairs if disagreements(scene, seen)]
    rows = [("demonstration", "exit codes", "left behind", "seen of what must be", "")]
    for scene, seen in pairs:
        left = sum(len(lines) for lines in seen.left.values())
        outcome = "NOT as expected" if disagreements(scene, seen) else "as expected"
        codes = ", ".join("-" if ran.exit_code is None else str(ran.exit_code) for ran in seen.ran) or "-"
        all_checks = checks(scene, seen)
        held = f"{sum(check.holds for check in all_checks)} of {len(all_checks)}"
        rows.append((f"[{scene.title}]({scene.name}.md)", codes, str(left) if left else "nothing", held, outcome))
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


def _item(check: Check) -> str:
    """A box that is ticked if it is so; the line below it is where to look."""
    box = f"- [{'x' if check.holds else ' '}] {check.what if check.holds else f'**NOT SEEN: {check.what}**'}"
    return f"{box}\n  {_quoted(check.line)}" if check.line else box


def _quoted(line: str) -> str:
    """A line as it is: between more backticks than it has in a row."""
    ticks = "`" * (_longest_run(line) + 1)
    return f"{ticks} {line} {ticks}" if "`" in line else f"`{line}`"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _end(text: str) -> str:
    return "\n".join(text.rstrip("\n").splitlines()[-_LOG_LINES:])


def _listings(left: Listings) -> str:
    return "\n".join(line for command, lines in left.items() for line in (f"$ {command}", *(lines or ["(nothing)"])))


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    head, *body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def _block(text: str) -> str:
    """A fenced block whose fence is longer than any in the text."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}text\n{text}\n{fence}"
