"""The Docker engine of a run, asked by one client for each question."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from runner.docker import questions
from runner.docker.endpoint import settle
from runner.docker.inventory import ContainerStatus, EngineInfo
from runner.docker.listing import CONTAINERS, LISTING_TRIES, LISTINGS, PROJECT_LABEL, Resource
from runner.docker.process import TOKEN_VARIABLE, Command, DockerFailed, DockerStalled, Endpoint, has_vanished
from runner.docker.questions import ComposeProject, Question
from runner.docker.whereabouts import Whereabouts, host_of, own_container
from runner.errors import ConfigError, EngineStalled, EnvironmentFailed

# Between two tries of a health check, and what one that hangs gets beyond its time; in seconds.
_PAUSE, _HANGING = 0.1, 10.0
# In characters, of what a health check says.
_LONGEST = 2000
_UNTIL = (
    'n=$1; shift; until said=$("$@" 2>&1); do n=$((n-1)); '
    f'[ "$n" -gt 0 ] || {{ printf "%.{_LONGEST}s" "$said"; exit 1; }}; sleep {_PAUSE}; done'
)

T = TypeVar("T")


class Pending(Generic[T]):
    """A question on its way to docker: a client takes 10 to 100 ms, nearly all of it its own start."""

    def __init__(self, question: Question[T], environ: Mapping[str, str]) -> None:
        self._question = question
        self._environ = {**environ, **question.variables}
        self._command = self._start()

    def result(self, deadline: float | None = None) -> T:
        """Return the answer. The question's `silence` if it does not come within its limit, or until `deadline`.

        A listing fails if another run removes something at that moment: then it is asked for again.
        """
        for _ in range(LISTING_TRIES - 1 if self._question.is_listing else 0):
            try:
                return self._answer(deadline)
            except EnvironmentFailed as error:
                if not has_vanished(str(error)):
                    raise
                self._command = self._start()
        return self._answer(deadline)

    def cancel(self) -> None:
        """End the client, if nobody wants its answer any more."""
        self._command.cancel()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to cancel."""
        return self._command.is_over

    def _start(self) -> Command:
        try:
            return Command(self._question.words, self._environ, self._question.memory)
        except DockerFailed as error:
            raise EnvironmentFailed(str(error)) from error

    def _answer(self, deadline: float | None) -> T:
        seconds = self._question.limit or questions.LIMIT
        if deadline is not None:
            seconds = max(0.0, deadline - time.monotonic())
        try:
            completed = self._command.result(time.monotonic() + seconds)
        except DockerStalled as error:
            waiting_for = self._question.about or f"`{self._command.name}`"
            raise self._question.silence(_in_vain(seconds, waiting_for)) from error
        return self._question.read(completed)


def stalled(seconds: float, waiting_for: str) -> EngineStalled:
    """Return the error for a docker client that did not end in time."""
    return EngineStalled(_in_vain(seconds, waiting_for))


def _in_vain(seconds: float, waiting_for: str) -> str:
    return (
        f"Waited {seconds:.0f} s in vain for {waiting_for}. Is the Docker daemon overloaded or stopped? "
        "What is wrong with it: nox -s doctor"
    )


def connect(environ: Mapping[str, str]) -> "Engine":
    """Return the engine that docker's client means now. EngineUnavailable, with what to do, if it does not answer."""
    engine = Engine(settle(environ))
    engine.ask(questions.version())
    return engine


