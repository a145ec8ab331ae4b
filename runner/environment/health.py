"""Wait until an environment is healthy, and say why it is not."""

import time
from collections.abc import Callable, Mapping, Sequence

from runner.docker.engine import Engine
from runner.docker.inventory import ContainerStatus
from runner.errors import EnvironmentFailed
from runner.odoo.command import SERVICE

# Each look costs two docker clients, some 70 ms of a processor that Odoo could use.
_POLL = 0.4
# Seconds in which a health check is repeated before the containers are looked at again: one may have died.
_PATIENCE = 5.0
_LOG_LINES = 20


def wait_until_healthy(
    engine: Engine,
    project: str,
    timeout: float,
    checks: Mapping[str, Sequence[str]],
    say: Callable[[str], None] = lambda _states: None,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> list[ContainerStatus]:
    """The containers, once every one with a health check is healthy; EnvironmentFailed, with logs, if one died or time is up.

    `checks`: by service, the health checks that are made here; of the other services the engine tells the health. `say` gets
    the states at every attempt.
    """
    deadline = clock() + timeout
    attempt = 0
    passed: set[str] = set()
    containers: list[ContainerStatus] = []
    while True:
        containers = engine.states([each.name for each in containers]) if containers else engine.containers(project)
        ended = [each for each in containers if each.status in ("exited", "dead")]
        # A service without a health check may end well: some only prepare something.
        dead = [each for each in ended if each.exit_code or each.health is not None or each.service == SERVICE]
        if dead:
            raise EnvironmentFailed(_why_dead(engine, dead[0], "before it was healthy"))
        waiting = [each for each in containers if each.health not in (None, "healthy") and each.name not in passed]
        if containers and not waiting:
            return containers
        attempt += 1
        say(f"attempt {attempt}: {', '.join(f'{each.service} is {each.health}' for each in waiting) or 'no container yet'}")
        if clock() >= deadline:
            states = ", ".join(f"{each.service} is {each.status}, health {each.health}" for each in waiting) or "no container"
            logs = "\n".join(f"Last lines of {each.service}:\n{_log(engine, each)}" for each in waiting)
            advice = "If it only needs longer on this machine, raise --health-timeout."
            raise EnvironmentFailed(f"Not healthy after {timeout:g} s (--health-timeout): {states}.\n{logs}\n{advice}")
        due = {each.name: checks[each.service] for each in waiting if each.service in checks}
        now_passed = engine.passing(due, min(_PATIENCE, deadline - clock())) if due else set()
        passed |= now_passed
        if not now_passed:
            wait(_POLL)


def _why_dead(engine: Engine, container: ContainerStatus, when: str) -> str:
    cause = "ran out of memory" if container.oom_killed else f"ended with exit code {container.exit_code}"
    return f"The container of {container.service} {cause} {when}. Its last lines:\n{_log(engine, container)}"


def _log(engine: Engine, container: ContainerStatus) -> str:
    return engine.streams.logs(container.name, _LOG_LINES) or "(it has said nothing)"


def last_words(engine: Engine, project: str) -> str:
    """After a failed start: the last lines of each container that ended badly or is unhealthy; empty if there is none."""
    try:
        found = engine.containers(project)
    except EnvironmentFailed as error:
        return f"Its containers cannot be looked at: {error}"
    dead = [each for each in found if each.status in ("exited", "dead") and each.exit_code]
    ill = [each for each in found if each not in dead and each.health == "unhealthy"]
    lines = [_why_dead(engine, each, "before the environment was up") for each in dead]
    return "\n".join([*lines, *(f"Last lines of {each.service}, which is unhealthy:\n{_log(engine, each)}" for each in ill)])


def check_alive(engine: Engine, odoo_container: str) -> None:
    """EnvironmentFailed, with the reason and the last lines, if the odoo container does not run (any more)."""
    for container in engine.states([odoo_container]):
        if container.status != "running":
            raise EnvironmentFailed(_why_dead(engine, container, "while the tests ran"))
