"""An engine of which only the docker clients are fakes: what it is asked, and how answers are read, is the runner's own."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import TypeVar

from runner.docker.engine import Engine, Pending
from runner.docker.inventory import ContainerStatus
from runner.docker.listing import Resource
from runner.docker.process import Command, Completed, Endpoint
from runner.docker.questions import Question

T = TypeVar("T")

MACHINE = (16 * 2**30, 2, True, True, True)
VERSION = json.dumps({"Client": {"Version": "28.5"}, "Server": {"Version": "28.0", "KernelVersion": "6.1"}})

Words = tuple[str, ...]
# What a client prints, how it ends, or what goes wrong with it.
Said = str | Completed | BaseException
Answer = Said | Callable[[Words], Said]


def info(_words: Words) -> str:
    """What a fake engine tells of itself: its clock is that of this machine."""
    return json.dumps(["the-engine", datetime.now(timezone.utc).isoformat(), *MACHINE])


class FakeEngine(Engine):
    """Answers by the beginning of a question's words, of which the longest counts; whatever else is asked fails the test."""

    def __init__(self, answers: Mapping[str, Answer] | None = None) -> None:
        super().__init__(Endpoint({}))
        self.answers: dict[str, Answer] = dict(answers or {})
        self.asked: list[str] = []
        # By the words: the environments of the clients, and those at work of which nobody has fetched the answer.
        self.environs: dict[str, Mapping[str, str]] = {}
        self.at_work: list[str] = []

    def __call__(self, endpoint: Endpoint, token: str = "") -> "FakeEngine":
        """Stand for the class as well: who makes an engine gets this one."""
        Engine.__init__(self, endpoint, token)
        return self

    def prefetch(self, question: Question[T]) -> Pending[T]:
        pending = _Pending(question, self)
        self._pending.append(pending)
        return pending

    def heard(self, words: str, environ: Mapping[str, str]) -> None:
        """A client was started."""
        self.asked.append(words)
        self.at_work.append(words)
        self.environs[words] = environ

    def answer_to(self, words: Words) -> Completed:
        """What a client prints and how it ends; an error is raised."""
        known = [beginning for beginning in self.answers if " ".join(words).startswith(beginning)]
        assert known, f"docker {' '.join(words)}: unexpected"
        answer = self.answers[max(known, key=len)]
        if callable(answer):
            answer = answer(words)
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Completed) else Completed(0, answer, "")


class _Pending(Pending[T]):
    def __init__(self, question: Question[T], engine: FakeEngine) -> None:
        self._engine = engine
        super().__init__(question, engine.client_environ)

    def _start(self) -> Command:
        return _Client(self._question.words, self._environ, self._engine)


class _Client(Command):
    def __init__(self, words: Words, environ: Mapping[str, str], engine: FakeEngine) -> None:
        self.name, self._words, self._engine = " ".join(words), words, engine
        engine.heard(self.name, environ)

    def result(self, deadline: float) -> Completed:
        self.cancel()
        return self._engine.answer_to(self._words)

    def cancel(self) -> None:
        if self.name in self._engine.at_work:
            self._engine.at_work.remove(self.name)


def failed(said: str, exit_code: int = 1) -> Completed:
    """A client that fails with these words."""
    return Completed(exit_code, "", f"{said}\n")


def listing_of(resources: Callable[[], Iterable[Resource]]) -> Callable[[Words], str]:
    """What docker lists of these containers, networks or volumes: those with the label that is asked for."""

    def listed(words: Words) -> str:
        labels = re.findall(r'\.Label "([^"]+)"', words[-1])
        columns = [column or "-" for column in re.findall(r',(?:{{json \.(\w+)}}|"")', words[-1])[1:]]
        wanted = [word.removeprefix("label=").partition("=") for word in words if word.startswith("label=")]
        return "".join(
            json.dumps(
                [
                    resource.name,
                    _published(resource.ports),
                    *(resource.labels.get(label, "") for label in labels),
                    *(resource.columns.get(column, "") for column in columns),
                ]
            )
            + "\n"
            for resource in resources()
            if all(resource.labels.get(label) == value if sep else label in resource.labels for label, sep, value in wanted)
        )

    return listed


def _published(ports: Iterable[int]) -> str:
    return ", ".join(f"127.0.0.1:{port}->8069/tcp" for port in ports)


def status(
    service: str = "odoo",
    state: str = "running",
    health: str | None = "healthy",
    **more: int | bool | str | tuple[tuple[str, str], ...],
) -> ContainerStatus:
    """A container of the project p."""
    facts = {"exit_code": 0, "oom_killed": False} | more
    return ContainerStatus(name=f"p-{service}-1", service=service, status=state, health=health, **facts)  # type: ignore[arg-type]


def inspection_of(containers: Callable[[], Iterable[ContainerStatus]]) -> Callable[[Words], Said]:
    """What `docker container inspect` prints of these containers."""

    def inspected(words: Words) -> Said:
        by_name = {container.name: _inspected(container) for container in containers()}
        _container, _inspect, *names = words
        if missing := [name for name in names if name not in by_name]:
            return failed(f"Error response from daemon: No such container: {missing[0]}")
        return json.dumps([by_name[name] for name in names])

    return inspected


def _inspected(container: ContainerStatus) -> dict[str, object]:
    state = {"Status": container.status, "ExitCode": container.exit_code, "OOMKilled": container.oom_killed}
    state |= {"StartedAt": container.started_at}
    checks = [{"ExitCode": 1, "Output": container.check_said}] if container.check_said else []
    health = {"Health": {"Status": container.health, "Log": checks}} if container.health is not None else {}
    labels = {"com.docker.compose.service": container.service}
    config = {"Config": {"Labels": labels}, "RestartCount": container.restarts}
    mounts = [{"Type": "volume", "Name": name, "Destination": place, "RW": True} for name, place in container.volumes]
    mounts += [{"Type": "tmpfs", "Name": "", "Destination": "/t", "RW": True}]
    mounts += [{"Type": "volume", "Name": "read-only", "Destination": "/agent-test-snapshot", "RW": False}]
    host = {"HostConfig": {"Memory": container.memory, "PidsLimit": container.pids or None}}
    return {"Name": f"/{container.name}", **config, **host, "State": state | health, "Mounts": mounts}
