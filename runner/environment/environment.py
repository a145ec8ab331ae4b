"""`with Environment(...)`: up, healthy, and down again on every way out of the block."""

import contextlib
import signal
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from runner.cleanup.keep import Served
from runner.cleanup.teardown import Report, remove_project
from runner.config.options import Keep
from runner.docker import questions
from runner.docker.address import Address, address_of
from runner.docker.engine import Engine, Pending
from runner.docker.inventory import ContainerStatus
from runner.docker.process import Endpoint
from runner.docker.versions import LEAST_FOR_CONTENT
from runner.environment.compose_file import own_checks, project_to_judge
from runner.environment.compose_model import ComposeModel
from runner.environment.context import RunContext
from runner.environment.copies import Copies
from runner.environment.guards import Guards
from runner.environment.health import check_alive, wait_until_healthy
from runner.environment.longest import START_OVER_BOUND, STREAM_MARGIN
from runner.environment.ports import HOST, PortSearch
from runner.environment.preflight import Preflight, preflight
from runner.environment.rendering import at_port, published
from runner.environment.startup import is_not_there, up
from runner.errors import EnvironmentFailed, HealthTimeout
from runner.odoo.command import KILL_AFTER, SERVICE, query_command
from runner.odoo.mounted_sources import MountedSources
from runner.snapshots.plan import Plan
from runner.snapshots.store import Store

if TYPE_CHECKING:
    from runner.docker.streams import Execution
    from runner.upgrade.earlier import Earlier


