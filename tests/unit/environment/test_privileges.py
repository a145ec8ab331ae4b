"""A service may do on the machine what a container may that was given nothing."""

from typing import Any

import pytest

from runner.environment.privileges import refused_privileges, unwise_privileges


@pytest.mark.parametrize(
    ("service", "key", "reason"),
    [
        ({"cap_add": ["ALL"]}, "cap_add", "with ALL a container can change this machine"),
        ({"cap_add": ["CAP_SYS_ADMIN"]}, "cap_add", "with CAP_SYS_ADMIN"),
        ({"cap_add": ["dac_read_search"]}, "cap_add", "with dac_read_search"),
        ({"cap_add": ["INVENTED_LATER"]}, "cap_add", "with INVENTED_LATER"),
        ({"security_opt": ["seccomp:unconfined"]}, "security_opt", "'seccomp:unconfined' takes away"),
        ({"security_opt": ["seccomp=unconfined"]}, "security_opt", "takes away"),
        ({"security_opt": ["apparmor=unconfined"]}, "security_opt", "takes away"),
        ({"security_opt": ["label:disable"]}, "security_opt", "takes away"),
        ({"security_opt": ["label=type:spc_t"]}, "security_opt", "takes away"),
        ({"security_opt": ["label:user:unconfined_u"]}, "security_opt", "takes away"),
        ({"security_opt": ["systempaths=unconfined"]}, "security_opt", "takes away"),
        ({"security_opt": ["invented=later"]}, "security_opt", "takes away"),
        ({"devices": [{"source": "/dev/fuse", "target": "/dev/null"}]}, "devices", "/dev/fuse is this machine's itself"),
        ({"devices": [{"source": "vendor.com/gpu=all"}]}, "devices", "vendor.com/gpu=all is this machine's itself"),
        ({"userns_mode": "host"}, "userns_mode", "'host' is the machine's own"),
        ({"cgroup": "host"}, "cgroup", "'host' is the machine's own"),
        ({"network_mode": "bridge"}, "network_mode", "'bridge' is outside of the run"),
        ({"network_mode": "their-network"}, "network_mode", "'their-network' is outside of the run"),
        ({"pid": "container:x"}, "pid", "'container:x' is outside of the run"),
        ({"post_start": [{"command": ["x"]}, {"command": ["x"], "privileged": True}]}, "post_start", "`privileged`"),
        ({"pre_stop": [{"command": ["x"], "privileged": True}]}, "pre_stop", "`privileged`"),
        ({"oom_score_adj": -1}, "oom_score_adj", "ends other programs of this machine"),
        ({"oom_score_adj": "-900"}, "oom_score_adj", "ends other programs of this machine"),
        ({"logging": {"driver": "syslog"}}, "logging", "'syslog' sends what is logged out of the run"),
        ({"logging": {"driver": "some/plugin"}}, "logging", "'some/plugin' sends"),
    ],
)
def test_what_reaches_out_of_the_container_is_refused(service: dict[str, Any], key: str, reason: str) -> None:
    ((found, said),) = refused_privileges(service)
    assert found == key
    assert reason in said


@pytest.mark.parametrize(
    ("service", "key"),
    [
        ({"security_opt": ["seccomp:chrome.json"]}, "security_opt"),
        ({"security_opt": ["seccomp=/srv/chrome.json"]}, "security_opt"),
        ({"extra_hosts": ["host.docker.internal=host-gateway"]}, "extra_hosts"),
        ({"extra_hosts": ["h:host-gateway"]}, "extra_hosts"),
        ({"gpus": [{"count": -1}]}, "gpus"),
        ({"deploy": {"resources": {"reservations": {"devices": [{"capabilities": ["gpu"]}]}}}}, "deploy"),
        ({"runtime": "nvidia"}, "runtime"),
        ({"logging": {"driver": "none"}}, "logging"),
        ({"logging": {"driver": "journald"}}, "logging"),
        ({"security_opt": ["apparmor:chrome"]}, "security_opt"),
        ({"security_opt": ["seccomp=builtin.json"]}, "security_opt"),
    ],
)
def test_what_shares_or_hides_more_than_needed_is_a_warning(service: dict[str, Any], key: str) -> None:
    assert list(refused_privileges(service)) == []
    ((found, _reason),) = unwise_privileges(service)
    assert found == key


@pytest.mark.parametrize(
    "service",
    [
        {},
        {"cap_add": ["NET_ADMIN", "cap_sys_ptrace"], "cap_drop": ["ALL"]},
        {"security_opt": ["no-new-privileges", "no-new-privileges=true", "label:level:s0:c1", "seccomp:builtin"]},
        {"security_opt": ["apparmor=docker-default", "label=type:container_t"]},
        {"devices": [{"source": "/dev/null", "target": "/dev/null"}]},
        {"network_mode": "none", "pid": "service:db", "ipc": "private", "cgroup": "private", "userns_mode": ""},
        {"post_start": [{"command": ["x"], "privileged": False}]},
        {"oom_score_adj": 500, "runtime": "runc", "logging": {"options": {"max-size": "1m"}}},
        {"deploy": {"resources": {"reservations": {"memory": "1g"}}}, "gpus": None},
    ],
)
def test_what_stays_in_the_container_is_nobody_s_business(service: dict[str, Any]) -> None:
    assert list(refused_privileges(service)) == []
    assert list(unwise_privileges(service)) == []
