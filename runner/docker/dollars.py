"""Dollars in compose files: Compose doubles all that it prints, and takes a single one in a value for that of a variable."""

from typing import Any


def undoubled(printed: Any) -> Any:
    """Return what Compose means by what it printed, keys and values."""
    if isinstance(printed, dict):
        return {undoubled(key): undoubled(value) for key, value in printed.items()}
    if isinstance(printed, list):
        return [undoubled(value) for value in printed]
    return printed.replace("$$", "$") if isinstance(printed, str) else printed


def doubled(meant: Any) -> Any:
    """Return what has to be written for Compose to mean this; it looks for variables in values only, not in keys."""
    if isinstance(meant, dict):
        return {key: doubled(value) for key, value in meant.items()}
    if isinstance(meant, list):
        return [doubled(value) for value in meant]
    return meant.replace("$", "$$") if isinstance(meant, str) else meant
