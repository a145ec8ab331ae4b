"""A repository's compose file as a run uses it: its variables, whether it keeps runs apart, and the override added to it."""

from pathlib import Path
from typing import Any

from runner.config.repositories import RepoConfig
from runner.docker.questions import ComposeProject
from runner.environment import isolation
from runner.errors import ConfigError
from runner.odoo.command import SERVICE, addons_targets

_SELDOM = "30s"


def project_to_judge(repository: RepoConfig, project: str, password: str) -> ComposeProject:
    """Return the Compose project with the variables that the file may use, and ODOO_PORT set to isolation.PROBE_PORT."""
    variables = {
        "DB_PASSWORD": password,
        "ODOO_ADDONS": str(repository.addons[0]),
        "ODOO_IMAGE": repository.images.odoo,
        "ODOO_PORT": str(isolation.PROBE_PORT),
        "POSTGRES_IMAGE": repository.images.postgres,
    }
    return ComposeProject(project, (repository.compose_file,), variables)


def judge(rendered: dict[str, Any], repository: RepoConfig, project: str) -> list[str]:
    """Return what is unwise in the compose file, as Compose understands it. ConfigError if it breaks the isolation of runs."""
    if refusals := isolation.refusals(rendered, project):
        reasons = "\n".join(f"  {reason}" for reason in refusals)
        raise ConfigError(f"{repository.compose_file} cannot be used for test runs. Nothing was started.\n{reasons}")
    return isolation.warnings(rendered)


def override_for(rendered: dict[str, Any], labels: dict[str, str], addons: tuple[Path, ...]) -> dict[str, Any]:
    """Return the second compose file of a run: labels on everything, and the addons folders after the first, read-only.

    `rendered` is the first one, as Compose understands it, which `judge` does not refuse.
    """
    override: dict[str, Any] = {
        kind: {name: {"labels": labels} for name in rendered.get(kind) or {}} for kind in ("services", "networks", "volumes")
    }
    targets = addons_targets(len(addons))
    mounts = [volume for volume in rendered["services"][SERVICE].get("volumes") or () if volume.get("type") == "bind"]
    binds = [volume for volume in mounts if (volume["source"], volume["target"]) == (str(addons[0]), targets[0])]
    binds += [
        {"type": "bind", "source": str(folder), "target": target, "read_only": True}
        for folder, target in list(zip(addons, targets, strict=True))[1:]
    ]
    # The engine would make a folder that is not there: empty, owned by root, and for good.
    override["services"][SERVICE]["volumes"] = [
        {**volume, "bind": {**(volume.get("bind") or {}), "create_host_path": False}} for volume in binds
    ]
    for name in own_checks(rendered):
        override["services"][name]["healthcheck"] = {"interval": _SELDOM}
    return override


def own_checks(rendered: dict[str, Any]) -> dict[str, list[str]]:
    """Return the health checks, as commands by service, that the run makes itself while it waits, instead of the engine.

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
