"""A run's environment whose engine, guard and streams are fakes that write down, in one list, what happens to them."""

import json
import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.cleanup.teardown import Report
from runner.config.options import Options
from runner.docker.listing import PROJECT_LABEL, Resource
from runner.docker.process import Completed, Endpoint
from runner.docker.questions import ComposeProject
from runner.docker.streams import Execution, Streams
from runner.environment.context import RunContext
from runner.environment.environment import Environment
from runner.odoo.command import addons_targets
from runner.odoo.source_tree import Tree
from runner.signals import Signals
from runner.terminal import Terminal
from tests.unit.fake_engine import VERSION, Said, Words, failed, inspection_of, listing_of, status
from tests.unit.fake_volumes import FakeVolumes
from tests.unit.repositories import repository

RENDERED: dict[str, Any] = {
    "services": {"db": {"image": "postgres:16"}, "odoo": {"image": "odoo:18.0", "healthcheck": {"test": ["CMD", "true"]}}},
    "networks": {"default": None},
    "volumes": {"data": {}},
}
LABELS = {"agent-test.repository": "evv"}
ENDPOINT = Endpoint({"DOCKER_HOST": "unix:///of-the-test.sock"})


class FakeExecution(Execution):
    """A command in a container that prints what it is told, and then ends, or fails."""

    def __init__(self, output: bytes, exit_code: int, error: BaseException | None = None) -> None:
        super().__init__({}, ("exec", "c", "odoo"), 0.0)
        self._printed = output
        self._ends_with, self._error = exit_code, error

    def _read(self) -> Generator[bytes, None, None]:
        yield from self._printed.splitlines(keepends=True)
        if self._error:
            raise self._error
        self.exit_code = self._ends_with


class FakeStreams(Streams):
    """Starts what it is told to start, and fails as often as it has errors in `fails`."""

    def __init__(self, *fails: BaseException, happens: Callable[[str], None] = lambda _event: None) -> None:
        self.fails = list(fails)
        self.started: list[ComposeProject] = []
        self.executed: list[list[str]] = []
        self.copied: list[bytes] = []
        # Clients that were fed: their words, what they read, their own variables; and what they say, with their exit code.
        self.fed: list[tuple[tuple[str, ...], bytes, dict[str, str]]] = []
        self.says: tuple[bytes, int] = (b"", 0)
        # What the commands in containers print, their exit codes, and their errors; the last stays.
        self.executions: list[tuple[bytes, int, BaseException | None]] = [(b"", 0, None)]
        self._happens = happens

    def pull(self, image: str) -> None:
        self._happens(f"pull {image}")

    def up(self, project: ComposeProject, look: Callable[[], None] = lambda: None) -> None:
        self.started.append(project)
        self._happens(f"up {project.variables['ODOO_PORT']}")
        if self.fails:
            raise self.fails.pop(0)

    def copy(self, archive: Iterable[bytes], container: str, folder: str, deadline: float) -> None:
        self.copied.append(b"".join(archive))
        self._happens(f"copy {folder}")

    def run(self, words: tuple[str, ...], source: Iterable[bytes], limit: float, **variables: str) -> Execution:
        self.fed.append((words, b"".join(source), variables))
        self._happens(f"{words[0]} that is fed")
        return FakeExecution(*self.says)

    def execute(self, _container: str, command: list[str], _limit: float, silence: float | None = None) -> Execution:
        self.executed.append(command)
        self._happens(command[3])
        return FakeExecution(*(self.executions.pop(0) if len(self.executions) > 1 else self.executions[0]))

    def attend(self, container: str, command: list[str], limit: float, silence: float | None = None) -> Execution:
        self._happens("attended")
        return self.execute(container, command, limit, silence)

    @property
    def ports(self) -> list[str]:
        """The ports of every start, in order."""
        return [project.variables["ODOO_PORT"] for project in self.started]


