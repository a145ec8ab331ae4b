"""What a run adds to a repository's compose file."""

from pathlib import Path
from typing import Any

from runner.compose_file import override_for

RENDERED: dict[str, Any] = {
    "services": {"db": {"image": "postgres:16"}, "odoo": {"image": "odoo:18.0", "healthcheck": {"test": ["CMD", "true"]}}},
    "networks": {"default": None},
    "volumes": {"data": {}},
}
LABELS = {"agent-test.repository": "evv"}


def test_labels_go_on_every_service_network_and_volume() -> None:
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
