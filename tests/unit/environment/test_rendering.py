"""What Compose rendered is what it starts, with the run's port and the password from DB_PASSWORD."""

import json
from pathlib import Path
from typing import Any

import pytest

from runner.environment.isolation import PROBE_PORT
from runner.environment.rendering import PROBE, addons_variable, as_file, at_port, startable
from runner.errors import ConfigError
from tests.unit.repositories import repository

EVV = repository(Path("/srv"))


def odoo(**service: Any) -> dict[str, Any]:
    started: dict[str, Any] = startable({"services": {"odoo": service}}, EVV)["services"]["odoo"]
    return started


def test_no_bind_makes_a_folder_but_where_the_engine_could_not_label_it_otherwise() -> None:
    short = {"type": "bind", "source": "/a", "target": "/a", "bind": {"create_host_path": True, "propagation": "rslave"}}
    labelled = {"type": "bind", "source": "/b", "target": "/b", "bind": {"create_host_path": True, "selinux": "z"}}
    others: list[dict[str, Any]] = [{"type": "volume", "source": "data", "target": "/d"}, {"type": "tmpfs", "target": "/t"}]
    found = odoo(volumes=[short, {"type": "bind", "source": "/c", "target": "/c"}, labelled, *others])["volumes"]
    assert [volume.get("bind") for volume in found[:2]] == [
        {"create_host_path": False, "propagation": "rslave"},
        {"create_host_path": False},
    ]
    assert found[2:] == [labelled, *others]


def test_services_that_a_profile_chose_are_started_without_it_and_do_not_wait_for_those_that_none_chose() -> None:
    how = {"condition": "service_started", "required": False}
    rendered = {"services": {"odoo": {"profiles": ["p"], "depends_on": {"db": how, "mail": how}}, "db": {}}}
    assert startable(rendered, EVV)["services"]["odoo"] == {"depends_on": {"db": how}}


def test_files_that_compose_has_read_are_not_read_again() -> None:
    assert odoo(environment={"A": "1"}, env_file=[{"path": "/a.env"}], label_file="/labels") == {"environment": {"A": "1"}}


def test_an_image_that_is_named_is_used_as_it_is_there_and_none_is_built() -> None:
    assert odoo(image="mine", build={"context": "."}) == {"image": "mine"}
    assert "build" in odoo(build={"context": "."})  # which isolation.py refuses


def test_a_seccomp_profile_is_that_of_the_compose_file_not_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    options = ["seccomp:./p.json", "seccomp=/p.json", "seccomp=~/p.json", "seccomp:unconfined", "no-new-privileges:true"]
    folder = EVV.compose_file.parent
    expected = [f"seccomp={folder}/p.json", "seccomp=/p.json", "seccomp=/home/me/p.json", *options[3:]]
    assert odoo(security_opt=options) == {"security_opt": expected}


def test_what_compose_prints_and_does_not_read_is_written_as_it_reads_it() -> None:
    assert odoo(memswap_limit="-1") == {"memswap_limit": -1}
    assert odoo(memswap_limit="1048576") == {"memswap_limit": "1048576"}


def test_a_port_is_known_however_compose_wrote_it() -> None:
    ports = odoo(ports=[{"published": str(PROBE_PORT)}, {"published": PROBE}, {"published": "80"}, {}])["ports"]
    assert [port.get("published") for port in ports] == [str(PROBE_PORT), str(PROBE_PORT), "80", None]


def test_a_config_is_what_compose_has_read_and_no_variable_any_more() -> None:
    configs = {"read": {"environment": "X", "content": "x"}, "named": {"environment": "X"}, "none": {"file": "/f"}}
    assert startable({"configs": configs}, EVV)["configs"] == {**configs, "read": {"content": "x"}}


def test_a_port_takes_its_place_in_every_value_but_not_that_of_a_fixed_one() -> None:
    model = {"a": [f"x:{PROBE}/", {"target": PROBE_PORT}], "published": str(PROBE_PORT), "other": [True, 8069, None, "8069"]}
    expected = {"a": ["x:8090/", {"target": 8090}], "published": str(PROBE_PORT), "other": [True, 8069, None, "8069"]}
    assert at_port(model, 8090) == expected


def test_a_file_has_the_port_and_doubled_dollars_and_the_password_only_by_its_variable() -> None:
    service = {"environment": {"A": "a$b", "PW": "x-sesame-y"}, "ports": [{"published": str(PROBE_PORT)}], "command": [PROBE]}
    content = as_file({"services": {"odoo": service}}, 8090, "sesame")
    assert json.loads(content)["services"]["odoo"] == {
        "environment": {"A": "a$$b", "PW": "x-${DB_PASSWORD}-y"},
        "ports": [{"published": "8090"}],
        "command": ["8090"],
    }


def test_a_name_with_the_password_is_refused_as_it_would_stand_in_the_file() -> None:
    with pytest.raises(ConfigError, match="makes a name of DB_PASSWORD"):
        as_file({"services": {"odoo": {"labels": {"of sesame": "x"}}}}, 8090, "sesame")


@pytest.mark.parametrize("folder", ["/srv/a:b", "/srv/a b$c", "/srv"])
def test_addons_are_mounted_from_a_path_with_a_colon_too(folder: str) -> None:
    evv = repository(Path(folder))
    # Compose would end the path at its colon.
    source = addons_variable(evv)
    assert ":" not in source
    mount = {"type": "bind", "source": source, "target": "/mnt/extra-addons"}
    (found,) = startable({"services": {"odoo": {"volumes": [mount]}}}, evv)["services"]["odoo"]["volumes"]
    assert found["source"] == f"{folder}/evv/addons" == str(evv.addons[0])
