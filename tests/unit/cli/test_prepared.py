"""What a person sees of prepared databases, and removes."""

import pytest

from runner.cleanup.owner import this_process
from runner.cli.prepared import clean, show
from runner.snapshots.store import KEY_LABEL
from runner.terminal import Terminal
from tests.unit.fake_volumes import FakeVolumes
from tests.unit.snapshots.test_store import STAGE, published

DEAD = {KEY_LABEL: "k"} | this_process().labels() | {"agent-test.owner-start": "1"}


def shown(engine: FakeVolumes, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show(engine, Terminal())  # type: ignore[arg-type]
    return capsys.readouterr().out.splitlines()


def test_each_is_listed_with_its_size_and_age_and_those_in_the_making_too(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeVolumes()
    assert shown(engine, capsys) == []
    published(engine).begin(STAGE, "p")
    engine.volumes["agent-test-snapshot-dead"] = DEAD
    blank, head, ready, making, dead, hint = shown(engine, capsys)
    assert blank == ""
    assert head.split() == ["STAGE", "SIZE", "AGE", "MADE", "FOR", "PREPARED", "DATABASE"]
    assert ready.split()[:3] == ["core", "90", "MB"]
    assert ready.split()[-2:] == ["evv", next(iter(engine.volumes))]
    assert making.startswith("in the making")
    assert (dead.split()[0], dead.split()[-1]) == ("dead", "agent-test-snapshot-dead")
    assert hint == "dead: never finished, or too old; nox -s cleanup removes it"


def test_by_default_only_what_is_dead_is_removed_and_else_those_of_the_repositories_that_are_named() -> None:
    engine = FakeVolumes()
    published(engine)
    ready = set(engine.volumes)
    engine.volumes["agent-test-snapshot-dead"] = DEAD
    assert clean(engine, Terminal(), ["evv"], everything=False, dry_run=False)  # type: ignore[arg-type]
    assert set(engine.volumes) == ready
    assert clean(engine, Terminal(), ["hub"], everything=True, dry_run=False)  # type: ignore[arg-type]
    assert set(engine.volumes) == ready
    assert clean(engine, Terminal(), ["evv"], everything=True, dry_run=True)  # type: ignore[arg-type]
    assert set(engine.volumes) == ready
    assert clean(engine, Terminal(), ["evv"], everything=True, dry_run=False)  # type: ignore[arg-type]
    assert engine.volumes == {}


def test_what_a_run_uses_is_said_to_be_left(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeVolumes()
    published(engine)
    engine.used = {next(iter(engine.volumes))}
    assert not clean(engine, Terminal(), ["evv"], everything=True, dry_run=False)  # type: ignore[arg-type]
    assert "LEFT, perhaps a run uses it" in capsys.readouterr().out
