"""What of the machine a container may be given, by its path: as it is written, and as it is behind all links."""

import os
import posixpath
import re
import stat
from collections.abc import Iterator, Mapping
from typing import Any

# Folders that hold the engine's socket; read-only makes no difference to a socket.
_AROUND_THE_SOCKET = ("/", "/run", "/var/run")
_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock")
# Where the engine keeps volumes, and what holds that.
_AROUND_THE_DATA = ("/var", "/var/lib")
# A volume with somebody's checkout in it may be mounted, as by a runner that is in a container itself.
_OF_THE_ENGINE = re.compile(
    r"(/var/lib/(docker|containers|containerd)|/\.local/share/(docker|containers)|/var/snap/docker)/"
    r"(?!([\w-]+/)*volumes/(?!agent-test-snapshot)[^/]+/_data/)"
)
# The kernel follows no more, and takes no longer path.
_MOST_LINKS, _LONGEST = 40, 4096
# Where disks of a desktop are, and a container's secrets, beside the sockets of all programs.
_OF_SOCKETS = re.compile(r"/(var/)?run/(?!media/)")
_OF_THE_KERNEL = re.compile(r"/(dev|proc|sys)/(?!shm/)")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
# Mounted by many, to have the machine's time.
_CLOCK = ("/etc/localtime", "/etc/timezone")
# By which the machine finds and starts programs.
_OF_THE_SYSTEM = re.compile(r"/(bin|boot|etc|lib\w*|sbin|usr|var/spool)/")
# `Library` by macOS, whose LaunchAgents it starts.
_SETTINGS_IN_A_HOME = re.compile(r"\.|Library/")
_DATA_IN_A_HOME = re.compile(r"\.cache/|\.local/share/.|Library/Caches/")
_KEYS = re.compile(r"/etc/((g?shadow|ssh|ssl/private)/.*)?")
_KEYS_IN_A_HOME = re.compile(
    r"\.(ssh|gnupg|aws|azure|kube|docker|netrc|pgpass|git-credentials|npmrc|pypirc|password-store|mozilla|config(/gh|/gcloud)?)/|Library/Keychains/"
)


def paths_in(model: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Return the paths of the machine that a compose file names, each behind the key that does so, with its target.

    That is where containers have what is mounted; "" for configs and secrets, for which each service says it.
    """
    for name, service in (model.get("services") or {}).items():
        for mount in service.get("volumes") or ():
            if mount.get("type") == "bind":
                yield f"services.{name}.volumes", str(mount["source"]), str(mount["target"])
    for kind in ("configs", "secrets"):
        for name, value in (model.get(kind) or {}).items():
            if (value or {}).get("file"):
                yield f"{kind}.{name}.file", str(value["file"]), ""


def refused_source(source: str, *, read_only: bool) -> str:
    """Say why a container must not have this path of the machine; empty if it may."""
    if "\0" in source:
        return f"{source!r} is no path. Leave it out."
    return next(filter(None, (_refused(path, _plain(source), read_only) for path in _paths(source))), "")


def _refused(path: str, told: str, read_only: bool) -> str:
    if posixpath.basename(path) in _SOCKETS or path in _AROUND_THE_SOCKET:
        return f"through {told} a container can start what outlives the run, and end other runs. Leave it out."
    if path in _AROUND_THE_DATA or _OF_THE_ENGINE.search(f"{path}/"):
        return f"through {told} a container can change the volumes of other runs. Leave it out."
    kind = _kind(path)
    if kind == stat.S_IFSOCK or (_OF_SOCKETS.match(f"{path}/") and kind != stat.S_IFREG):
        return f"through {told} a container can speak to programs of this machine. Leave it out."
    if _OF_THE_KERNEL.match(f"{path}/") or kind in (stat.S_IFBLK, stat.S_IFCHR):
        return f"{told} is this machine's itself, not the run's. Leave it out."
    if not read_only and _is_of_the_machine(path):
        return f"through {told} a container can change what runs on this machine. Mount it read-only."
    return ""


def is_of_each_machine(source: str) -> bool:
    """Tell whether each machine has something of its own at this path, which another one has no use for."""
    patterns = (_OF_THE_SYSTEM, _OF_SOCKETS, _OF_THE_KERNEL)
    return any(pattern.match(f"{_plain(source)}/") for pattern in patterns)


def unwise_source(source: str, *, read_only: bool) -> Iterator[str]:
    """Yield what is unwise in giving this path of the machine to a container, where it is not refused."""
    if not read_only:
        yield f"what is written to {source} stays there, for other runs to see. Mount it read-only, or use a named volume."
    elif any(_holds_keys(path) for path in _paths(source)):
        yield f"the tests could read the keys and passwords in {source}. Mount less of it."


_plain = posixpath.normpath


def _paths(source: str) -> list[str]:
    """The path as it is written, and as it is behind each link on the way, of this machine at least.

    The engine may take it as it is written, or shorten what is before a `..` first.
    """
    path = _plain(source)
    return [] if path in (*DEVICES, *_CLOCK) else list(dict.fromkeys((path, *_behind_links(path), *_behind_links(source))))


def _behind_links(path: str) -> Iterator[str]:
    """Where each link on the way leads, at last where the path is: links below /proc lead every process elsewhere."""
    here, ahead, followed = "/", path.split("/"), 0
    while ahead and len(here) + len(ahead) < _LONGEST:
        name, *ahead = ahead
        step = posixpath.normpath(posixpath.join(here, name))  # `here` has no links any more
        try:
            target = os.readlink(step)  # noqa: PTH115 - as a text
        except OSError:
            here = step  # no link, or not here
            continue
        if (followed := followed + 1) > _MOST_LINKS:
            return
        ahead = [*target.split("/"), *ahead]
        here = "/" if target.startswith("/") else here
        yield _plain(posixpath.join(here, *ahead))
    if not ahead:
        yield here


def _kind(path: str) -> int:
    try:
        return stat.S_IFMT(os.stat(path).st_mode)  # noqa: PTH116 - it may be a path of another machine
    except (OSError, ValueError):
        return 0


def _is_of_the_machine(path: str) -> bool:
    """Whether programs are found or started by what is there: the system's own, and the settings in a person's home."""
    return bool(_OF_THE_SYSTEM.match(f"{path}/")) or any(
        below == "" or (_SETTINGS_IN_A_HOME.match(f"{below}/") and not _DATA_IN_A_HOME.match(f"{below}/"))
        for below in _in_homes(path)
    )


def _holds_keys(path: str) -> bool:
    return bool(_KEYS.fullmatch(f"{path}/")) or any(
        below == "" or _KEYS_IN_A_HOME.match(f"{below}/") for below in _in_homes(path)
    )


def _in_homes(path: str) -> Iterator[str]:
    """Where the path is in each home that it is in; empty if it is that home, or holds it."""
    own = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111 - as a text
    for home in dict.fromkeys(("/root", own, *re.findall(r"^/home/[^/]+", path))):
        if f"{home}/".startswith(f"{path}/") or path == "/home":
            yield ""
        elif path.startswith(f"{home}/"):
            yield path.removeprefix(f"{home}/")
