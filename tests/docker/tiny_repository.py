"""A configuration folder with one repository of tiny modules, and the runner started in it as a user starts it."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from runner.cleanup.resources import SNAPSHOT_PREFIX
from runner.signals import STARTER

ROOT = Path(__file__).resolve().parents[2]
PASSES = "starting test_one\nstarting test_two\nresult 0 0 2\n"
FAILS = "starting test_one\nfailing test_one\nresult 1 0 1\nexit 1\n"
# Runs until it is killed; what it prints tells the test that the phase is reached.
WAITS = "starting test_one\nrecord INFO odoo.tiny 'the tests are running'\nexec sleep infinity\n"
RUNNING = "the tests are running"
# What runs of the repository have made.
OURS = "agent-test.repository=tiny"
# Nothing here takes so long; a wait that does is a failure.
PATIENCE = 60.0


def environ_without_starter() -> dict[str, str]:
    """This environment as a user's: under nox it names nox as the starter, in a CI that CI; runs of tests have neither."""
    return {key: value for key, value in os.environ.items() if key not in (STARTER, "CI", "GITHUB_ACTIONS", "GITLAB_CI")}


def judged_in(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the JSON report of a module says of its tests, without what differs from run to run."""
    of_this_run = ("seconds", "phases", "proof", "record", "ended", "teardown")
    cases = [{name: fact for name, fact in case.items() if name != "seconds"} for case in report["cases"]]
    return {name: fact for name, fact in report.items() if name not in of_this_run} | {"cases": cases}


class Started:
    """A process whose output is collected line by line."""

    def __init__(self, command: list[str], cwd: Path, environ: dict[str, str], patience: float = PATIENCE) -> None:
        self._patience = patience
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.output = ""
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                with self._more:
                    self.output += line.decode(errors="replace")
                    self._more.notify_all()

    def wait_for(self, text: str) -> None:
        """Return when the output holds the text."""
        with self._more:
            seen = self._more.wait_for(lambda: text in self.output, self._patience)
        assert seen, f"{text!r} did not appear in {self._patience} s:\n{self.output}"

    def send(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    def send_group(self, signum: signal.Signals) -> None:
        """What a terminal does on Ctrl+C: the signal goes to the whole process group."""
        os.killpg(self.process.pid, signum)

    def finish(self) -> int:
        """The exit code; the whole output is in `output` then."""
        code = self.process.wait(self._patience)
        self._reader.join(self._patience)
        return code


class TinyRepository:
    """One repository called `tiny`, its modules with their behaviours, in a folder of its own."""

    def __init__(self, folder: Path, ports: str) -> None:
        self.folder = folder
        self.checkout = folder / "tiny"
        self.addons = self.checkout / "addons"
        self.addons.mkdir(parents=True)
        self.ports = ports
        self.images = {"odoo": "agent-test-tiny", "postgres": "agent-test-tiny"}
        self.around: list[str] = []  # what every command of the runner is started by
        self._started: list[Started] = []
        self.proof = self.checkout / "proof_of_execution_tests.log"
        shutil.copy(ROOT / "tests/docker/compose.tiny.yml", self.checkout / "compose.yml")
        self.configure()

    def configure(self, **settings: object) -> None:
        """Write repos.yaml, with these settings of the repository on top of the usual ones."""
        entry = {"prefix": "tiny-agent-test", "path": "tiny", "addons": ["addons"], "compose_file": "compose.yml"}
        content = {"repositories": {"tiny": {**entry, "ports": self.ports, "images": self.images, **settings}}}
        (self.folder / "repos.yaml").write_text(yaml.safe_dump(content))

    def beside(self, name: str) -> "TinyRepository":
        """Another one of the same name in a folder in this one's, whose runs end with those of this one."""
        other = TinyRepository(self.folder / name, self.ports)
        other._started = self._started
        return other

    def module(self, name: str, behaviour: str) -> None:
        (self.addons / name / "tests").mkdir(parents=True)
        # Nobody can tell from it that there are no tests, as there are none: behaviour.sh says so.
        (self.addons / name / "tests" / "__init__.py").write_text("exec('')\n")
        (self.addons / name / "__manifest__.py").write_text(f"{{'name': {name!r}}}\n")
        (self.addons / name / "behaviour.sh").write_text(behaviour)

    def server(self, behaviour: str) -> None:
        """What the servers do before they are healthy."""
        (self.addons / "server.sh").write_text(behaviour)

    def start(self, *arguments: str, **environ: str) -> Started:
        """`python -m runner ARGUMENTS` in the folder of repos.yaml; a run shows what its Odoo prints."""
        return self.start_program([sys.executable, "-m", "runner", *arguments], **environ)

    def start_program(self, command: list[str], **environ: str) -> Started:
        """A command in the folder of repos.yaml."""
        started = Started([*self.around, *_verbose(command)], self.folder, self.environ(**environ))
        self._started.append(started)
        return started

    def kill_what_still_runs(self) -> None:
        """End the runs that a failed test left, so that they do not disturb the next."""
        running = [started for started in self._started if started.process.poll() is None]
        for started in running:
            started.send_group(signal.SIGKILL)
        for started in running:
            started.finish()
        if running:
            left_after_teardown()

    def environ(self, **more: str) -> dict[str, str]:
        """The environment in which `python -m runner` is found from any folder, and knows no starter but the test's."""
        return {**environ_without_starter(), "PYTHONPATH": str(ROOT), **more}

    def run(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """Exit code and output of a whole `python -m runner ARGUMENTS`; a run shows what its Odoo prints."""
        started = self.start(*arguments, **environ)
        return started.finish(), started.output

    def run_as_usual(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """The same, as a user sees it who asks for nothing more."""
        started = Started([sys.executable, "-m", "runner", *arguments], self.folder, self.environ(**environ))
        self._started.append(started)
        return started.finish(), started.output

    def shell(self, command: str) -> tuple[int, str]:
        """Exit code and output of a line of bash in the folder of repos.yaml, where `python` is this Python."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        started = Started(["bash", "-c", command], self.folder, self.environ(PATH=path))
        return started.finish(), started.output

    def docker(self, *arguments: str) -> str:
        """What `docker ARGUMENTS` prints."""
        return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout

    def delete(self) -> None:
        """Delete the folder with everything in it, the current folder of a run that goes on."""
        shutil.rmtree(self.folder)


def _verbose(command: list[str]) -> list[str]:
    """The command, of a run of one module after another with all that Odoo prints: by that tests know where a run is."""
    is_run = any(pair == ("run", "tiny") for pair in itertools.pairwise(command))
    return [*command, "--verbose"] if is_run and not {"--jobs", "--quiet"} & set(command) else command


def left(label: str = OURS, environ: Mapping[str, str] = os.environ) -> list[str]:
    """What the engine that these variables name has with the label: containers, networks and volumes."""
    listings = (["ps", "-a"], ["network", "ls"], ["volume", "ls"])
    lines = []
    for listing in listings:
        template = "{{.Names}}" if listing[0] == "ps" else "{{.Name}}"
        command = ["docker", *listing, "--filter", f"label={label}", "--format", template]
        lines += subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout.split()
    return lines


def dangling_volumes(environ: Mapping[str, str] = os.environ) -> set[str]:
    """Volumes that no container uses, without prepared databases and those that other tests label. Anonymous ones have no
    labels: `left` does not see them.
    """
    template = '{{.Name}} {{.Label "agent-test.repository"}}{{.Label "agent-test-uat.repository"}}'
    command = ["docker", "volume", "ls", "--filter", "dangling=true", "--format", template]
    lines = subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout.splitlines()
    named = (line.partition(" ") for line in lines)
    return {name for name, _, label in named if label in ("", "tiny") and not name.startswith(SNAPSHOT_PREFIX)}


def abandoned_volumes(before: set[str]) -> set[str]:
    """The dangling volumes that were not there before, and stay: those of tests beside these have no container for moments."""
    deadline = time.monotonic() + PATIENCE
    while (volumes := dangling_volumes() - before) and time.monotonic() < deadline:
        time.sleep(0.1)
    return volumes


def left_after_teardown(label: str = OURS) -> list[str]:
    """What is left when the guard of a killed runner has had its time; empty as soon as nothing is."""
    deadline = time.monotonic() + PATIENCE
    while (names := left(label)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return names


def first_made() -> list[str]:
    """What a run makes first, as soon as there is something of it; empty if nothing comes."""
    deadline = time.monotonic() + PATIENCE
    while not (names := left()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return names
