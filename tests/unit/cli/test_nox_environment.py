"""What is installed into a session's environment, and when. nox itself: test_noxfile.py."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from runner.cli.nox_environment import install, interpreter


class FakeSession:
    """A session of nox with an environment; `reused` with -R, so that nox leaves out installations."""

    def __init__(self, location: Path, *, backend: str = "virtualenv", reused: bool = False) -> None:
        self.virtualenv = SimpleNamespace(location=str(location))
        self.venv_backend = backend
        self.commands: list[tuple[str, ...]] = []
        self.ending: BaseException | None = None
        self._reused = reused

    def run_install(self, *command: str, silent: bool) -> str | None:
        return None if self._reused else self.run(*command, silent=silent)

    def run(self, *command: str, silent: bool) -> str:
        assert silent
        self.commands.append(command)
        if self.ending:
            raise self.ending
        return ""


def installed(session: FakeSession, *requirements: str) -> bool:
    """Whether this installs anything."""
    before = len(session.commands)
    install(session, requirements)  # type: ignore[arg-type]
    return len(session.commands) > before


@pytest.mark.parametrize(
    ("backend", "expected"),
    [("uv", ("uv", "pip", "install", "a", "b")), ("virtualenv", ("python", "-m", "pip", "install", "a", "b"))],
)
def test_requirements_are_installed_once(tmp_path: Path, backend: str, expected: tuple[str, ...]) -> None:
    session = FakeSession(tmp_path, backend=backend)
    assert installed(session, "a", "b")
    assert not installed(session, "a", "b")
    assert session.commands == [expected]


def test_they_are_installed_again_when_they_have_changed(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    assert [installed(session, *requirements) for requirements in ("a", "ab", "ab", "a", "a")] == [
        True,
        True,
        False,
        True,
        False,
    ]


def test_what_nox_leaves_out_is_not_taken_for_installed(tmp_path: Path) -> None:
    assert installed(FakeSession(tmp_path), "a")
    assert not installed(FakeSession(tmp_path, reused=True), "b")
    assert not installed(FakeSession(tmp_path, reused=True), "b")
    assert installed(FakeSession(tmp_path), "b")


def test_an_environment_that_was_never_filled_is_filled_also_where_nox_would_leave_it_out(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, reused=True)
    assert installed(session, "a")
    assert not installed(session, "a")


@pytest.mark.parametrize("ending", [RuntimeError(), KeyboardInterrupt()])
def test_an_installation_that_ended_half_way_is_repeated(tmp_path: Path, ending: BaseException) -> None:
    assert installed(FakeSession(tmp_path), "a")
    session = FakeSession(tmp_path)
    session.ending = ending
    with pytest.raises(type(ending)):
        installed(session, "b")
    assert installed(FakeSession(tmp_path, reused=True), "a")


def test_without_an_environment_nothing_is_installed_and_the_python_of_nox_is_used(tmp_path: Path) -> None:
    session = FakeSession(tmp_path, backend="none")
    assert not installed(session, "a")
    assert list(tmp_path.iterdir()) == []
    assert interpreter(session) == sys.executable  # type: ignore[arg-type]
    assert interpreter(FakeSession(tmp_path)) == "python"  # type: ignore[arg-type]
