"""The table of keys is whole, it is what the page says, and what it refuses in any case is refused."""

from pathlib import Path
from typing import Any

import pytest

from runner.environment.compose_keys import KEYS, page_with_tables, refused_keys
from runner.environment.isolation import refusals, warnings
from tests.unit.processes import ROOT

PAGE = (ROOT / "docs/compose-files.md").read_text()
# The names in the Compose Specification's schema of November 2026.
SPECIFICATION = {
    "the file": "configs include models name networks secrets services version volumes",
    "services": """
        annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count
        cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on deploy
        develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose extends
        external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels links logging
        mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode networks oom_kill_disable
        oom_score_adj pid pids_limit platform ports post_start pre_stop privileged profiles provider pull_policy
        pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period
        stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes volumes_from working_dir
    """,
    "networks": "attachable driver driver_opts enable_ipv4 enable_ipv6 external internal ipam labels name",
    "volumes": "driver driver_opts external labels name",
    "configs": "content environment external file labels name template_driver",
    "secrets": "driver driver_opts environment external file labels name template_driver",
}


@pytest.mark.parametrize("section", SPECIFICATION)
def test_every_key_of_the_specification_is_in_the_table_and_nothing_else(section: str) -> None:
    assert sorted(KEYS[section]) == sorted(SPECIFICATION[section].split())


def test_the_published_tables_are_current() -> None:
    assert page_with_tables(PAGE) == PAGE, "python -m runner.environment.compose_keys docs/compose-files.md"


def test_the_page_names_every_key_once_and_keeps_its_text() -> None:
    shortened = PAGE.partition("<!-- keys -->")[0] + "<!-- keys -->\nof long ago\n<!-- end of keys -->\nend\n"
    made = page_with_tables(shortened)
    assert made.startswith(PAGE.partition("<!-- keys -->")[0])
    assert made.endswith("<!-- end of keys -->\nend\n")
    assert "of long ago" not in made
    for keys in KEYS.values():
        assert all(f"`{key}`" in made for key in keys)


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("annotations", {"run.oci.handler": "krun"}),
        ("cgroup_parent", "/system.slice"),
        ("container_name", "x"),
        ("cpu_rt_runtime", 1000),
        ("credential_spec", {"file": "x"}),
        ("device_cgroup_rules", ["b *:* rwm"]),
        ("external_links", ["x"]),
        ("models", {"m": None}),
        ("oom_kill_disable", True),
        ("privileged", True),
        ("provider", {"type": "touch"}),
        ("use_api_socket", True),
        ("invented_later", "x"),
    ],
)
def test_what_is_refused_whatever_it_holds(key: str, content: object) -> None:
    ((found, reason),) = refused_keys("services", {"image": "x", key: content})
    assert found == key
    assert ". " in reason


@pytest.mark.parametrize("content", [None, False, "", [], {}])
def test_a_key_that_holds_nothing_is_not_refused(content: object) -> None:
    assert list(refused_keys("services", {"privileged": content, "invented_later": content, "x-mine": 1})) == []


def test_what_the_file_itself_may_not_hold_is_refused() -> None:
    rendered = {"name": "p", "models": {"m": {"model": "x"}}, "jobs": {"j": {}}, "x-mine": {"a": 1}, "services": {}}
    found = [refusal.split(": ")[0] for refusal in refusals(rendered, "p")]
    assert found == ["models", "jobs", "services"]


@pytest.mark.parametrize("section", ["configs", "secrets"])
def test_configs_and_secrets_of_others_are_refused(section: str) -> None:
    rendered: dict[str, Any] = {section: {"s": {"external": True, "name": "s"}, "t": {"template_driver": "x"}}}
    found = [refusal.split(": ")[0] for refusal in refusals(rendered, "p")]
    assert found == ["services", f"{section}.s.external", f"{section}.t.template_driver"]


def test_a_large_compose_file_of_a_sane_person_passes_without_a_word(tmp_path: Path) -> None:
    odoo = {
        "image": "odoo:18.0",
        "build": {"context": str(tmp_path)},
        "pull_policy": "if_not_present",
        "cap_drop": ["ALL"],
        "cap_add": ["CHOWN", "CAP_SETUID", "sys_ptrace"],
        "command": ["odoo"],
        "configs": [{"source": "conf", "target": "/etc/odoo/odoo.conf"}],
        "depends_on": {"db": {"condition": "service_started"}},
        "deploy": {"replicas": 1, "resources": {"limits": {"memory": "2g"}, "reservations": {"cpus": 1}}},
        "environment": {"TZ": "UTC"},
        "extra_hosts": ["api.example.com=127.0.0.1"],
        "healthcheck": {"test": ["CMD", "curl", "-f", "http://127.0.0.1:8069"]},
        "hostname": "odoo",
        "init": True,
        "logging": {"driver": "json-file", "options": {"max-size": "10m"}},
        "post_start": [{"command": ["true"], "user": "root"}],
        "security_opt": ["no-new-privileges:true", "apparmor:docker-default", "seccomp=builtin", "label=type:container_t"],
        "shm_size": "268435456",
        "sysctls": {"net.core.somaxconn": "1024"},
        "tmpfs": ["/tmp:size=1g"],
        "ulimits": {"nofile": 65536},
        "volumes": [
            {"type": "bind", "source": str(tmp_path), "target": "/mnt/extra-addons", "read_only": True},
            {"type": "bind", "source": "/etc/localtime", "target": "/etc/localtime", "read_only": True},
            {"type": "bind", "source": "/usr/share/fonts", "target": "/usr/share/fonts", "read_only": True},
            {"type": "volume", "source": "data", "target": "/var/lib/odoo"},
            {"type": "tmpfs", "target": "/run", "tmpfs": {"size": "10m"}},
        ],
    }
    chrome = {"image": "chrome", "shm_size": "2g", "cap_add": ["SYS_NICE"], "init": True, "network_mode": "service:odoo"}
    rendered = {
        "name": "p",
        "services": {"odoo": odoo, "chrome": chrome, "mail": {"image": "mailhog", "expose": ["1025"], "scale": 2}},
        "networks": {"default": {"name": "p_default", "ipam": {}, "driver": "bridge", "internal": True}},
        "volumes": {"data": {"name": "p_data", "driver": "local"}},
        "configs": {"conf": {"name": "p_conf", "content": "[options]"}},
        "secrets": {"s": {"name": "p_s", "environment": "TOKEN"}},
        "x-common": {"a": 1},
    }
    assert refusals(rendered, "p") == []
    assert warnings(rendered) == []
