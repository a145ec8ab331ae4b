"""Which limits the services of a run get, and what is said of one that was reached."""

from typing import Any

import pytest

from runner.config.model import Limits
from runner.docker.inventory import Machine
from runner.environment.limits import limits_for, limits_ignored, limits_reached, with_oom_killed
from tests.unit.fake_engine import status

GIB = 2**30
MACHINE = Machine(64 * GIB, 4, limits_memory=True, limits_swap=True, limits_pids=True)
NOTHING_ASKED = Limits()
ASKED = Limits.model_validate({"memory": "1g", "cpus": 1.5, "pids": 200})


def limits(service: dict[str, Any], wanted: Limits = ASKED, machine: Machine = MACHINE) -> dict[str, Any]:
    """What one service gets."""
    return limits_for({"db": service}, wanted, machine)["db"]


def test_without_a_word_memory_and_processes_are_limited_but_no_processors() -> None:
    assert limits({}, NOTHING_ASKED) == {"mem_limit": str(8 * GIB), "memswap_limit": str(8 * GIB), "pids_limit": 4096}


def test_of_a_small_machine_a_quarter_is_left() -> None:
    small = Machine(4 * GIB, 2, limits_memory=True)
    assert limits({}, NOTHING_ASKED, small) == {"mem_limit": str(3 * GIB)}


def test_what_the_engine_cannot_limit_is_left_out_and_said_where_it_was_asked_for() -> None:
    weak = Machine(64 * GIB, 4)
    assert limits({}, ASKED, weak) == {"cpus": 1.5}
    assert [line.partition(" ")[0] for line in limits_ignored(ASKED, weak)] == ["limits.memory", "limits.pids"]
    assert limits_ignored(NOTHING_ASKED, weak) == limits_ignored(ASKED, MACHINE) == []


def test_more_processors_than_there_are_is_all_of_them() -> None:
    assert limits({}, Limits(cpus=99))["cpus"] == 4


MEMORY = {"mem_limit": str(GIB), "memswap_limit": str(GIB)}
CPUS, PIDS = {"cpus": 1.5}, {"pids_limit": 200}


def deployed(added: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"deploy": {"resources": {"limits": added}}, **more}


@pytest.mark.parametrize(
    ("service", "added"),
    [
        ({}, MEMORY | CPUS | PIDS),
        ({"mem_limit": "104857600"}, CPUS | PIDS),
        ({"memswap_limit": "8589934592"}, CPUS | PIDS),
        ({"oom_kill_disable": True}, CPUS | PIDS),
        ({"cpus": 0.5}, MEMORY | PIDS),
        ({"cpu_quota": 50000, "cpu_period": 100000}, MEMORY | PIDS),
        ({"pids_limit": -1}, MEMORY | CPUS),
        ({"mem_reservation": "8589934592"}, {"mem_limit": "8589934592", "memswap_limit": "8589934592"} | CPUS | PIDS),
        ({"deploy": {"resources": {"reservations": {"memory": "1048576"}}}}, MEMORY | CPUS | PIDS),
        ({"deploy": None}, MEMORY | CPUS | PIDS),
        (deployed({"memory": "104857600"}), deployed({"cpus": 1.5, "pids": 200})),
        (deployed({"cpus": 0.5, "pids": 50}), deployed({"memory": str(GIB)}, memswap_limit=str(GIB))),
        (deployed({}), deployed({"memory": str(GIB), "cpus": 1.5, "pids": 200}, memswap_limit=str(GIB))),
        (deployed({"memory": "1", "cpus": 1, "pids": 1}), {}),
    ],
)
def test_what_a_service_says_itself_wins_and_the_rest_stands_where_its_own_limits_do(
    service: dict[str, Any], added: dict[str, Any]
) -> None:
    assert limits(service) == added


V1 = "oom_kill_disable 0\nunder_oom 0\noom_kill {}\npids_max {}\n"
V2 = "low 0\nhigh 0\nmax 12\noom 0\noom_kill {}\noom_group_kill 0\npids_max {}\n"


@pytest.mark.parametrize("printed", [V1, V2])
def test_a_limit_that_was_reached_is_told_with_its_key(printed: str) -> None:
    container = status(memory=64 * 2**20, pids=100)
    where = "in repos.yaml, or the service's own in the compose file)"
    assert not with_oom_killed(container, printed.format(0, 0)).oom_killed
    assert limits_reached(container, printed.format(0, 0)) == []
    killed = with_oom_killed(container, printed.format(1, 3))
    assert limits_reached(killed, printed.format(1, 3)) == [
        f"out of memory: a process of the service odoo was killed; its limit is 64 MB (limits.memory {where}",
        f"the service odoo reached its limit of 100 processes and threads (limits.pids {where}",
    ]


@pytest.mark.parametrize("printed", ["", "sh: cannot execute\n", "pids_"])
def test_where_the_container_does_not_tell_the_engine_s_word_counts(printed: str) -> None:
    assert limits_reached(with_oom_killed(status(), printed), printed) == []
    killed = with_oom_killed(status(oom_killed=True), printed)
    told = "out of memory: a process of the service odoo was killed; it has no limit of its own"
    assert limits_reached(killed, printed) == [told]
