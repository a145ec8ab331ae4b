"""What is required of a repository's compose file, and the override that a run adds to it. Pure."""

from pathlib import Path
from typing import Any

from .errors import ConfigError
from .odoo import SERVICE, addons_targets


def override_for(rendered: dict[str, Any], labels: dict[str, str], addons: tuple[Path, ...]) -> dict[str, Any]:
    """The second compose file of a run: labels on everything, and the addons folders after the first, read-only.

    ConfigError if the first one, as Compose renders it, has no service `odoo` with a health check.
    """
    services = rendered.get("services") or {}
    if SERVICE not in services:
        raise ConfigError(f"The compose file has no service `{SERVICE}`; it has: {', '.join(services) or 'none'}.")
    if not services[SERVICE].get("healthcheck"):
        raise ConfigError(
            f"The service `{SERVICE}` of the compose file has no health check, so nobody could tell when it is ready."
        )
    override: dict[str, Any] = {"services": {name: {"labels": labels} for name in services}}
    override["services"][SERVICE]["volumes"] = [
        {"type": "bind", "source": str(folder), "target": target, "read_only": True}
        for folder, target in list(zip(addons, addons_targets(len(addons)), strict=True))[1:]
    ]
    for kind in ("networks", "volumes"):
        override[kind] = {
            name: {"labels": labels} for name, value in (rendered.get(kind) or {}).items() if not (value or {}).get("external")
        }
    return override
