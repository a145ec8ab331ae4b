"""Find a port for an environment: the first free one, again after it was lost, and with patience if all are taken."""

import contextlib
import time
from collections.abc import Callable

from runner.config.model import PortRange
from runner.environment.ports import Reservation, port_holders, reserved_port
from runner.errors import NoFreePort

_POLL = 0.5
_LOST = "somebody who was quicker when the engine wanted it"


class PortSearch:
    """The reservation of one environment in the ports of its repository; `patience` in seconds, for a full range."""

    def __init__(
        self,
        ports: PortRange,
        patience: float,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ports = ports
        self._patience = patience
        self._say = say
        self._clock = clock
        self._wait = wait
        self._lost: set[int] = set()
        self._held = contextlib.ExitStack()

    def reserve(self) -> Reservation:
        """The first free port that was not lost before. NoFreePort, with who holds each, if there is none in time."""
        self.close()
        reservation = self._first_free()
        if reservation is None and self._patience:
            self._say(f"waiting for a free port in {self._ports}, for at most {self._patience:g} s")
            deadline = self._clock() + self._patience
            while reservation is None and self._clock() < deadline:
                self._wait(_POLL)
                self._lost.clear()  # what held one may have gone as well
                reservation = self._first_free()
        if reservation is None:
            raise NoFreePort(self._why_none())
        return reservation

    def lost(self, reservation: Reservation) -> None:
        """Somebody else was quicker: leave this port out, although it may look free (the engine's proxy can be off)."""
        self._lost.add(reservation.port)

    def close(self) -> None:
        """Let others have the port."""
        self._held.close()

    def _first_free(self) -> Reservation | None:
        return self._held.enter_context(reserved_port(port for port in self._ports if port not in self._lost))

    def _why_none(self) -> str:
        known = port_holders(self._ports)
        holders = "\n".join(
            f"  {port}: {known.get(port, _LOST)}" for port in self._ports if port in known or port in self._lost
        )
        waited = f" after {self._patience:g} s (--wait-for-port)" if self._patience else ""
        advice = "" if self._patience else "Wait for one with --wait-for-port S, widen `ports:` in repos.yaml, or "
        return (
            f"No free port in {self._ports}{waited}. They are held by:\n{holders}\n"
            f"{advice}{'remove' if advice else 'Remove'} what dead runs left: nox -s cleanup"
        )