class FakeGuard:
    """Stands for the guard: it tears down what was armed, and reports what it is told to."""

    def __init__(self, fakes: "Fakes") -> None:
        self._fakes = fakes
        self.is_armed = False
        self.latency = 0.0

    def arm(self, engine_id: str, *, at_engine: bool = False) -> None:
        self._fakes.engine_id, self.is_armed = engine_id, True
        self._fakes.happens("arm for both" if at_engine else "arm")

    def disarm(self) -> None:
        self._fakes.happens("disarm")
        self.is_armed = False

    def finish(self, *, skip_settling: bool) -> Report | None:
        self._fakes.happens("finish")
        self._fakes.skipped_settling, self._fakes.latency = skip_settling, self.latency
        self._fakes.during_teardown()
        return self._fakes.report if self.is_armed else None


class FakeEngineGuard:
    """Stands for the guard at the engine."""

    def __init__(self, fakes: "Fakes") -> None:
        self._fakes = fakes
        self.has_ended = False

    def wait_until_ready(self) -> None:
        self._fakes.happens("ready at the engine")

    def remove(self) -> None:
        self._fakes.happens("removed at the engine")

    def close(self) -> None:
        self._fakes.happens("closed")


class Fakes:
    """What a run meets: all is well, and `events` tells in order what happens, unless a test says otherwise.

    `failures`: by event, what goes wrong with it, one time after the other. Docker is told by the first words of a command.
    """

    def __init__(self, folder: Path, signals: Signals) -> None:
        self.events: list[str] = []
        self.failures: dict[str, list[BaseException]] = {}
        self.folder, self.signals = folder, signals
        self.repository = repository(folder, addons=("addons", "more"), ports="18000-18002")
        self.rendered = RENDERED
        self.images = {"postgres:16": "sha256:pg", "odoo:18.0": "sha256:odoo"}
        self.containers = [status("db"), status()]
        # What the container says of the sources, other than that they are those of the repository.
        self.in_container: dict[str, Any] = {}
        # What the container says that is missing of what the module needs.
        self.unmet: dict[str, Any] | Completed = {}
        self.left_by_others: list[Resource] = []
        self.streams = FakeStreams(happens=self.happens)
        self.engine = _Engine(self)
        # What the guards were told, what they do and report, and what another removal does.
        self.guards: list[tuple[Any, ...]] = []
        self.engine_guards: list[dict[str, Any]] = []
        self.engine_guard = FakeEngineGuard(self)
        self.engine_id = ""
        self.skipped_settling: bool | None = None
        self.latency: float | None = None
        self.report: Report | None = Report(left={"containers": [], "networks": [], "volumes": []}, seconds=0.6)
        self.during_teardown: Callable[[], object] = lambda: None
        self.removal = Report(left={})

    def installed(self, monkeypatch: pytest.MonkeyPatch) -> "Fakes":
        """Put them where runs look for engine, guard, streams and ports."""
        monkeypatch.setattr("runner.environment.guards.Guard", self.guard)
        monkeypatch.setattr("runner.environment.guards.EngineGuard", self.guard_at_engine)
        monkeypatch.setattr("runner.environment.environment.Engine", self.engine)
        monkeypatch.setattr("runner.docker.streams.Streams", lambda _engine, _folder: self.streams)
        monkeypatch.setattr("runner.environment.environment.remove_project", self.remove_project)
        monkeypatch.setattr("runner.cleanup.orphans.remove_project", self.remove_project)
        monkeypatch.setattr("runner.environment.ports.can_bind", self.can_bind)
        monkeypatch.setattr(tempfile, "tempdir", str(self.folder))  # the locks of the ports
        return self

    def happens(self, event: str) -> None:
        self.events.append(event)
        self.fail(event)

    def fail(self, event: str) -> None:
        if self.failures.get(event):
            raise self.failures[event].pop(0)

    def guard(self, *about: object) -> FakeGuard:
        self.happens("guard")
        self.guards.append(about)
        return FakeGuard(self)

    def guard_at_engine(self, *_about: object, **more: Any) -> FakeEngineGuard:
        self.happens("guard at the engine")
        self.engine_guards.append(more)
        return self.engine_guard

    def can_bind(self, port: int) -> bool:
        self.happens(f"port {port}")
        return True

    def remove_project(self, endpoint: Endpoint, project: str, **_more: object) -> Report:
        self.happens(f"removed {project}")
        assert endpoint.environ == self.engine.client_environ or endpoint is self.engine.endpoint
        return self.removal

    def context(self, **options: Any) -> RunContext:
        """The context of a run of evv_core."""
        given = Options(**{"health_timeout": 5, "test_timeout": 5, "snapshot": False, **options})
        about = (self.repository, "evv_core", given, "p", self.folder, Terminal(), self.signals, LABELS)
        return RunContext(*about, token="t", password="secret")

    def environment(self, record: Callable[[bytes], None] = lambda _line: None, **options: Any) -> Environment:
        """An environment that nobody has entered yet."""
        return Environment(self.context(**options), ENDPOINT, record)

    @property
    def started(self) -> list[str]:
        """What happened from the first start on."""
        starts = [event for event in self.events if event.startswith("up ")]
        return self.events[self.events.index(starts[0]) :] if starts else []


