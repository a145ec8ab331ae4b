"""What is wrong with a module's manifest, in a sentence: Odoo tells of most of it in no word, or calls the module unknown."""

import ast
from pathlib import Path

from .addons import MANIFEST


def manifest_fault(module: Path) -> str:
    """Why Odoo does not find or install the module, as far as its manifest tells; empty if it tells nothing."""
    file = module / MANIFEST
    if not file.is_file():
        return f"there is no {MANIFEST} in {module.name}"
    text = file.read_text(encoding="utf-8", errors="replace")
    fault = "" if text.strip() else "is empty"
    try:
        content = {} if fault else ast.literal_eval(text)
    except SyntaxError as error:
        fault = f"is no valid Python: {error.msg} (line {error.lineno})"
    except (ValueError, TypeError, RecursionError, MemoryError):
        fault = "must hold a dictionary of plain values, without calls and names"
    else:
        if not isinstance(content, dict):
            fault = "must hold a dictionary"
        elif not content.get("installable", True):
            fault = "says `installable: False`"
    return f"{MANIFEST} {fault}" if fault else ""
