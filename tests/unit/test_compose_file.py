"""What a run adds to a repository's compose file, and which compose files cannot work."""

from pathlib import Path
from typing import Any

import pytest

from runner.compose_file import override_for
from runner.errors import ConfigError

RENDERED: dict[str, Any] = {
    "services": {"db": {"image": "postgres:16"}, "odoo": {"image": "odoo:18.0", "healthcheck": {"test": ["CMD", "true"]}}},
    "networks": {"default": None, "outside": {"external": True}},
    "volumes": {"data": {}},
}
LABELS = {"agent-test.repository": "evv"}


def test_labels_go_on_every_service_network_and_volume_that_is_the_project_s_own() -> None:
    override = override_for(RENDERED, LABELS, (Path("/a"),))
    assert {name: each["labels"] for name, each in override["services"].items()} == {"db": LABELS, "odoo": LABELS}
    assert override["networks"] == {"default": {"labels": LABELS}}
    assert override["volumes"] == {"data": {"labels": LABELS}}


def test_the_addons_folders_after_the_first_are_mounted_read_only_where_odoo_looks() -> None:
    override = override_for(RENDERED, LABELS, (Path("/a"), Path("/b"), Path("/c")))
    mounts = override["services"]["odoo"]["volumes"]
    assert [(each["source"], each["target"]) for each in mounts] == [
        ("/b", "/mnt/extra-addons-2"),
        ("/c", "/mnt/extra-addons-3"),
    ]
    assert all(each["read_only"] and each["type"] == "bind" for each in mounts)


@pytest.mark.parametrize(
    ("rendered", "expected"),
    [
        ({"services": {"db": {}, "web": {}}}, "no service `odoo`; it has: db, web"),
        ({"services": None}, "it has: none"),
        ({}, "it has: none"),
        ({"services": {"odoo": {"image": "odoo:18.0"}}}, "has no health check"),
    ],
)
def test_a_compose_file_that_cannot_work_is_refused_with_the_reason(rendered: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        override_for(rendered, LABELS, (Path("/a"),))
