"""Start a project on a free port."""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from runner.docker.engine import Engine
from runner.docker.messages import PortTaken
from runner.docker.questions import ComposeProject
from runner.environment.health import check_no_loop, last_words
from runner.environment.ports import PortSearch
from runner.errors import EngineStalled, EnvironmentFailed
from runner.terminal import Terminal

if TYPE_CHECKING:
    from runner.docker.streams import Streams


# What engines say of a bind whose source they do not have or, of a desktop or another user, are not allowed to have.
_NOT_THERE = re.compile(
    r"bind source path does not exist|mounts denied|is not shared from the host|error while creating mount source path"
    r"|\bstat(fs)? /.*: (permission denied|no such file or directory)",
    re.IGNORECASE,
)


def is_not_there(said: str) -> str:
    """Return the line in which the engine says that it does not have what it is to mount; empty if it does not say so."""
    return next((line.strip() for line in said.splitlines() if _NOT_THERE.search(line)), "")


def up(
    engine: Engine, streams: "Streams", project_at: Callable[[int], ComposeProject], ports: PortSearch, terminal: Terminal
) -> None:
    """Start the project on the port that is reserved, or on the next one where that was taken meanwhile.

    EnvironmentFailed if it does not start, NoFreePort if all ports were lost, and whatever `project_at` raises.
    """
    assert ports.port, "one was reserved"
    port = ports.port
    while True:
        project = project_at(port)
        try:
            streams.up(project, partial(check_no_loop, engine, project.name))
            return
        except PortTaken:
            terminal.line(f"  port {port} was taken meanwhile; trying the next one")
            engine.remove_containers(project.name)
            port = ports.reserve_another()
        except EngineStalled:
            raise
        except EnvironmentFailed as error:
            # Compose says which container failed, but not why.
            raise EnvironmentFailed(f"{error}\n{last_words(engine, project.name)}".rstrip()) from error
