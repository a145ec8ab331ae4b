"""What may happen to a run before it is ended, or while it ends by itself; each leaves the machine as it was."""

import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..docker.in_container import in_container
from . import client
from .endings import ENDINGS, NONE, Ending
from .marked import MARK, guards, runners, signal_all
from .place import Place
from .scene import Scene

Strike = Callable[[Scene], None]


def _anything(_ending: Ending) -> bool:
    return True


def _an_end(ending: Ending) -> bool:
    return ending is not NONE


def _by_the_runner(ending: Ending) -> bool:
    return ending.reaches_runner


def _without_a_trace(ending: Ending) -> bool:
    return ending.kills_guard


def _not_at_all(ending: Ending) -> bool:
    return ending is NONE


def _nothing(_place: Place) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Trouble:
    """`strike` happens at a random moment, before an ending that `allows` accepts.

    `around`: what the run is started by, by its place and variables; `environ`: its additional variables; `home`: the
    attribute of Place where it plays; `user`: as the second user; `needs_user`: it, or a neighbour, is that. `harmless`: if
    nothing ends the run, it must end as without the trouble. `kills_guard`: where the runner dies as well, only the next
    cleanup removes what is left; `kills_all`: runner and guard, so that files stay which only these know. `root`: only root
    can do this; `local`: only an engine of this machine, as its container has folders of this one.
    """

    name: str
    strike: Strike
    allows: Callable[[Ending], bool] = _anything
    around: Callable[[Place, Mapping[str, str]], Sequence[str]] = lambda _place, _environ: ()
    environ: Callable[[Place], Mapping[str, str]] = _nothing
    home: str = "home"
    umask: int = 0o022
    user: bool = False
    needs_user: bool = False
    harmless: bool = False
    kills_guard: bool = False
    kills_all: bool = False
    root: bool = False
    local: bool = False


# A docker client that does not do what it should


def _faulty_docker(place: Place) -> dict[str, str]:
    return client.put_in_front(place.folder / "bin", place.faults)


def _client(what: str) -> Strike:
    def strike(scene: Scene) -> None:
        client.disturb(scene.place.faults, what, scene.chance)
        scene.afterwards(partial(client.forget, scene.place.faults))

    return strike


# The guard


def _stop_guards(scene: Scene) -> list[int]:
    pids = guards(scene.place.name)
    signal_all(pids, signal.SIGSTOP)
    return pids


def _stop_and_continue(scene: Scene) -> None:
    scene.later(scene.chance.uniform(1, 6), partial(signal_all, _stop_guards(scene), signal.SIGCONT))


def _stop_and_kill(scene: Scene) -> None:
    scene.later(scene.chance.uniform(1, 6), partial(signal_all, _stop_guards(scene), signal.SIGKILL))


def _kill_guards(scene: Scene) -> None:
    signal_all(guards(scene.place.name), signal.SIGKILL)


# A container of the engine around the run


def _container_of(place: Place) -> str:
    return f"runner-of-{place.name}"


