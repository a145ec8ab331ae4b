"""Find and remove what dead runs left: everything that carries a dead owner's labels."""

from .engine import Engine, Resource
from .errors import ExitCode
from .naming import LABEL_PREFIX
from .owner import owner_from
from .progress import Terminal
from .teardown import remove_project

_BOUND = 60.0


def dead_projects(resources: list[Resource], repositories: list[str]) -> list[str]:
    """The projects of these repositories whose owner was a process of this host that no longer lives."""
    dead = {}
    for resource in resources:
        owner = owner_from(resource.labels)
        if (
            resource.labels.get(LABEL_PREFIX + "repository") in repositories
            and owner is not None
            and owner.is_on_this_host
            and not owner.is_alive
        ):
            dead[resource.project] = True
    return list(dead)


def cleanup(repositories: list[str], terminal: Terminal) -> int:
    """Remove what dead runs of these repositories left and say so; LEFT_BEHIND if something resists."""
    engine = Engine()
    engine.check()
    projects = dead_projects(engine.labelled(LABEL_PREFIX + "repository"), repositories)
    if not projects:
        terminal.line(f"Nothing is left of dead runs of {', '.join(repositories)}.")
    complete = True
    for project in projects:
        report = remove_project(project, bound=_BOUND)
        complete = complete and report.complete
        left = ", ".join(name for names in report.left.values() for name in names)
        terminal.line(f"{project}: {'removed' if report.complete else f'LEFT: {left}'} ({report.seconds:g} s)")
        for error in report.errors:
            terminal.line(f"  {error}")
    return ExitCode.PASSED if complete else ExitCode.LEFT_BEHIND
