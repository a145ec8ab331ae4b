"""What a service may do on the machine: no more than a container does that was given nothing."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runner.environment.host_paths import DEVICES

# What every container has, and what reaches no further than the container and its own network.
CAPABILITIES = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    *("IPC_LOCK", "IPC_OWNER", "LEASE", "NET_ADMIN", "NET_BROADCAST", "SYS_NICE", "SYS_PTRACE", "SYS_RESOURCE"),
)
_TAKES_NOTHING_AWAY = re.compile(
    r"no-new-privileges\b|(apparmor|seccomp)[=:](?!unconfined)|label[=:](level[=:]|type[=:]container_t$)"
)
# A profile of apparmor may be one that confines nothing, as machines have them for browsers.
_BY_A_PROFILE = re.compile(r"(?:seccomp[=:](?!builtin$)|apparmor[=:](?!docker-default$))(.*)", re.DOTALL)
_INSTEAD_OF_HOST = {"network_mode": ", and publish a port: 127.0.0.1:${ODOO_PORT}:8069"}
_LOGS_OF_A_CONTAINER = ("", "json-file", "local")

_Found = Iterator[tuple[str, str]]


def refused_privileges(service: Mapping[str, Any]) -> _Found:
    """Yield the keys by which a service would reach out of its container, with the reason."""
    yield from _namespaces(service)
    for name in service.get("cap_add") or ():
        if str(name).upper().removeprefix("CAP_") not in CAPABILITIES:
            yield "cap_add", f"with {name} a container can change this machine. Leave it out."
    for option in map(str, service.get("security_opt") or ()):
        if not _TAKES_NOTHING_AWAY.match(option):
            yield "security_opt", f"{option!r} takes away what keeps a container from the machine. Leave it out."
    for device in service.get("devices") or ():
        if device["source"] not in DEVICES:
            yield "devices", f"{device['source']} is this machine's itself, not the run's. Leave it out."
    for key in ("post_start", "pre_stop"):
        if any(hook.get("privileged") for hook in service.get(key) or ()):
            yield key, "`privileged`: such a command can reach other runs and change this machine. Leave it out."
    if float(service.get("oom_score_adj") or 0) < 0:
        yield "oom_score_adj", "less than 0 ends other programs of this machine when memory is short. Leave it out."
    if (driver := _log_driver(service)) not in (*_LOGS_OF_A_CONTAINER, "none", "journald"):
        yield "logging", f"{driver!r} sends what is logged out of the run. Leave it out."


def _namespaces(service: Mapping[str, Any]) -> _Found:
    for key in ("network_mode", "pid", "ipc", "uts", "userns_mode", "cgroup"):
        value = str(service.get(key) or "")
        if value == "host":
            yield key, f"'host' is the machine's own, shared by all runs. Leave it out{_INSTEAD_OF_HOST.get(key, '')}."
        elif value.startswith("container:") or (key == "network_mode" and not re.fullmatch(r"(none|service:.*)?", value)):
            yield key, f"{value!r} is outside of the run. Name a service of this file: `service:NAME`."


def unwise_privileges(service: Mapping[str, Any]) -> _Found:
    """Yield the keys by which a service shares or shows more than it needs, with the reason."""
    for option in map(str, service.get("security_opt") or ()):
        if profile := _BY_A_PROFILE.match(option):
            yield "security_opt", f"what {profile[1]} lets through is not judged. Leave it out, if the engine's own will do."
    for host in service.get("extra_hosts") or ():
        if str(host).endswith("host-gateway"):
            yield "extra_hosts", "what listens on this machine is shared by all runs. Make it a service of this file."
    reserved = ((service.get("deploy") or {}).get("resources") or {}).get("reservations") or {}
    if service.get("gpus") or reserved.get("devices"):
        yield "gpus" if service.get("gpus") else "deploy", "devices of this machine are shared by all runs. Leave it out."
    if (runtime := service.get("runtime")) not in (None, "", "runc"):
        yield "runtime", f"how far {runtime} keeps containers apart is not known to the runner. Leave it out."
    if (driver := _log_driver(service)) == "none":
        yield "logging", "without logs, nobody can tell why this service does not start. Leave it out."
    elif driver == "journald":
        yield "logging", "what is logged stays in this machine's journal. Leave it out."


def _log_driver(service: Mapping[str, Any]) -> str:
    return str((service.get("logging") or {}).get("driver") or "")
