"""Hold a run in a phase until the test lets it go, by handshakes: nothing here depends on how fast a machine is."""

import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .tiny_repository import PASSES, PATIENCE, RUNNING, WAITS, TinyRepository, left

# Does what nox does: starts the runner in its own process group, says which pid it has, waits for it.
STARTER = (
    "import os, subprocess, sys; os.environ['AGENT_TEST_STARTER'] = str(os.getpid());"
    "runner = subprocess.Popen([sys.executable, '-m', 'runner', *{arguments}]);"
    "print('runner pid', runner.pid, flush=True); print('runner ended with', runner.wait(), flush=True)"
)
# `docker` that, for one kind of call, says that it was called and waits for leave before it is the real one.
_HOLDING_DOCKER = """#!/bin/bash
case " $* " in
    *"{call}"*)
        : > "{folder}/reached"
        while [ ! -e "{folder}/go" ]; do sleep 0.05; done ;;
esac
exec {docker} "$@"
"""


class Held:
    """A run that has reached its phase; `go` lets a held docker client go on."""

    def __init__(self, tiny: TinyRepository, environ: dict[str, str]) -> None:
        self._folder = tiny.folder
        program = STARTER.format(arguments=["run", "tiny", "module", "--verbose"])
        self.starter = tiny.start_program([sys.executable, "-c", program], **environ)
        self.starter.wait_for("runner pid")
        found = re.search(r"runner pid (\d+)", self.starter.output)
        assert found
        self.runner_pid = int(found.group(1))

    def parts(self) -> list[str]:
        """What the engine has of this run, and of no other."""
        self.starter.wait_for("tiny / module: ")
        (project,) = re.findall(r"^tiny / module: (\S+)$", self.starter.output, re.MULTILINE)
        return left(f"com.docker.compose.project={project}")

    def go(self) -> None:
        (self._folder / "go").touch()

    def exit_code(self) -> int | None:
        """The runner's, as its starter saw it, unless that was ended itself."""
        self.starter.finish()
        found = re.search(r"runner ended with (-?\d+)", self.starter.output)
        return int(found.group(1)) if found else None


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.05)


def docker_that_holds(tiny: TinyRepository, call: str) -> dict[str, str]:
    """The variables with which a run's docker clients wait for leave at the calls that contain `call`."""
    folder = tiny.folder / "bin"
    folder.mkdir()
    script = _HOLDING_DOCKER.format(call=call, folder=tiny.folder, docker=shutil.which("docker"))
    (folder / "docker").write_text(script)
    (folder / "docker").chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def _held_at(tiny: TinyRepository, call: str) -> Held:
    held = Held(tiny, docker_that_holds(tiny, call))
    wait_until((tiny.folder / "reached").exists, f"a docker client with {call!r}")
    return held


def reading_the_compose_file(tiny: TinyRepository) -> Held:
    """Nothing is created yet, and nothing could be."""
    tiny.module("module", PASSES)
    return _held_at(tiny, " config ")


def before_up(tiny: TinyRepository) -> Held:
    """The client that creates everything is about to start."""
    tiny.module("module", PASSES)
    return _held_at(tiny, " up ")


def in_up(tiny: TinyRepository) -> Held:
    """One container runs, the client waits for it before it starts the other."""
    tiny.module("module", PASSES)
    compose = tiny.checkout / "compose.yml"
    text = compose.read_text().replace("  db:\n", "  db:\n    command: ['sleep', 'infinity']\n")
    compose.write_text(text.replace("  odoo:\n", "  odoo:\n    depends_on: {db: {condition: service_healthy}}\n"))
    held = Held(tiny, {})
    wait_until(lambda: any(name.endswith("-db-1") for name in held.parts()), "the container of db")
    return held


def waiting_for_health(tiny: TinyRepository) -> Held:
    """Everything runs, odoo is not healthy."""
    tiny.module("module", PASSES)
    tiny.server("exec sleep infinity\n")
    held = Held(tiny, {})
    held.starter.wait_for("  up ")
    return held


def in_exec(tiny: TinyRepository) -> Held:
    """The tests run."""
    tiny.module("module", WAITS)
    held = Held(tiny, {})
    held.starter.wait_for(RUNNING)
    return held


def in_teardown(tiny: TinyRepository) -> Held:
    """The tests have passed, and the guard is about to remove the containers."""
    tiny.module("module", PASSES)
    return _held_at(tiny, " rm -f -v ")


PHASES = (reading_the_compose_file, before_up, in_up, waiting_for_health, in_exec, in_teardown)


def guard_of(runner_pid: int) -> int:
    """The pid of a runner's guard: the child that runs guard.main."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == runner_pid and b"runner.cleanup.guard" in (folder / "cmdline").read_bytes():
                return int(folder.name)
        except OSError:
            continue
    raise AssertionError(f"no guard of {runner_pid}")
