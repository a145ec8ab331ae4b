"""Ways to end a run, and of which processes nothing is to be expected any more afterwards."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from .marked import end, guards, runners, signal_all
from .run import Run


@dataclass(frozen=True)
class Ending:
    """`kills_runner`: it dies without a word; `kills_guard`: then only the next cleanup removes what is left.

    `reaches_runner`: only the runner gets it, and says so; as for a run in another pid namespace, whose first process is the
    starter.
    """

    name: str
    send: Callable[[Run, str], None]
    kills_runner: bool = False
    kills_guard: bool = False
    reaches_runner: bool = False


def _group(signum: signal.Signals, times: int = 1) -> Callable[[Run, str], None]:
    def send(run: Run, _place: str) -> None:
        for _ in range(times):
            run.to_group(signum)

    return send


def _cancelled(run: Run, _place: str) -> None:
    """As CI cancels a job."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        run.to_group(signum)
        time.sleep(0.2)


def _with_guard(_run: Run, place: str) -> None:
    signal_all([*guards(place), *runners(place)], signal.SIGKILL)


NONE = Ending("not ended", lambda _run, _place: None, reaches_runner=True)
ENDINGS = (
    Ending("SIGKILL to the runner", lambda run, _: run.to_runner(signal.SIGKILL), kills_runner=True),
    Ending("SIGKILL to the group", _group(signal.SIGKILL), kills_runner=True),
    Ending("SIGKILL to the starter", lambda run, _: run.to_starter(signal.SIGKILL)),
    Ending("SIGTERM to the starter", lambda run, _: run.to_starter(signal.SIGTERM)),
    Ending("SIGTERM to the runner", lambda run, _: run.to_runner(signal.SIGTERM), reaches_runner=True),
    Ending("SIGINT to the runner", lambda run, _: run.to_runner(signal.SIGINT), reaches_runner=True),
    Ending("SIGHUP to the group", _group(signal.SIGHUP)),
    Ending("Ctrl+C", _group(signal.SIGINT)),
    Ending("Ctrl+C twice", _group(signal.SIGINT, 2)),
    Ending("Ctrl+C four times", _group(signal.SIGINT, 4)),
    Ending("SIGINT, SIGTERM, SIGKILL to the group", _cancelled, kills_runner=True),
    Ending("SIGKILL to runner and guard", _with_guard, kills_runner=True, kills_guard=True),
    Ending("SIGKILL to all of the run", lambda _, place: end(place), kills_runner=True, kills_guard=True),
)