class _Engine(FakeVolumes):
    def __init__(self, fakes: Fakes) -> None:
        self._fakes = fakes
        super().__init__()
        self.answers.update(
            {
                "version": VERSION,
                "compose": lambda _words: json.dumps(fakes.rendered),
                "image inspect": self._image,
                "ps": listing_of(lambda: [*fakes.left_by_others, *self._started()]),
                "network ls": "",
                "create": "",
                "rm": "",
                "container inspect": inspection_of(lambda: fakes.containers),
                "container rm": "",
                "logs": lambda words: f"log of {words[-1]}",
                "exec": self._in_container,
                "exec p-db-1 sh": "oom_kill 0\npids_max 0\n",
                "exec p-odoo-1 python3": self._in_container,
            }
        )

    def _in_container(self, words: Words) -> Said:
        """What the container tells of the sources, which are those of the repository."""
        assert words[2] == "python3", f"docker {' '.join(words)}: unexpected"
        request = json.loads(words[-1])
        folders = dict(zip(addons_targets(2), self._fakes.repository.addons, strict=True)) | self._earlier()
        named = {path: folders[path.rpartition("/")[0]] / path.rpartition("/")[2] for path in request["named"]}
        trees = {path: Tree(str(folder), str(folder.parent)) for path, folder in named.items()}
        return json.dumps(
            {
                "digests": {path: tree.digest for path, tree in trees.items()},
                "entries": {path: tree.entries for path, tree in trees.items()},
                "unreadable": [],
                "elsewhere": {},
                "missing": [],
            }
            | self._fakes.in_container
        )

    def _earlier(self) -> dict[str, Path]:
        """Where the sources of an earlier commit are, by where the container has them."""
        found = self._fakes.repository.path.glob(".agent-tests/*/earlier/addons")
        return dict(zip(["/mnt/agent-test-earlier-1"], found, strict=False))

    def _started(self) -> list[Resource]:
        projects = [project.name for project in self._fakes.streams.started[-1:]]
        return [Resource(container.name, {PROJECT_LABEL: name}) for name in projects for container in self._fakes.containers]

    def _image(self, words: Words) -> Said:
        if words[-1] not in self._fakes.images:
            return failed(f"Error response from daemon: No such image: {words[-1]}")
        return json.dumps([{"Id": self._fakes.images[words[-1]]}])

    def heard(self, words: str, environ: Mapping[str, str]) -> None:
        super().heard(words, environ)
        self._fakes.events.append(_event(words))

    def answer_to(self, words: Words) -> Completed:
        self._fakes.fail(_event(" ".join(words)))
        if "odoo-unmet" in words:
            unmet = self._fakes.unmet
            answer = {"series": 19, "modules": {}, "packages": {}, "programs": {}}
            return unmet if isinstance(unmet, Completed) else Completed(0, f"{json.dumps(answer | unmet)}\n", "")
        return super().answer_to(words)


def _event(words: str) -> str:
    first, second, *_ = [*words.split(), ""]
    return first if first in ("version", "compose", "info", "ps") else f"{first} {second}"
