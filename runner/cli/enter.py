"""`shell` and `logs`: look into an environment, of a run that is going on or of one that was kept."""

import argparse
import math
import os
from collections.abc import Sequence
from contextlib import closing
from typing import NoReturn

from runner.cleanup import orphans
from runner.cleanup.orphans import Standing
from runner.config import repositories as config
from runner.docker.engine import Engine, connect
from runner.docker.inventory import ContainerStatus
from runner.docker.process import DockerFailed
from runner.docker.streaming import Stream
from runner.errors import EnvironmentFailed, ExitCode, UsageError
from runner.naming import MODULE_LABEL
from runner.odoo.command import SERVICE
from runner.terminal import Terminal
from runner.text import printable

# Seconds for which one wait for more of a log lasts. Another one follows, so that any number would do.
_SILENCE = 3600.0


def shell(given: argparse.Namespace, _settings: config.Config, _terminal: Terminal) -> NoReturn:
    """Become a shell in the odoo container of the environment (`resolve_run`).

    UsageError without a terminal, and where that container does not run.
    """
    if not all(os.isatty(descriptor) for descriptor in (0, 1)):
        raise UsageError(
            "A shell needs a terminal, and standard input or output is none.\n"
            "For a single command: docker exec PROJECT-odoo-1 COMMAND\n"
            "The projects are in: nox -s list"
        )
    engine = connect(os.environ)
    container = _container(engine, given.run, SERVICE)
    if container.status != "running":
        raise UsageError(
            f"The container {container.name} does not run (it is {container.status}), so no shell can be opened in it.\n"
            f"What its server said: nox -s logs -- {given.run}"
        )
    command = ["docker", "exec", "-it", container.name, "bash"]
    os.execvpe(command[0], command, dict(engine.endpoint.environ))  # noqa: S606 - the words are ours and the engine's


def logs(given: argparse.Namespace, _settings: config.Config, terminal: Terminal) -> int:
    """Show the log of a service's container, from its start; with `--follow` until it ends, or Ctrl+C.

    EnvironmentFailed if docker cannot show it.
    """
    engine = connect(os.environ)
    container = _container(engine, given.run, given.service)
    try:
        stream = Stream(("logs", *(["--follow"] if given.follow else []), container.name), engine.endpoint.environ)
        with closing(stream.pieces(math.inf, _SILENCE)) as pieces:
            for piece in pieces:
                terminal.output(piece)
                terminal.catch_up()  # so that nothing is left out: no log has it
                if terminal.lost:
                    return ExitCode.PASSED
    except DockerFailed as error:
        raise EnvironmentFailed(str(error)) from error
    return ExitCode.PASSED if stream.exit_code == 0 else ExitCode.ENVIRONMENT


def resolve_run(word: str, environments: Sequence[Standing]) -> Standing:
    """Return the one environment whose project is `word`, whose project's name begins with it, or whose module it is.

    UsageError lists all of them where it is none or several.
    """
    exact = [environment for environment in environments if environment.project == word]
    fitting = exact or [
        environment
        for environment in environments
        if environment.project.startswith(word) or environment.labels.get(MODULE_LABEL) == word
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not environments:
        raise UsageError(
            f"No environment of a run stands, so none is {word!r}. "
            "A run removes its own when it ends, unless it has --keep failed."
        )
    listed = "\n".join(
        f"  {printable(environment.project)} ({environment.state.value})" for environment in fitting or environments
    )
    said = f"{len(fitting)} environments are meant by {word!r}" if fitting else f"No environment is meant by {word!r}"
    raise UsageError(f"{said}. Name one by its project, or by a beginning that no other has:\n{listed}")


def _container(engine: Engine, word: str, service: str) -> ContainerStatus:
    from runner.uat import standing  # noqa: PLC0415 - not for every run

    project = resolve_run(word, [*orphans.look(engine), *standing.as_environments(engine)]).project
    containers = {container.service: container for container in engine.containers(project)}
    if service not in containers:
        raise UsageError(
            f"{project} has no container of a service {service!r}; it has: {', '.join(sorted(containers)) or 'none (yet)'}."
        )
    return containers[service]
