"""A compose file as Compose renders it, from which a run is judged and started: nothing of the repository's is read twice.

It is rendered without knowing the run's port, and gets that where the PROBE stands; the password stands in no file.
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner.config.repositories import RepoConfig
from runner.docker.dollars import doubled
from runner.docker.engine import Engine, Pending
from runner.docker.questions import ComposeProject
from runner.environment.isolation import PROBE_PORT
from runner.errors import ConfigError
from runner.odoo.command import SERVICE

# ODOO_PORT while a compose file is rendered: for Compose a port like any other, as a text longer than one is by chance.
PROBE = f"{PROBE_PORT:032}"
# ODOO_ADDONS meanwhile, where the path has a colon, which in `${ODOO_ADDONS}:/mnt/extra-addons` ends it.
_COLON, _ADDONS = ":", "/agent-test-folder-of-addons"


def addons_variable(repository: RepoConfig) -> str:
    """Return ODOO_ADDONS for the rendering."""
    return _ADDONS if _COLON in str(repository.addons[0]) else str(repository.addons[0])


def render(
    engine: Engine, project: ComposeProject, repository: RepoConfig, pending: Pending[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return what Compose makes of the project, startable. ConfigError if it fails. `pending`: where it was asked already."""
    try:
        return startable(engine.rendered(project, pending), repository)
    except ConfigError as error:
        hint = "It is read before a port is known: ODOO_PORT cannot be in the name of a file." if PROBE in str(error) else ""
        raise ConfigError(f"{error}\n{hint}".rstrip()) from error


def startable(rendered: dict[str, Any], repository: RepoConfig) -> dict[str, Any]:
    """Return the rendering so that Compose starts from it what it would have started from the compose file.

    But for folders that are not there: the engine would make those that are mounted, owned by root, and for good.
    """
    addons = str(repository.addons[0])
    model: dict[str, Any] = _with_texts(rendered, lambda text: text.replace(_ADDONS, addons))
    services = model.get("services") or {}
    for service in services.values():
        # Profiles chose the services that are rendered, and these files have been read: not once more.
        for key in ("profiles", "env_file", "label_file"):
            service.pop(key, None)
        if "image" in service:  # that is used as it is there, and nothing is built
            service.pop("build", None)
        if needed := service.get("depends_on"):
            service["depends_on"] = {
                name: how for name, how in needed.items() if name in services or how.get("required", True)
            }
        if options := service.get("security_opt"):
            service["security_opt"] = [_with_place(option, repository.compose_file.parent) for option in options]
        if service.get("memswap_limit") == "-1":  # no limit; as a text it is none for Compose
            service["memswap_limit"] = -1
        for volume in service.get("volumes") or ():
            # Only by the way of mounting that makes folders, the engine labels them for SELinux.
            if volume.get("type") == "bind" and not (volume.get("bind") or {}).get("selinux"):
                volume["bind"] = {**(volume.get("bind") or {}), "create_host_path": False}
        for port in service.get("ports") or ():
            if port.get("published") == PROBE:
                port["published"] = str(PROBE_PORT)
    for config in (model.get("configs") or {}).values():
        if "content" in config:  # what Compose has read from a variable, which not all of its versions name then
            config.pop("environment", None)
    return model


def _with_place(option: str, folder: Path) -> str:
    """The option with the whole path of a seccomp profile, which alone Compose looks for where the file is that it starts."""
    profile = re.fullmatch(r"seccomp[:=](?!(?:unconfined|builtin)$)(.+)", option, re.DOTALL)
    if not profile:
        return option
    return f"seccomp={os.path.normpath(folder / os.path.expanduser(profile[1]))}"  # noqa: PTH111 - a ~ that is none is a name


def published(rendered: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the ports of Odoo's container that are published as the run's own."""
    ports = rendered["services"][SERVICE].get("ports") or ()
    return [port for port in ports if port.get("published") == str(PROBE_PORT)]


def leading_to(rendered: dict[str, Any], target: int) -> dict[str, Any]:
    """Return the rendering in which the run's own port, if it is published, leads to another one of Odoo's container."""
    odoo, own = rendered["services"][SERVICE], published(rendered)
    ports = [{**port, "target": target} if port in own else port for port in odoo.get("ports") or ()]
    return {**rendered, "services": {**rendered["services"], SERVICE: {**odoo, "ports": ports}}}


def at_port(model: Any, port: int) -> Any:
    """Return what a run gets on this port, but for the ports that are published, which isolation.py knows by PROBE_PORT."""
    return _with_texts(model, lambda text: text.replace(PROBE, str(port)), {PROBE_PORT: port})


def as_file(model: dict[str, Any], port: int, password: str) -> str:
    """Return the content of a compose file with what is meant, for this port and with the password in DB_PASSWORD.

    ConfigError where Compose would not take the password from there.
    """
    meant = at_port(model, port)
    for service in (meant.get("services") or {}).values():
        for published in service.get("ports") or ():
            if published.get("published") == str(PROBE_PORT):
                published["published"] = str(port)
    written = _with_texts(doubled(meant), lambda text: text.replace(password, "${DB_PASSWORD}"))
    content = json.dumps(written, indent=1)
    if password in content:
        raise ConfigError("The compose file makes a name of DB_PASSWORD, as of a variable or label. Use it in values only.")
    return content


def _with_texts(model: Any, change: Callable[[str], str], numbers: dict[int, int] | None = None) -> Any:
    """A copy in which all values that are texts are changed, and these numbers."""
    if isinstance(model, dict):
        return {key: _with_texts(value, change, numbers) for key, value in model.items()}
    if isinstance(model, list):
        return [_with_texts(value, change, numbers) for value in model]
    if isinstance(model, str):
        return change(model)
    return numbers.get(model, model) if numbers and isinstance(model, int) else model
