"""Which compose files keep test runs apart and leave nothing behind: judged by what `docker compose config` says.

The policy is docs/compose-files.md; compose_keys.py has its table.
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from runner.environment.compose_keys import refused_keys
from runner.environment.host_paths import refused_source, unwise_source
from runner.environment.privileges import refused_privileges, unwise_privileges
from runner.odoo.command import SERVICE

# What ODOO_PORT is while a compose file is judged. A fixed port that by chance is the run's own would else pass.
PROBE_PORT = 61357

_ALL_INTERFACES = ("", "0.0.0.0", "::")  # noqa: S104 - to find it, not to bind it
# Also the one of prepared databases, `agent-test-snapshot.`, and the volumes that the override adds.
_OUR_LABELS, _OUR_FOLDERS = "agent-test", "/agent-test-"
# How the names begin of volumes and configs that are copies of this machine's files, and of folders of a container of ours.
OUR_COPY = "agent-test-copy"
_OUR_NAMES = ("agent-test-snapshot", "agent-test-memory", "agent-test-uat", OUR_COPY)

_Config = Mapping[str, Any]
_Found = Iterator[tuple[str, str]]


def refusals(rendered: _Config, project: str) -> list[str]:
    """Tell why the compose file cannot be used for runs beside each other: `KEY: reason. What to write instead.`, all of it.

    `rendered` is for the run `project`, with ODOO_PORT set to PROBE_PORT.
    """
    services = _section(rendered, "services")
    reasons = [f"{key}: {reason}" for key, reason in refused_keys("the file", rendered)]
    reasons += [f"services: {reason}" for reason in _odoo(services)]
    for name, service in services.items():
        found = (
            *refused_keys("services", service),
            *refused_privileges(service),
            *_shared(service),
            *_ours(service),
        )
        reasons += [f"services.{name}.{key}: {reason}" for key, reason in found]
    for kind, judge in _OTHER_SECTIONS.items():
        for name, value in _section(rendered, kind).items():
            found = (*refused_keys(kind, value or {}), *judge(value or {}), *_shared_by_name(kind, value or {}, project))
            reasons += [f"{kind}.{name}.{key}: {reason}" for key, reason in found]
    for kind, what in (("volumes", "a volume"), ("configs", "a config")):
        for name, value in _section(rendered, kind).items():
            at_engine = str((value or {}).get("name") or "").removeprefix(f"{project}_")
            if name.startswith(_OUR_NAMES) or at_engine.startswith(_OUR_NAMES):
                reasons.append(f"{kind}.{name}: the runner has {what} of this name in every run. Call it otherwise.")
    return reasons


def _section(config: _Config, name: str) -> _Config:
    return config.get(name) or {}


def _odoo(services: _Config) -> Iterator[str]:
    if SERVICE not in services:
        yield f"there is no service `{SERVICE}`; there is: {', '.join(services) or 'none'}. The tests run in it."
        return
    odoo = services[SERVICE]
    check = odoo.get("healthcheck") or {}
    if not check or check.get("disable") or check.get("test") == ["NONE"]:
        yield f"the service `{SERVICE}` has no health check, so nobody could tell when it is ready. Give it one."
    for key, number in (("scale", odoo.get("scale")), ("deploy.replicas", _section(odoo, "deploy").get("replicas"))):
        if number not in (None, 1):
            yield f"`{key}` of `{SERVICE}` is {number}: the tests run in one container. Leave it out."


def _shared(service: _Config) -> _Found:
    for outside in (name for name in service.get("volumes_from") or () if name.startswith("container:")):
        yield "volumes_from", f"{outside!r} is outside of the run. Name a service of this file."
    if "build" in service and "image" not in service:
        yield "build", "every run would build an image of its own and leave it behind. Build it before, and name it: `image:`."
    elif service.get("pull_policy") == "build":
        yield (
            "pull_policy",
            f"every run would build {service.get('image')} anew, also for those that are testing with it. Build it before.",
        )
    yield from _ports(service)
    yield from _mounts(service)
    for name, network in _section(service, "networks").items():
        for key in ("ipv4_address", "ipv6_address", "link_local_ips"):
            if (network or {}).get(key):
                yield (
                    f"networks.{name}.{key}",
                    "only one run can have this address. Leave it out: services find each other by name.",
                )


def _ports(service: _Config) -> _Found:
    for port in service.get("ports") or ():
        published, target = str(port.get("published") or "0"), port["target"]
        if published not in ("0", str(PROBE_PORT)):
            yield (
                "ports",
                f"host port {published} (for {target}) is one for all runs. Write 127.0.0.1:${{ODOO_PORT}}:{target} "
                f"for the one port that a run has, or 127.0.0.1::{target} for any free one, or leave it out.",
            )


def _mounts(service: _Config) -> _Found:
    for volume in service.get("volumes") or ():
        if volume.get("type") in ("cluster", "npipe"):
            yield "volumes", f"the type {volume['type']!r} is outside of the run. Use a named volume."
    for bind in _binds(service):
        if reason := refused_source(str(bind["source"]), read_only=bool(bind.get("read_only"))):
            yield "volumes", reason
        if str(_section(bind, "bind").get("propagation") or "") in ("shared", "rshared"):
            yield (
                "volumes",
                f"what is mounted below {bind['source']} would be mounted on this machine. Leave `propagation` out.",
            )


def _ours(value: _Config) -> _Found:
    """What the runner has for itself: labels by which it finds what is whose, and folders in containers."""
    labels = [*_section(value, "labels"), *_section(_section(value, "deploy"), "labels")]
    mounts = [mount for kind in ("volumes", "configs", "secrets") for mount in value.get(kind) or ()]
    tmpfs = value.get("tmpfs") or ()
    targets = [str(mount.get("target") or "") for mount in mounts]
    targets += [mount.partition(":")[0] for mount in ([tmpfs] if isinstance(tmpfs, str) else tmpfs)]
    for mount in mounts:
        labels += _section(_section(mount, "volume"), "labels")
    for target in (posixpath.normpath(f"/{target.lstrip('/')}") for target in targets):
        if target.startswith(_OUR_FOLDERS):
            yield "volumes", f"{target} is a folder of the runner's. Choose another one."
    for label in labels:
        if str(label).startswith(_OUR_LABELS):
            yield "labels", f"{label!r} is a label by which the runner finds what is whose. Leave it out."


def _shared_by_name(kind: str, value: _Config, project: str) -> _Found:
    # Configs and secrets are files and texts of this one project, whatever they are called.
    if kind in ("networks", "volumes") and not value.get("external") and project not in value.get("name", project):
        yield "name", f"{value['name']!r} is one name for all runs. Leave it out: each run gets its own."


def _network(network: _Config) -> _Found:
    if (driver := network.get("driver")) not in (None, "", "bridge"):
        yield "driver", f"{driver!r} reaches further than the run. Leave it out: each run gets a network of its own."
    if (driver := _section(network, "ipam").get("driver")) not in (None, "", "default"):
        yield "ipam", f"the driver {driver!r} is outside of the run. Leave it out."
    for subnet in (config["subnet"] for config in _section(network, "ipam").get("config") or () if "subnet" in config):
        yield "ipam", f"only one run can have the subnet {subnet}. Leave it out: the engine chooses a free one."
    for option, value in _section(network, "driver_opts").items():
        if option == "com.docker.network.bridge.name":
            yield "driver_opts", f"only one run can have the bridge {value!r}. Leave it out."
        elif option not in _NETWORK_OPTIONS:
            yield "driver_opts", f"this runner does not know what {option!r} opens. Leave it out."
    yield from _ours(network)


_NETWORK_OPTIONS = (
    "com.docker.network.driver.mtu",
    "com.docker.network.container_iface_prefix",
    *(f"com.docker.network.bridge.{name}" for name in ("enable_icc", "enable_ip_masquerade", "host_binding_ipv4")),
)


def _volume(volume: _Config) -> _Found:
    if (driver := volume.get("driver")) not in (None, "", "local"):
        yield "driver", f"{driver!r} keeps a volume outside of the run. Leave it out: each run gets its own, and removes it."
    kind, device, options = _device(volume)
    if _is_folder(options):
        if not device.startswith("/"):
            yield "driver_opts", f"{device!r} begins in the engine's own folder, which is mostly /. Write the path from / on."
        elif reason := refused_source(device, read_only="ro" in options):
            yield "driver_opts", reason
    elif kind not in ("", "tmpfs", "cifs", "nfs", "nfs4"):
        yield "driver_opts", f"the type {kind!r} reaches further than a folder. Leave it out."
    yield from _ours(volume)


def _device(volume: _Config) -> tuple[str, str, list[str]]:
    """What the engine's own driver mounts as a volume: the type, what of it, and the words of its options."""
    options = _section(volume, "driver_opts")
    return str(options.get("type") or ""), str(options.get("device") or ""), str(options.get("o") or "").split(",")


