"""Keys and stages of prepared databases, and which compose files allow for them."""

import copy
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
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


def test_the_assets_bundles_are_a_stage_of_their_own_that_changes_none_below_it() -> None:
    without, found = (
        stages("s", ("base", "hr"), ("evv_core",), "1"),
        stages("s", ("base", "hr"), ("evv_core",), "1", assets=True),
    )
    assert [(stage.name, stage.modules, stage.assets) for stage in found] == [
        ("base", ("base",), False),
        ("core", ("base", "hr"), False),
        ("assets", ("base", "hr"), True),
        ("own", ("evv_core",), False),
    ]
    assert found[:2] == without[:2]
    assert found[-1].key != without[-1].key


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
    found = with_snapshot(override, rendered, "the-volume", image, "ALTER ROLE $x;")
    assert found["services"]["db"]["environment"] == {"AGENT_TEST_STATEMENTS": "ALTER ROLE $x;"}
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


# The start of a prepared database, in a shell with programs that only tell what they were given


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """A folder with `postgres`, `id` for root, and `gosu`; in it a snapshot that is whole."""
    programs = {
        "postgres": '#!/bin/sh\nprintf "%s\\n" "$@" >"$SAID"; cat >>"$SAID"\n',
        "id": "#!/bin/sh\necho 0\n",
        "gosu": '#!/bin/sh\necho "as $1"\nshift; echo "as $*" >&2; exec "$@"\n',
        "chown": '#!/bin/sh\necho "chown $*" >&2\n',
    }
    for name, script in programs.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "snapshot" / "cluster").mkdir(parents=True)
    (tmp_path / "snapshot" / "cluster" / "PG_VERSION").write_text("17\n")
    (tmp_path / "snapshot" / "complete").touch()
    return tmp_path


def start(container: Path, statements: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Start with the entrypoint `env`, by which all can be seen that the server gets."""
    override: dict[str, Any] = {"services": {"db": {}, "odoo": {}}, "volumes": {}}
    found = with_snapshot(override, RENDERED, "v", DatabaseImage("postgres:16", ("env",), ()), statements)["services"]["db"]
    command = [word.replace(MOUNT, str(container / "snapshot")) for word in found["entrypoint"]]
    environ = found["environment"] | environ
    environ |= {
        "PATH": f"{container}:{os.environ['PATH']}",
        "PGDATA": str(container / "data"),
        "SAID": str(container / "said"),
    }
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_the_copy_is_given_the_run_s_password_by_its_owner_before_the_server_starts(container: Path) -> None:
    started = start(container, "ALTER ROLE a;\nALTER ROLE b;")
    assert started.returncode == 0, started.stderr
    said = (container / "said").read_text().splitlines()
    assert said[:4] == ["--single", "-F", "-D", str(container / "data")]
    assert said[-3:] == ["template1", "ALTER ROLE a;", "ALTER ROLE b;"]
    owner = f"{os.getuid()}:{os.getgid()}"
    assert f"chown {owner} {container / 'data'}" in started.stderr
    assert "as postgres --single" in started.stderr
    assert "AGENT_TEST" not in started.stdout  # of the server
    assert "as " not in started.stdout


def test_who_is_not_root_needs_no_program_to_step_down(container: Path) -> None:
    (container / "id").write_text("#!/bin/sh\necho 999\n")
    (container / "gosu").write_text("#!/bin/sh\nexit 1\n")
    assert start(container, "ALTER ROLE a;").returncode == 0
    assert (container / "said").read_text().endswith("template1\nALTER ROLE a;\n")


def test_a_compose_file_with_a_password_of_its_own_needs_no_statement(container: Path) -> None:
    assert start(container, "").returncode == 0
    assert not (container / "said").exists()


@pytest.mark.parametrize("failing", ["postgres", "gosu", "stat"])
def test_a_copy_that_keeps_another_run_s_password_ends_the_container_with_a_word(container: Path, failing: str) -> None:
    (container / failing).write_text("#!/bin/sh\nexit 1\n")
    (container / failing).chmod(0o755)
    started = start(container, "ALTER ROLE a;")
    assert (started.returncode, started.stdout) == (1, "")
    assert started.stderr.endswith("agent-test: the password of the database cannot be set\n")


def test_a_copy_that_is_not_whole_ends_the_container(container: Path) -> None:
    (container / "snapshot" / "complete").unlink()
    started = start(container, "ALTER ROLE a;")
    assert (started.returncode, started.stderr) == (1, "agent-test: the snapshot is not complete\n")
    assert not (container / "said").exists()
