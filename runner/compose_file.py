"""The override that a run adds to its repository's compose file. Pure."""

from pathlib import Path
from typing import Any

from .odoo import SERVICE, addons_targets


def override_for(rendered: dict[str, Any], labels: dict[str, str], addons: tuple[Path, ...]) -> dict[str, Any]:
    """The second compose file of a run: labels on everything, and the addons folders after the first, read-only.

    `rendered` is the first one, as Compose understands it, which isolation.py does not refuse.
    """
    override: dict[str, Any] = {
        kind: {name: {"labels": labels} for name in rendered.get(kind) or {}} for kind in ("services", "networks", "volumes")
    }
    override["services"][SERVICE]["volumes"] = [
        {"type": "bind", "source": str(folder), "target": target, "read_only": True}
        for folder, target in list(zip(addons, addons_targets(len(addons)), strict=True))[1:]
    ]
    return override
