"""What is wrong with a module's manifest, in a sentence: Odoo tells of most of it in no word, or calls the module unknown."""

import ast
from pathlib import Path

from .addons import MANIFEST


def manifest_fault(module: Path) -> str:
    """Why Odoo does not find or install the module, as far as its manifest tells; empty if it tells nothing."""
    file = module / MANIFEST
    if not file.is_file():
        return f"there is no {MANIFEST} in {module.name}"
    try:
        text = file.read_text(encoding="utf-8")
        content = ast.literal_eval(text)
    except OSError as error:
        return f"{MANIFEST} cannot be read: {error.strerror}"
    except SyntaxError as error:
        if not text.strip():
            return f"{MANIFEST} is empty"
        return f"{MANIFEST} is no valid Python: {error.msg} (line {error.lineno})"
    except (ValueError, RecursionError, MemoryError):
        return f"{MANIFEST} must hold a dictionary of plain values, without calls and names"
    if not isinstance(content, dict):
        return f"{MANIFEST} must hold a dictionary"
    if not content.get("installable", True):
        return f"{MANIFEST} says `installable: False`"
    return ""
