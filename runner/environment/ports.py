"""Find and reserve a port of the engine's machine: the first free one, again if it was lost, patiently if all are taken."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from runner.config.model import PortRange
from runner.environment.port_lock import ANOTHER_RUN, NoLock, lock
from runner.errors import EnvironmentFailed, NoFreePort
from runner.processes import listeners

# Published on loopback only: the Odoo behind it has a well-known password.
HOST = "127.0.0.1"
_POLL = 0.5
_UNSEEN = "a process that this user may not see (perhaps the Docker daemon: docker ps)"
_LOST = "somebody who was quicker when the engine wanted it"


@contextlib.contextmanager
def reserved_port(ports: Iterable[int], taken: Container[int] | None = None) -> Iterator[int | None]:
    """Hold the first port that no other runner of this machine has reserved and that can be bound; None if there is none.

    `taken`: those of another machine, of which nothing else is known: then it has to be none of these.

    Other programs may still take it until the engine publishes it: whoever starts the environment must be ready to try
    the next one.
    """
    for port in ports:
        try:
            held = lock(port)
        except NoLock:
            continue
        try:
            if can_bind(port) if taken is None else port not in taken:
                yield port
                return
        finally:
            os.close(held)
    yield None


def can_bind(port: int) -> bool:
    """Tell whether a server could listen on the port now. Connections that are merely closing (TIME_WAIT) do not matter."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def port_holders(ports: Iterable[int], *, is_here: bool = True) -> dict[int, str]:
    """Tell who holds each port, as far as this user may know: another run, a process of this user, or "unknown".

    `is_here`: whether the engine is on this machine. What processes hold of another one is not seen.
    """
    holders, taken = {}, set()
    for port in ports:
        try:
            os.close(lock(port))
        except NoLock as reason:
            holders[port] = str(reason)
            continue
        if is_here and not can_bind(port):
            taken.add(port)
    seen = listeners(taken) if taken else {}
    return holders | {port: seen.get(port, _UNSEEN) for port in taken}


@dataclass
class PortSearch:
    """Reserves a port for one environment in the range of its repository; `patience` in seconds, for a full range.

    `published`: asked which containers publish which ports, where there is none: of those a process tells only the proxy.
    Where the engine is not on this machine (`is_here`), no more than that is known of its ports before one is wanted.
    `first`: the port that is taken before all others, if it is of the range and free.
    """

    ports: PortRange
    patience: float
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep
    published: Callable[[], Mapping[int, str]] = dict
    is_here: Callable[[], bool] = lambda: True
    first: int | None = None
    port: int | None = field(default=None, init=False)
    _lost: set[int] = field(default_factory=set, init=False)
    _held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False)

    def reserve(self) -> int:
        """Reserve the first free port that was not lost before. NoFreePort, with who holds each, if there is none in time."""
        self.close()
        self.port = self._first_free()
        if self.port is None and self.patience:
            self.say(f"waiting for a free port in {self.ports}, for at most {self.patience:g} s")
            deadline = self.clock() + self.patience
            while self.port is None and self.clock() < deadline:
                self.wait(_POLL)
                self._lost.clear()  # what held one may have gone as well
                self.port = self._first_free()
        if self.port is None:
            raise NoFreePort(self._why_none())
        return self.port

    def reserve_another(self) -> int:
        """Leave out the port, which somebody else got, although it may look free (the engine's proxy can be off)."""
        assert self.port, "one was reserved"
        self._lost.add(self.port)
        return self.reserve()

    def close(self) -> None:
        """Let others have the port."""
        self._held.close()

    def _first_free(self) -> int | None:
        taken = None if self.is_here() else self.published()
        wanted = sorted(self.ports, key=lambda port: port != self.first)
        return self._held.enter_context(reserved_port((port for port in wanted if port not in self._lost), taken))

    def _why_none(self) -> str:
        known = port_holders(self.ports, is_here=self.is_here())
        with contextlib.suppress(EnvironmentFailed):  # that no port is free is what is to be said
            for port, name in self.published().items():
                known[port] = f"{known[port]}: container {name}" if known.get(port) == ANOTHER_RUN else f"container {name}"
        holders = "\n".join(
            f"  {port}: {known.get(port, _LOST)}" for port in self.ports if port in known or port in self._lost
        )
        waited = f" after {self.patience:g} s (--wait-for-port)" if self.patience else ""
        advice = "" if self.patience else "Wait for one with --wait-for-port S, widen `ports:` in repos.yaml, or "
        return (
            f"No free port in {self.ports}{waited}. They are held by:\n{holders}\n"
            f"{advice}{'remove' if advice else 'Remove'} what dead runs left: nox -s cleanup\n"
            "What scripts of old have left is named by nox -s list, and goes by its name: nox -s cleanup -- PROJECT"
        )
