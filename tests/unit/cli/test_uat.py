"""`uat`: what is understood of its arguments, and refused before anything is done."""

import io
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cli.arguments import parse
from runner.cli.uat import uat
from runner.config import repositories as config
from runner.docker.listing import Resource
from runner.environment.port_lock import lock
from runner.errors import ConfigError, UsageError
from runner.signals import Signals
from runner.terminal import Terminal
from runner.uat.data import Data, publish
from runner.uat.standing import labels_of
from tests.unit.fake_engine import listing_of
from tests.unit.fake_volumes import FakeVolumes
from tests.unit.repositories import YAML

PROJECT = "evv-uat-env"
Do = Callable[..., int]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeVolumes:
    engine = FakeVolumes()
    engine.answers |= {"ps": listing_of(list[Resource]), "network ls": "", "version": json.dumps(VERSION)}
    monkeypatch.setattr("runner.docker.engine.Engine", engine)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # the locks
    return engine


VERSION = {"Client": {"Version": "28.5"}, "Server": {"Version": "28.0", "KernelVersion": "6.1"}}


@pytest.fixture
def do(engine: FakeVolumes, tmp_path: Path, signals: Signals) -> Do:
    (tmp_path / "repos.yaml").write_text(YAML)
    (tmp_path / "evv/addons").mkdir(parents=True)

    def done(*words: str) -> int:
        about = (parse(["uat", *words]), config.load(tmp_path, {}), Terminal())
        return uat(*about, signals=signals, command_line="the command")

    return done


def made(engine: FakeVolumes, checkout: Path, **facts: object) -> None:
    """Have data there, as a start in this checkout made it."""
    times = {"made": "2026-01-01 00:00:00 UTC", "updated": "2026-01-01 00:00:00 UTC"}
    data = Data("one", {"db": f"{PROJECT}_one_db"}, **{**times, "login": "admin", **facts})  # type: ignore[arg-type]
    publish(engine, PROJECT, data, labels_of("evv", checkout))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Which repository, and what"),
        (("evv",), "Which repository, and what"),
        (("evv", "begin"), "'begin' is none of start, update, stop, reset, status"),
        (("shop", "start"), "No repository 'shop'"),
        (("evv", "stop", "core"), "`stop` is for all of the environment"),
        (("evv", "start", "--yes"), "`start` asks none"),
        (("evv", "update"), "There is no environment evv-uat-env to update"),
        (("evv", "start", "nothing"), "No module 'nothing' in repository evv"),
    ],
)
def test_what_is_not_meant_is_refused_with_what_is(do: Do, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        do(*words)


def test_the_action_may_come_first(do: Do, capsys: pytest.CaptureFixture[str]) -> None:
    assert do("evv", "status") == do("status", "evv") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second == "There is no environment evv-uat-env. To make one: nox -s uat -- evv start"


def test_reset_asks_and_without_a_terminal_does_nothing(do: Do, engine: FakeVolumes, tmp_path: Path) -> None:
    made(engine, tmp_path / "evv")
    before = dict(engine.volumes)
    with pytest.raises(UsageError, match="reset --yes"):
        do("evv", "reset")
    assert engine.volumes == before


@pytest.mark.parametrize("answer", [b"", b"\n", b"n\n", b"yes please\n", b"\xff\n"])
def test_reset_takes_only_a_yes_for_one(
    do: Do,
    engine: FakeVolumes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: bytes,
) -> None:
    made(engine, tmp_path / "evv")
    before = dict(engine.volumes)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(answer), encoding="utf-8"))
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    assert do("evv", "reset") == 0
    assert "Nothing was removed." in capsys.readouterr().out
    assert engine.volumes == before


def test_stop_leaves_the_data(do: Do, engine: FakeVolumes, tmp_path: Path) -> None:
    made(engine, tmp_path / "evv")
    before = dict(engine.volumes)
    assert do("evv", "stop") == 0
    assert engine.volumes == before


def test_data_of_another_version_is_left_as_it_is(do: Do, engine: FakeVolumes, tmp_path: Path) -> None:
    made(engine, tmp_path / "evv", schema=99)
    before = dict(engine.volumes)
    for action in ("start", "update"):
        with pytest.raises(ConfigError, match="another version of this runner"):
            do("evv", action)
    assert engine.volumes == before


def test_that_of_another_checkout_is_named_and_is_meant_with_path(
    do: Do, engine: FakeVolumes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(engine, tmp_path / "gone")
    for action in ("start", "update", "stop", "status"):
        with pytest.raises(UsageError, match=f"is there already, for evv at {tmp_path}/gone"):
            do("evv", action)
    assert do("evv", "status", "--path", str(tmp_path / "gone")) == 0
    assert "state:     stopped" in capsys.readouterr().out


def test_a_second_command_at_the_same_time_is_refused(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.uat.place._PATIENCE", 0.0)
    held = lock(f"uat-{PROJECT}")
    with pytest.raises(UsageError, match="Another `uat` command is at work"):
        do("evv", "stop")
    os.close(held)
    assert do("evv", "stop") == 0
