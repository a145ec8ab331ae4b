"""What a person is told while one guard follows another."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cleanup import guarded
from runner.cleanup.guard import GuardFailed
from runner.cleanup.guarded import GuardedProject
from runner.cleanup.teardown import Report


class FakeGuard:
    """A guard that takes long, and of which each after the first fails to start if it is told to."""

    is_armed = True
    started = 0
    only_one = False

    def __init__(self, _project: str, _token: str, _report_file: Path) -> None:
        type(self).started += 1
        if self.only_one and self.started > 1:
            raise GuardFailed("no memory")

    def arm(self) -> None:
        """Nothing to do."""

    def finish(self, on_long_wait: Callable[[], None]) -> Report:
        on_long_wait()
        return Report(left={})


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(FakeGuard, "started", 0)
    monkeypatch.setattr(FakeGuard, "only_one", False)
    monkeypatch.setattr(guarded, "Guard", FakeGuard)
    return []


def test_a_teardown_that_takes_long_is_explained(said: list[str], tmp_path: Path) -> None:
    GuardedProject("p", "token", tmp_path, said.append).finish(calm=False)
    assert said == ["  the teardown takes longer than usual; it is tried for at most 120 s"]


@pytest.mark.parametrize("end", ["", "."])
def test_the_succession_is_said_in_two_sentences(said: list[str], tmp_path: Path, end: str) -> None:
    report = GuardedProject("p", "token", tmp_path, said.append).finish_by_another(GuardFailed(f"It is gone{end}"))
    assert said[0] == "  It is gone. A new one tears down."
    assert report.errors == [f"It is gone{end}"]


def test_where_no_other_guard_starts_it_is_said_what_may_be_left(
    said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeGuard, "only_one", True)
    report = GuardedProject("p", "token", tmp_path, said.append).finish_by_another(GuardFailed("It is gone."))
    assert report.left == {"unknown": ["whatever has the label of project p"]}
    assert report.errors == ["It is gone.", "no memory"]