def _is_folder(options: list[str]) -> bool:
    return "bind" in options or "rbind" in options


def _file(value: _Config) -> _Found:
    if value.get("file") and (reason := refused_source(str(value["file"]), read_only=True)):
        yield "file", reason


_OTHER_SECTIONS = {"networks": _network, "volumes": _volume, "configs": _file, "secrets": _file}


def warnings(rendered: _Config) -> list[str]:
    """Return what in the compose file is only unwise, as `KEY: why. What to write instead.`."""
    reasons: list[str] = []
    for name, service in _section(rendered, "services").items():
        found = (*unwise_privileges(service), *_unwise(service))
        reasons += [f"services.{name}.{key}: {reason}" for key, reason in found]
    for name, value in _section(rendered, "volumes").items():
        kind, device, options = _device(value or {})
        if _is_folder(options):
            reasons += [f"volumes.{name}: {reason}" for reason in unwise_source(device, read_only="ro" in options)]
        elif kind not in ("", "tmpfs"):
            reasons.append(f"volumes.{name}: what is written to {device} stays there, for other runs to see. Leave it out.")
    for kind in ("configs", "secrets"):
        for name, value in _section(rendered, kind).items():
            if (value or {}).get("file"):
                reasons += [f"{kind}.{name}.file: {reason}" for reason in unwise_source(str(value["file"]), read_only=True)]
    return reasons


