"""What breaks the isolation of runs is refused with what to write instead; what is only unwise is a warning."""

from pathlib import Path
from typing import Any

import pytest

from runner.environment.isolation import PROBE_PORT, refusals, warnings

PROJECT = "evv-agent-test-traction-20260101-000000-abcdef"
CHECK = {"test": ["CMD", "curl", "-f", "http://127.0.0.1:8069"]}
RUN_PORT = {"mode": "ingress", "host_ip": "127.0.0.1", "target": 8069, "published": str(PROBE_PORT), "protocol": "tcp"}


def config(odoo: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """A compose file as `docker compose config` gives it, with these settings of odoo, and further sections."""
    services = {"db": {"image": "postgres:16"}, "odoo": {"image": "odoo:18.0", "healthcheck": CHECK, **(odoo or {})}}
    return {"name": PROJECT, "services": services, "networks": {"default": {"name": f"{PROJECT}_default"}}, **sections}


def bind(source: str, **more: Any) -> dict[str, Any]:
    return {"type": "bind", "source": source, "target": "/x", "bind": {"create_host_path": True}, **more}


def port(published: str | None, target: int = 8069, **more: Any) -> dict[str, Any]:
    return {"mode": "ingress", "target": target, "protocol": "tcp", **({"published": published} if published else {}), **more}


def test_a_usual_compose_file_is_neither_refused_nor_warned_of() -> None:
    usual = config(
        {
            "ports": [RUN_PORT],
            "volumes": [bind("/src/addons", read_only=True), {"type": "volume", "source": "data", "target": "/var/lib/odoo"}],
            "networks": {"default": None},
            "restart": "on-failure:3",
            "network_mode": "service:db",
            "ipc": "shareable",
            "volumes_from": ["db"],
            "build": {"context": "/src"},
        },
        volumes={"data": {"name": f"{PROJECT}_data"}, "tmp": {"driver_opts": {"type": "tmpfs", "device": "tmpfs"}}},
    )
    assert refusals(usual, PROJECT) == []
    assert warnings(usual) == []


@pytest.mark.parametrize(
    ("rendered", "expected"),
    [
        ({"services": {"db": {}, "web": {}}}, "services: there is no service `odoo`; there is: db, web."),
        ({"services": None}, "there is: none"),
        ({}, "there is: none"),
        ({"services": {"odoo": {"image": "odoo:18.0"}}}, "services: the service `odoo` has no health check"),
        (config({"healthcheck": {"disable": True}}), "has no health check"),
        (config({"healthcheck": {**CHECK, "disable": True}}), "has no health check"),
        (config({"healthcheck": {"test": ["NONE"]}}), "has no health check"),
        (config({"container_name": "odoo"}), "services.odoo.container_name: one name for all runs. Leave it out"),
        (
            config({"privileged": True}),
            "services.odoo.privileged: such a container can reach those of other runs and change this",
        ),
        (
            config({"network_mode": "host"}),
            "services.odoo.network_mode: 'host' is the machine's own, shared by all runs. Leave it",
        ),
        (config({"network_mode": "host"}), "publish a port: 127.0.0.1:${ODOO_PORT}:8069."),
        (
            config({"network_mode": "container:x"}),
            "services.odoo.network_mode: 'container:x' is outside of the run. Name a service",
        ),
        (config({"pid": "host"}), "services.odoo.pid: 'host' is the machine's own, shared by all runs. Leave it out."),
        (config({"ipc": "host"}), "services.odoo.ipc: 'host'"),
        (config({"uts": "host"}), "services.odoo.uts: 'host'"),
        (config({"volumes_from": ["db", "container:x"]}), "services.odoo.volumes_from: 'container:x' is outside of the run"),
        (config({"external_links": ["mail"]}), "services.odoo.external_links: they lead outside of the run"),
        (config({"volumes": [bind("/var/run/docker.sock", read_only=True)]}), "through /var/run/docker.sock a container can"),
        (
            config({"volumes": [bind("/run/user/7/docker.sock", read_only=True)]}),
            "through /run/user/7/docker.sock a container",
        ),
        (config({"use_api_socket": True}), "services.odoo.use_api_socket: with it a container can start what outlives"),
        (
            config(configs={"s": {"file": "/var/run/docker.sock"}}),
            "configs.s.file: through /var/run/docker.sock a container can",
        ),
        (config(secrets={"s": {"file": "/run/docker.sock"}}), "secrets.s.file: through /run/docker.sock"),
        (
            config(volumes={"v": {"driver_opts": {"type": "none", "o": "bind", "device": "/var/run"}}}),
            "volumes.v.driver_opts: through /var/run a container can",
        ),
        (
            config(volumes={"v": {"driver_opts": {"type": "none", "o": "bind", "device": "/var/lib/docker/volumes"}}}),
            "volumes.v.driver_opts: through /var/lib/docker/volumes a container can change the volumes of other runs",
        ),
        (config({"volumes": [bind("/var/lib", read_only=True)]}), "services.odoo.volumes: through /var/lib a container can"),
        (
            config({"volumes": [bind("/var/lib/docker/volumes/agent-test-snapshot-0-1/_data")]}),
            "can change the volumes of other runs",
        ),
        (config({"volumes": [bind("/var/lib/docker/overlay2")]}), "can change the volumes of other runs"),
        (config({"volumes": [bind("/home/x/.local/share/docker")]}), "can change the volumes of other runs"),
        (
            config(volumes={"v": {"labels": {"agent-test-snapshot.key": "x"}}}),
            "volumes.v.labels: 'agent-test-snapshot.key' is a label by which the runner finds what is whose. Leave it out.",
        ),
        (config({"labels": {"agent-test.owner-pid": "1"}}), "services.odoo.labels: 'agent-test.owner-pid' is a label"),
        (config(networks={"n": {"labels": {"agent-test.repository": "x"}}}), "networks.n.labels: 'agent-test.repository'"),
        (
            config({"volumes": [{"type": "volume", "target": "/x", "volume": {"labels": {"agent-test-snapshot.key": "x"}}}]}),
            "services.odoo.labels: 'agent-test-snapshot.key'",
        ),
        (config(volumes={"agent-test-snapshot": {}}), "volumes.agent-test-snapshot: the runner has a volume of this name"),
        (config(volumes={"agent-test-memory": None}), "volumes.agent-test-memory: the runner has a volume of this name"),
        (config(volumes={"v": {"name": f"{PROJECT}_agent-test-copy-1"}}), "volumes.v: the runner has a volume of this name"),
        (config(volumes={"v": {"name": f"agent-test-snapshot-{PROJECT}"}}), "volumes.v: the runner has a volume of this name"),
        (config(configs={"agent-test-copy-1": {"content": ""}}), "configs.agent-test-copy-1: the runner has a config of this"),
        (
            config({"volumes": [{"type": "volume", "source": "v", "target": "/agent-test-snapshot/cluster"}]}),
            "services.odoo.volumes: /agent-test-snapshot/cluster is a folder of the runner's. Choose another one.",
        ),
        (config({"configs": [{"source": "c", "target": "/agent-test-memory/x"}]}), "/agent-test-memory/x is a folder of the"),
        (config({"volumes": [bind("/var/run/", read_only=True)]}), "services.odoo.volumes: through /var/run a container can"),
        (config({"volumes": [bind("/", read_only=True)]}), "services.odoo.volumes: through / a container can"),
        (
            config({"networks": {"default": {"ipv4_address": "172.20.0.3"}}}),
            "services.odoo.networks.default.ipv4_address: only one run can have this address. Leave it out",
        ),
        (config({"networks": {"default": {"ipv6_address": "fd00::3"}}}), "services.odoo.networks.default.ipv6_address: "),
        (config(networks={"n": {"name": "common", "external": True}}), "networks.n.external: it is shared by all runs"),
        (config(networks={"n": {"name": "common"}}), "networks.n.name: 'common' is one name for all runs. Leave it out"),
        (
            config(networks={"n": {"ipam": {"config": [{"subnet": "10.9.0.0/24"}]}}}),
            "networks.n.ipam: only one run can have the",
        ),
        (
            config(networks={"n": {"driver_opts": {"com.docker.network.bridge.name": "br7"}}}),
            "networks.n.driver_opts: only one run can have the bridge 'br7'",
        ),
        (config(volumes={"v": {"name": "common", "external": True}}), "volumes.v.external: it is shared by all runs"),
        (config(volumes={"v": {"name": "common"}}), "volumes.v.name: 'common' is one name for all runs. Leave it out"),
        (config({"pull_policy": "build"}), "services.odoo.pull_policy: every run would build odoo:18.0 anew, also for those"),
        (config({"scale": 2}), "services: `scale` of `odoo` is 2: the tests run in one container."),
        (config({"deploy": {"replicas": 0}}), "services: `deploy.replicas` of `odoo` is 0: the tests run in one container."),
        (
            config({"networks": {"default": {"link_local_ips": ["169.254.1.1"]}}}),
            "services.odoo.networks.default.link_local_ips: only one run can have this address.",
        ),
        (
            config({"volumes": [{**bind("/src", read_only=True), "bind": {"propagation": "rshared"}}]}),
            "services.odoo.volumes: what is mounted below /src would be mounted on this machine.",
        ),
        (
            config({"volumes": [{"type": "npipe", "source": "x", "target": "/x"}]}),
            "the type 'npipe' is outside of the run",
        ),
        (config({"tmpfs": ["/agent-test-memory:size=1g"]}), "/agent-test-memory is a folder of the runner's."),
        (config(networks={"n": {"driver": "macvlan"}}), "networks.n.driver: 'macvlan' reaches further than the run."),
        (config(networks={"n": {"driver": "host"}}), "networks.n.driver: 'host' reaches further than the run."),
        (
            config(networks={"n": {"ipam": {"driver": "plugin"}}}),
            "networks.n.ipam: the driver 'plugin' is outside of the run.",
        ),
        (
            config(networks={"n": {"driver_opts": {"com.docker.network.bridge.gateway_mode_ipv4": "routed"}}}),
            "networks.n.driver_opts: this runner does not know what 'com.docker.network.bridge.gateway_mode_ipv4' opens.",
        ),
        (config(networks={"n": {"invented_later": 1}}), "networks.n.invented_later: this runner does not know"),
        (config(volumes={"v": {"driver": "vieux/sshfs"}}), "volumes.v.driver: 'vieux/sshfs' keeps a volume outside"),
        (
            config(volumes={"v": {"driver_opts": {"type": "overlay", "device": "overlay", "o": "lowerdir=/etc"}}}),
            "volumes.v.driver_opts: the type 'overlay' reaches further than a folder.",
        ),
        (config(volumes={"v": {"driver_opts": {"type": "ext4", "device": "/dev/sda1"}}}), "the type 'ext4' reaches further"),
        (config(volumes={"v": {"driver_opts": {"type": "none"}}}), "the type 'none' reaches further"),
        (config(volumes={"v": {"driver_opts": {"type": "nfsd", "device": "nfsd"}}}), "the type 'nfsd' reaches further"),
        (
            config(volumes={"v": {"driver_opts": {"type": "none", "o": "ro,bind", "device": "run"}}}),
            "volumes.v.driver_opts: 'run' begins in the engine's own folder, which is mostly /. Write the path from / on.",
        ),
        (config({"tmpfs": "//agent-test-memory"}), "/agent-test-memory is a folder of the runner's."),
        (config({"tmpfs": ["/x/../agent-test-snapshot:size=1m"]}), "/agent-test-snapshot is a folder of the runner's."),
        (
            config(volumes={"v": {"driver_opts": {"type": "tmpfs", "o": "rbind", "device": "/proc"}}}),
            "volumes.v.driver_opts: /proc is this machine's itself",
        ),
        (
            config(volumes={"v": {"driver_opts": {"type": "none", "o": "bind", "device": "/etc"}}}),
            "volumes.v.driver_opts: through /etc a container can change what runs on this machine.",
        ),
        (config(secrets={"s": {"file": "/proc/1/environ"}}), "secrets.s.file: /proc/1/environ is this machine's itself"),
    ],
)
def test_what_breaks_the_isolation_is_refused_with_the_reason(rendered: dict[str, Any], expected: str) -> None:
    (refusal,) = refusals(rendered, PROJECT)
    assert expected in refusal


def test_an_image_that_only_the_build_names_is_refused() -> None:
    built = {"services": {"odoo": {"healthcheck": CHECK, "build": {"context": "/src"}}}}
    (refusal,) = refusals(built, PROJECT)
    assert refusal.startswith("services.odoo.build: every run would build an image of its own and leave it behind.")


@pytest.mark.parametrize("published", ["8069", "8090-8100", "1", f"{PROBE_PORT}-{PROBE_PORT + 1}"])
def test_a_fixed_host_port_of_any_service_is_refused(published: str) -> None:
    rendered = config({"ports": [RUN_PORT]})
    rendered["services"]["db"]["ports"] = [port(published, 5432, host_ip="127.0.0.1")]
    (refusal,) = refusals(rendered, PROJECT)
    assert refusal.startswith(f"services.db.ports: host port {published} (for 5432) is one for all runs.")
    assert "127.0.0.1:${ODOO_PORT}:5432" in refusal
    assert "127.0.0.1::5432" in refusal


@pytest.mark.parametrize("published", [None, "0", str(PROBE_PORT)])
def test_the_run_s_port_and_one_that_the_engine_chooses_are_not_refused(published: str | None) -> None:
    assert refusals(config({"ports": [port(published)]}), PROJECT) == []


def test_a_name_made_from_the_project_s_is_the_run_s_own() -> None:
    named = {"v": {"name": f"{PROJECT}-data"}}
    assert refusals(config(volumes=named, networks=named), PROJECT) == []


def test_everything_is_refused_at_once() -> None:
    rendered = {
        "services": {
            "db": {"image": "x", "container_name": "db", "ports": [port("5432"), port("5433")]},
            "odoo": {"image": "x", "privileged": True},
        },
        "networks": {"default": {"name": "common"}},
        "volumes": {"data": {"name": "common", "external": True}},
    }
    assert [refusal.split(": ")[0] for refusal in refusals(rendered, PROJECT)] == [
        "services",
        "services.db.container_name",
        "services.db.ports",
        "services.db.ports",
        "services.odoo.privileged",
        "networks.default.name",
        "volumes.data.external",
    ]


@pytest.mark.parametrize(
    ("odoo", "expected"),
    [
        (
            {"ports": [port(str(PROBE_PORT))]},
            "services.odoo.ports: 8069 is open to the whole network. Write 127.0.0.1: before",
        ),
        ({"ports": [port(str(PROBE_PORT), host_ip="0.0.0.0")]}, "services.odoo.ports: 8069 is open"),
        ({"ports": [port(None, host_ip="::")]}, "services.odoo.ports: 8069 is open"),
        ({"volumes": [bind("/src/addons")]}, "services.odoo.volumes: what is written to /src/addons stays there, for other"),
        ({"volumes": [bind("/src/addons", read_only=False)]}, "services.odoo.volumes: what is written to /src/addons stays"),
        (
            {"restart": "always"},
            "services.odoo.restart: after a crash of this machine, 'always' brings back what a dead run left",
        ),
        ({"restart": "unless-stopped"}, "'unless-stopped' brings back"),
        ({"deploy": {"restart_policy": {"condition": "any"}}}, "'any' brings back"),
        (
            {"pull_policy": "always"},
            "services.odoo.pull_policy: 'always' is not followed: it would change the image under other",
        ),
        ({"pull_policy": "every_12h"}, "'every_12h' is not followed"),
        (
            {"volumes": [{**bind("/src", read_only=True), "bind": {"selinux": "Z"}}]},
            "services.odoo.volumes: `Z` takes /src away from other runs. Write `z`.",
        ),
    ],
)
def test_what_is_only_unwise_is_a_warning(odoo: dict[str, Any], expected: str) -> None:
    (warning,) = warnings(config(odoo))
    assert expected in warning
    assert refusals(config(odoo), PROJECT) == []


def test_a_volume_that_is_a_folder_of_the_host_is_a_warning() -> None:
    rendered = config(volumes={"v": {"driver_opts": {"type": "none", "o": "rw,bind", "device": "/srv/data"}}, "w": None})
    (warning,) = warnings(rendered)
    assert warning.startswith("volumes.v: what is written to /srv/data stays there")
    assert refusals(rendered, PROJECT) == []


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        (
            {"volumes": {"v": {"driver_opts": {"type": "nfs4", "device": ":/srv"}}}},
            "volumes.v: what is written to :/srv stays",
        ),
        (
            {"volumes": {"v": {"driver_opts": {"type": "cifs", "device": "//h/d"}}}},
            "volumes.v: what is written to //h/d stays",
        ),
        ({"secrets": {"s": {"file": "/home/me/.ssh/id"}}}, "secrets.s.file: the tests could read the keys and passwords in"),
    ],
)
def test_what_lies_elsewhere_is_a_warning(sections: dict[str, Any], expected: str) -> None:
    (warning,) = warnings(config(**sections))
    assert warning.startswith(expected)
    assert refusals(config(**sections), PROJECT) == []


def test_a_link_to_the_engine_s_folders_is_refused_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "innocent").symlink_to("/var/lib/docker/volumes")
    (reason,) = refusals(config({"volumes": [bind(str(tmp_path / "innocent"), read_only=True)]}), PROJECT)
    assert reason.startswith(f"services.odoo.volumes: through {tmp_path}/innocent a container can change the volumes")


def test_other_labels_folders_and_sources_are_nobody_s_business() -> None:
    fine = config(
        {
            "labels": {"traefik.enable": "true", "my-agent-test": "x"},
            "volumes": [
                bind("/var/lib/odoo-data", read_only=True),
                bind("/var/lib/docker/volumes/ci/_data/src"),
                {"type": "volume", "source": "v", "target": "/agent"},
            ],
            "configs": [{"source": "c"}],
        },
        configs={"c": {"file": "/src/odoo.conf"}, "d": {"content": "x"}},
        volumes={"v": {"driver_opts": {"type": "nfs", "device": ":/srv"}}, "w": None},
    )
    assert refusals(fine, PROJECT) == []
