"""`with Environment(...)`: up, healthy, and down again on every way out of the block."""

import contextlib
import copy
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from runner.cleanup import keep, orphans
from runner.cleanup.engine_guard import EngineGuard, NoEngineGuard, is_wanted
from runner.cleanup.guard import Guard
from runner.cleanup.life import deadline_label
from runner.cleanup.teardown import Report, remove_project
from runner.config.options import Keep
from runner.docker import questions
from runner.docker.address import Address, address_of
from runner.docker.endpoint import no_proxy_of
from runner.docker.engine import Engine, Pending
from runner.docker.inventory import ContainerStatus, Image
from runner.docker.process import Endpoint
from runner.docker.whereabouts import Whereabouts
from runner.environment.compose_file import judge, override_for, own_checks, project_to_judge
from runner.environment.context import RunContext
from runner.environment.copies import Choice, Copies
from runner.environment.exposed_password import shown_in_command_lines
from runner.environment.health import check_alive, wait_until_healthy
from runner.environment.images import images_of
from runner.environment.isolation import PROBE_PORT
from runner.environment.limits import limits_for, limits_ignored, with_limits
from runner.environment.longest import START_OVER_BOUND, STREAM_MARGIN, longest_run
from runner.environment.misnamed import hide_misnamed
from runner.environment.missing import check_present
from runner.environment.ports import HOST, PortSearch
from runner.environment.rendering import as_file, at_port, render
from runner.environment.startup import is_not_there, up
from runner.environment.visible import check_links, closed_to_odoo
from runner.errors import ConfigError, EnvironmentFailed, HealthTimeout, cause_of
from runner.new_file import write_new
from runner.odoo.addons import modules_of
from runner.odoo.command import KILL_AFTER, SERVICE, query_command
from runner.odoo.mounted_sources import MountedSources
from runner.odoo.test_tags import stays_within
from runner.reporting.proof_log import TEARDOWN_REPORT
from runner.snapshots.needs_empty import recall
from runner.snapshots.plan import Plan, choose
from runner.snapshots.store import Store
from runner.text import printable

if TYPE_CHECKING:
    from runner.docker.streams import Execution, Streams

# In the run's folder, while Compose starts from it: it may hold what this user's shell or env files keep secret.
_RENDERING = "compose.json"


def _hindrance(context: RunContext) -> str:
    """Why the command line allows for no prepared database; empty if it does."""
    if not context.options.snapshot:
        return "--no-snapshot"
    if not stays_within(context.options.test_tags, context.module):
        # Those of a module that is in the database already would not run.
        return "--test-tags may select tests of other modules"
    return ""


