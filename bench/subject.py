"""What is measured: the benchmark's modules in a repository of their own, in a folder that goes when the benchmark ends."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

import yaml

from runner.cleanup.guard import Guard
from runner.cleanup.guard_process import BOUND
from runner.config import repositories as config
from runner.docker.engine import connect
from runner.docker.process import TOKEN_VARIABLE
from runner.naming import project_name
from runner.signals import STARTER

from .timed import Timed, run
from .usage import Watch

HERE = Path(__file__).resolve().parent
NAME = "bench"
_PREFIX = "bench-agent-test"
# Of the benchmark alone: other runs on the machine go on meanwhile.
_PORTS = (18400, 18410)
# Seconds, for a dozen volumes.
_CLEANUP = 120.0


class BenchFailed(Exception):
    """A run that was to be measured did not pass: its times mean nothing."""


class Subject:
    """The two ways to test a module of the benchmark. Nothing of it is left after the block."""

    def __init__(self) -> None:
        """ConfigError if the images of this machine cannot be read from repos.yaml."""
        settings = next(iter(config.load(HERE.parent, os.environ).repositories.values()))
        self.images = settings.images
        self._compose_file = settings.compose_file
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Subject":
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="agent-test-bench-")))
        shutil.copytree(HERE / "addons", self.folder / "addons", ignore=shutil.ignore_patterns("__pycache__"))
        (self.folder / "compose.yml").write_text(_compose_of_its_own(self._compose_file))
        entry = {
            "prefix": _PREFIX,
            "path": ".",
            "addons": ["addons"],
            "compose_file": "compose.yml",
            "ports": f"{_PORTS[0]}-{_PORTS[1]}",
            "images": self.images.model_dump(),
        }
        (self.folder / "repos.yaml").write_text(yaml.safe_dump({"repositories": {NAME: entry}}))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._stack:
            self.forget()

    def copies(self, module: str, number: int) -> list[str]:
        """Make so many modules that are like `module`; their names."""
        names = [f"{module}_{each}" for each in range(1, number + 1)]
        for name in names:
            shutil.copytree(self.folder / "addons" / module, self.folder / "addons" / name)
        return names

    def by_script(self, *modules: str, green: bool = True) -> Timed:
        """Test modules, in one database, by the plain shell script. `green`: BenchFailed if it is red."""
        token = secrets.token_hex(16)
        project = project_name("bench-plain", modules[0])
        environ = {
            **os.environ,
            "ODOO_IMAGE": self.images.odoo,
            "POSTGRES_IMAGE": self.images.postgres,
            "ODOO_ADDONS": str(self.folder / "addons"),
            "PROJECT_NAME": project,
            "FIRST_PORT": str(_PORTS[0]),
            "LAST_PORT": str(_PORTS[1]),
            "LOG": str(self.folder / "plain.log"),
            TOKEN_VARIABLE: token,
        }
        # The script cleans up by `trap`; what that misses when the benchmark is interrupted or killed, the guard removes.
        engine = connect(os.environ)
        guard = Guard(project, token, engine.endpoint, self.folder / "plain-teardown.json", print)
        try:
            guard.arm(engine.info.id)
            named = ",".join(modules)
            ended = run([str(HERE / "plain/run-tests.sh"), named], self.folder, environ)
            return _green(ended, f"The script on {named}") if green else ended
        finally:
            report = guard.finish(skip_settling=False)
            if report and not report.complete:
                raise BenchFailed(f"What the script started could not be removed: {report.left}")

    def by_runner(self, *words: str, watch: Watch | None = None, green: bool = True) -> Timed:
        """Test modules by the runner, called with these words. `green`: BenchFailed if it is red."""
        command = [sys.executable, "-m", "runner", "run", NAME, *words]
        ended = run(command, self.folder, _environ(), watch)
        return _green(ended, f"The runner on {' '.join(words)}") if green else ended

    @contextlib.contextmanager
    def watched(self, module: str) -> Iterator[Iterator[str]]:
        """Watch a module within the block, which gets the lines that are said; it leaves nothing."""
        process = subprocess.Popen(
            [sys.executable, "-m", "runner", "run", NAME, module, "--watch"],
            cwd=self.folder,
            env=_environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            assert process.stdout
            yield iter(process.stdout)
        finally:
            process.terminate()
            process.communicate(timeout=_CLEANUP + BOUND)

    def by_runner_after_a_load(self, module: str) -> Timed:
        """Test the module as on a machine that has its prepared databases from files alone. BenchFailed if it is red."""
        saved = str(self.folder / "saved")
        self._runner("snapshots", "save", saved, NAME)
        self.forget()
        self._runner("snapshots", "load", saved)
        return self.by_runner(module)

    def forget(self) -> None:
        """Remove the databases that runs of the benchmark prepared: the next run is a first one."""
        self._runner("cleanup", NAME, "--snapshots")

    def _runner(self, *words: str) -> None:
        command = [sys.executable, "-m", "runner", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=_environ(), check=False, timeout=_CLEANUP, capture_output=True, text=True
        )
        if done.returncode:
            raise BenchFailed(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _environ() -> Mapping[str, str]:
    # Should this process be killed, the runner takes it for its starter, and ends.
    return {**os.environ, "PYTHONPATH": str(HERE.parent), STARTER: str(os.getpid())}


def _compose_of_its_own(file: Path) -> str:
    """The compose file with a variable that no other has: nothing that is prepared for it is anybody else's."""
    content = yaml.safe_load(file.read_text())
    content["services"]["db"].setdefault("environment", {})["AGENT_TEST_BENCH"] = secrets.token_hex(8)
    return yaml.safe_dump(content)


def _green(ended: Timed, what: str) -> Timed:
    if ended.exit_code:
        raise BenchFailed(f"{what} ended with {ended.exit_code}:\n{ended.output[-3000:]}")
    return ended
