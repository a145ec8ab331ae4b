"""The tables of docs/reference.md that say what the parser says of the commands, and the model of repos.yaml of its keys.

python -m runner.cli.reference docs/reference.md
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from runner.cli.arguments import build_parser, subcommands
from runner.config.model import ConfigFile


def reference(page: str) -> str:
    """Return the page with what stands between `<!-- commands -->` and its end, and so for the keys, made anew."""
    commands = ["\n".join(_command(name, parser)) for name, parser in subcommands(build_parser()).items()]
    parts = {"commands": "\n\n".join(commands), "keys": "\n".join(_table(("key", "meaning"), _keys()))}
    for name, text in parts.items():
        before, begin, rest = page.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->\n")
        page = f"{before}{begin}\n{text}\n\n{end}{after}"
    return page


def _command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"### {name}\n"
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
    return " ".join(part for part in (", ".join(action.option_strings), value) if part)


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


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    head, *body = (" | ".join(cell.replace("|", r"\|") for cell in row) for row in (titles, *rows))
    yield from (f"| {head} |", f"|{'---|' * len(titles)}", *(f"| {line} |" for line in body))


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(reference(file.read_text()))
