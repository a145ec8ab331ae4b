"""Sources that the engine does not have where they are here: by tcp, by a socket, and an older checkout at the same path."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from .in_container import in_container
from .second_engine import RemoteEngine, SecondEngine, second_engine
from .tiny_repository import FAILS, PASSES, PATIENCE, ROOT, TinyRepository

# What a run with copies must see of what the compose file mounts.
SEES = "cat /srv/data/out /srv/data/below/x /run/secrets/word /mnt/extra-addons-2/other/data.txt; /srv/run.sh\n"


def mounting_more(tiny: TinyRepository) -> None:
    """Have the compose file mount files, a folder and a secret, and a second folder of addons."""
    tiny.configure(addons=["addons", "more"])
    for file, text in {
        "tiny.conf": "conf $HOME\n",
        "data/below/x": "data\n",
        "word": "secret\n",
        "run.sh": "#!/bin/sh\necho program\n",
        "more/other/__manifest__.py": "{}",
        "more/other/data.txt": "addons\n",
    }.items():
        path = tiny.checkout / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tiny.checkout / "run.sh").chmod(0o755)
    (tiny.checkout / "data/out").symlink_to("../../etc/tiny.conf")  # which is there in the container
    compose = yaml.safe_load((tiny.checkout / "compose.yml").read_text())
    odoo = compose["services"]["odoo"]
    odoo["volumes"] += ["./tiny.conf:/etc/tiny.conf:ro", "./run.sh:/srv/run.sh:ro", "./data:/srv/data:ro"]
    odoo["secrets"] = ["word"]
    compose["secrets"] = {"word": {"file": "./word"}}
    (tiny.checkout / "compose.yml").write_text(yaml.safe_dump(compose))


def report(tiny: TinyRepository, module: str, **environ: str) -> tuple[int, Any, str]:
    """The exit code of a run, what its report says of the tests, and its proof."""
    code, output = tiny.run("run", "tiny", module, "--json", "report.json", **environ)
    assert code in (0, 1), output
    (told,) = json.loads((tiny.folder / "report.json").read_text())["modules"]
    for case in told["cases"]:
        del case["seconds"]
    return code, {key: told[key] for key in ("counts", "cases", "reasons")}, tiny.proof.read_text()


def test_a_remote_engine_tests_what_is_here_and_says_the_same_as_the_local_one(
    tiny: TinyRepository, remote: RemoteEngine
) -> None:
    mounting_more(tiny)
    tiny.module("good", SEES + PASSES)
    tiny.module("bad", SEES + FAILS)
    local = {module: report(tiny, module) for module in ("good", "bad")}
    for file in (tiny.addons / "good", tiny.addons / "good/behaviour.sh", tiny.checkout / "tiny.conf"):
        file.chmod(file.stat().st_mode & 0o700)
    far = {module: report(tiny, module, DOCKER_HOST=remote.host) for module in ("good", "bad")}
    assert [code for code, _, _ in far.values()] == [0, 1]
    for module, (code, told, proof) in far.items():
        assert (code, told) == local[module][:2]
        assert "sources:" in proof
        assert "copied (" in proof
        assert "\nconf $HOME\ndata\nsecret\naddons\nprogram\n" in proof
        assert "\nconf $HOME\ndata\nsecret\naddons\nprogram\n" in local[module][2]
        assert "copied (" not in local[module][2]


def test_an_older_checkout_at_the_same_path_is_not_what_is_tested(tiny: TinyRepository, remote: RemoteEngine) -> None:
    tiny.module("bad", FAILS)
    behind_a_socket = {"DOCKER_HOST": remote.engine.host}
    code, output = tiny.run("run", "tiny", "bad", **behind_a_socket)  # there is nothing at that path
    assert code == 1, output
    assert "with copies of the sources, because" in output
    _put_there(tiny, remote, tiny.addons / "bad/behaviour.sh", PASSES)
    code, output = tiny.run("run", "tiny", "bad", **behind_a_socket)
    assert code == 1, output
    assert "with copies of the sources, because The container has other sources than this checkout: bad/" in output
    tiny.configure(sources="mount")
    code, output = tiny.run("run", "tiny", "bad", **behind_a_socket)
    assert code == 5, output
    assert "bad/behaviour.sh has other content in the container" in output


def _put_there(tiny: TinyRepository, remote: RemoteEngine, file: Path, text: str) -> None:
    """Have the engine's machine have a file at this path."""
    base = file.parents[5]  # the folder that is hidden from it
    script = 'mkdir -p "/there/${1%/*}" && printf %s "$2" >"/there/$1"'
    words = ["run", "--rm", "--volume=/usr:/usr:ro", f"--volume={base}:/there", "agent-test-tiny", "bash", "-c", script]
    tiny.docker("--host", remote.host, *words, "put", str(file.relative_to(base)), text)


def test_a_runner_that_is_killed_while_it_copies_leaves_nothing(tiny: TinyRepository, remote: RemoteEngine) -> None:
    tiny.module("good", PASSES)
    with open(tiny.addons / "huge", "wb") as huge:
        huge.truncate(10**12)
    run = tiny.start("run", "tiny", "good", DOCKER_HOST=remote.host)
    deadline = time.monotonic() + PATIENCE
    while not any("copies" in name for name in remote.engine.left()) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(run.process.pid, signal.SIGKILL)
    run.finish()
    while remote.engine.left() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert remote.engine.left() == []


def test_a_runner_in_a_container_that_has_the_checkout_at_a_path_of_its_own_copies_it(tiny: TinyRepository) -> None:
    tiny.configure(guard="local")
    tiny.module("bad", FAILS)
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": "/tmp"}
    container = in_container("tiny-runner", tiny.folder, environ, place="/foreign")
    run = tiny.start_program([*container, sys.executable, "-m", "runner", "run", "tiny", "bad"])
    assert run.finish() == 1, run.output
    assert "FAIL: TestTiny.test_one" in run.output
    assert "copied (" in tiny.proof.read_text()


class Small(SecondEngine):
    """An engine with little room."""

    def daemon(self) -> list[str]:
        room = 'mkdir "$1" && mount -t tmpfs -o size=64m tmpfs "$1" && shift && exec "$@"'
        return ["sh", "-c", room, "sh", f"{self.folder}/data", *super().daemon()]


def test_an_engine_without_room_for_the_sources_is_said_to_have_none_and_nothing_is_left(tiny: TinyRepository) -> None:
    tiny.configure(sources="copy")
    tiny.module("good", PASSES)
    with open(tiny.addons / "huge", "wb") as huge:
        huge.truncate(10**9)
    with second_engine(kind=Small) as engine:
        code, output = tiny.run("run", "tiny", "good", DOCKER_HOST=engine.host)
        assert (code, engine.left()) == (5, []), output
    assert f"The engine has no room for a copy of {tiny.addons}: no space left on device" in output
