"""Keys and stages of prepared databases, and which compose files allow for them."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from runner.odoo.command import MOUNT
from runner.snapshots.snapshot import (
    FOLDER_IN_MEMORY,
    DatabaseImage,
    in_memory,
    stages,
    surroundings_digest,
    unsupported,
    with_snapshot,
)

RENDERED: dict[str, Any] = {
    "services": {
        "db": {
            "image": "postgres:16",
            "environment": {"POSTGRES_PASSWORD": "secret"},
            "volumes": [{"type": "volume", "source": "db-data", "target": "/var/lib/postgresql/data"}],
            "command": None,
            "entrypoint": None,
        },
        "odoo": {
            "image": "odoo:18.0",
            "command": ["odoo", "--db-filter=^$"],
            "environment": {"PASSWORD": "secret"},
            "ports": [{"published": "8090"}],
            "volumes": [
                {"type": "bind", "source": "/evv/addons", "target": "/mnt/extra-addons"},
                {"type": "volume", "source": "odoo-data", "target": "/var/lib/odoo"},
            ],
        },
    },
    "volumes": {"db-data": {"name": "p_db-data"}, "odoo-data": {"name": "p_odoo-data"}},
}
IMAGES = {"odoo:18.0": "sha256:odoo", "postgres:16": "sha256:pg"}
DATA = "/var/lib/postgresql/data"
Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> dict[str, Any]:
    rendered = copy.deepcopy(RENDERED)
    change(rendered)
    return rendered


def keys(
    *, around: str = "s", core: tuple[str, ...] = ("base", "hr"), own: tuple[str, ...] = ("evv_core",), sources: str = "1"
) -> dict[str, str]:
    return {stage.name: stage.key for stage in stages(around, core, own, sources)}


def test_the_stages_are_built_on_each_other_and_only_as_many_as_are_needed() -> None:
    found = stages("s", ("base", "hr", "mail"), ("evv_core",), "1")
    assert [(stage.name, stage.modules, stage.own) for stage in found] == [
        ("base", ("base",), False),
        ("core", ("base", "hr", "mail"), False),
        ("own", ("evv_core",), True),
    ]
    assert [stage.name for stage in stages("s", ("base",), (), "")] == ["base"]
    assert [stage.name for stage in stages("s", ("base",), ("evv_core",), "1")] == ["base", "own"]


def test_a_change_in_a_dependency_s_sources_is_another_database_for_who_depends_on_it_and_only_for_that() -> None:
    before, after = keys(sources="1"), keys(sources="2")
    assert before["own"] != after["own"]
    assert (before["base"], before["core"]) == (after["base"], after["core"])


def test_another_dependency_is_another_database_on_the_same_base() -> None:
    before, after = keys(core=("base", "hr")), keys(core=("base", "hr", "mail"))
    assert before["base"] == after["base"]
    assert before["core"] != after["core"]
    assert before["own"] != after["own"]
    assert keys(own=("evv_core", "evv_more"))["own"] != before["own"]


def test_other_surroundings_are_another_database_at_every_stage() -> None:
    before, after = keys(around="1"), keys(around="2")
    assert not set(before.values()) & set(after.values())


@pytest.mark.parametrize(
    "other", [("u", "c", {}, ["o"]), ("t", "d", {}, ["o"]), ("t", "c", IMAGES, ["o"]), ("t", "c", {}, [])]
)
def test_compose_file_contents_images_and_options_are_surroundings(other: tuple[Any, ...]) -> None:
    assert surroundings_digest(*other) != surroundings_digest("t", "c", {}, ["o"])


@pytest.mark.parametrize(
    ("change", "data", "why"),
    [
        (lambda _: None, DATA, ""),
        (lambda r: r["services"].update(postgres=r["services"].pop("db")), DATA, "no service `db`"),
        (lambda _: None, "", "does not name its folder"),
        (lambda r: r["services"]["odoo"].update(build={"context": "."}), DATA, "builds an image"),
        (lambda r: r["services"]["db"].update(tmpfs=[DATA]), DATA, "not keep its data in a volume"),
        (
            lambda r: r["services"]["db"]["volumes"][0].update(type="bind", source="/srv/pg"),
            DATA,
            "not keep its data in a volume",
        ),
        (lambda r: r["services"]["db"]["volumes"][0].update(type="tmpfs", target="/var/lib"), DATA, "not keep its data"),
    ],
)
def test_a_compose_file_that_does_not_allow_for_it_is_told(change: Change, data: str, why: str) -> None:
    found = unsupported(changed(change), data)
    assert why in found
    assert bool(found) == bool(why)


def started_with(service: dict[str, Any]) -> tuple[list[str], list[str]]:
    rendered = changed(lambda r: r["services"]["db"].update(service))
    override: dict[str, Any] = {
        "services": {"db": {"labels": {}}, "odoo": {"labels": {}, "volumes": ["first"]}},
        "volumes": {},
    }
    image = DatabaseImage("postgres:16", ("docker-entrypoint.sh",), ("postgres", "-c", "x=$HOME"))
    found = with_snapshot(override, rendered, "the-volume", image)
    mount = {"type": "volume", "source": "agent-test-snapshot", "target": MOUNT, "read_only": True}
    assert found["services"]["odoo"]["volumes"] == ["first", mount]
    assert found["services"]["db"]["volumes"] == [mount]
    assert found["volumes"]["agent-test-snapshot"] == {"name": "the-volume", "external": True}
    return found["services"]["db"]["entrypoint"][4:], found["services"]["db"]["command"]


def test_the_database_starts_as_its_image_says() -> None:
    assert started_with({}) == (["docker-entrypoint.sh"], ["postgres", "-c", "x=$HOME"])


def test_the_compose_file_s_own_command_and_entrypoint_are_kept() -> None:
    assert started_with({"command": ["postgres", "-c", "y=$1"]}) == (["docker-entrypoint.sh"], ["postgres", "-c", "y=$1"])
    assert started_with({"entrypoint": ["my-start"]}) == (["my-start"], [])


def test_a_database_in_memory_is_a_folder_in_a_volume_of_the_run_that_is_never_on_disk() -> None:
    found = in_memory({"services": {"db": {"volumes": ["first"]}}, "volumes": {}}, {"agent-test.repository": "evv"})
    mount = {"type": "volume", "source": "agent-test-memory", "target": "/agent-test-memory"}
    assert found["services"]["db"] == {"volumes": ["first", mount], "environment": {"PGDATA": FOLDER_IN_MEMORY}}
    volume = found["volumes"]["agent-test-memory"]
    assert (volume["driver_opts"]["type"], volume["labels"]) == ("tmpfs", {"agent-test.repository": "evv"})
