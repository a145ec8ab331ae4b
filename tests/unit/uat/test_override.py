"""What is kept in volumes that last, whatever the compose file says of them, and the server in the place of its own."""

import copy
from typing import Any

import pytest

from runner.errors import ConfigError
from runner.snapshots.snapshot import DatabaseImage
from runner.uat.override import data_places, served_port, with_server, with_volumes

DATABASE = DatabaseImage("postgres:16", data_folder="/var/lib/postgresql/data")
RENDERED: dict[str, Any] = {
    "services": {
        "db": {"volumes": [{"type": "volume", "source": "db-data", "target": "/var/lib/postgresql/data"}]},
        "odoo": {
            "command": ["odoo"],
            "volumes": [
                {"type": "bind", "source": "/srv/addons", "target": "/mnt/extra-addons"},
                {"type": "volume", "source": "odoo-data", "target": "/var/lib/odoo"},
            ],
            "ports": [{"published": "61357", "target": 8069}, {"published": "", "target": 8072}],
        },
    },
    "volumes": {
        "db-data": {"name": "p_db-data", "labels": {"a": "b"}},
        "odoo-data": None,
        "unused": {"name": "p_unused"},
        "elsewhere": {"name": "p_elsewhere", "driver_opts": {"type": "nfs"}},
    },
}


def changed(service: str, **keys: Any) -> dict[str, Any]:
    rendered = copy.deepcopy(RENDERED)
    rendered["services"][service] |= keys
    return rendered


def test_named_volumes_that_are_mounted_last_and_none_that_is_not_the_engine_s_own() -> None:
    places = data_places(RENDERED, DATABASE)
    assert (places.mounts, places.needed) == ({"db-data": (), "odoo-data": ()}, ["db-data", "odoo-data"])


def test_what_has_no_name_gets_a_volume_that_lasts() -> None:
    places = data_places(changed("db", volumes=[{"type": "volume", "target": DATABASE.data_folder}]), DATABASE)
    assert places.needed == ["agent-test-uat-db", "odoo-data"]
    assert places.mounts["agent-test-uat-db"] == [{"service": "db", "target": DATABASE.data_folder}]
    assert data_places(changed("odoo", volumes=[]), DATABASE).needed == ["db-data", "agent-test-uat-odoo"]


@pytest.mark.parametrize(
    "keys",
    [
        {"tmpfs": ["/var/lib/postgresql"]},
        {"tmpfs": "/var/lib/postgresql/data:size=1g"},
        {"volumes": [{"type": "bind", "source": "/srv/pg", "target": "/var/lib/postgresql/data"}]},
        {"volumes": [{"type": "volume", "source": "elsewhere", "target": "/var/lib/postgresql"}]},
    ],
)
def test_data_that_would_not_be_in_a_volume_of_the_engine_s_own_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"services\.db: /var/lib/postgresql/data is in "):
        data_places(changed("db", **keys) if "volumes" in keys else changed("db", volumes=[], **keys), DATABASE)


def test_a_database_that_does_not_say_where_its_data_is_is_refused_and_so_is_none() -> None:
    with pytest.raises(ConfigError, match="PGDATA"):
        data_places(RENDERED, DatabaseImage("postgres:16"))
    with pytest.raises(ConfigError, match="no service `db`"):
        data_places({"services": {"odoo": {}}}, DATABASE)


def test_volumes_are_those_of_the_data_and_no_more_the_project_s_own() -> None:
    rendered = changed("odoo", volumes=[])
    rendered["volumes"]["odoo-data"] = {"name": "p_odoo-data"}
    override = {"services": {"db": {}, "odoo": {"volumes": [1]}}, "volumes": {"db-data": {"labels": {}}, "unused": {}}}
    before = copy.deepcopy((rendered, override))
    names = {"db-data": "x_db-data", "agent-test-uat-odoo": "x_odoo"}
    with_data, more = with_volumes(rendered, override, data_places(rendered, DATABASE), names)
    assert with_data["volumes"]["db-data"] == {"name": "p_db-data"}
    assert more["volumes"]["db-data"] == {"name": "x_db-data", "external": True}
    assert more["volumes"]["agent-test-uat-odoo"] == {"name": "x_odoo", "external": True}
    assert more["services"]["odoo"]["volumes"] == [
        1,
        {"type": "volume", "source": "agent-test-uat-odoo", "target": "/var/lib/odoo"},
    ]
    assert (rendered, override) == before


def test_the_server_takes_the_place_of_command_and_entrypoint() -> None:
    override = {"services": {"db": {"a": 1}, "odoo": {"b": 2}}}
    served = with_server(override, ["bash", "-c", "serve"])
    assert served["services"] == {"db": {"a": 1}, "odoo": {"b": 2, "entrypoint": ["bash", "-c", "serve"], "command": []}}


def test_the_server_has_the_port_that_is_published_and_without_one_there_is_nothing_to_look_at() -> None:
    assert served_port(RENDERED, 61357) == 8069
    with pytest.raises(ConfigError, match="publishes no port of Odoo"):
        served_port(changed("odoo", ports=[]), 61357)
