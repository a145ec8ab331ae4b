"""Wait until an environment is healthy, and say why it is not."""

import time
from collections.abc import Callable, Mapping, Sequence

from runner.docker import questions
from runner.docker.engine import Engine
from runner.docker.inventory import ContainerStatus
from runner.docker.listing import PROJECT_LABEL
from runner.environment.limits import told_memory
from runner.errors import EnvironmentFailed, HealthTimeout
from runner.odoo.command import SERVICE
from runner.text import counted

# Each look costs two docker clients, some 70 ms of a processor that Odoo could use.
_POLL = 0.4
# Seconds in which a health check is repeated before the containers are looked at again: one may have died. And in which an
# engine has to list what was started.
_PATIENCE = 5.0
_LOG_LINES = 20
# As often the engine starts a container again before that is a loop: one that ends where it does not find its database may
# come before it. The engine waits 0.1 s before the first, and each time twice as long: 3 s in all.
_RESTARTS = 5


def wait_until_healthy(
    engine: Engine,
    project: str,
    timeout: float,
    checks: Mapping[str, Sequence[str]],
    say: Callable[[str], None] = lambda _states: None,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> list[ContainerStatus]:
    """Return the containers once all with a health check are healthy.

    EnvironmentFailed, with logs, if one died or is started again and again, or the engine lists none of what was started;
    HealthTimeout if time is up.

    `checks`: by service, the health checks that are made here; of the other services the engine tells the health. `say` gets
    the states at every attempt.
    """
    begun = clock()
    deadline = begun + timeout
    attempt = 0
    passed: set[str] = set()
    failing: dict[str, str] = {}
    containers: list[ContainerStatus] = []
    while True:
        containers = (
            engine.ask(questions.states([container.name for container in containers]))
            if containers
            else engine.containers(project)
        )
        if dead := [container for container in containers if has_failed(container)]:
            raise EnvironmentFailed(_why_dead(engine, dead[0], "before it was healthy"))
        waiting = [
            container for container in containers if container.health not in (None, "healthy") and container.name not in passed
        ]
        if containers and not waiting:
            return containers
        attempt += 1
        states = ", ".join(f"{container.service} is {container.health}" for container in waiting)
        say(f"attempt {attempt}: {states or 'no container yet'}")
        if not containers and clock() >= begun + _PATIENCE:
            raise EnvironmentFailed(
                f"Compose has started {project}, but the engine lists no container of it: "
                f"docker ps -a --filter label={PROJECT_LABEL}={project}"
            )
        if clock() >= deadline:
            raise HealthTimeout(_not_healthy(engine, waiting, timeout, failing))
        due = {container.name: checks[container.service] for container in waiting if container.service in checks}
        failing = engine.failing(due, min(_PATIENCE, deadline - clock())) if due else {}
        now_passed = due.keys() - failing.keys()
        passed |= now_passed
        if not now_passed:
            wait(_POLL)


def has_failed(container: ContainerStatus) -> bool:
    """Tell whether a container has ended, but not well, or is started again and again.

    A service without a health check may end well: some only prepare something.
    """
    if container.has_ended:
        return bool(container.exit_code or container.health or container.service == SERVICE)
    return container.restarts >= _RESTARTS


def _not_healthy(engine: Engine, waiting: Sequence[ContainerStatus], timeout: float, failing: Mapping[str, str]) -> str:
    """Why they are not: by what their checks said, made here (`failing`) or by the engine, and their logs."""
    states = [f"{container.service} is {container.status}, health {container.health}" for container in waiting]
    said = {container.service: (failing.get(container.name) or container.check_said).strip() for container in waiting}
    checks = [f"The health check of {service} says:\n{words}" for service, words in said.items() if words]
    logs = [f"Last lines of {container.service}:\n{_log(engine, container)}" for container in waiting]
    first = f"Not healthy after {timeout:g} s (--health-timeout): {', '.join(states) or 'no container'}."
    return "\n".join([first, *checks, *logs, "If it only needs longer on this machine, raise --health-timeout."])


def _why_dead(engine: Engine, container: ContainerStatus, when: str) -> str:
    if container.oom_killed:
        cause = "ran out of memory"
    elif container.restarts:
        ended = f", at last after exit code {container.exit_code}," if container.exit_code else ""  # 0 while it runs
        cause = f"was started again {counted(container.restarts, 'time')}{ended}"
    elif container.has_ended:
        cause = f"ended with exit code {container.exit_code}"
    elif container.status == "running":
        cause = "was started again"
    else:
        cause = f"was {container.status}"
    limit = f"; {told_memory(container.memory)}" if container.oom_killed and container.memory else ""
    return f"The container of {container.service} {cause} {when}{limit}. Its last lines:\n{_log(engine, container)}"


def _log(engine: Engine, container: ContainerStatus) -> str:
    return engine.ask(questions.logs(container.name, _LOG_LINES)) or "(it has said nothing)"


def last_words(engine: Engine, project: str) -> str:
    """Return, after a failed start, the last lines of each container that ended badly or is unhealthy; "" if there is none."""
    try:
        containers = engine.containers(project)
    except EnvironmentFailed as error:
        return f"Its containers cannot be looked at: {error}"
    dead = [container for container in containers if container.restarts or (has_failed(container) and container.exit_code)]
    ill = [container for container in containers if container not in dead and container.health == "unhealthy"]
    words = [_why_dead(engine, container, "before the environment was up") for container in dead]
    words += [f"Last lines of {container.service}, which is unhealthy:\n{_log(engine, container)}" for container in ill]
    return "\n".join(words)


def check_no_loop(engine: Engine, project: str) -> None:
    """Raise EnvironmentFailed if the engine starts one of the project's containers again and again."""
    if loops := [container.service for container in engine.containers(project) if container.restarts >= _RESTARTS]:
        raise EnvironmentFailed(f"The container of {loops[0]} does not stay up.")


def check_alive(
    engine: Engine,
    before: Sequence[ContainerStatus],
    now: Sequence[ContainerStatus],
    *,
    may_end: bool = True,
    when: str = "while the tests ran",
) -> None:
    """Raise EnvironmentFailed, with reason and last lines, if a container that ran before did not run all the time since.

    `may_end`: whether one without a health check may have ended well, as some only prepare something.
    """
    running = {container.name: container for container in before if not container.has_ended}
    for container in now:
        if container.name in running and _has_died(running[container.name], container, may_end=may_end):
            raise EnvironmentFailed(_why_dead(engine, container, when))


def _has_died(before: ContainerStatus, now: ContainerStatus, *, may_end: bool) -> bool:
    if now.status != "running":
        return has_failed(now) or not (now.has_ended and may_end)
    # One that runs out of memory may lose processes only, as PostgreSQL does, which then ends all its connections. Of Odoo's
    # the exit code tells.
    lost_a_process = now.oom_killed and not before.oom_killed and now.service != SERVICE
    return lost_a_process or (now.started_at, now.restarts) != (before.started_at, before.restarts)
