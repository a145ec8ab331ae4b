"""A repository's compose file as a run uses it: its variables, whether it keeps runs apart, and the override added to it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.config.repositories import RepoConfig
from runner.docker.inventory import Image
from runner.docker.questions import ComposeProject
from runner.environment import isolation
from runner.environment.rendering import PROBE, addons_variable
from runner.errors import ConfigError
from runner.odoo import odoo_conf
from runner.odoo.addons import is_there
from runner.odoo.command import SERVICE, addons_targets
from runner.text import printable

_SELDOM = "30s"
_CONF_VARIABLE = "ODOO_RC"
_NAMES_CONF = re.compile(r"\bodoo(-bin)?(?=\s).*\s(-c|--config)\b", re.DOTALL)
# What a container reaches without a proxy: itself, and the other services by their names.
_NO_PROXY_VARIABLES = ("NO_PROXY", "no_proxy")
_ITSELF = ("127.0.0.1", "localhost", "::1")


def project_to_judge(repository: RepoConfig, project: str, password: str) -> ComposeProject:
    """Return the Compose project with the variables that the file may use, and ODOO_PORT set to PROBE.

    ConfigError for a compose file that is a pipe or a device: Compose would wait for its end, or take all memory for it.
    """
    if is_there(repository.compose_file) and not repository.compose_file.is_file():
        raise ConfigError(f"{printable(str(repository.compose_file))} (`compose_file` in repos.yaml) is no regular file.")
    variables = {
        "DB_PASSWORD": password,
        "ODOO_ADDONS": addons_variable(repository),
        "ODOO_IMAGE": repository.images.odoo,
        "ODOO_PORT": PROBE,
        "POSTGRES_IMAGE": repository.images.postgres,
    }
    return ComposeProject(project, (repository.compose_file,), variables)


def judge(rendered: dict[str, Any], repository: RepoConfig, project: str) -> list[str]:
    """Return what is unwise in the compose file, as Compose understands it. ConfigError if it breaks the isolation of runs."""
    if refusals := isolation.refusals(rendered, project):
        reasons = "\n".join(f"  {printable(reason)}" for reason in refusals)
        raise ConfigError(f"{repository.compose_file} cannot be used for test runs. Nothing was started.\n{reasons}")
    return isolation.warnings(rendered)


def override_for(
    rendered: dict[str, Any],
    labels: dict[str, str],
    addons: tuple[Path, ...],
    images: Mapping[str, Image],
    no_proxy: str = "",
) -> dict[str, Any]:
    """Return the second compose file of a run: labels on everything, and the addons folders after the first, read-only.

    Its services reach each other without a proxy, and the server of the environment goes without the odoo.conf where it can.
    `rendered` is the first one, as Compose understands it, which `judge` does not refuse; `images` are those of its services.
    `no_proxy`: what docker's client gives to every container as NO_PROXY.
    """
    override: dict[str, Any] = {
        kind: {name: {"labels": labels} for name in rendered.get(kind) or {}} for kind in ("services", "networks", "volumes")
    }
    names = _names_of(rendered["services"])
    for name, service in rendered["services"].items():
        of_image = _environment_of(images, service)
        # None is a variable of this shell, where that does not have it.
        of_service = {key: str(value or "") for key, value in (service.get("environment") or {}).items()}
        given = [environ.get(key, "") for environ in (of_service, of_image) for key in _NO_PROXY_VARIABLES]
        exceptions = [word.strip() for words in (*given, no_proxy) for word in words.split(",") if word.strip()]
        value = ",".join(dict.fromkeys([*exceptions, *_ITSELF, *names]))
        override["services"][name]["environment"] = dict.fromkeys(_NO_PROXY_VARIABLES, value)
        if name == SERVICE and _goes_without_conf(service):
            conf = of_service.get(_CONF_VARIABLE) or of_image.get(_CONF_VARIABLE, "")
            override["services"][name]["environment"] |= {
                _CONF_VARIABLE: "/dev/null",
                odoo_conf.ORIGINAL: conf,
            }
    targets = addons_targets(len(addons))
    override["services"][SERVICE]["volumes"] = [
        _mounted(folder, target) for folder, target in list(zip(addons, targets, strict=True))[1:]
    ]
    for name in own_checks(rendered):
        override["services"][name]["healthcheck"] = {"interval": _SELDOM}
    return override


def with_earlier(override: dict[str, Any], mounts: Mapping[Path, str]) -> dict[str, Any]:
    """Return a run's override with further folders for Odoo's service, read-only, by where it has them."""
    volumes = override["services"][SERVICE].setdefault("volumes", [])
    override["services"][SERVICE]["volumes"] = [*volumes, *(_mounted(folder, target) for folder, target in mounts.items())]
    return override


def _mounted(folder: Path, target: str) -> dict[str, Any]:
    # The engine would make a folder that is not there: empty, owned by root, and for good.
    return {
        "type": "bind",
        "source": str(folder),
        "target": target,
        "read_only": True,
        "bind": {"create_host_path": False},
    }


def _environment_of(images: Mapping[str, Image], service: Mapping[str, Any]) -> dict[str, str]:
    """The variables that the service's image sets."""
    image = images.get(service.get("image") or "")
    return dict(word.split("=", 1) for word in (image.config.get("Env") if image else None) or [] if "=" in word)


def _names_of(services: Mapping[str, Any]) -> list[str]:
    """The names by which the services find each other."""
    names = list(services)
    for service in services.values():
        names += [str(service[key]) for key in ("hostname", "container_name") if service.get(key)]
        names += [link.rpartition(":")[2] for link in service.get("links") or []]
        for network in (service.get("networks") or {}).values():
            names += (network or {}).get("aliases") or []
    return names


def _goes_without_conf(service: Mapping[str, Any]) -> bool:
    """Whether the server's command says all that it needs: then no option of an odoo.conf has to keep it from starting."""
    command = " ".join([*(service.get("entrypoint") or []), *(service.get("command") or [])])
    return "--db_host" in command and not _NAMES_CONF.search(command)


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
        kind, *words = check.get("test") or ["NONE"]
        if kind in ("CMD", "CMD-SHELL") and words and name not in awaited and not check.get("disable"):
            checks[name] = words if kind == "CMD" else ["sh", "-c", *words]
    return checks
