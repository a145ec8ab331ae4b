"""Sources that need an empty database are remembered, and whatever is written there by others only costs time."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runner.snapshots.needs_empty import FILE, recall, remember
from runner.snapshots.plan import Plan
from runner.snapshots.snapshot import Stage
from tests.unit.repositories import repository, write_module


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    evv = repository(tmp_path)
    modules = {name: write_module(evv.addons[0], name) for name in ("evv_core", "evv_visits")}
    return Plan(evv, "evv_core", modules, missing=(Stage("base", ("base",), "key", "key"),))


def test_what_is_remembered_is_found_for_the_same_sources_and_the_same_database_only(plan: Plan, tmp_path: Path) -> None:
    assert recall(tmp_path, plan) == ""
    remember(tmp_path, plan, "it mentions web")
    assert recall(tmp_path, plan) == "an earlier run with these sources found: it mentions web"
    assert recall(tmp_path, replace(plan, missing=(Stage("base", ("base",), "other", "other"),))) == ""
    assert recall(tmp_path, replace(plan, module="evv_visits")) == ""
    assert recall(tmp_path, plan.disable("--no-snapshot")) == ""
    (plan.modules["evv_visits"] / "model.py").write_text("")
    assert recall(tmp_path, plan) != ""
    (plan.modules["evv_core"] / "model.py").write_text("")
    assert recall(tmp_path, plan) == ""


def test_of_a_module_that_is_updated_also_the_sources_that_it_is_updated_to_count(plan: Plan, tmp_path: Path) -> None:
    now = repository(tmp_path / "now")
    checkout = write_module(now.addons[0], "evv_core")
    plan = replace(plan, checkout=now)
    remember(tmp_path, plan, "it mentions web")
    assert recall(tmp_path, plan) != ""
    assert recall(tmp_path, replace(plan, checkout=None)) == ""
    (checkout / "model.py").write_text("")
    assert recall(tmp_path, plan) == ""


def test_sources_that_cannot_be_digested_are_not_remembered(plan: Plan, tmp_path: Path) -> None:
    (plan.modules["evv_core"] / "x").symlink_to("/dev/zero")
    remember(tmp_path, plan, "why")
    assert not (tmp_path / FILE).exists()


def test_only_so_many_are_kept_the_last_ones(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("".join(f"key{number} why\n" for number in range(210)))
    remember(tmp_path, plan, "why" * 1000)
    lines = (tmp_path / FILE).read_text().splitlines()
    assert (len(lines), lines[0], len(lines[-1]) < 1200) == (200, "key11 why", True)
    assert recall(tmp_path, plan) != ""


def test_what_others_write_there_is_shown_harmlessly_or_ignored(plan: Plan, tmp_path: Path) -> None:
    remember(tmp_path, plan, "why")
    file = tmp_path / FILE
    key = file.read_text().split()[0]
    file.write_bytes(f"{key} \x1b[2Jevil {'x' * 5000}\n".encode() + b"\xff\xfe \0\n")
    told = recall(tmp_path, plan)
    assert told.isprintable()
    assert len(told) < 1100


def as_fifo(file: Path) -> None:
    os.mkfifo(file)


def as_endless(file: Path) -> None:
    file.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [as_fifo, as_endless, Path.mkdir])
def test_what_is_no_file_there_neither_keeps_nor_fills_the_runner(
    plan: Plan, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / FILE)
    assert recall(tmp_path, plan) == ""
    remember(tmp_path, plan, "why")
    assert "why" in recall(tmp_path, plan) or (tmp_path / FILE).is_dir()
    assert not list(tmp_path.glob(".*"))


def test_a_link_that_lies_there_leads_nobody_to_write_elsewhere(plan: Plan, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine\n")
    (tmp_path / FILE).symlink_to(precious)
    remember(tmp_path, plan, "why")
    assert precious.read_text() == "mine\n"
    assert recall(tmp_path, plan) != ""


def test_a_folder_that_cannot_be_written_is_no_error(plan: Plan, tmp_path: Path) -> None:
    remember(tmp_path / "gone", plan, "why")
    assert recall(tmp_path / "gone", plan) == ""
