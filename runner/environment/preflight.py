"""The preflight of a run: ask all that has to be known, refuse what cannot be used, and decide what is started.

Nothing is created yet, but for the guard at the engine, where there is to be one, an image that has to be built, and a
prepared database that a registry has.
"""

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from runner.cleanup import orphans
from runner.cleanup.life import deadline_label
from runner.config.options import Keep
from runner.docker import questions
from runner.docker.endpoint import no_proxy_of
from runner.docker.engine import Engine, Pending
from runner.docker.inventory import Image
from runner.docker.listing import Resource
from runner.docker.process import Endpoint
from runner.environment.compose_file import override_for
from runner.environment.compose_model import ComposeModel, judge_at
from runner.environment.context import RunContext
from runner.environment.copies import Choice, Copies
from runner.environment.exposed_password import shown_in_command_lines
from runner.environment.guards import Guards
from runner.environment.images import images_of
from runner.environment.limits import limits_for, limits_ignored, with_limits
from runner.environment.longest import longest_run
from runner.environment.misnamed import hide_misnamed
from runner.environment.own_image import OwnImage
from runner.environment.ports import PortSearch
from runner.environment.registry import Registry
from runner.environment.rendering import render
from runner.environment.visible import check_links, closed_to_odoo
from runner.errors import ConfigError
from runner.odoo.addons import modules_of
from runner.odoo.mounted_sources import MountedSources
from runner.odoo.test_tags import stays_within
from runner.snapshots.needs_empty import recall
from runner.snapshots.plan import Plan, choose
from runner.snapshots.store import Store
from runner.text import printable

if TYPE_CHECKING:
    from runner.docker.streams import Streams


@dataclass(frozen=True)
class Preflight:
    """What a run has found out and decided: `model` is what it starts from, `plan` which prepared database it does.

    `engine_id` is empty for an engine that has none, `images` are digests by name, `labels` the run's with its deadline.
    `registry`: where what the run makes is pushed to.
    """

    streams: "Streams"
    engine_name: str
    engine_id: str
    images: Mapping[str, str]
    labels: dict[str, str]
    warnings: tuple[str, ...]
    model: ComposeModel
    plan: Plan
    registry: Registry | None = None


def preflight(
    context: RunContext,
    engine: Engine,
    store: Store,
    compose: questions.ComposeProject,
    *,
    sources: MountedSources,
    ports: PortSearch,
    guards: Guards,
    record: Callable[[bytes], None],
) -> Preflight:
    """Return what is to be started of `compose`; ConfigError, EngineUnavailable, NoFreePort, EnvironmentFailed: nothing is."""
    warnings: list[str] = []

    def warn(more: list[str]) -> None:
        for warning in map(context.without_password, more):
            warnings.append(warning)
            context.terminal.line(f"  warning: {printable(warning)}")

    repository = context.repository
    plan = Plan(repository, context.module, modules_of(repository)).disable(_hindrance(context))
    # Side by side, and all before anybody waits for the first.
    asked = time.monotonic()
    version = engine.prefetch(questions.version())
    engine.prefetch_whereabouts()
    standing = orphans.prefetch(engine, repository.name)
    rendering = engine.prefetch(questions.rendered(compose))
    own_image = OwnImage(engine, repository, context.project, context.labels, context.terminal)
    snapshots = None if plan.unavailable_reason else store.prefetch()
    # Not before clients are at work: the import takes as long as their answers.
    from runner.docker.streams import Streams  # noqa: PLC0415

    streams = Streams(engine, context.folder)
    facts = version.result()
    guards.know_latency(time.monotonic() - asked)
    engine.prefetch_info()
    own_image.prefetch()
    # Before a port is looked for, because they may hold one.
    _sweep(engine, context, standing)
    port = ports.reserve()
    rendered = render(engine, compose, repository, rendering)
    environ = {**engine.client_environ, **compose.variables}
    choice = Choice(repository, engine.whereabouts)
    warn(judge_at(port, rendered, context, environ, choice))
    images = images_of(engine, streams, rendered, context.terminal, own_image.known)
    # Podman gives another one in every answer.
    engine_id = "" if facts.is_podman else engine.info.id
    expect = partial(guards.expect, engine_id)
    rendered, images = own_image.put_in(rendered, images, streams, expect, record)
    started, of_run = own_image.put_tools_in(context.options.tools, rendered, images, streams, expect, record)
    choice = _with_closed(choice, sources, rendered, images)
    # Not before there is a port, and all images are here: both may take long.
    labels = {**context.labels, **deadline_label(engine.info.now + longest_run(context.options))}
    guards.start_at_engine(engine_id, images, labels)
    override = override_for(rendered, labels, repository.addons, images, no_proxy_of(engine.client_environ))
    misnamed = hide_misnamed(override, rendered, repository.addons)
    exposed = shown_in_command_lines(rendered, images, context.password)
    warn([*misnamed, *exposed, *limits_ignored(repository.limits, engine.info.machine)])
    limits = limits_for(rendered["services"], repository.limits, engine.info.machine)
    plain_override = with_limits(copy.deepcopy(override), limits)
    registry = None
    if snapshots:
        choosing = partial(
            choose,
            repository,
            context.module,
            store,
            rendered=rendered,
            override=override,
            images=images,
            environ=environ,
            password=context.password,
            assets=context.options.javascript,
            memory_of=facts.kernel if context.options.keep is Keep.NEVER else None,
            is_foreign=choice.is_foreign,
        )
        plan, registry = _chosen(choosing, snapshots, context, store, streams, labels, images, expect)
        override = plan.override(override, rendered, labels, context.password)
    # Not before: no limit changes what a prepared database holds.
    override = with_limits(override, limits)
    copies = Copies(choice, context.project, (rendered, override))
    model = ComposeModel(context, environ, compose.variables, started, override, plain_override, copies)
    model.written(port)  # what it refuses, it refuses before anything can be created
    return Preflight(streams, facts.name, engine_id, _digests(of_run), labels, tuple(warnings), model, plan, registry)


