"""Where a published port is reached, for a person: at the engine's machine, which may be another one than theirs."""

from dataclasses import dataclass

from runner.docker.whereabouts import Whereabouts

_LOOPBACK = "127.0.0.1"
_ALL_INTERFACES = ("", "0.0.0.0", "::")  # noqa: S104 - recognised, not bound


@dataclass(frozen=True)
class Address:
    """A host and port; `machine`: on which that holds, empty where it can be opened as it is; `way`: how to get there."""

    where: str
    machine: str = ""
    way: str = ""

    def __str__(self) -> str:
        return f"{self.where} on {self.machine}" if self.machine else self.where


def address_of(whereabouts: Whereabouts, port: int, interface: str) -> Address:
    """Return the address of a port of the engine's machine that is published on this interface."""
    if whereabouts.host and interface in _ALL_INTERFACES:
        return Address(f"{_bracketed(whereabouts.host)}:{port}")
    where = f"{_LOOPBACK if interface in _ALL_INTERFACES else _bracketed(interface)}:{port}"
    way = f"ssh -L {port}:{where} {whereabouts.host}, then http://{_LOOPBACK}:{port}" if whereabouts.host else ""
    return Address(where, whereabouts.machine, way)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
