"""Which compose files keep test runs apart and leave nothing behind: judged by what `docker compose config` says."""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runner.odoo.command import SERVICE

# What ODOO_PORT is while a compose file is judged. A fixed port that by chance is the run's own would else pass.
PROBE_PORT = 61357

_ALL_INTERFACES = ("", "0.0.0.0", "::")  # noqa: S104 - to find it, not to bind it
# Folders that hold the engine's socket; read-only makes no difference to a socket.
_AROUND_THE_SOCKET = ("/", "/run", "/var/run")
_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock")
# Where the engine keeps volumes, and what holds that.
_AROUND_THE_DATA = ("/var", "/var/lib")
# A volume with somebody's checkout in it may be mounted, as by a runner that is in a container itself.
_OF_THE_ENGINE = re.compile(
    r"(/var/lib/(docker|containers|containerd)|/\.local/share/(docker|containers)|/var/snap/docker)/"
    r"(?!([\w-]+/)*volumes/(?!agent-test-snapshot)[^/]+/_data/)"
)
# Also the one of prepared databases, `agent-test-snapshot.`, and the volumes that the override adds.
_OUR_LABELS, _OUR_FOLDERS, _OUR_VOLUMES = "agent-test", "/agent-test-", ("agent-test-snapshot", "agent-test-memory")

_Config = Mapping[str, Any]
_Found = Iterator[tuple[str, str]]


def refusals(rendered: _Config, project: str) -> list[str]:
    """Tell why the compose file cannot be used for runs beside each other: `KEY: reason. What to write instead.`, all of it.

    `rendered` is for the run `project`, with ODOO_PORT set to PROBE_PORT.
    """
    services = _section(rendered, "services")
    reasons = [f"services: {reason}" for reason in _odoo(services)]
    for name, service in services.items():
        reasons += [f"services.{name}.{key}: {reason}" for key, reason in (*_shared_by_service(service), *_ours(service))]
    for kind in ("networks", "volumes"):
        for name, value in _section(rendered, kind).items():
            shared = (*_shared_by_name(value or {}, project), *_ours(value or {}))
            reasons += [f"{kind}.{name}.{key}: {reason}" for key, reason in shared]
    for kind in ("configs", "secrets"):
        for name, value in _section(rendered, kind).items():
            sources = [str(value["file"])] if (value or {}).get("file") else []
            reasons += [f"{kind}.{name}.file: {reason}" for reason in _through(sources)]
    for name, value in _section(rendered, "volumes").items():
        if name in _OUR_VOLUMES:
            reasons.append(f"volumes.{name}: the runner has a volume of this name in every run. Call it otherwise.")
        device = str(_section(value or {}, "driver_opts").get("device") or "")
        reasons += [f"volumes.{name}.driver_opts: {reason}" for reason in _through([device] if device.startswith("/") else [])]
    for name, value in _section(rendered, "networks").items():
        reasons += [f"networks.{name}.{key}: {reason}" for key, reason in _shared_by_network(value or {})]
    return reasons


def _section(config: _Config, name: str) -> _Config:
    return config.get(name) or {}


def _odoo(services: _Config) -> Iterator[str]:
    if SERVICE not in services:
        yield f"there is no service `{SERVICE}`; there is: {', '.join(services) or 'none'}. The tests run in it."
        return
    check = services[SERVICE].get("healthcheck") or {}
    if not check or check.get("disable") or check.get("test") == ["NONE"]:
        yield f"the service `{SERVICE}` has no health check, so nobody could tell when it is ready. Give it one."


def _shared_by_service(service: _Config) -> _Found:
    if "container_name" in service:
        yield "container_name", f"{service['container_name']!r} is one name for all runs. Leave it out: each run gets its own."
    if service.get("privileged"):
        yield "privileged", "such a container can reach those of other runs and change this machine. Leave it out."
    for key in ("network_mode", "pid", "ipc", "uts"):
        value = str(service.get(key) or "")
        if value == "host":
            yield key, f"'host' is the machine's own, shared by all runs. Leave it out{_INSTEAD.get(key, '')}."
        elif value.startswith("container:"):
            yield key, f"{value!r} is outside of the run. Name a service of this file: `service:NAME`."
    for outside in (name for name in service.get("volumes_from") or () if name.startswith("container:")):
        yield "volumes_from", f"{outside!r} is outside of the run. Name a service of this file."
    for outside in service.get("external_links") or ():
        yield "external_links", f"{outside!r} is outside of the run. Make it a service of this file."
    if "build" in service and "image" not in service:
        yield "build", "every run would build an image of its own and leave it behind. Build it before, and name it: `image:`."
    yield from _ports(service)
    yield from _sockets(service)
    for name, network in _section(service, "networks").items():
        for key in ("ipv4_address", "ipv6_address"):
            if key in (network or {}):
                yield (
                    f"networks.{name}.{key}",
                    "only one run can have this address. Leave it out: services find each other by name.",
                )


