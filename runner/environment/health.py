"""Wait until an environment is healthy, and say why it is not."""

import time
from collections.abc import Callable, Mapping, Sequence

from runner.docker import questions
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
    """Return the containers once all with a health check are healthy; EnvironmentFailed, with logs, if one died or time is up.

    `checks`: by service, the health checks that are made here; of the other services the engine tells the health. `say` gets
    the states at every attempt.
    """
    deadline = clock() + timeout
    attempt = 0
    passed: set[str] = set()
    containers: list[ContainerStatus] = []
    while True:
        containers = (
            engine.ask(questions.states([container.name for container in containers]))
            if containers
            else engine.containers(project)
        )
        # A service without a health check may end well: some only prepare something.
        dead = [
            container
            for container in containers
            if container.has_ended and (container.exit_code or container.health or container.service == SERVICE)
        ]
        if dead:
            raise EnvironmentFailed(_why_dead(engine, dead[0], "before it was healthy"))
        waiting = [
            container for container in containers if container.health not in (None, "healthy") and container.name not in passed
        ]
        if containers and not waiting:
            return containers
        attempt += 1
        states = ", ".join(f"{container.service} is {container.health}" for container in waiting)
        say(f"attempt {attempt}: {states or 'no container yet'}")
        if clock() >= deadline:
            raise EnvironmentFailed(_not_healthy(engine, waiting, timeout))
        due = {container.name: checks[container.service] for container in waiting if container.service in checks}
        now_passed = engine.passing(due, min(_PATIENCE, deadline - clock())) if due else set()
        passed |= now_passed
        if not now_passed:
            wait(_POLL)


def _not_healthy(engine: Engine, waiting: Sequence[ContainerStatus], timeout: float) -> str:
    states = [f"{container.service} is {container.status}, health {container.health}" for container in waiting]
    logs = [f"Last lines of {container.service}:\n{_log(engine, container)}" for container in waiting]
    first = f"Not healthy after {timeout:g} s (--health-timeout): {', '.join(states) or 'no container'}."
    return "\n".join([first, *logs, "If it only needs longer on this machine, raise --health-timeout."])


def _why_dead(engine: Engine, container: ContainerStatus, when: str) -> str:
    cause = "ran out of memory" if container.oom_killed else f"ended with exit code {container.exit_code}"
    return f"The container of {container.service} {cause} {when}. Its last lines:\n{_log(engine, container)}"


def _log(engine: Engine, container: ContainerStatus) -> str:
    return engine.ask(questions.logs(container.name, _LOG_LINES)) or "(it has said nothing)"


def last_words(engine: Engine, project: str) -> str:
    """Return, after a failed start, the last lines of each container that ended badly or is unhealthy; "" if there is none."""
    try:
        containers = engine.containers(project)
    except EnvironmentFailed as error:
        return f"Its containers cannot be looked at: {error}"
    dead = [container for container in containers if container.has_ended and container.exit_code]
    ill = [container for container in containers if container not in dead and container.health == "unhealthy"]
    words = [_why_dead(engine, container, "before the environment was up") for container in dead]
    words += [f"Last lines of {container.service}, which is unhealthy:\n{_log(engine, container)}" for container in ill]
    return "\n".join(words)


def check_alive(engine: Engine, containers: Sequence[ContainerStatus]) -> None:
    """EnvironmentFailed, with the reason and the last lines, if one of the containers does not run (any more)."""
    for container in containers:
        if container.status != "running":
            raise EnvironmentFailed(_why_dead(engine, container, "while the tests ran"))
