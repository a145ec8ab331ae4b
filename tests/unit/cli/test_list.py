"""What a person sees of environments and of prepared databases."""

import json
import re
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from runner.cli import list as list_command
from runner.cli.arguments import parse
from runner.cli.list import list_environments, list_prepared_databases
from runner.config.repositories import Config, load
from runner.docker.listing import Resource
from runner.images.store import labels_of
from runner.snapshots.store import Store
from runner.terminal import Terminal
from tests.unit.cleanup.test_orphans import ALIVE, FAR, resource
from tests.unit.cli.test_cleanup import DEAD_SNAPSHOT
from tests.unit.fake_engine import MACHINE
from tests.unit.fake_volumes import FakeVolumes, engine_with
from tests.unit.repositories import YAML
from tests.unit.snapshots.test_store import MARKER, STAGE, published


def show(monkeypatch: pytest.MonkeyPatch, resources: list[Resource], settings: Config | None = None) -> None:
    """Do what `list` does on an engine that holds these."""
    monkeypatch.setattr("runner.docker.engine.Engine", engine_with(resources))
    assert list_environments(parse(["list"]), settings or Config(repositories={}, files=()), Terminal()) == 0


def shown(engine: FakeVolumes, capsys: pytest.CaptureFixture[str]) -> list[str]:
    list_prepared_databases(Store(engine), Terminal())
    return capsys.readouterr().out.splitlines()


def test_each_is_listed_with_its_size_and_age_and_those_in_the_making_too(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeVolumes()
    assert shown(engine, capsys) == []
    published(engine).begin(STAGE, "p", ALIVE.labels())
    engine.volumes["agent-test-snapshot-dead"] = DEAD_SNAPSHOT
    blank, head, ready, making, dead, hint = shown(engine, capsys)
    assert blank == ""
    assert head.split() == ["STAGE", "SIZE", "AGE", "MADE", "FOR", "PREPARED", "DATABASE"]
    assert ready.split()[:3] == ["core", "90", "MB"]
    assert ready.split()[-2:] == ["evv", next(iter(engine.volumes))]
    assert making.startswith("in the making")
    assert (dead.split()[0], dead.split()[-1]) == ("dead", "agent-test-snapshot-dead")
    assert hint == "dead: never finished, or too old; nox -s cleanup removes it"


def test_whose_ports_they_are_is_said_where_they_are_another_machine_s(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://far:2376")
    show(monkeypatch, [resource("p", ports=(8090,))])
    assert capsys.readouterr().out.splitlines()[2] == "The ports are those of far."


def test_an_age_is_counted_by_the_clock_of_the_engine_which_made_it(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeVolumes()
    days_behind = datetime.now(timezone.utc) - timedelta(days=3)
    engine.answers["info"] = json.dumps(["the-engine", days_behind.isoformat(), *MACHINE])
    published(engine)
    _blank, _head, ready = shown(engine, capsys)
    assert re.search(r" [0-9]+ seconds? ", ready)


@pytest.mark.parametrize(("fact", "value"), [("created", "yesterday"), ("megabytes", "many")])
def test_one_that_is_not_understood_is_named_and_the_rest_is_listed(
    capsys: pytest.CaptureFixture[str], fact: str, value: str
) -> None:
    engine = FakeVolumes()
    published(engine, replace(STAGE, key="another-key-of-16-or-more"))
    published(engine)
    engine.volumes[MARKER][f"agent-test-snapshot.{fact}"] = value
    engine.volumes["agent-test-snapshot-dead"] = DEAD_SNAPSHOT
    _blank, _head, ready, dead, odd, _hint = shown(engine, capsys)
    assert (ready.split()[0], dead.split()[0]) == ("core", "dead")
    assert odd.startswith(f"{MARKER}: a label of it is not understood (")
    assert odd.endswith(f"'{value}'); to remove it: docker volume rm {MARKER}")


def test_what_cannot_be_prepared_is_listed_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeVolumes()
    Store(engine).refuse(STAGE, "hr logs an error")
    (name,) = engine.volumes
    assert shown(engine, capsys) == [f"{name}: hr logs an error; to try again: nox -s cleanup -- --snapshots"]


def test_the_list_shows_every_environment_with_state_port_and_owner(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def seconds_since(told: str) -> float:
        return float({"then": "7300"}.get(told, told))

    monkeypatch.setattr(list_command, "seconds_since", seconds_since)
    resources = [
        resource("alive", ALIVE, ports=(8090,), started="then"),
        resource("dead", started="then"),
        resource("far", FAR, started="?", seconds_left=8900),
        resource("old", FAR, started="?"),
        resource("over", FAR, started="?", seconds_left=-1),
        resource("nobody", None, started="?"),
    ]
    show(monkeypatch, resources)
    head, *rows = [re.split("  +", line) for line in capsys.readouterr().out.splitlines()]
    assert head == ["STATE", "PORT", "AGE", "OWNER", "PROJECT"]
    assert sorted(rows) == [
        ["dead", "-", "2 hours", "-", "dead"],
        ["of another host or container", "-", "?", f"on {FAR.host}", "old"],
        ["of another host or container", "-", "?", f"on {FAR.host}, for 2 hours at most", "far"],
        ["of another host or container", "-", "?", "unknown", "nobody"],
        ["past its deadline", "-", "?", "-", "over"],
        ["running", "8090", "2 hours", f"pid {ALIVE.pid}", "alive"],
    ]


def test_an_empty_list_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    show(monkeypatch, [])
    assert capsys.readouterr().out == "No environment is running.\n"


def test_strays_are_listed_with_what_is_to_be_done_and_what_mentions_a_prefix_behind_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "repos.yaml").write_text(YAML)
    settings = load(tmp_path, {})
    columns = {"State": "running", "Image": "odoo:18.0", "Command": "odoo"}
    old = Resource("c", {"com.docker.compose.project": "evv-agent-test-old"}, (8090,), columns)
    show(monkeypatch, [old, Resource("my-hub-agent-test", {})], settings)
    _head, row, hint, mention = capsys.readouterr().out.splitlines()
    assert re.split("  +", row) == ["stray, running", "8090", "?", "unknown", "evv-agent-test-old"]
    assert hint == "stray: no run has made it; nox -s cleanup -- PROJECT removes it"
    assert mention.startswith("container my-hub-agent-test: left alone")
    show(monkeypatch, [Resource("evv-agent-testing", {})], settings)
    (mention,) = capsys.readouterr().out.splitlines()
    assert mention.endswith("evv-agent-test is in the name, image or command, but not as in evv-agent-test-...")


def test_the_images_that_were_built_are_listed_with_what_they_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = engine_with([])
    assert engine.images
    labels = labels_of("k", "evv", "sha256:base", time.time() - 3600)
    engine.images.add("sha256:k", "agent-test-image:k", size=18_000_000, Labels=labels)
    monkeypatch.setattr("runner.docker.engine.Engine", engine)
    list_environments(parse(["list"]), Config(repositories={}, files=()), Terminal())
    _, blank, head, row = capsys.readouterr().out.splitlines()
    assert (blank, head.split()) == ("", ["SIZE", "AGE", "MADE", "FOR", "IMAGE"])
    assert row.split() == ["18", "MB", "60", "minutes", "evv", "agent-test-image:k"]