_INSTEAD = {"network_mode": ", and publish a port: 127.0.0.1:${ODOO_PORT}:8069"}


def _ports(service: _Config) -> _Found:
    for port in service.get("ports") or ():
        published, target = str(port.get("published") or "0"), port["target"]
        if published not in ("0", str(PROBE_PORT)):
            yield (
                "ports",
                f"host port {published} (for {target}) is one for all runs. Write 127.0.0.1:${{ODOO_PORT}}:{target} "
                f"for the one port that a run has, or 127.0.0.1::{target} for any free one, or leave it out.",
            )


def _sockets(service: _Config) -> _Found:
    if service.get("use_api_socket"):
        yield "use_api_socket", "with it a container can start what outlives the run, and end other runs. Leave it out."
    for reason in _through(str(bind["source"]) for bind in _binds(service)):
        yield "volumes", reason


def _through(sources: Iterable[str]) -> Iterator[str]:
    """What a container could do by these paths of the machine, where that is more than its own run needs."""
    for source in map(posixpath.normpath, sources):
        for path in dict.fromkeys((source, os.path.realpath(source))):
            if posixpath.basename(path) in _SOCKETS or path in _AROUND_THE_SOCKET:
                yield f"through {source} a container can start what outlives the run, and end other runs. Leave it out."
                break
            if path in _AROUND_THE_DATA or _OF_THE_ENGINE.search(f"{path}/"):
                yield f"through {source} a container can change the volumes of other runs. Leave it out."
                break


def _ours(value: _Config) -> _Found:
    """What the runner has for itself: labels by which it finds what is whose, and folders in containers."""
    labels = [*_section(value, "labels"), *_section(_section(value, "deploy"), "labels")]
    mounts = [mount for kind in ("volumes", "configs", "secrets") for mount in value.get(kind) or ()]
    for mount in mounts:
        labels += _section(_section(mount, "volume"), "labels")
        if str(mount.get("target") or "").startswith(_OUR_FOLDERS):
            yield "volumes", f"{mount['target']} is a folder of the runner's. Choose another one."
    for label in labels:
        if str(label).startswith(_OUR_LABELS):
            yield "labels", f"{label!r} is a label by which the runner finds what is whose. Leave it out."


def _shared_by_name(value: _Config, project: str) -> _Found:
    if value.get("external"):
        yield "external", f"{value.get('name')!r} is shared by all runs. Leave it out: each run gets its own, and removes it."
    elif project not in value.get("name", project):
        yield "name", f"{value['name']!r} is one name for all runs. Leave it out: each run gets its own."


def _shared_by_network(network: _Config) -> _Found:
    for subnet in (config["subnet"] for config in _section(network, "ipam").get("config") or () if "subnet" in config):
        yield "ipam", f"only one run can have the subnet {subnet}. Leave it out: the engine chooses a free one."
    bridge = _section(network, "driver_opts").get("com.docker.network.bridge.name")
    if bridge:
        yield "driver_opts", f"only one run can have the bridge {bridge!r}. Leave it out."


def warnings(rendered: _Config) -> list[str]:
    """Return what in the compose file is only unwise, as `KEY: why. What to write instead.`."""
    reasons: list[str] = []
    for name, service in _section(rendered, "services").items():
        reasons += [f"services.{name}.{key}: {reason}" for key, reason in _unwise(service)]
    for name, value in _section(rendered, "volumes").items():
        options = _section(value or {}, "driver_opts")
        if "bind" in str(options.get("o", "")).split(","):
            reasons.append(f"volumes.{name}: {_stays(options.get('device'))}")
    return reasons


def _unwise(service: _Config) -> _Found:
    for port in service.get("ports") or ():
        if port.get("host_ip", "") in _ALL_INTERFACES:
            yield "ports", f"{port['target']} is open to the whole network. Write 127.0.0.1: before the host port."
    for bind in _binds(service):
        if not bind.get("read_only"):
            yield "volumes", _stays(bind["source"])
    policy = service.get("restart") or _section(_section(service, "deploy"), "restart_policy").get("condition")
    if policy in ("always", "unless-stopped", "any"):
        # Not refused: all is removed with the run. But the containers of a run that was killed would start again with
        # the engine, and hold their port until the next run or `cleanup` removes them.
        yield "restart", f"after a crash of this machine, {policy!r} brings back what a dead run left. Leave it out."


def _binds(service: _Config) -> Iterator[_Config]:
    return (volume for volume in service.get("volumes") or () if volume.get("type") == "bind")


def _stays(folder: object) -> str:
    return f"what is written to {folder} stays there, for other runs to see. Mount it read-only, or use a named volume."
