"""What the engine holds of an environment to look at: which data counts, what is left of a command, and whose it is."""

import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from runner.cleanup.life import deadline_label
from runner.cleanup.owner import Owner
from runner.cleanup.strays import found_in as strays_in
from runner.docker.listing import CONTAINERS, NETWORKS, VOLUMES, Resource
from runner.uat.data import SCHEMA, Data, from_label, make_volumes, new_data, publish
from runner.uat.standing import Uat, found_in, labels_of
from tests.unit.cleanup.test_orphans import ALIVE, DEAD, FAR
from tests.unit.fake_volumes import FakeVolumes

PROJECT, CHECKOUT = "evv-uat-env", Path("/srv/evv")
NOW = time.time()


def data(generation: str, before: Data | None = None) -> Data:
    return replace(new_data(PROJECT, generation, ["db", "odoo"], before), made="2026-01-01 00:00:00 UTC")


class Held(FakeVolumes):
    """An engine with volumes, and the container of Odoo in a state, started with a generation."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[Resource] = []

    def make(self, data: Data, owner: Owner = DEAD, seconds_left: float = 1000) -> None:
        about = labels_of("evv", CHECKOUT) | owner.labels() | deadline_label(NOW + seconds_left)
        make_volumes(self, PROJECT, data, about)

    def publish(self, data: Data) -> Data:
        return publish(self, PROJECT, data, labels_of("evv", CHECKOUT))

    def run(self, data: Data, state: str = "running", owner: Owner = DEAD) -> None:
        labels = {"agent-test-uat.project": PROJECT, "agent-test-uat.generation": data.generation}
        labels |= labels_of("evv", CHECKOUT) | owner.labels()
        self.running = [Resource(f"{PROJECT}-odoo-1", labels, (8090,), {"State": state})]

    @property
    def found(self) -> Uat:
        volumes = [Resource(*volume) for volume in self.volumes.items()]
        (uat,) = found_in({CONTAINERS: self.running, NETWORKS: [], VOLUMES: volumes}, NOW)
        return uat


@pytest.fixture
def held() -> Held:
    return Held()


def test_with_whole_data_it_runs_or_is_stopped_and_nothing_is_left_over(held: Held) -> None:
    first = data("one")
    held.make(first)
    whole = held.publish(first)
    assert (whole.number, held.found.data, held.found.state) == (1, whole, "stopped")
    held.run(whole)
    assert (held.found.state, held.found.ports, held.found.half, held.found.older) == ("running", (8090,), [], [])
    held.run(whole, "exited")
    assert held.found.state == "stopped"


def test_a_first_start_that_was_killed_with_its_guard_is_half_and_no_data(held: Held) -> None:
    held.make(data("one"))
    held.run(data("one"))
    assert (held.found.state, held.found.data, held.found.is_running) == ("half-started", None, False)
    assert sorted(held.found.half) == [f"{PROJECT}-odoo-1", f"{PROJECT}_one_db", f"{PROJECT}_one_odoo"]
    assert held.found.is_left


def test_an_update_that_was_killed_with_its_guard_leaves_the_data_of_before_as_that_which_counts(held: Held) -> None:
    before = data("one")
    held.make(before)
    before = held.publish(before)
    held.make(data("two", before))
    held.run(data("two", before))
    assert (held.found.state, held.found.data, held.found.is_left) == ("half-updated", before, True)
    assert f"{PROJECT}_one_db" not in held.found.half


def test_the_data_with_the_highest_number_counts_and_what_it_replaced_is_removed_with_its_marker_first(held: Held) -> None:
    first = data("one")
    held.make(first)
    first = held.publish(first)
    second = data("two", first)
    held.make(second)
    second = held.publish(second)
    assert (second.number, held.found.data, held.found.half) == (2, second, [])
    assert held.found.older == [f"{PROJECT}_1_is_whole", f"{PROJECT}_one_db", f"{PROJECT}_one_odoo"]
    third = held.publish(replace(second, login="boss"))
    assert (held.found.data, held.found.older[0]) == (third, f"{PROJECT}_1_is_whole")
    assert f"{PROJECT}_two_db" not in held.found.older


def test_copies_of_sources_are_the_project_s_and_no_data_that_was_replaced(held: Held) -> None:
    first = data("one")
    held.make(first)
    first = held.publish(first)
    held.run(first)
    copied = f"{PROJECT}_agent-test-copy-1"
    held.volumes[copied] = {**held.running[0].labels, "com.docker.compose.project": PROJECT}
    assert (held.found.older, held.found.half, held.found.is_running) == ([], [], True)


def test_who_lives_or_cannot_be_seen_is_at_work_and_who_is_dead_or_past_its_deadline_is_not(held: Held) -> None:
    for owner, seconds_left, told in (
        (ALIVE, 1000, f"process {ALIVE.pid}"),
        (FAR, 1000, "a process on elsewhere"),
        (FAR, -1000, ""),
        (DEAD, 1000, ""),
    ):
        held.volumes.clear()
        held.make(data("one"), owner, seconds_left)
        assert (held.found.worker, held.found.is_left) == (told, not told)


def test_data_that_another_version_has_marked_is_not_understood_and_nothing_of_it_is_left_over(held: Held) -> None:
    other = replace(data("one"), schema=SCHEMA + 1)
    held.make(other)
    held.publish(other)
    assert (held.found.data, held.found.is_readable, held.found.half, held.found.older) == (None, False, [], [])
    assert from_label("[]") is None
    assert from_label('{"schema": 1, "what": 2}') is None


def test_it_is_that_of_its_checkout_on_its_machine_unless_any_machine_is_meant(held: Held) -> None:
    held.make(data("one"))
    uat = held.found
    assert uat.belongs_to("evv", CHECKOUT, on_any_host=False)
    assert not uat.belongs_to("evv", CHECKOUT / "other", on_any_host=True)
    assert not uat.belongs_to("hub", CHECKOUT, on_any_host=True)
    elsewhere = replace(uat, host=f"not-{socket.gethostname()}")
    assert not elsewhere.belongs_to("evv", CHECKOUT, on_any_host=False)
    assert elsewhere.belongs_to("evv", CHECKOUT, on_any_host=True)


def test_nothing_of_it_is_a_stray_though_its_name_begins_with_a_prefix(held: Held) -> None:
    held.make(data("one"))
    held.run(data("one"))
    listed = [(CONTAINERS, container) for container in held.running]
    listed += [(VOLUMES, Resource(*volume)) for volume in held.volumes.items()]
    assert strays_in(listed, {"evv": "evv"}, NOW) == ([], {})
    unlabelled = [(kind, resource._replace(labels={})) for kind, resource in listed]
    assert len(strays_in(unlabelled, {"evv": "evv"}, NOW).strays) == 3


def test_copied_sources_go_with_the_containers_that_have_them(held: Held) -> None:
    held.make(data("one"))
    whole = held.publish(data("one"))
    held.volumes[f"{PROJECT}_copy"] = {
        "com.docker.compose.project": PROJECT,
        "agent-test-uat.project": PROJECT,
        "agent-test-uat.generation": "one",
    }
    held.run(whole)
    assert held.found.older == []
    held.running = []
    assert held.found.older == [f"{PROJECT}_copy"]
