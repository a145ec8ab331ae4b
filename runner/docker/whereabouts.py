"""Where the engine is, seen from this process: on which machine, and what it has of the files that are here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from runner.docker.endpoint import DEFAULT_SOCKET, is_local, socket_of

_TABLE = Path("/proc/self/mountinfo")
# What an engine mounts into each of its containers, from the folder that it has for that one (Docker's, Podman's).
_MOUNTED = re.compile(r"/(?:overlay-)?containers/([0-9a-f]{64})/(?:userdata/)?(?:resolv\.conf|hostname|hosts) /etc/")


@dataclass(frozen=True)
class Whereabouts:
    """Where an engine is: `host` as its address names its machine, empty for one of this machine.

    `mounts`: if this process is in one of the engine's own containers, which paths of the engine's machine that has, by
    where it has them, empty for what is in memory; None if it is in none.
    """

    host: str = ""
    mounts: Mapping[str, str] | None = None

    @property
    def is_here(self) -> bool:
        """Whether the engine is on this machine, outside of which this process is not: its files are those that are here."""
        return not self.host and self.mounts is None

    @property
    def machine(self) -> str:
        """The engine's machine, for a person; empty if it is this one."""
        if self.host:
            return self.host
        return "" if self.mounts is None else "the engine's machine, outside of this container"

    def at_engine(self, path: Path) -> PurePosixPath | None:
        """Return where the engine's machine has what is at an absolute path here; None if that is not known."""
        if self.is_here:
            return PurePosixPath(path)
        inside = [place for place in self.mounts or () if not self.host and path.is_relative_to(place)]
        if not inside:
            return None
        place = max(inside, key=len)
        source = (self.mounts or {})[place]
        return PurePosixPath(source) / path.relative_to(place) if source else None


def host_of(environ: Mapping[str, str]) -> str:
    """Return the engine's machine as the address in DOCKER_HOST names it; empty for an engine of this machine."""
    if is_local(environ):
        return ""
    address = environ["DOCKER_HOST"]
    try:
        return urlsplit(address).hostname or address
    except ValueError:  # no address at all, which docker's client will say
        return address


def socket_at_engine(whereabouts: Whereabouts, environ: Mapping[str, str]) -> PurePosixPath | None:
    """Return where the engine's machine most likely has the engine's socket; None if that is not known.

    An engine tells nobody where it is, and one that is reached by another way may have none, or another one.
    """
    if whereabouts.host:
        return PurePosixPath(DEFAULT_SOCKET)
    # A relay may stand between, as in development containers, which mount it as docker-host.sock.
    mounted = [place for place in whereabouts.mounts or () if place.endswith(".sock") and "docker" in place]
    paths = (socket_of(environ), Path(DEFAULT_SOCKET), *map(Path, mounted))
    return next(filter(None, map(whereabouts.at_engine, paths)), None)


def own_container() -> str:
    """Return the ID of the container in which this process is; empty if it seems to be in none, of whatever engine."""
    try:
        match = _MOUNTED.search(_TABLE.read_text(errors="replace"))
    except OSError:
        return ""
    return match[1] if match else ""
