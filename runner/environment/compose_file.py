"""The override that a run adds to its repository's compose file. Pure."""

from pathlib import Path
from typing import Any

from runner.odoo.command import SERVICE, addons_targets

_SELDOM = "30s"


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
    for name in own_checks(rendered):
        override["services"][name]["healthcheck"] = {"interval": _SELDOM}
    return override


def own_checks(rendered: dict[str, Any]) -> dict[str, list[str]]:
    """The health checks, as commands by service, that the run makes itself while it waits, instead of the engine.

    The engine would go on with them every second while the tests run: on a machine with two processors that is a tenth of
    each, and it would first look after a second. A service for whose health Compose waits is left to the engine.
    """
    services = rendered.get("services") or {}
    awaited = {
        name
        for service in services.values()
        for name, how in (service.get("depends_on") or {}).items()
        if how.get("condition") == "service_healthy"
    }
    checks = {}
    for name, service in services.items():
        check = service.get("healthcheck") or {}
        kind, *words = [word.replace("$$", "$") for word in check.get("test") or ["NONE"]]
        if kind in ("CMD", "CMD-SHELL") and words and name not in awaited and not check.get("disable"):
            checks[name] = words if kind == "CMD" else ["sh", "-c", *words]
    return checks
