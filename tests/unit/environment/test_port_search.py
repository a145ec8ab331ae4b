"""The first free port; another one after it was lost; patience where that was asked for; and who holds them all."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from runner.config.model import PortRange
from runner.environment.ports import PortSearch
from runner.errors import EngineStalled, NoFreePort

PORTS = PortRange(first=18000, last=18002)


class Machine:
    """Ports that programs of others hold, and time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.taken: set[int] = set()
        self.freed_at: float | None = None
        self.time = 0.0
        self.said: list[str] = []

    def can_bind(self, port: int) -> bool:
        if self.freed_at is not None and self.time >= self.freed_at:
            self.taken.clear()
        return port not in self.taken

    def wait(self, seconds: float) -> None:
        self.time += seconds

    def search(self, patience: float = 0.0) -> PortSearch:
        return PortSearch(PORTS, patience, self.said.append, lambda: self.time, self.wait)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    machine = Machine()
    monkeypatch.setattr("runner.environment.ports.can_bind", machine.can_bind)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # the locks of the ports
    return machine


def test_the_first_free_port_is_reserved_until_it_is_given_back(machine: Machine) -> None:
    machine.taken = {18000}
    first, second = machine.search(), machine.search()
    assert first.reserve() == 18001
    assert second.reserve() == 18002
    first.close()
    assert machine.search().reserve() == 18001


def test_a_port_that_is_wanted_is_taken_first_if_it_is_free_and_of_the_range(machine: Machine) -> None:
    first, other = replace(machine.search(), first=18002), replace(machine.search(), first=19000)
    assert (first.reserve(), other.reserve()) == (18002, 18000)
    first.close()
    other.close()
    machine.taken = {18002}
    assert replace(machine.search(), first=18002).reserve() == 18000


def test_a_port_that_was_lost_is_followed_by_another_and_is_free_for_others(machine: Machine) -> None:
    search = machine.search()
    search.reserve()
    assert search.reserve_another() == 18001
    assert machine.search().reserve() == 18000


def test_of_another_machine_s_ports_those_are_taken_that_containers_publish(machine: Machine) -> None:
    machine.taken = {18001, 18002}  # of this machine, which says nothing
    search = machine.search()
    search.is_here = lambda: False
    search.published = lambda: {18000: "p-odoo-1"}
    assert search.reserve() == 18001
    search.published = lambda: {18000: "p-odoo-1", 18002: "q-odoo-1"}
    with pytest.raises(NoFreePort) as caught:
        search.reserve_another()
    for told in ("18000: container p-odoo-1\n", "18001: somebody who was quicker", "18002: container q-odoo-1\n"):
        assert told in str(caught.value)


def test_a_full_range_is_an_error_at_once_that_names_the_holders_and_the_way_out(machine: Machine) -> None:
    held = [machine.search() for _ in range(2)]
    for search in held:
        search.reserve()
    machine.taken = {18002}
    search = machine.search()
    search.published = lambda: {18002: "old-odoo-1", 18001: "run-odoo-1", 80: "of-another"}
    with pytest.raises(NoFreePort) as caught:
        search.reserve()
    assert "18002: container old-odoo-1\n" in str(caught.value)
    for part in (
        "No free port in 18000-18002.",
        "18000: another test run\n",
        "18001: another test run: container run-odoo-1\n",
        "--wait-for-port S",
        "nox -s cleanup -- PROJECT",
    ):
        assert part in str(caught.value)
    assert (machine.time, machine.said) == (0.0, [])


def test_an_engine_that_does_not_say_who_publishes_a_port_changes_no_error(machine: Machine) -> None:
    def no_answer() -> dict[int, str]:
        raise EngineStalled("docker ps")

    machine.taken = {18000, 18001, 18002}
    search = machine.search()
    search.published = no_answer
    with pytest.raises(NoFreePort, match="18000: "):
        search.reserve()


def test_who_has_patience_gets_the_port_that_becomes_free(machine: Machine) -> None:
    machine.taken, machine.freed_at = {18000, 18001, 18002}, 20.0
    assert machine.search(patience=60).reserve() == 18000
    assert 20.0 <= machine.time < 21.0
    assert machine.said == ["waiting for a free port in 18000-18002, for at most 60 s"]


def test_who_waits_also_gets_a_port_that_was_lost_before(machine: Machine) -> None:
    search = machine.search(patience=60)
    search.reserve()
    assert [search.reserve_another() for _ in PORTS] == [18001, 18002, 18000]


def test_patience_ends(machine: Machine) -> None:
    machine.taken = {18000, 18001, 18002}
    with pytest.raises(NoFreePort, match=r"after 5 s \(--wait-for-port\)"):
        machine.search(patience=5).reserve()
    assert 5.0 <= machine.time < 6.0