class Environment:
    """One Compose project, from before its first docker call until nothing of it is left.

    Entering brings it up and waits until it is healthy; leaving always ends in the guard's teardown, whose report is then
    in `teardown` (None if nothing had been started, or it was kept). Raises NoFreePort, ConfigError, EngineUnavailable or
    EnvironmentFailed.
    """

    def __init__(self, context: RunContext, endpoint: Endpoint, record: Callable[[bytes], None] = lambda _line: None) -> None:
        """`record` gets, in lines, what the building of an image says."""
        self.context = context
        self._record = record
        self.engine = Engine(endpoint, context.token)
        self.store = Store(self.engine)
        self.sources = MountedSources(context.module, context.repository, context.beside)
        # From when it is entered on, where the module is first installed as it was.
        self.earlier: Earlier | None = None
        self.containers: dict[str, str] = {}
        # What is asked in the odoo container while it comes up: see first_answer.
        self.first_command: Callable[[], list[str]] | None = None
        self.kept = False
        self.served = Served()
        self.teardown: Report | None = None
        self._compose = project_to_judge(context.repository, context.project, context.password)
        self._ports = PortSearch(
            context.repository.ports,
            context.options.wait_for_port,
            lambda line: context.terminal.line(f"  {line}"),
            published=self.engine.published_ports,
            is_here=lambda: self.engine.whereabouts.is_here,
            first=context.port,
        )
        self._guards: Guards | None = None
        # From when the guards are armed on.
        self._preflight: Preflight | None = None
        self._first: Pending[tuple[int, str]] | None = None
        self._when_healthy: list[ContainerStatus] = []
        self._has_started = False
        self._no_client_was_killed = True

    def __enter__(self) -> "Environment":
        context = self.context
        context.signals.lift_shield()
        self._guards = guards = Guards(context, self.engine)
        about = (context, self.engine, self.store, self._compose)
        try:
            if context.revision:  # not before there is a guard, which removes it
                from runner.upgrade.earlier import take_out  # noqa: PLC0415 - few runs have it

                self.earlier = take_out(context.revision, context.module, context.folder)
            found = preflight(
                *about,
                sources=self.sources,
                earlier=self.earlier,
                ports=self._ports,
                guards=guards,
                record=self._record,
            )
            found = self._settled(found)
            guards.arm(found.engine_id)
            self._preflight = found
            self._expect_copies_or_not()
            self._come_up()
        except BaseException as error:
            self._leave(error)
            raise
        return self

    @property
    def preflight(self) -> Preflight:
        """What was found out and decided before anything was created, and, by who started over, decided anew."""
        assert self._preflight, "the environment was entered"
        return self._preflight

    @property
    def plan(self) -> Plan:
        """Which prepared database the run starts from, and which it makes."""
        return self.preflight.plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self._preflight = replace(self.preflight, plan=plan)

    @property
    def copies(self) -> Copies:
        """What the containers have as copies."""
        return self.preflight.model.copies

    @property
    def guards(self) -> str:
        """Where the guards are, for the log."""
        assert self._guards
        return self._guards.told

    def _settled(self, found: Preflight) -> Preflight:
        """Return what is to be started: for a run just what was decided. What this raises, it raises before anything is."""
        return found

    def _come_up(self) -> None:
        self._copy()
        try:
            self._up()
        except EnvironmentFailed as error:
            # What has gone from here, too, nothing but a person brings back.
            if self.copies.may_be_more and self.copies.are_here and (why := is_not_there(str(error))):
                self.start_over_with_copies(why)
                return
            snapshot = self.plan.used
            # Not every engine may mount memory. What has started at all is not healthier without.
            refused = self.plan.in_memory and not self._has_started
            if not (snapshot or refused) or (isinstance(error, HealthTimeout) and self._database_answers()):
                raise
            first, *others = str(error).splitlines()
            self.start_over(f"it does not start: {others[-1] if others and first.endswith(':') else first}")
            if snapshot:
                self.store.drop(snapshot)

    def _database_answers(self) -> bool:
        """Whether the prepared database is there for Odoo: then it is not what keeps the environment from being healthy."""
        try:
            running = {container.service: container.name for container in self.engine.containers(self.context.project)}
            answer = questions.execution(running[SERVICE], query_command("select 1")) if SERVICE in running else None
            return answer is not None and self.engine.ask(answer)[0] == 0
        except EnvironmentFailed:  # then nothing is known of it, and what the caller has to say counts
            return False

    def _copy(self) -> None:
        found = self.preflight
        if self.copies.have_content:
            self.engine.ask(questions.compose_version(LEAST_FOR_CONTENT))
        if self.copies.has_folders:
            with self.context.terminal.phase("copy the sources"):
                image = str(found.model.rendered["services"][SERVICE]["image"])
                self.copies.make(self.engine, found.streams, found.labels, image)

    def _up(self) -> None:
        context, model = self.context, self.preflight.model
        with context.terminal.phase("up"):
            try:
                up(self.engine, self.preflight.streams, model.at, self._ports, context.terminal)
            finally:
                model.forget_rendering()
        self._has_started = True
        assert self.port
        checks = own_checks(at_port(model.rendered, self.port))
        if self.first_command:
            # Compose calls the container so, before it can be asked for its name.
            command = self.first_command()
            self._first = self.engine.prefetch(questions.execution(f"{context.project}-{SERVICE}-1", command))
        with context.terminal.phase("healthy"):
            timeout, say = context.options.health_timeout, context.terminal.step
            self._when_healthy = wait_until_healthy(self.engine, context.project, timeout, checks, say)
        self.containers = {container.service: container.name for container in self._when_healthy}

    def volumes_of(self, service: str) -> tuple[tuple[str, str], ...]:
        """Return the volumes to which a service can write: their names, and where it has them."""
        return next(container.volumes for container in self._when_healthy if container.service == service)

    def prefetch_states(self) -> Pending[list[ContainerStatus]]:
        """Ask how the containers are that were there when the environment became healthy."""
        return self.engine.prefetch(questions.states([container.name for container in self._when_healthy]))

    def renew_states(self) -> None:
        """Take the containers as they are now, where the run itself has stopped and started one."""
        self._when_healthy = self.prefetch_states().result()

    def check_alive(self, now: list[ContainerStatus], **how: Any) -> None:
        """Raise EnvironmentFailed if, by these states, a container did not run all the time since it was healthy."""
        check_alive(self.engine, self._when_healthy, now, **how)

    def first_answer(self) -> tuple[int, str]:
        """Return the exit code of `first_command`, and what it printed; it runs once more if it failed while all came up.

        It is answered now: an environment that starts over is not asked again.
        """
        command, self.first_command = self.first_command, None
        first, self._first = self._first, None
        assert command, "there is one"
        try:
            answer = first.result() if first else None
        except EnvironmentFailed:
            answer = None
        if answer is None or answer[0]:
            answer = self.engine.ask(questions.execution(self.odoo_container, command()))
        return answer

    def start_over_with_copies(self, why: str) -> None:
        """Remove all that was started, and bring it up again with copies of the sources. EnvironmentFailed if that fails."""
        self.context.terminal.line(f"  with copies of the sources, because {why}")
        model, plan = self.preflight.model.with_copies(), self.plan
        if model.copies.leave_foreign:
            model, plan = model.without_snapshot(), plan.disable("what else is mounted may not be what is here")
        self._start_anew(model, plan)
        self._expect_copies_or_not()
        self._come_up()

    def _expect_copies_or_not(self) -> None:
        for sources in (self.sources, *([self.earlier.sources] if self.earlier else [])):
            sources.expect(copies=self.copies.has_addons)

    def start_over(self, why: str) -> None:
        """Remove all that was started, and bring it up again without a prepared database. EnvironmentFailed if that fails."""
        why = self.context.without_password(why)
        self.context.terminal.line(f"  without the prepared database, because {why}")
        self._start_anew(self.preflight.model.without_snapshot(), self.plan.disable(why))
        self._copy()
        self._up()

    def _start_anew(self, model: ComposeModel, plan: Plan) -> None:
        """Decide so, and remove what was started."""
        self._preflight = found = replace(self.preflight, model=model, plan=plan)
        self._no_client_was_killed = False  # what a client that is ended here asked for may appear later
        self.engine.cancel_all()  # about what goes now
        about = (self.engine.endpoint, self.context.project)
        report = remove_project(*about, bound=START_OVER_BOUND, engine_id=found.engine_id, token=self.context.token)
        self._tell_who_was_disconnected(report)
        if not report.complete:
            why = "; ".join((*report.errors, *report.in_use))
            raise EnvironmentFailed(f"The environment cannot be started anew: {why or report.left}")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave(error)

    def close(self) -> None:
        """Leave, if a signal came in the instant in which the block was left and kept that from happening."""
        if self._guards:
            self._leave(None)

    def keep(self, served: Served | None = None) -> None:
        """Let the environment stand when the block is left, unless a signal ends it."""
        self.kept, self.served = True, served or self.served

    @property
    def port(self) -> int | None:
        """The port of the engine's machine on which Odoo's server is published; None before one was found."""
        return self._ports.port

    @property
    def is_published(self) -> bool:
        """Whether the run's port leads to Odoo's container."""
        return bool(published(self.preflight.model.rendered))

    @property
    def address(self) -> Address:
        """Where Odoo's server is published, once there is a port."""
        assert self.port
        interfaces = [port.get("host_ip", "") for port in published(self.preflight.model.rendered)]
        return address_of(self.engine.whereabouts, self.port, [*interfaces, HOST][0])

    @property
    def odoo_container(self) -> str:
        """The name of the container in which Odoo runs."""
        return self.containers[SERVICE]

    def execute(
        self, command: list[str], timeout: float, silence: float | None = None, *, is_attended: bool = False
    ) -> "Execution":
        """Run a command in Odoo's container that ends itself after `timeout` seconds; its output is streamed.

        After `silence`, in seconds, in which nothing came, that comes as an empty piece. `is_attended`: at the terminal of
        this process, where a person sees and types.
        """
        limit = timeout + KILL_AFTER + STREAM_MARGIN
        streams = self.preflight.streams
        return (streams.attend if is_attended else streams.execute)(self.odoo_container, command, limit, silence)

    def _leave(self, error: BaseException | None) -> None:
        assert self._guards
        context, signals = self.context, self.context.signals
        signals.shield()
        self.engine.cancel_all()
        if context.options.keep is not Keep.NEVER and self._preflight and isinstance(error, EnvironmentFailed):
            self.keep(Served())
        if signals.first is not None:
            self.kept = False
            context.terminal.line(f"  {signal.Signals(signals.first).name}: ending the run and tearing down")
        with contextlib.closing(self._ports):
            self.kept = self.kept and self._guards.let_stand(self.preflight.labels)
            undisturbed = self._no_client_was_killed and error is None and signals.first is None
            self.teardown = self._guards.finish(skip_settling=undisturbed)
        self._tell_who_was_disconnected(self.teardown)
        self._guards = None

    def _tell_who_was_disconnected(self, teardown: Report | None) -> None:
        for told in teardown.disconnected if teardown else ():
            self.context.terminal.line(f"  not of this run, disconnected: {told}")
