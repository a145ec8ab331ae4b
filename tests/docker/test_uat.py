"""An environment to look at: its data lasts, whatever happens to the commands that work at it, until it is reset."""

import json
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from .conftest import FIRST_PORT
from .tiny_repository import RUNNING, WAITS, TinyRepository, left, left_after_teardown

PROJECT = "tiny-uat-env"
LABEL = f"agent-test-uat.project={PROJECT}"
INSTALLS = "record INFO odoo 'Odoo version 19.0'\n"


@pytest.fixture
def uat(tiny: TinyRepository) -> Iterator[TinyRepository]:
    """A repository with two modules, whose services keep data and can be stopped at once; afterwards nothing may be left."""
    file = tiny.checkout / "compose.yml"
    compose = yaml.safe_load(file.read_text())
    for service in compose["services"].values():
        service["stop_signal"] = "SIGKILL"
    compose["services"]["db"]["environment"] = {"PGDATA": "/pgdata"}
    file.write_text(yaml.safe_dump(compose))
    for name in ("one", "two"):
        tiny.module(name, INSTALLS)
    yield tiny
    tiny.kill_what_still_runs()
    if left(LABEL):
        tiny.run("uat", "tiny", "reset", "--yes")
    assert left(LABEL) == []


def _do(uat: TinyRepository, *words: str, code: int = 0) -> str:
    ended, output = uat.run("uat", "tiny", *words)
    assert ended == code, output
    return output


def _installed(uat: TinyRepository) -> list[str]:
    """What the volume of the server that runs says of the modules, and what was put there beside."""
    return uat.docker("exec", f"{PROJECT}-odoo-1", "cat", "/var/lib/odoo/installed").splitlines()


def _data() -> list[str]:
    """The volumes with data, without the one that names them."""
    return sorted(name for name in left(LABEL) if "_" in name and not name.endswith(("_is_whole", "_default")))


def test_it_lasts_over_stop_start_and_update_until_it_is_reset(uat: TinyRepository) -> None:
    output = _do(uat, "start")
    assert f"address:         http://127.0.0.1:{FIRST_PORT}\n" in output
    assert _installed(uat) == ["one installed", "two installed"]
    login = uat.checkout / f".agent-tests/{PROJECT}/login.json"
    assert stat.S_IMODE(login.stat().st_mode) == 0o600
    passwords = json.loads(login.read_text())
    for secret in (passwords["password"], passwords["master"]):
        assert secret in output
        assert secret not in uat.docker("inspect", f"{PROJECT}-odoo-1", f"{PROJECT}-db-1")

    assert "is running already" in _do(uat, "start")
    listed, found = uat.run("list")[1], uat.run("doctor")[1]
    assert f"uat, running  {FIRST_PORT}" in listed
    assert (
        f"ok     uat            {PROJECT}: running at http://127.0.0.1:{FIRST_PORT}; of tiny at {uat.checkout}; one, two"
        in found
    )
    code, output = uat.run("cleanup", PROJECT)
    assert (code, "nox -s uat -- tiny reset" in output) == (2, True), output
    assert uat.run("cleanup", "--all")[0] == 0
    assert _installed(uat) == ["one installed", "two installed"]

    uat.docker("exec", f"{PROJECT}-odoo-1", "sh", "-c", "echo kept by hand >>/var/lib/odoo/installed")
    before = _data()
    _do(uat, "stop")
    assert sorted(left(LABEL)) == sorted([*before, f"{PROJECT}_1_is_whole"])
    assert "state:     stopped" in _do(uat, "status")
    _do(uat, "start")
    assert _installed(uat)[2:] == ["kept by hand"]

    assert "Nothing changed" in _do(uat, "update")
    uat.module("three", INSTALLS)
    (uat.addons / "two/changed.py").touch()
    assert "to update: changed: two; new: three" in _do(uat, "status")
    assert "changed: two; new: three" in _do(uat, "update")
    assert _installed(uat) == ["one installed", "two installed", "kept by hand", "three installed"]
    assert len(_data()) == len(before)
    assert set(_data()).isdisjoint(before)
    assert json.loads(login.read_text())["password"] == passwords["password"]

    assert "takes a terminal" in _do(uat, "reset", code=2)
    assert "three" in _do(uat, "status")
    _do(uat, "reset", "--yes")
    assert left(LABEL) == []
    assert not login.exists()


def test_a_command_that_is_killed_leaves_no_half_of_anything(uat: TinyRepository) -> None:
    uat.module("waits", WAITS)
    run = uat.start("uat", "tiny", "start", "--verbose")
    run.wait_for(RUNNING)
    assert "in the making by process" in _do(uat, "status")
    assert "Another `uat` command is at work" in _do(uat, "start", code=2)
    run.send(signal.SIGKILL)
    run.finish()
    assert left_after_teardown(LABEL) == []

    _do(uat, "start", "one", "two")
    data = _data()
    run = uat.start("uat", "tiny", "update", "waits", "--verbose")
    run.wait_for(RUNNING)
    assert len(_data()) == 2 * len(data)
    run.send(signal.SIGKILL)
    run.finish()
    assert "started" not in _do(uat, "start")  # once the guard has done its work
    assert _data() == data
    assert _installed(uat) == ["one installed", "two installed"]

    (uat.addons / "waits/behaviour.sh").write_text("record CRITICAL odoo.tiny 'it cannot be installed'\nexit 255\n")
    output = _do(uat, "update", "waits", code=5)
    assert "it cannot be installed" in output
    assert "it is stopped; its data is as it was" in output
    assert sorted(left(LABEL)) == sorted([*data, f"{PROJECT}_1_is_whole"])


def test_that_of_another_checkout_is_not_taken_over(uat: TinyRepository, tmp_path: Path) -> None:
    _do(uat, "start")
    other = uat.beside("other")
    other.module("one", INSTALLS)
    for words in (("start",), ("update",), ("stop",), ("status",), ("reset", "--yes")):
        code, output = other.run("uat", "tiny", *words)
        assert (code, f"with --path {uat.checkout}" in output) == (2, True), output
    assert _installed(uat) == ["one installed", "two installed"]
    # Who has lost the passwords gets others.
    (uat.checkout / f".agent-tests/{PROJECT}/login.json").unlink()
    assert "password:" in _do(uat, "start")
    code, output = other.run("uat", "tiny", "reset", "--yes", "--path", str(uat.checkout))
    assert code == 0, output
