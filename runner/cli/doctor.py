"""`doctor`: what of a machine a run depends on, a line each, with what to do where something is wrong."""

import argparse
import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from runner.cleanup import orphans, strays
from runner.cleanup.orphans import State
from runner.config import repositories as config
from runner.docker import questions
from runner.docker.endpoint import settle
from runner.docker.engine import Engine
from runner.docker.inventory import EngineFacts
from runner.docker.versions import LEAST_FOR_CONTENT, TRIED_DOCKER, TRIED_PODMAN, is_older, told
from runner.docker.whereabouts import Whereabouts
from runner.environment.ports import port_holders
from runner.errors import ExitCode, RunnerError
from runner.odoo.addons import NOT_FOR_THIS_USER, folder_fault, is_there
from runner.reporting.proof_log import must_be_writable
from runner.terminal import Terminal
from runner.text import counted, printable

# An environment's images take 2.5 GB; a run's database and filestore some hundred megabytes.
_DISK_WANTED = 3 * 1024**3

Finding = tuple[ExitCode, str]


def doctor(_given: argparse.Namespace, settings: config.Config, terminal: Terminal) -> ExitCode:
    """Print every finding. PASSED if all is well, else the exit code that a run would end with for the first that is not."""
    worst: ExitCode = ExitCode.PASSED
    for code, line in _findings(settings):
        terminal.line(f"{'ok   ' if code == ExitCode.PASSED else 'WRONG'}  {line}")
        worst = worst or code
    return worst


def _findings(settings: config.Config) -> Iterator[Finding]:
    yield ExitCode.PASSED, f"configuration  {' + '.join(str(file) for file in settings.files)}"
    for repository in settings.repositories.values():
        yield _checkout(repository)
    try:
        engine = Engine(settle(os.environ))
        facts, compose = engine.ask(questions.version()), engine.ask(questions.compose_version())
    except RunnerError as error:
        yield ExitCode.NO_ENGINE, "engine         " + "; ".join(line.rstrip(".") for line in str(error).splitlines())
        return
    name = f"{facts.name}{_untried(facts)}{_rootless(engine)}"
    yield ExitCode.PASSED, f"engine         {name}, docker client {facts.client}, Compose {compose}"
    yield ExitCode.PASSED, f"place          {_place(engine.whereabouts)}"
    copied = not engine.whereabouts.is_here or any(one.sources == "copy" for one in settings.repositories.values())
    if copied and is_older(compose, LEAST_FOR_CONTENT):
        least = told(LEAST_FOR_CONTENT)
        yield (
            ExitCode.PASSED,
            f"copies         of folders, but of no single file a compose file mounts: that takes Compose {least}",
        )
    yield from _images(settings, engine)
    yield from _ports(settings, engine)
    found = strays.look(engine, settings)
    yield _leftovers(settings, engine, len(found.strays))
    yield from _strays(settings, found)
    yield from _uats(engine)
    yield _disk(engine)


def _untried(facts: EngineFacts) -> str:
    least = TRIED_PODMAN if facts.is_podman else TRIED_DOCKER
    return f" (older than {told(least)}, with which nothing was tried: update it)" if is_older(facts.version, least) else ""


def _rootless(engine: Engine) -> str:
    return ", rootless" if "name=rootless" in engine.command("info", "--format", "{{.SecurityOptions}}") else ""


def _place(whereabouts: Whereabouts) -> str:
    if whereabouts.host:
        return f"the engine is on {whereabouts.host}: files and ports of this machine are not the engine's"
    if whereabouts.mounts is not None:
        return "this is a container of the engine: files and ports of its machine are not those of this container"
    return "the engine is on this machine"


def _checkout(repository: config.RepoConfig) -> Finding:
    needed = [("path", repository.path), *(("addons", folder) for folder in repository.addons)]
    if folder_fault(repository.path) is NOT_FOR_THIS_USER:
        return ExitCode.USAGE, f"repository     {repository.name} at {repository.path}: {NOT_FOR_THIS_USER}"
    needed.append(("compose_file", repository.compose_file))
    missing = [(key, path) for key, path in needed if not is_there(path)]
    if missing:
        key, path = missing[0]
        return ExitCode.USAGE, f"repository     {repository.name}: there is no {path}; set `{key}` in repos.local.yaml"
    if not os.access(repository.path, os.W_OK | os.X_OK):
        return ExitCode.USAGE, f"repository     {repository.name}: {must_be_writable(repository.path)}"
    return ExitCode.PASSED, f"repository     {repository.name} at {repository.path}"


