"""The outcomes of the cases on a real engine, shortened, as data: tests/data/odoo-SERIES/corpus."""

import json
import re
from pathlib import Path
from typing import Any

from .case import NEWEST, Case, Outcome

# Odoo's progress, which no verdict looks at.
_PROGRESS = re.compile(
    rb"^\S+ \S+ \d+ INFO \S+ odoo\.(?:modules\.loading: (?:loading |\d+ modules loaded)"
    rb"|(?:modules\.)?registry: (?:module |Registry )"
    rb"|addons\.base\.models\.ir_(?:module|attachment): |sql_db: )"
)
_RECORD = re.compile(rb"^\d{4}-\d\d-\d\d ")
_LONGEST_LINE, _LONGEST_OUTPUT = 2000, 100


def shortened(output: bytes) -> bytes:
    """The output without Odoo's progress, without the middle of a long line, and without that of many printed lines."""
    lines: list[bytes] = []
    printed: list[bytes] = []
    for line in output.splitlines(keepends=True):
        if not _RECORD.match(line):
            printed.append(line)
        elif not _PROGRESS.match(line):
            lines += [*_ends(printed), line]
            printed = []
    lines += _ends(printed)
    return b"".join(line[:_LONGEST_LINE] + line[-100:] if len(line) > 2 * _LONGEST_LINE else line for line in lines)


def _ends(lines: list[bytes]) -> list[bytes]:
    half = _LONGEST_OUTPUT // 2
    return lines if len(lines) <= _LONGEST_OUTPUT else [*lines[:half], *lines[-half:]]


def folder_of(series: str = NEWEST) -> Path:
    """Where the logs of a series are, and outcomes.json with the rest."""
    return Path(__file__).resolve().parents[1] / f"data/odoo-{series}/corpus"


def recorded(case: Case, series: str = NEWEST) -> Outcome:
    """What was recorded of a case."""
    facts = _facts(series)[case.name]
    return Outcome(output=(folder_of(series) / f"{case.name}.log").read_bytes(), **facts)


def names(series: str = NEWEST) -> set[str]:
    """The names of the cases that were recorded."""
    return set(_facts(series))


def record(outcomes: dict[str, Outcome], series: str = NEWEST) -> None:
    """Write what became of these cases; what was recorded of others stays."""
    folder = folder_of(series)
    folder.mkdir(parents=True, exist_ok=True)
    facts = _facts(series) if _outcomes(series).exists() else {}
    for name, outcome in outcomes.items():
        (folder / f"{name}.log").write_bytes(shortened(outcome.output))
        facts[name] = {"odoo_exit": outcome.odoo_exit, "states": outcome.states, "timed_out": outcome.timed_out}
    _outcomes(series).write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")


def _outcomes(series: str) -> Path:
    return folder_of(series) / "outcomes.json"


def _facts(series: str) -> dict[str, dict[str, Any]]:
    facts: dict[str, dict[str, Any]] = json.loads(_outcomes(series).read_text())
    return facts
