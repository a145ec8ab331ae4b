"""A module's manifest: what it depends on, and what is wrong with it.

Odoo tells of most faults in no word, or calls the module unknown.
"""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.odoo.addons import MANIFEST
from runner.odoo.source_file import UnreadableSource, read_source


@dataclass(frozen=True)
class Manifest:
    """What a manifest says: the names under `depends` as they stand, and whether it says `installable: False`.

    `comes_with`: Odoo installs the module by itself as soon as it installs the last of these; None if it does not.
    `version`: as it stands, empty where it has none. `fault`: why Odoo does not find or install the module, as far as the
    manifest tells; empty if it tells nothing.
    """

    depends: tuple[str, ...] = ()
    installable: bool = True
    comes_with: tuple[str, ...] | None = None
    version: str = ""
    fault: str = ""


def read_manifest(module: Path) -> Manifest:
    """Read the manifest of the module in that folder; one that cannot be read depends on nothing and has a fault."""
    content, fault = _content(module / MANIFEST)
    if not isinstance(content, dict):
        return Manifest(fault=fault or f"{MANIFEST} must hold a dictionary")
    installable = bool(content.get("installable", True))
    fault = "" if installable else f"{MANIFEST} says `installable: False`"
    depends, automatic = _names(content.get("depends")), content.get("auto_install", False)
    comes_with = (depends if automatic is True else _names(automatic)) if automatic else None
    version = content.get("version", "")
    return Manifest(depends, installable, comes_with, version if isinstance(version, str) else "", fault)


def _content(file: Path) -> tuple[Any, str]:
    """Read what the manifest holds, or why it holds nothing."""
    try:
        if file.is_dir() or not file.exists():
            return None, f"there is no {MANIFEST} in {file.parent.name}"
        text = read_source(file, file.parent.resolve().parent).decode(errors="replace")
        return (ast.literal_eval(text), "") if text.strip() else (None, f"{MANIFEST} is empty")
    except UnreadableSource as error:
        return None, f"{MANIFEST} {error}"
    except SyntaxError as error:
        return None, f"{MANIFEST} is no valid Python: {error.msg} (line {error.lineno})"
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None, f"{MANIFEST} must hold a dictionary of plain values, without calls and names"


def _names(depends: Any) -> tuple[str, ...]:
    return tuple(name for name in depends if isinstance(name, str)) if isinstance(depends, list | tuple | set) else ()