def _images(settings: config.Config, engine: Engine) -> Iterator[Finding]:
    repositories = settings.repositories.values()
    for image in sorted({image for repository in repositories for image in repository.images.all}):
        state = "is here" if engine.ask(questions.image(image)) else "is not here yet: a run pulls it, nox -s setup too"
        yield ExitCode.PASSED, f"image          {image} {state}"


def _ports(settings: config.Config, engine: Engine) -> Iterator[Finding]:
    containers, where = engine.published_ports(), engine.whereabouts
    place = f" on {where.machine}, as far as containers hold them" if where.machine else ""
    for ports in dict.fromkeys(repository.ports for repository in settings.repositories.values()):
        of_containers = {port: f"container {containers[port]}" for port in ports if port in containers}
        holders = port_holders(ports, is_here=where.is_here) | of_containers
        free = [port for port in ports if port not in holders]
        code = ExitCode.PASSED if free else ExitCode.NO_PORT
        yield (
            code,
            f"ports          {len(free)} of {ports} are free{place}" + ("" if free else "; nox -s cleanup, or a wider range"),
        )
        for port, holder in sorted(holders.items()):
            yield ExitCode.PASSED, f"port           {port} is held by {holder}"


def _leftovers(settings: config.Config, engine: Engine, number_of_strays: int) -> Finding:
    environments = orphans.look(engine)
    counts = {state: sum(environment.state is state for environment in environments) for state in State}
    told = [f"{count} {state.value}" for state, count in counts.items() if count]
    told += [counted(number_of_strays, "stray")] if number_of_strays else []
    text = ", ".join(told) or "none"
    if any(counts[state] for state in orphans.LEFTOVERS):
        # Of the repositories that repos.yaml does not name, only by name.
        others = shlex.join(map(printable, strays.elsewhere(environments, settings)))
        more = f" and nox -s cleanup -- {others}" if others else ""
        return ExitCode.LEFT_BEHIND, f"environments   {text}; remove what dead runs left: nox -s cleanup{more}"
    return ExitCode.PASSED, f"environments   {text}"


def _uats(engine: Engine) -> Iterator[Finding]:
    from runner.uat import standing  # noqa: PLC0415 - not for every run

    for uat in standing.look(engine):
        code = ExitCode.LEFT_BEHIND if uat.is_left else ExitCode.PASSED
        yield code, f"uat            {printable(standing.told(engine, uat))}"


def _strays(settings: config.Config, found: strays.Found) -> Iterator[Finding]:
    for stray in found.strays:
        name = printable(stray.name)
        # Whether it is still wanted, nobody but a person can tell. Not --all: that takes more than a stray.
        yield ExitCode.PASSED, f"stray          {name}: {stray.about}; to remove it: nox -s cleanup -- {shlex.quote(name)}"
    for line in strays.told_mentions(found, settings, settings.repositories):
        yield ExitCode.PASSED, f"mentioned      {line}"


def _disk(engine: Engine) -> Finding:
    if not engine.whereabouts.is_here:  # a folder of that name may be here as well
        return ExitCode.PASSED, "disk           that of the engine's host, so not known"
    root = Path(engine.command("info", "--format", "{{.DockerRootDir}}").strip() or "/nonexistent")
    try:
        free = shutil.disk_usage(root).free
    except PermissionError:
        return ExitCode.PASSED, f"disk           not known: {root}: {NOT_FOR_THIS_USER}"
    except OSError:
        return ExitCode.PASSED, "disk           not on this host, so not known"
    text = f"disk           {free / 1024**3:.1f} GiB free at {root}"
    if free < _DISK_WANTED:
        return ExitCode.ENVIRONMENT, f"{text}; make room, for example: docker image prune"
    return ExitCode.PASSED, text