class Environment:
    """One Compose project, from before its first docker call until nothing of it is left.

    Entering brings it up and waits until it is healthy; leaving always ends in the guard's teardown, whose report is then
    in `teardown` (None if nothing had been started, or it was kept). Raises NoFreePort, ConfigError, EngineUnavailable or
    EnvironmentFailed.
    """

    def __init__(self, context: RunContext, endpoint: Endpoint) -> None:
        self.context = context
        self.engine = Engine(endpoint, context.token)
        self.store = Store(self.engine)
        self.sources = MountedSources(context.module, context.repository)
        self.plan = Plan(context.repository, context.module, modules_of(context.repository)).disable(_hindrance(context))
        # With the run's deadline, once the engine has told its time.
        self.labels = dict(context.labels)
        self.engine_name = ""
        self.images: dict[str, str] = {}
        self.containers: dict[str, str] = {}
        self._when_healthy: list[ContainerStatus] = []
        self.warnings: list[str] = []
        # What is asked in the odoo container while it comes up: see first_answer.
        self.first_command: Callable[[], list[str]] | None = None
        self._first: Pending[tuple[int, str]] | None = None
        self.kept = False
        self.teardown: Report | None = None
        self._compose = project_to_judge(context.repository, context.project, context.password)
        # What Compose made of the compose file, and what is added to it; without the run's port.
        self._rendered: dict[str, Any] = {}
        self._override: dict[str, Any] = {}
        self._choice = Choice(context.repository, Whereabouts())
        self._copies = Copies(self._choice, context.project, ())
        self._engine_id = ""
        self._plain_override: dict[str, Any] = {}
        self._guard: Guard | None = None
        # That at the engine, where there is one; and what is said of where the guards are.
        self._engine_guard: EngineGuard | None = None
        self.guards = "local"
        self._is_prepared = False
        self._streams: Streams | None = None
        self._no_client_was_killed = True
        self._ports = PortSearch(
            context.repository.ports,
            context.options.wait_for_port,
            lambda line: context.terminal.line(f"  {line}"),
            published=self.engine.published_ports,
            is_here=lambda: self.engine.whereabouts.is_here,
        )
        self._has_started = False

    def __enter__(self) -> "Environment":
        context = self.context
        context.signals.lift_shield()
        self._guard = Guard(
            context.project, context.token, self.engine.endpoint, context.folder / TEARDOWN_REPORT, context.terminal.line
        )
        try:
            self._prepare()
            if self._engine_guard:
                self._await_engine_guard(self._engine_guard)
            else:
                self._guard.arm(self._engine_id)
            self._is_prepared = True
            self._come_up()
        except BaseException as error:
            self._leave(error)
            raise
        return self

    def _prepare(self) -> None:
        """Ask all that has to be known, refuse what cannot be used, and decide what is added to it; nothing is created yet."""
        context, engine = self.context, self.engine
        # Side by side, and all before anybody waits for the first.
        asked = time.monotonic()
        version = engine.prefetch(questions.version())
        engine.prefetch_whereabouts()
        standing = orphans.prefetch(engine, context.repository.name)
        rendering = engine.prefetch(questions.rendered(self._compose))
        snapshots = None if _hindrance(context) else self.store.prefetch()
        # Not before clients are at work: the import takes as long as their answers.
        from runner.docker.streams import Streams  # noqa: PLC0415

        self._streams = Streams(engine, context.folder)
        facts = version.result()
        assert self._guard
        self._guard.latency = time.monotonic() - asked
        self.engine_name = facts.name
        engine.prefetch_info()
        resources = [resource for listing in standing for resource in listing.result()]
        # Before a port is looked for, because they may hold one.
        left = orphans.standing(resources, engine.info.now) if resources else []
        orphans.sweep(left, context.repository.name, Endpoint(engine.client_environ), context.terminal.line)
        port = self._ports.reserve()
        self._rendered = rendered = render(engine, self._compose, context.repository, rendering)
        self._choice = replace(self._choice, whereabouts=engine.whereabouts)
        self._warn(self._judged(port))
        images = images_of(engine, self._streams, rendered, context.terminal)
        self.images = {name: image.digest for name, image in images.items()}
        check_links(self.sources, rendered)
        self._choice = replace(self._choice, closed=self._is_closed(images))
        no_proxy = no_proxy_of(engine.client_environ)
        # Podman gives another one in every answer.
        self._engine_id = "" if facts.is_podman else engine.info.id
        # Not before there is a port, and all images are here: both may take long.
        self.labels |= deadline_label(engine.info.now + longest_run(context.options))
        if is_wanted(context.repository.guard, engine.whereabouts):
            self._start_engine_guard(images)
        override = override_for(rendered, self.labels, context.repository.addons, images, no_proxy)
        self._warn(hide_misnamed(override, rendered, context.repository.addons))
        self._warn(shown_in_command_lines(rendered, images, context.password))
        limits = limits_for(rendered["services"], context.repository.limits, engine.info.machine)
        self._warn(limits_ignored(context.repository.limits, engine.info.machine))
        self._plain_override = with_limits(copy.deepcopy(override), limits)
        if snapshots:
            self.plan = choose(
                context.repository,
                context.module,
                self.store,
                snapshots,
                rendered=rendered,
                override=override,
                images=images,
                environ={**engine.client_environ, **self._compose.variables},
                password=context.password,
                memory_of=facts.kernel if context.options.keep is Keep.NEVER else None,
                is_foreign=self._choice.is_foreign,
            )
            if why := recall(context.folder.parent, self.plan):
                self.plan = self.plan.disable(why)
            override = self.plan.override(override, rendered, self.labels, context.password)
        # Not before: no limit changes what a prepared database holds.
        self._override = with_limits(override, limits)
        self._look_what_is_copied()
        self._written(port)  # what it refuses, it refuses before anything can be created

    def _start_engine_guard(self, images: Mapping[str, Image]) -> None:
        """Start the guard at the engine, which stands while the rest is decided."""
        assert self._guard
        context, name = self.context, self.context.repository.images.odoo
        image = images.get(name) or self.engine.ask(questions.image(name))
        # From here on there is something to remove.
        self._guard.arm(self._engine_id, at_engine=True)
        longest = longest_run(context.options)
        about = (self.engine, context.project, context.token)
        self._engine_guard = EngineGuard(*about, image=image, labels=self.labels, longest=longest)

    def _await_engine_guard(self, guard: EngineGuard) -> None:
        """Wait until it stands. EnvironmentFailed if it does not and `guard: engine` wants it; else that is said."""
        try:
            guard.wait_until_ready()
            self.guards = "local, and at the engine"
        except NoEngineGuard as reason:
            self._engine_guard = None
            if self.context.repository.guard == "engine":
                raise EnvironmentFailed(
                    f"There is no guard at the engine (`guard: engine` in repos.yaml): {reason}. Nothing else was started."
                ) from reason
            self.guards = f"local only; none at the engine: {reason}"
            self.context.terminal.line(f"  no guard at the engine, so what a killed runner leaves stays for a while: {reason}")

    def _is_closed(self, images: Mapping[str, Image]) -> bool:
        """Whether Odoo's user can read the sources only where they are copied. ConfigError if they must be mounted."""
        closed = closed_to_odoo(self.sources, self._rendered, images)
        if closed and self.context.repository.sources == "mount":
            raise ConfigError(closed)
        return bool(closed)

    def _look_what_is_copied(self) -> None:
        self._copies = Copies(self._choice, self.context.project, (self._rendered, self._override))
        self.sources.are_copied = self._choice.is_copied(str(self.context.repository.addons[0]))
        self.sources.read_again()

    def _warn(self, warnings: list[str]) -> None:
        warnings = list(map(self.context.without_password, warnings))
        self.warnings += warnings
        for warning in warnings:
            self.context.terminal.line(f"  warning: {printable(warning)}")

    def _judged(self, port: int) -> list[str]:
        """What is unwise in the compose file on this port. ConfigError if it cannot be used."""
        at_this_port = at_port(self._rendered, port)
        warnings = judge(at_this_port, self.context.repository, self.context.project)
        environ = {**self.engine.client_environ, **self._compose.variables}
        check_present(at_this_port, self.context.repository, environ, self._choice.is_foreign)
        return warnings

    def _compose_at(self, port: int) -> questions.ComposeProject:
        """Judge once more, as all may have changed meanwhile, what is started on this port, and write it."""
        self._judged(port)
        return self._written(port)

    def _written(self, port: int) -> questions.ComposeProject:
        """What is started on this port, in files of the run: of the repository's own Compose reads none again."""
        files = []
        variables = {**self._compose.variables, "DB_PASSWORD": self.context.password, "ODOO_PORT": str(port)}
        for name, model in ((_RENDERING, self._rendered), ("compose.override.json", self._override)):
            files.append(self.context.folder / name)
            with_copies, more = self._copies.applied(model)
            variables |= more
            content = as_file(with_copies, port, self.context.password)
            try:
                # What the compose file has of this user's variables, nobody else may read.
                write_new(files[-1], content.encode(), mode=0o600)
            except OSError as error:
                raise EnvironmentFailed(f"The compose file of this run cannot be written: {cause_of(error)}.") from error
        return questions.ComposeProject(self.context.project, tuple(files), variables)

    def _come_up(self) -> None:
        self._copy()
        try:
            self._up()
        except EnvironmentFailed as error:
            # What has gone from here, too, nothing but a person brings back.
            if self.may_copy and self._copies.are_here and (why := is_not_there(str(error))):
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
        assert self._streams
        if self._copies.has_folders:
            with self.context.terminal.phase("copy the sources"):
                image = str(self._rendered["services"][SERVICE]["image"])
                self._copies.make(self.engine, self._streams, self.labels, image)

    def _up(self) -> None:
        context = self.context
        assert self._streams
        with context.terminal.phase("up"):
            try:
                up(self.engine, self._streams, self._compose_at, self._ports, context.terminal)
            finally:
                (context.folder / _RENDERING).unlink(missing_ok=True)
        self._has_started = True
        assert self.port
        checks = own_checks(at_port(self._rendered, self.port))
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

    def check_alive(self, now: list[ContainerStatus], *, may_end: bool = True) -> None:
        """Raise EnvironmentFailed if, by these states, a container did not run all the time since it was healthy."""
        check_alive(self.engine, self._when_healthy, now, may_end=may_end)

    def first_answer(self) -> tuple[int, str]:
        """Return the exit code of `first_command`, and what it printed; it runs once more if it failed while all came up.

        It is answered now: an environment that starts over is not asked again.
        """
        command, self.first_command = self.first_command, None
        assert command, "there is one"
        try:
            answer = self._first.result() if self._first else None
        except EnvironmentFailed:
            answer = None
        if answer is None or answer[0]:
            answer = self.engine.ask(questions.execution(self.odoo_container, command()))
        return answer

    @property
    def told_sources(self) -> str:
        """Whether the sources are mounted or copied, for the log."""
        return self._copies.told

    @property
    def may_copy(self) -> bool:
        """Whether `start_over_with_copies` would give the containers other sources."""
        return self._copies.may_be_more

    def start_over_with_copies(self, why: str) -> None:
        """Remove all that was started, and bring it up again with copies of the sources. EnvironmentFailed if that fails."""
        self.context.terminal.line(f"  with copies of the sources, because {why}")
        self._choice = replace(self._choice, all_are=True)
        if any(map(self._choice.is_foreign, self._copies.sources)):
            self.plan = self.plan.disable("what else is mounted may not be what is here")
            self._override = self._plain_override
        self._look_what_is_copied()
        self._remove_what_was_started()
        self._come_up()

    def start_over(self, why: str) -> None:
        """Remove all that was started, and bring it up again without a prepared database. EnvironmentFailed if that fails."""
        context, why = self.context, self.context.without_password(why)
        context.terminal.line(f"  without the prepared database, because {why}")
        self.plan = self.plan.disable(why)
        self._override = self._plain_override
        self._remove_what_was_started()
        self._copy()
        self._up()

    def _remove_what_was_started(self) -> None:
        context = self.context
        self._no_client_was_killed = False  # what a client that is ended here asked for may appear later
        self.engine.cancel_all()  # about what goes now
        report = remove_project(
            self.engine.endpoint, context.project, bound=START_OVER_BOUND, engine_id=self._engine_id, token=context.token
        )
        self._tell_who_was_disconnected(report)
        if not report.complete:
            why = "; ".join((*report.errors, *report.in_use))
            raise EnvironmentFailed(f"The environment cannot be started anew: {why or report.left}")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave(error)

    def close(self) -> None:
        """Leave, if a signal came in the instant in which the block was left and kept that from happening."""
        if self._guard:
            self._leave(None)

    def keep(self) -> None:
        """Let the environment stand when the block is left, unless a signal ends it."""
        self.kept = True

    @property
    def port(self) -> int | None:
        """The port of the engine's machine on which Odoo's server is published; None before one was found."""
        return self._ports.port

    @property
    def address(self) -> Address:
        """Where Odoo's server is published, once there is a port."""
        assert self.port
        published = self._rendered["services"][SERVICE].get("ports") or ()
        interfaces = [port.get("host_ip", "") for port in published if port.get("published") == str(PROBE_PORT)]
        return address_of(self.engine.whereabouts, self.port, interfaces[0] if interfaces else HOST)

    @property
    def odoo_container(self) -> str:
        """The name of the container in which Odoo runs."""
        return self.containers[SERVICE]

    def execute(self, command: list[str], timeout: float, silence: float | None = None) -> "Execution":
        """Run a command in Odoo's container that ends itself after `timeout` seconds; its output is streamed.

        After `silence`, in seconds, in which nothing came, that comes as an empty piece.
        """
        assert self._streams, "the environment was entered"
        return self._streams.execute(self.odoo_container, command, timeout + KILL_AFTER + STREAM_MARGIN, silence)

    def _leave(self, error: BaseException | None) -> None:
        assert self._guard
        context, signals = self.context, self.context.signals
        signals.shield()
        self.engine.cancel_all()
        if context.options.keep is not Keep.NEVER and self._is_prepared and isinstance(error, EnvironmentFailed):
            self.keep()
        if signals.first is not None:
            self.kept = False
            context.terminal.line(f"  {signal.Signals(signals.first).name}: ending the run and tearing down")
        with contextlib.closing(self._ports):
            if self._is_prepared and self._engine_guard and self._engine_guard.has_ended:
                context.terminal.line("  the guard at the engine did not live as long as the run; the local one tears down")
            if self.kept:
                self._let_it_stand(self._guard)
            with context.terminal.phase("down") if self._guard.is_armed else contextlib.nullcontext():
                undisturbed = self._no_client_was_killed and error is None and signals.first is None
                self.teardown = self._guard.finish(skip_settling=undisturbed)
        if self._engine_guard:
            self._engine_guard.close()
        self._tell_who_was_disconnected(self.teardown)
        self._guard = None

    def _tell_who_was_disconnected(self, teardown: Report | None) -> None:
        for told in teardown.disconnected if teardown else ():
            self.context.terminal.line(f"  not of this run, disconnected: {told}")

    def _let_it_stand(self, guard: Guard) -> None:
        try:
            keep.mark(self.context.folder)
            if self._engine_guard:
                self._engine_guard.remove()
        except (OSError, EnvironmentFailed) as error:
            self.kept = False
            keep.unmark(self.labels)
            why = "without its mark it would be taken for a leftover" if isinstance(error, OSError) else "its guard stays"
            self.context.terminal.line(f"  not kept: {why} ({error})")
        else:
            guard.disarm()