def _unwise(service: _Config) -> _Found:
    for port in service.get("ports") or ():
        if port.get("host_ip", "") in _ALL_INTERFACES:
            yield "ports", f"{port['target']} is open to the whole network. Write 127.0.0.1: before the host port."
    for bind in _binds(service):
        for reason in unwise_source(str(bind["source"]), read_only=bool(bind.get("read_only"))):
            yield "volumes", reason
        if _section(bind, "bind").get("selinux") == "Z":
            yield "volumes", f"`Z` takes {bind['source']} away from other runs. Write `z`."
    pull = service.get("pull_policy")
    if pull not in (None, "", "build", "if_not_present", "missing", "never"):
        yield "pull_policy", f"{pull!r} is not followed: it would change the image under other runs. Leave it out."
    policy = service.get("restart") or _section(_section(service, "deploy"), "restart_policy").get("condition")
    if policy in ("always", "unless-stopped", "any"):
        # Not refused: all is removed with the run. But the containers of a run that was killed would start again with
        # the engine, and hold their port until the next run or `cleanup` removes them.
        yield "restart", f"after a crash of this machine, {policy!r} brings back what a dead run left. Leave it out."


def _binds(service: _Config) -> Iterator[_Config]:
    return (volume for volume in service.get("volumes") or () if volume.get("type") == "bind")