def _in_container(place: Place, environ: Mapping[str, str]) -> list[str]:
    subprocess.run(["docker", "rm", "--force", _container_of(place)], check=False, capture_output=True)
    names = (MARK, "PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "HOME", "TMPDIR")
    variables = {name: environ[name] for name in names}
    return in_container(_container_of(place), place.folder, variables, "--interactive", f"--workdir={environ['HOME']}")


def _kill_container(scene: Scene) -> None:
    subprocess.run(["docker", "kill", _container_of(scene.place)], check=False, capture_output=True)


# The context of docker's client


def _own_contexts(place: Place) -> dict[str, str]:
    """A configuration of docker's client with three contexts: two names of the engine, and one of an engine that is dead."""
    folder = place.folder / "docker-config"
    environ = {"DOCKER_CONFIG": str(folder), "DOCKER_HOST": "", "DOCKER_CONTEXT": ""}
    if not folder.exists():
        first = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
        addresses = {"first": first, "same": first.replace("/var/run/", "/run/"), "dead": "unix:///nowhere/docker.sock"}
        for name, address in addresses.items():
            _docker(place, "context", "create", name, "--docker", f"host={address}")
    _docker(place, "context", "use", "first")
    return environ


def _use_context(name: str) -> Strike:
    return lambda scene: _docker(scene.place, "context", "use", name)


def _docker(place: Place, *words: str) -> None:
    environ = place.environ(place.home, DOCKER_CONFIG=str(place.folder / "docker-config"))
    subprocess.run(["docker", *words], env=environ, check=True, capture_output=True)


# A full disk


def _tmp_on_the_disk(place: Place) -> dict[str, str]:
    return {"TMPDIR": str(place.disk)}


def _fill(scene: Scene) -> None:
    file = scene.place.disk / "full"
    zeros = bytes(65_536)
    with file.open("wb", buffering=0) as stream:
        try:
            while stream.write(zeros):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    if scene.chance.random() < 0.5:
        scene.later(scene.chance.uniform(0.5, 4), partial(file.unlink, missing_ok=True))
    else:
        scene.afterwards(partial(file.unlink, missing_ok=True))


# A reader that reads no more


def _stall(scene: Scene) -> None:
    scene.run.stop_reading()
    scene.afterwards(scene.run.read_on)


# Neighbours: other runners of the same repository, in other namespaces or as another user

_OTHER_HOST = ("unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', "other-host")
_OTHER_PIDS = ("unshare", "--pid", "--fork", "--mount-proc")


def _by(*words: str) -> Callable[[Place, Mapping[str, str]], Sequence[str]]:
    return lambda _place, _environ: words


# A run that comes so far that it removes what dead ones left, and is over soon.
_RUN = ("run", "evv_core", "--no-snapshot", "--health-timeout", "0.1")


def _neighbour(*around: str, home: str = "home", as_user: bool = False) -> Strike:
    def strike(scene: Scene) -> None:
        where: Path = getattr(scene.place, home)
        before = [*around, *(scene.place.as_user() if as_user else ())]
        scene.neighbour("cleanup", around=before, home=where)
        scene.neighbour(*_RUN, around=before, home=where, code=5)

    return strike


def _rename_host(scene: Scene) -> None:
    for pid in runners(scene.place.name):
        with contextlib.suppress(subprocess.CalledProcessError):  # it has ended
            command = ["nsenter", f"--uts=/proc/{pid}/ns/uts", "hostname", "other-host"]
            subprocess.run(command, check=True, capture_output=True)


def _rename_host_and_clean(scene: Scene) -> None:
    _rename_host(scene)
    _neighbour()(scene)


UNDISTURBED = Trouble("undisturbed", lambda _scene: None, allows=_an_end)
TROUBLES = (
    Trouble("a client hangs for 3 s", _client("3"), environ=_faulty_docker, harmless=True),
    Trouble("a client hangs for ever", _client(client.FOR_EVER), allows=_an_end, environ=_faulty_docker),
    Trouble("a client answers garbage", _client("garbage"), environ=_faulty_docker),
    Trouble("a client fails", _client("fails"), environ=_faulty_docker),
    Trouble("the guard is stopped for a while", _stop_and_continue, harmless=True),
    Trouble("the guard is stopped, then killed", _stop_and_kill, harmless=True, kills_guard=True),
    Trouble("the guard is killed", _kill_guards, harmless=True, kills_guard=True),
    Trouble("context of a dead engine", _use_context("dead"), environ=_own_contexts, harmless=True),
    Trouble("another context of the engine", _use_context("same"), environ=_own_contexts, harmless=True),
    Trouble("full disk", _fill, home="full_home", root=True),
    Trouble("full disk, with TMPDIR", _fill, home="full_home", environ=_tmp_on_the_disk, root=True),
    Trouble(
        "the container of a run is killed", _kill_container, _not_at_all, _in_container, kills_all=True, root=True, local=True
    ),
    Trouble("nobody reads", _stall, allows=_an_end),
    Trouble("a neighbour", _neighbour(), harmless=True),
    Trouble("a neighbour with other pids", _neighbour(*_OTHER_PIDS), harmless=True, root=True),
    Trouble("a neighbour of another host name", _neighbour(*_OTHER_HOST), harmless=True, root=True),
    Trouble("a neighbour, the run has other pids", _neighbour(), _by_the_runner, _by(*_OTHER_PIDS), harmless=True, root=True),
    Trouble("a run of another host name is killed", lambda _scene: None, _without_a_trace, _by(*_OTHER_HOST), root=True),
    Trouble("the host gets another name", _rename_host_and_clean, around=_by("unshare", "--uts"), harmless=True, root=True),
    Trouble(
        "a run of another user",
        _neighbour(),
        home="user_home",
        umask=0o077,
        user=True,
        needs_user=True,
        harmless=True,
        root=True,
    ),
    Trouble(
        "a neighbour of another user",
        _neighbour(home="user_home", as_user=True),
        umask=0o077,
        needs_user=True,
        harmless=True,
        root=True,
    ),
)


def possible(place: Place) -> tuple[list[Trouble], list[Trouble]]:
    """What this process can do, and what it cannot: that needs root, a Python that others can start, or a local engine."""
    has_user = place.has_user()
    is_local = os.environ.get("DOCKER_HOST", "unix://").startswith("unix://")
    cannot = [each for each in TROUBLES if each.root and not (has_user if each.needs_user else place.is_root)]
    cannot += [each for each in TROUBLES if each.local and not is_local]
    return [each for each in TROUBLES if each not in cannot], cannot


def endings_for(trouble: Trouble) -> list[Ending]:
    """The endings that can follow: none as often as any other two."""
    return [ending for ending in (NONE, NONE, NONE, *ENDINGS) if trouble.allows(ending)]
