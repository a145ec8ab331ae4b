"""Where a compose file shows the database's password, and that the warning does not."""

from typing import Any

import pytest

from runner.docker.inventory import Image
from runner.environment.exposed_password import shown_in_command_lines

OFFICIAL = Image("sha256:x", {"Entrypoint": ["/entrypoint.sh"], "Cmd": ["odoo"]})
PASSWORD = "0123abcd"
SHELL = ["sh", "-c", 'exec odoo --db_host="$$HOST"']


def shown(*, official: Image = OFFICIAL, **service: Any) -> list[str]:
    about = {"image": "odoo:18.0", "environment": {"PASSWORD": PASSWORD}, "command": SHELL, **service}
    found = shown_in_command_lines({"services": {"odoo": about}}, {"odoo:18.0": official}, PASSWORD)
    assert PASSWORD not in "".join(found)
    return found


@pytest.mark.parametrize(
    "service",
    [
        {},
        {"environment": {"PASSWORD": PASSWORD, "PGPASSWORD": PASSWORD}},
        {"command": ["odoo"], "entrypoint": ["my-start"]},
        {"command": ["odoo", "--db_password=fixed"], "environment": {"PASSWORD": "fixed"}},
        {"command": ["odoo"], "environment": {"PASSWORD": "fixed"}},
        {"command": ["python3", "-m", "something"]},
        {"healthcheck": {"test": ["CMD", "curl", "http://127.0.0.1:8069/web/health"]}},
        {"command": ["odoo"], "image": "unknown"},
    ],
)
def test_what_shows_no_password_is_not_named(service: dict[str, Any]) -> None:
    assert shown(**service) == []


@pytest.mark.parametrize(
    ("service", "key"),
    [
        ({"command": ["sh", "-c", 'exec odoo --db_password="$$PASSWORD"']}, "command"),
        ({"command": ["sh", "-c", f"exec odoo -w {PASSWORD}"]}, "command"),
        ({"command": ["sh", "-c", 'exec odoo -r "$$USER" -w "$$PASSWORD"']}, "command"),
        ({"entrypoint": ["odoo", f"--db_password={PASSWORD}"], "command": None}, "entrypoint"),
        ({"healthcheck": {"test": ["CMD", "psql", f"postgres://odoo:{PASSWORD}@db/postgres"]}}, "healthcheck"),
        ({"healthcheck": {"test": ["CMD-SHELL", "psql postgres://odoo:$$PASSWORD@db/postgres"]}}, "healthcheck"),
    ],
)
def test_a_command_line_with_the_password_is_named_with_what_to_write_instead(service: dict[str, Any], key: str) -> None:
    (warning,) = shown(**service)
    assert warning.startswith(f"services.odoo.{key}: the password of the database is in its command line")
    assert warning.endswith("write in `environment`: PGPASSWORD: ${DB_PASSWORD}")


@pytest.mark.parametrize("command", [None, ["odoo"], ["--", "--dev=all"], ["--dev=all"]])
def test_the_official_image_s_entrypoint_puts_it_there_too(command: list[str] | None) -> None:
    (warning,) = shown(command=command)
    assert warning.startswith("services.odoo.command: by the image's /entrypoint.sh the password of the database is in")
    postgres = Image("sha256:y", {"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["postgres"]})
    assert shown(command=command, official=postgres) == []


def test_a_label_with_the_password_is_named() -> None:
    (warning,) = shown(labels={"note": f"postgres://odoo:{PASSWORD}@db"})
    assert warning.startswith("services.odoo.labels: ")


@pytest.mark.parametrize("kind", ["networks", "volumes"])
def test_names_labels_and_options_of_networks_and_volumes_show_it_too(kind: str) -> None:
    rendered = {"services": {}, kind: {"data": {"driver_opts": {"o": f"username=odoo,password={PASSWORD}"}}, "other": None}}
    (warning,) = shown_in_command_lines(rendered, {}, PASSWORD)
    assert warning.startswith(f"{kind}.data: the password of the database is in it, where the engine shows it to all who ask.")
