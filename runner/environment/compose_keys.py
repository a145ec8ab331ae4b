"""What becomes of every key of a compose file: the table that the judge holds to, and that docs/compose-files.md shows.

python -m runner.environment.compose_keys docs/compose-files.md
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Key(NamedTuple):
    """What of a key is refused and what is warned about; where `never` says why, it is refused whatever it holds."""

    refused: str = ""
    warned: str = ""
    never: str = ""


_ALLOWED = Key()
_OWN = Key(refused="labels that begin with `agent-test`")
_SHARED = Key(never="it is shared by all runs, and stays. Leave it out: each run gets its own, and removes it.")
_NAMED = Key(refused="a name without that of the Compose project")
_SOURCE = Key(
    "[what of the machine is never mounted](#folders-of-the-machine)", "writable folders of the machine, somebody's keys"
)
_SWARM = Key(never="only Swarm has it, by a program outside of the run. Leave it out.")

_SERVICE = {
    "annotations": Key(
        never="they speak to the program below the engine, which may give a container more by them. Leave it out."
    ),
    "build": Key(
        refused="without `image`; with it, the image that is there is used, and nothing is built:"
        " [`dockerfile`](images.md) of repos.yaml is built when it is needed"
    ),
    "cap_add": Key(refused="what is not a container's by itself, but for those [named below](#capabilities)"),
    "cgroup": Key(refused="`host`"),
    "cgroup_parent": Key(never="it puts the container among the machine's own programs. Leave it out."),
    "configs": Key(refused="targets that begin with `/agent-test-`"),
    "container_name": Key(never="one name for all runs. Leave it out: each run gets its own."),
    "cpu_rt_period": Key(never="what runs in real time goes before all others on this machine. Leave it out."),
    "cpu_rt_runtime": Key(never="what runs in real time goes before all others on this machine. Leave it out."),
    "credential_spec": Key(never="it is of Windows. Leave it out."),
    "deploy": Key(
        "`labels` that begin with `agent-test`; `replicas` of odoo other than 1", "`restart_policy` any; reserved devices"
    ),
    "device_cgroup_rules": Key(never="they give devices of the machine to a container. Leave it out."),
    "devices": Key(refused="all but `/dev/null`, `/dev/zero`, `/dev/full`, `/dev/random`, `/dev/urandom`"),
    "external_links": Key(never="they lead outside of the run. Make them services of this file."),
    "extra_hosts": Key(warned="`host-gateway`: what listens on the machine"),
    "gpus": Key(warned="the machine's, which all runs share"),
    "healthcheck": Key(refused="none, or a disabled one, on odoo"),
    "ipc": Key(refused="`host`, `container:`"),
    "labels": _OWN,
    "logging": Key("drivers other than `json-file`, `local`, `none` and `journald`", "`none`, `journald`"),
    "models": Key(never="they run outside of the run. Leave it out."),
    "network_mode": Key(refused="all but `none` and `service:`"),
    "networks": Key(refused="fixed addresses: `ipv4_address`, `ipv6_address`, `link_local_ips`"),
    "oom_kill_disable": Key(never="without memory, the machine would stall instead of the container. Leave it out."),
    "oom_score_adj": Key(refused="less than 0"),
    "pid": Key(refused="`host`, `container:`"),
    "ports": Key("host ports other than `${ODOO_PORT}` and those that the engine chooses", "on all interfaces"),
    "post_start": Key(refused="`privileged`"),
    "pre_stop": Key(refused="`privileged`"),
    "privileged": Key(never="such a container can reach those of other runs and change this machine. Leave it out."),
    "provider": Key(never="it is a program that Compose would run on this machine. Make it a service with an image."),
    "pull_policy": Key("`build`", "`always`, `daily`, `weekly`, `every_...`, `refresh`: not followed"),
    "restart": Key(warned="`always`, `unless-stopped`"),
    "runtime": Key(warned="other than `runc`"),
    "scale": Key(refused="of odoo, other than 1"),
    "secrets": Key(refused="targets that begin with `/agent-test-`"),
    "security_opt": Key(
        "`...=unconfined`, `label=` but for a level, and what the runner does not know", "`seccomp=FILE`, `apparmor=PROFILE`"
    ),
    "tmpfs": Key(refused="targets that begin with `/agent-test-`"),
    "use_api_socket": Key(never="with it a container can start what outlives the run, and end other runs. Leave it out."),
    "userns_mode": Key(refused="`host`"),
    "uts": Key(refused="`host`"),
    "volumes": Key(
        f"{_SOURCE.refused}; `propagation` shared; types `cluster` and `npipe`; targets that begin with `/agent-test-`",
        f"{_SOURCE.warned}; `selinux: Z`",
    ),
    "volumes_from": Key(refused="`container:`"),
    **dict.fromkeys(
        (
            *("attach", "blkio_config", "cap_drop", "command", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota"),
            *("cpu_shares", "cpus", "cpuset", "depends_on", "develop", "dns", "dns_opt", "dns_search", "domainname"),
            *("entrypoint", "env_file", "environment", "expose", "extends", "group_add", "hostname", "image", "init"),
            *("isolation", "label_file", "links", "mac_address", "mem_limit", "mem_reservation", "mem_swappiness"),
            *("memswap_limit", "pids_limit", "platform", "profiles", "pull_refresh_after", "read_only", "shm_size"),
            *("stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tty", "ulimits", "user"),
            "working_dir",
        ),
        _ALLOWED,
    ),
}

KEYS: Mapping[str, Mapping[str, Key]] = {
    "the file": {
        "include": Key(refused="of git and OCI, as is `extends` of a file there: Compose is told not to fetch any"),
        "models": _SERVICE["models"],
        **dict.fromkeys(("configs", "name", "networks", "secrets", "services", "version", "volumes"), _ALLOWED),
    },
    "services": _SERVICE,
    "networks": {
        "driver": Key(refused="all but `bridge`"),
        "driver_opts": Key(refused="a bridge's name, and what the runner does not know"),
        "external": _SHARED,
        "ipam": Key(refused="`subnet`; another `driver`"),
        "labels": _OWN,
        "name": _NAMED,
        **dict.fromkeys(("attachable", "enable_ipv4", "enable_ipv6", "internal"), _ALLOWED),
    },
    "volumes": {
        "driver": Key(refused="all but `local`"),
        "driver_opts": Key(
            f"{_SOURCE.refused}; a `device` that is no whole path; types other than a folder (`o: bind`), "
            "`tmpfs`, `nfs`, `nfs4` and `cifs`",
            "folders of the machine and of others, which stay",
        ),
        "external": _SHARED,
        "labels": _OWN,
        "name": _NAMED,
    },
    "configs": {
        "external": _SHARED,
        "file": Key(_SOURCE.refused, "somebody's keys"),
        "template_driver": _SWARM,
        **dict.fromkeys(("content", "environment", "labels", "name"), _ALLOWED),
    },
    "secrets": {
        "driver": _SWARM,
        "driver_opts": _SWARM,
        "external": _SHARED,
        "file": Key(_SOURCE.refused, "somebody's keys"),
        "template_driver": _SWARM,
        **dict.fromkeys(("environment", "labels", "name"), _ALLOWED),
    },
}


def refused_keys(section: str, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the keys of one service, network and so on that are refused whatever they hold, with the reason.

    Also those that the table does not have: what a newer Compose does with them, nobody here can tell.
    """
    for key, content in value.items():
        if content in (None, False, "", [], {}) or key.startswith("x-"):
            continue
        if key not in KEYS[section]:
            yield key, "this runner does not know what it lets a container do. Leave it out, or take a newer runner."
        elif KEYS[section][key].never:
            yield key, KEYS[section][key].never


def page_with_tables(page: str) -> str:
    """Return the page with what stands between `<!-- keys -->` and its end made anew."""
    before, begin, rest = page.partition("<!-- keys -->\n")
    _, end, after = rest.partition("<!-- end of keys -->\n")
    return f"{before}{begin}\n{chr(10).join(_tables())}\n{end}{after}"


def _tables() -> Iterator[str]:
    for section, keys in KEYS.items():
        yield f"### Keys of {section}\n"
        judged = {name: key for name, key in sorted(keys.items()) if key != _ALLOWED}
        allowed = ", ".join(f"`{name}`" for name in sorted(keys) if name not in judged)
        yield from ("| key | refused | warned about |", "|---|---|---|")
        for name, key in judged.items():
            yield f"| `{name}` | {f'always: {key.never}' if key.never else key.refused or '-'} | {key.warned or '-'} |"
        yield f"\nAllowed, whatever they hold: {allowed}.\n" if allowed else ""


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(page_with_tables(file.read_text()))
