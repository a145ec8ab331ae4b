"""Where a compose file shows the database's password to every user of this machine: in command lines, which `ps` lists."""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from runner.docker.inventory import Image

# By a variable that a shell in the container replaces: Odoo's option, long and short, and an address of a database.
_GIVEN = re.compile(r"--db_password\b|\s-w\s*[\"']?\$+\{?\w*PASS|://[^\s'\"]*:\$")
_BY_OPTION = ("odoo", "--")
_SHOWN = "the password of the database is in its command line, which every user of this machine can read in `ps`."
_TOLD = "the password of the database is in it, where the engine shows it to all who ask. Leave it out."


def shown_in_command_lines(rendered: Mapping[str, Any], images: Mapping[str, Image], password: str) -> list[str]:
    """Return, as `KEY: why. What to write instead.`, where services show the run's password; the password is in none of it.

    `rendered` as Compose renders the compose file, `images` those of its services.
    """
    return [
        f"services.{name}.{key}: {reason}"
        for name, service in rendered["services"].items()
        for key, reason in _shown(service, images.get(service.get("image") or ""), password)
    ] + [
        f"{kind}.{name}: {_TOLD}"
        for kind in ("networks", "volumes")
        for name, value in (rendered.get(kind) or {}).items()
        if password in json.dumps(value)
    ]


def _shown(service: Mapping[str, Any], image: Image | None, password: str) -> Iterator[tuple[str, str]]:
    variables = service.get("environment") or {}
    has_it = password in variables.values()
    commands = {key: service.get(key) or [] for key in ("entrypoint", "command")}
    commands["healthcheck"] = (service.get("healthcheck") or {}).get("test") or []
    for key, words in commands.items():
        if password in " ".join(words) or (has_it and _GIVEN.search(" ".join(words))):
            yield key, f"{_SHOWN} Leave it out, and write in `environment`: PGPASSWORD: ${{DB_PASSWORD}}"
    for key in sorted(service.keys() - commands.keys() - {"environment"}):
        if password in json.dumps(service[key]):
            yield key, _TOLD
    if image and variables.get("PASSWORD") == password and not commands["entrypoint"]:
        entrypoint, command = (image.config.get(key) or [] for key in ("Entrypoint", "Cmd"))
        first = (commands["command"] or command or [""])[0]
        # That of the official images of Odoo starts its server so; PostgreSQL's is called otherwise.
        if posixpath.basename((entrypoint or [""])[-1]) == "entrypoint.sh" and (first in _BY_OPTION or first.startswith("-")):
            yield (
                "command",
                f"by the image's {entrypoint[-1]} {_SHOWN} Start Odoo past it, as docker-compose.agent.yml does: "
                "command: [sh, -c, exec odoo ...], and in `environment`: PGPASSWORD: ${DB_PASSWORD}",
            )