def _with_closed(choice: Choice, sources: MountedSources, rendered: Mapping[str, Any], images: Mapping[str, Image]) -> Choice:
    """The choice, as it is known now whether Odoo can read the sources. ConfigError if not, where they are to be mounted."""
    check_links(sources, rendered)
    if (closed := closed_to_odoo(sources, rendered, images)) and choice.repository.sources == "mount":
        raise ConfigError(closed)
    return replace(choice, closed=bool(closed))


def _chosen(
    choosing: Callable[[Pending[list[Resource]]], Plan],
    listing: Pending[list[Resource]],
    context: RunContext,
    store: Store,
    streams: "Streams",
    labels: Mapping[str, str],
    images: Mapping[str, Image],
    expect: Callable[[], None],
) -> tuple[Plan, Registry | None]:
    """The plan, and the registry of a run that makes a prepared database, if there is one. `expect` before it is asked."""
    plan = choosing(listing)
    # What a watch says is no proof in any case, and on an empty database each round would take long.
    if not context.options.watch and (why := recall(context.folder.parent, plan)):
        return plan.disable(why), None
    if not (plan.missing and context.repository.snapshots):
        return plan, None
    if context.repository.has_own_image:
        told = "its own image is another one on each machine. Push that image, and name it under `images`"
        context.terminal.line(f"  warning: `snapshots` of {context.repository.name} is not used, as {told}")
        return plan, None
    expect()
    about = (streams, context.project, labels, images[plan.database.name], context.terminal)
    registry = Registry(context.repository, store, *about)
    return (choosing(store.prefetch()) if registry.pull(plan.missing) else plan), registry


def _digests(images: Mapping[str, Image]) -> dict[str, str]:
    return {image.tags[0] if name == image.id and image.tags else name: image.digest for name, image in images.items()}


def _sweep(engine: Engine, context: RunContext, listings: Sequence[Pending[list[Resource]]]) -> None:
    """Remove what dead runs of the repository left."""
    resources = [resource for listing in listings for resource in listing.result()]
    left = orphans.standing(resources, engine.info.now) if resources else []
    orphans.sweep(left, context.repository.name, Endpoint(engine.client_environ), context.terminal.line)


def _hindrance(context: RunContext) -> str:
    """Why the command line allows for no prepared database; empty if it does."""
    if not context.options.snapshot:
        return "--no-snapshot"
    if not stays_within(context.options.test_tags, context.module):
        # Those of a module that is in the database already would not run.
        return "--test-tags may select tests of other modules"
    return ""