class Engine:
    """One engine, always the same: every client gets the endpoint that was settled at the start, and the run's token."""

    def __init__(self, endpoint: Endpoint, token: str = "") -> None:
        self.endpoint = endpoint
        self.client_environ = {**endpoint.environ, **({TOKEN_VARIABLE: token} if token else {})}
        self._pending: list[Pending[Any]] = []
        self._info: EngineInfo | Pending[EngineInfo] | None = None
        self._mounts: Pending[dict[str, str] | None] | None = None

    def ask(self, question: Question[T]) -> T:
        """Return the answer. EngineStalled if there is none in time, else whatever the question raises."""
        return self.prefetch(question).result()

    def prefetch(self, question: Question[T]) -> Pending[T]:
        """Start the question's client, so that the answer comes while something else is done."""
        pending = Pending(question, self.client_environ)
        # Without those that were answered, which a watch would gather for hours.
        self._pending = [*(each for each in self._pending if not each.is_over), pending]
        return pending

    def prefetch_info(self) -> None:
        """Ask for `info`, unless that was asked before."""
        self._info = self._info or self.prefetch(questions.info())

    @property
    def info(self) -> EngineInfo:
        """Which engine it is, and what its clock says. Asked once."""
        self.prefetch_info()
        if isinstance(self._info, Pending):
            self._info = self._info.result()
        assert self._info
        return self._info

    def prefetch_whereabouts(self) -> None:
        """Ask for `whereabouts`, where there is anything to ask."""
        if own := own_container():
            self._mounts = self.prefetch(questions.mounts(own))

    @cached_property
    def whereabouts(self) -> Whereabouts:
        """Where the engine is, seen from here. Asked once."""
        if not self._mounts:
            self.prefetch_whereabouts()
        return Whereabouts(host_of(self.client_environ), self._mounts.result() if self._mounts else None)

    def cancel_all(self) -> None:
        """End the clients whose answers nobody has fetched."""
        while self._pending:
            self._pending.pop().cancel()

    def command(self, *words: str, limit: float | None = None) -> str:
        """Return what `docker WORDS` prints, within `limit` seconds (LIMIT). EnvironmentFailed with what docker said."""
        return self.ask(replace(questions.command(*words), limit=limit))

    def rendered(self, project: ComposeProject, pending: Pending[dict[str, Any]] | None = None) -> dict[str, Any]:
        """Return the project's compose files as Compose understands them; `pending`: where that was asked already."""
        try:
            return (pending or self.prefetch(questions.rendered(project))).result()
        except EngineStalled as error:  # no engine is asked
            raise questions.without_end(project, f"{questions.READING_LIMIT:.0f} s") from error
        except ConfigError:
            # Where there is no Compose, what docker said of options that it does not know would only puzzle.
            self.ask(questions.compose_version())
            raise

    def containers(self, project: str) -> list[ContainerStatus]:
        """Return how the project's containers are, running or not."""
        names = self._containers_of(project)
        return self.ask(questions.states(names)) if names else []

    def published_ports(self) -> dict[int, str]:
        """Return which container publishes each port, of those that run."""
        published = self.ask(questions.resources(CONTAINERS, ()))
        return {port: container.name for container in published for port in container.ports}

    def remove_containers(self, project: str) -> None:
        """Remove the containers of a failed start, and their anonymous volumes, which a second `up` would leave behind."""
        if names := self._containers_of(project):
            self.command("container", "rm", "--force", "--volumes", *names)

    def _containers_of(self, project: str) -> list[str]:
        mine = self.ask(questions.resources(CONTAINERS, (), f"label={PROJECT_LABEL}={project}"))
        return [container.name for container in mine]

    def prefetch_resources(
        self, labels: Sequence[str], *filters: str, columns: Sequence[str] = ()
    ) -> dict[str, Pending[list[Resource]]]:
        """Start the listings of containers, networks and volumes, with these labels and columns of theirs; by kind."""
        return {kind: self.prefetch(questions.resources(kind, labels, *filters, columns=columns)) for kind in LISTINGS}

    def failing(self, tests: Mapping[str, Sequence[str]], seconds: float) -> dict[str, str]:
        """Return the containers in which their command does not succeed within about so many seconds, with what it said last.

        It is repeated until then.
        """
        tries = str(max(1, int(seconds / _PAUSE)))
        deadline = time.monotonic() + seconds + _HANGING
        pending = {
            name: self.prefetch(questions.execution(name, ["sh", "-c", _UNTIL, "until", tries, *test]))
            for name, test in tests.items()
        }
        failing = {}
        for name, check in pending.items():
            try:
                exit_code, said = check.result(deadline)
            except EngineStalled:  # the containers' states tell whether there is more to wait for
                exit_code, said = 1, "(it does not come to an end)"
            if exit_code:
                failing[name] = said
        return failing
