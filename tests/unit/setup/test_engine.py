"""What is missing of an engine is said, then mended where that may be done; a working one is left alone."""

import subprocess
from pathlib import Path

import pytest

from runner.setup import debian, engine
from runner.setup.shell import ProvisionError


class Machine:
    """A machine that has what a test gives it; what is done to it is in `done`."""

    def __init__(self) -> None:
        self.has = {"dockerd", "daemon", "compose"}
        self.done: list[str] = []
        self.is_ours = True

    def output_of(self, *command: object) -> str | None:
        if command[:2] == ("docker", "version"):
            return "28.0\n" if "daemon" in self.has else None
        if command[:2] == ("docker", "compose"):
            return "2.30\n" if "compose" in self.has else None
        return "the daemon's last words"

    def require(self, purpose: str) -> None:
        if not self.is_ours:
            raise ProvisionError(purpose)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()

    def install(*packages: str) -> None:
        machine.done.append(f"install {packages[0]}")
        machine.has |= {"dockerd"}

    def put_plugin() -> None:
        machine.done.append("plugin")
        machine.has |= {"compose"}

    def start() -> None:
        machine.done.append("start")
        machine.has |= {"daemon"}

    monkeypatch.setattr(engine, "output_of", machine.output_of)
    monkeypatch.setattr("shutil.which", lambda name: name if name in machine.has else None)
    monkeypatch.setattr(debian, "require_root_on_debian", machine.require)
    monkeypatch.setattr(debian, "install", install)
    monkeypatch.setattr(engine, "_put_compose_plugin", put_plugin)
    monkeypatch.setattr(engine, "_start_daemon", start)
    return machine


def test_a_machine_that_works_is_left_alone(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.ensure_engine()
    assert machine.done == []
    assert capsys.readouterr().out == "Docker 28.0, Compose 2.30\n"


def test_every_step_is_said(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.has.clear()
    engine.ensure_engine()
    assert machine.done == ["install docker.io", "plugin", "start"]
    assert capsys.readouterr().out.splitlines() == [
        "Installing the Docker engine (Debian's docker.io) ...",
        "Putting Docker Compose v2 (from Debian trixie) beside it ...",
        "Starting the Docker daemon ...",
        "Docker 28.0, Compose 2.30",
    ]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ({"dockerd", "daemon"}, "There is no Docker engine on this machine."),
        ({"compose"}, "There is no Docker Compose v2 on this machine."),
        ({"daemon"}, "The Docker daemon does not run, or this user may not talk to it."),
    ],
)
def test_what_is_missing_is_named_where_it_may_not_be_mended(machine: Machine, missing: set[str], expected: str) -> None:
    machine.has -= missing
    machine.is_ours = False
    with pytest.raises(ProvisionError, match=expected):
        engine.ensure_engine()
    assert machine.done == []


@pytest.mark.parametrize(
    ("program", "expected"),
    [("exit 3", "The Docker daemon ended with exit code 3"), ("exec sleep 60", "does not answer after 0 s")],
)
def test_a_daemon_that_does_not_come_up_is_shown_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str, expected: str
) -> None:
    machine = Machine()
    machine.has -= {"daemon"}
    started = subprocess.Popen(["sh", "-c", program])
    if "exit" in program:
        started.wait(5)

    monkeypatch.setattr(engine, "output_of", machine.output_of)
    monkeypatch.setattr(engine, "Path", lambda _name: tmp_path / "no-systemd")
    monkeypatch.setattr(engine, "_DAEMON_LOG", tmp_path / "log")
    monkeypatch.setattr(engine, "_DAEMON_TIMEOUT", 0.0)
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: started)
    with pytest.raises(ProvisionError, match=f"{expected}(.|\n)*The end of {tmp_path}/log:\nthe daemon's last words"):
        engine._start_daemon()
    started.kill()
    started.wait()


def test_a_package_without_the_plugin_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "extract_from_suite", lambda *_: None)
    with pytest.raises(ProvisionError, match="Debian's package docker-compose holds no program of that name"):
        engine._put_compose_plugin()
