"""`cleanup` and `list`, with an engine that holds what a test puts there."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cleanup import keep as keeping
from runner.cleanup import orphans as janitor
from runner.cleanup.teardown import Report
from runner.cli import cleanup as housekeeping
from runner.cli.cleanup import cleanup, show
from runner.config import repositories as config
from runner.docker.inventory import Resource
from runner.errors import UsageError
from runner.terminal import Terminal
from tests.unit.cleanup.test_orphans import ALIVE, FAR, resource
from tests.unit.repositories import YAML


class FakeEngine:
    """An engine that is asked only after it was checked."""

    def __init__(self, resources: list[Resource]) -> None:
        self._resources = resources
        self._checked = False

    def check(self) -> str:
        self._checked = True
        return "28.0"

    def volumes_with(self, label: str) -> list[object]:
        assert label == "agent-test-snapshot.key"
        return []

    def labelled(self, label: str) -> list[Resource]:
        assert self._checked
        assert label == "agent-test.repository"
        return self._resources


Clean = Callable[..., int]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[Resource]:
    """What the engine holds; `remove` takes it away, except for `stuck`."""
    resources: list[Resource] = []

    def remove_project(project: str, *, bound: float) -> Report:
        assert bound == 7.0
        if project == "stuck":
            return Report(left={"volumes": ["data"]})
        resources[:] = [each for each in resources if each.project != project]
        return Report(left={})

    monkeypatch.setattr(housekeeping, "Engine", lambda: FakeEngine(resources))
    monkeypatch.setattr(janitor, "remove_project", remove_project)
    return resources


@pytest.fixture
def clean(tmp_path: Path) -> Clean:
    (tmp_path / "repos.yaml").write_text(YAML)
    settings = config.load(tmp_path, {})

    def cleaned(*words: str, everything: bool = False, dry_run: bool = False, snapshots: bool = False) -> int:
        return cleanup(words, settings, Terminal(), everything=everything, snapshots=snapshots, dry_run=dry_run, timeout=7.0)

    return cleaned


def projects(held: list[Resource]) -> list[str]:
    return [each.project for each in held]


def test_cleanup_removes_the_dead_of_every_repository_and_nothing_that_lives(held: list[Resource], clean: Clean) -> None:
    held += [resource("dead"), resource("alive", ALIVE), resource("other", repository="hub")]
    assert clean() == 0
    assert projects(held) == ["alive"]


def test_cleanup_of_one_repository_leaves_the_others_alone(held: list[Resource], clean: Clean) -> None:
    held += [resource("dead"), resource("other", repository="hub")]
    assert clean("hub") == 0
    assert projects(held) == ["dead"]


def test_with_nothing_to_do_that_is_said(held: list[Resource], clean: Clean, capsys: pytest.CaptureFixture[str]) -> None:
    assert clean() == 0
    assert "Nothing is left of dead runs of evv, hub." in capsys.readouterr().out


def test_what_is_kept_or_of_another_host_is_named_and_removed_only_with_all(
    held: list[Resource], clean: Clean, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keeping.mark(tmp_path)
    held += [resource("kept", folder=tmp_path), resource("far", FAR), resource("alive", ALIVE)]
    assert clean() == 0
    told = capsys.readouterr().out
    assert "kept: left alone, it is kept. To remove it, name it, or add --all" in told
    assert "far: left alone, it is of another host" in told
    assert len(held) == 3
    assert clean(everything=True) == 0
    assert projects(held) == ["alive"]


def test_one_environment_can_be_named_also_a_kept_one(held: list[Resource], clean: Clean, tmp_path: Path) -> None:
    keeping.mark(tmp_path)
    held += [resource("kept", folder=tmp_path), resource("dead")]
    assert clean("kept") == 0
    assert projects(held) == ["dead"]


def test_a_run_that_lives_is_not_removed_by_name_either(held: list[Resource], clean: Clean) -> None:
    held += [resource("alive", ALIVE)]
    with pytest.raises(UsageError, match=f"belongs to a run that lives.*kill {ALIVE.pid}"):
        clean("alive")
    assert projects(held) == ["alive"]


def test_a_wrong_name_is_answered_before_anything_is_removed(held: list[Resource], clean: Clean) -> None:
    held += [resource("dead")]
    with pytest.raises(UsageError, match=r"No repository 'evw'.*Perhaps you meant 'evv'"):
        clean("dead", "evw")
    with pytest.raises(UsageError, match=r"There is no environment evv-agent-test-x \(any more\)"):
        clean("evv-agent-test-x")
    assert projects(held) == ["dead"]


def test_a_dry_run_says_what_would_go_and_removes_nothing(
    held: list[Resource], clean: Clean, capsys: pytest.CaptureFixture[str]
) -> None:
    held += [resource("dead"), resource("alive", ALIVE)]
    assert clean(dry_run=True) == 0
    assert "dead (dead): would be removed" in capsys.readouterr().out
    assert len(held) == 2


def test_what_resists_ends_with_8(held: list[Resource], clean: Clean) -> None:
    held += [resource("stuck"), resource("dead")]
    assert clean() == 8
    assert projects(held) == ["stuck"]


def test_the_list_shows_every_environment_with_state_port_and_owner(
    held: list[Resource], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def seconds_since(told: str) -> float:
        return float({"then": "7300"}.get(told, told))

    monkeypatch.setattr(housekeeping, "seconds_since", seconds_since)
    held += [
        resource("alive", ALIVE, ports=(8090,), started="then"),
        resource("dead", started="then"),
        resource("far", FAR, started="?"),
        resource("nobody", None, started="?"),
    ]
    assert show(Terminal()) == 0
    head, *rows = [re.split("  +", line) for line in capsys.readouterr().out.splitlines()]
    assert head == ["STATE", "PORT", "AGE", "OWNER", "PROJECT"]
    assert sorted(rows) == [
        ["dead", "-", "2 hours", "-", "dead"],
        ["lives", "8090", "2 hours", f"pid {ALIVE.pid}", "alive"],
        ["of another host", "-", "?", f"on {FAR.host}", "far"],
        ["of another host", "-", "?", "unknown", "nobody"],
    ]


def test_an_empty_list_is_said(held: list[Resource], capsys: pytest.CaptureFixture[str]) -> None:
    assert show(Terminal()) == 0
    assert capsys.readouterr().out == "No environment stands.\n"
