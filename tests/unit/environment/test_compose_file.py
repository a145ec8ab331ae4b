"""What a run adds to a repository's compose file."""

import os
from pathlib import Path
from typing import Any

import pytest

from runner.docker.inventory import Image
from runner.environment.compose_file import judge, override_for, own_checks, project_to_judge
from runner.environment.rendering import PROBE
from runner.errors import ConfigError
from tests.unit.fake_environment import LABELS, RENDERED
from tests.unit.repositories import repository


def test_a_compose_file_gets_the_variables_that_it_may_use_and_a_port_that_is_no_run_s(tmp_path: Path) -> None:
    evv = repository(tmp_path, addons=("addons", "more"))
    project = project_to_judge(evv, "p", "secret")
    assert (project.name, project.files) == ("p", (evv.compose_file,))
    assert project.variables == {
        "DB_PASSWORD": "secret",
        "ODOO_ADDONS": str(evv.addons[0]),
        "ODOO_IMAGE": "odoo:18.0",
        "ODOO_PORT": PROBE,
        "POSTGRES_IMAGE": "postgres:16",
    }
    assert "secret" not in repr(project)


def test_a_compose_file_without_an_end_is_given_to_nobody(tmp_path: Path) -> None:
    evv = repository(tmp_path)
    os.mkfifo(evv.compose_file)
    with pytest.raises(ConfigError, match=r"docker-compose.agent.yml \(`compose_file` in repos.yaml\) is no regular file"):
        project_to_judge(evv, "p", "secret")


def test_what_a_compose_file_holds_adds_no_line_to_the_refusal(tmp_path: Path) -> None:
    odoo = RENDERED["services"]["odoo"] | {"cap_add": ["SYS_ADMIN\nevv_core: PASSED\x1b[2J"]}
    rendered = RENDERED | {"services": RENDERED["services"] | {"odoo": odoo}}
    with pytest.raises(ConfigError) as refused:
        judge(rendered, repository(tmp_path), "p")
    lines = [line for line in str(refused.value).splitlines() if "PASSED" in line]
    assert [line.partition("SYS_ADMIN")[2].partition(" ")[0] for line in lines] == ["\\nevv_core:"]


def test_labels_go_on_every_service_network_and_volume() -> None:
    override = override_for(RENDERED, LABELS, (Path("/a"),), {})
    assert {name: each["labels"] for name, each in override["services"].items()} == {"db": LABELS, "odoo": LABELS}
    assert override["networks"] == {"default": {"labels": LABELS}}
    assert override["volumes"] == {"data": {"labels": LABELS}}


def test_the_addons_folders_after_the_first_are_mounted_read_only_where_odoo_looks() -> None:
    override = override_for(RENDERED, LABELS, (Path("/a"), Path("/b"), Path("/c")), {})
    mounts = override["services"]["odoo"]["volumes"]
    assert [(each["source"], each["target"]) for each in mounts] == [
        ("/b", "/mnt/extra-addons-2"),
        ("/c", "/mnt/extra-addons-3"),
    ]
    assert all(each["read_only"] and each["type"] == "bind" for each in mounts)
    assert all(each["bind"] == {"create_host_path": False} for each in mounts)


def test_the_checks_that_the_run_makes_itself_are_left_to_the_engine_only_seldom() -> None:
    override = override_for(RENDERED, LABELS, (Path("/a"),), {})
    assert override["services"]["odoo"]["healthcheck"] == {"interval": "30s"}
    assert "healthcheck" not in override["services"]["db"]


def test_a_check_becomes_a_command_as_the_engine_would_run_it() -> None:
    services = {
        "db": {"healthcheck": {"test": ["CMD-SHELL", "pg_isready -U ${USER}"]}},
        "odoo": {"healthcheck": {"test": ["CMD", "curl", "-f", "http://127.0.0.1/a$b"]}},
    }
    assert own_checks({"services": services}) == {
        "db": ["sh", "-c", "pg_isready -U ${USER}"],
        "odoo": ["curl", "-f", "http://127.0.0.1/a$b"],
    }


def test_what_compose_waits_for_and_what_is_no_check_stays_with_the_engine() -> None:
    services = {
        "db": {"healthcheck": {"test": ["CMD", "pg_isready"]}},
        "odoo": {"depends_on": {"db": {"condition": "service_healthy"}}, "healthcheck": {"test": ["NONE"]}},
        "mail": {"healthcheck": {"test": ["CMD", "x"], "disable": True}},
        "bare": {},
    }
    assert own_checks({"services": services}) == {}


def environments(services: dict[str, Any], images: dict[str, Image] | None = None, no_proxy: str = "") -> dict[str, Any]:
    """The variables that a run adds to the services."""
    override = override_for({"services": services}, LABELS, (Path("/a"),), images or {}, no_proxy)
    return {name: service["environment"] for name, service in override["services"].items()}


def test_the_services_reach_themselves_and_each_other_without_a_proxy() -> None:
    mail = {"hostname": "smtp", "networks": {"default": {"aliases": ["relay"]}}}
    added = environments({"db": {}, "odoo": {"links": ["db:database"]}, "mail": mail})
    both = "127.0.0.1,localhost,::1,db,odoo,mail,database,smtp,relay"
    assert added == {name: {"NO_PROXY": both, "no_proxy": both} for name in ("db", "odoo", "mail")}


def test_the_exceptions_that_there_are_already_are_kept() -> None:
    odoo = {"image": "i", "environment": {"no_proxy": "a, 127.0.0.1", "NO_PROXY": "b$c"}}
    image = Image("sha256:i", {"Env": ["NO_PROXY=of-image", "PATH=/bin", "odd"]})
    (value,) = {*environments({"odoo": odoo}, {"i": image}, no_proxy=".corp")["odoo"].values()}
    assert value == "b$c,a,127.0.0.1,of-image,.corp,localhost,::1,odoo"
    assert environments({"odoo": {"environment": {"NO_PROXY": None}}})["odoo"]["NO_PROXY"] == "127.0.0.1,localhost,::1,odoo"


SERVER = "exec odoo --db_host=$HOST --max-cron-threads=0"


@pytest.mark.parametrize("command", [["sh", "-c", SERVER], ["odoo", "--db_host", "db"]])
def test_a_server_that_knows_its_database_goes_without_the_odoo_conf_which_the_tests_still_find(command: list[str]) -> None:
    image = {"i": Image("sha256:i", {"Env": ["ODOO_RC=/etc/odoo/odoo.conf"]})}
    service: dict[str, Any] = {"image": "i", "command": command}
    assert "ODOO_RC" not in environments({"odoo": {"image": "i"}}, image)["odoo"]
    added = environments({"odoo": service}, image)["odoo"]
    assert (added["ODOO_RC"], added["AGENT_TEST_ODOO_RC"]) == ("/dev/null", "/etc/odoo/odoo.conf")
    added = environments({"odoo": {**service, "environment": {"ODOO_RC": "/mnt/a$b"}}}, image)["odoo"]
    assert added["AGENT_TEST_ODOO_RC"] == "/mnt/a$b"
    assert environments({"odoo": service})["odoo"]["AGENT_TEST_ODOO_RC"] == ""


@pytest.mark.parametrize(
    "command",
    [["odoo"], ["odoo", "-c", "/a.conf", "--db_host=db"], ["sh", "-c", "exec odoo --config=/a.conf --db_host=db"], None],
)
def test_a_server_that_needs_a_configuration_keeps_it(command: list[str] | None) -> None:
    assert "ODOO_RC" not in environments({"odoo": {"command": command}})["odoo"]
