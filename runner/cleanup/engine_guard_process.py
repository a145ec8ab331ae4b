"""The guard at the engine: a program in a container with its socket, for when the one beside the runner goes with the runner.

Only its text gets there, to the Python of Odoo's image, 3.7 or newer: the standard library, and nothing else of this project.
Its signal is the end of its standard input, which the runner holds open through a docker client, once a line has come: before,
it was given up, and a run may go on without it. To remove nothing, it is killed.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

READY, ARM = "ready\n", "arm\n"
# In the container.
SOCKET = "/var/run/docker.sock"
# Seconds for an answer of the engine; requests that are made side by side.
_LIMIT, _WORKERS = 30.0, 8


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_LIMIT)
        self.sock.connect(SOCKET)


class _Refused(Exception):
    """The engine did not do what it was asked for."""


def main(told: dict[str, Any]) -> None:
    """Say READY if the socket's engine has this container, wait for the end of standard input, and remove the project.

    `told`: the container's `name`, `project`, the labels `of_project`, `of_maker`, `of_marker`, `of_uat` and `of_generation`,
    and in seconds `longest`, in which the run is over, and `bound`, `settle` and `pause` of its teardown.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "Id" not in _ask("GET", f"containers/{told['name']}/json"):
        sys.exit("the socket is that of another engine")
    sys.stdout.write(READY)
    sys.stdout.flush()
    if not _is_armed_at_the_end(time.monotonic() + told["longest"]):
        return
    deadline = time.monotonic() + told["bound"]
    empty_since = None
    while time.monotonic() < deadline:
        try:
            is_empty = _remove_once(told)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run's resources are still there
            sys.stderr.write(f"{error!r}\n")  # for `docker logs`
            is_empty = False
        now = time.monotonic()
        if not is_empty:
            empty_since = None
        elif empty_since is None:
            empty_since = now
        elif now - empty_since >= told["settle"]:
            return
        time.sleep(told["settle" if is_empty else "pause"])


def _is_armed_at_the_end(deadline: float) -> bool:
    """Wait for the end of standard input, and tell whether anything came before."""
    is_armed = False
    while time.monotonic() < deadline:
        if select.select([0], [], [], max(0.0, deadline - time.monotonic()))[0]:
            if not os.read(0, 1024):
                break
            is_armed = True
    return is_armed


def _remove_once(told: dict[str, Any]) -> bool:
    """Remove what there is of the project, and tell whether there was nothing."""
    mine = json.dumps({"label": [f"{told['of_project']}={told['project']}"]})
    containers = [container["Id"] for container in _ask("GET", "containers/json", all=1, filters=mine)]
    networks = [network["Id"] for network in _ask("GET", "networks", filters=mine)]
    volumes = _volumes(told)
    # Containers first: they hold the others.
    _side_by_side(partial(_ask, "DELETE", force=1, v=1), [f"containers/{container}" for container in containers])
    for network in networks:
        # Those of somebody else run on without it.
        for other in _ask("GET", f"networks/{network}").get("Containers") or ():
            _ask("POST", f"networks/{network}/disconnect", {"Container": other, "Force": True})
    _side_by_side(partial(_ask, "DELETE"), [f"networks/{network}" for network in networks])
    _side_by_side(partial(_ask, "DELETE", force=1), [f"volumes/{volume}" for volume in volumes])
    return not (containers or networks or volumes)


def _volumes(told: dict[str, Any]) -> list[str]:
    """The volumes of the project, and those of its making, as of a prepared database, which no marker names."""
    volumes = {volume["Name"]: volume.get("Labels") or {} for volume in _ask("GET", "volumes")["Volumes"] or ()}
    published = {labels.get(told["of_marker"]) for labels in volumes.values()}
    return [
        name
        for name, labels in volumes.items()
        if labels.get(told["of_project"]) == told["project"]
        or (labels.get(told["of_maker"]) == told["project"] and name not in published)
        or (labels.get(told["of_uat"]) == told["project"] and labels.get(told["of_generation"]) not in published)
    ]


def _side_by_side(ask: Callable[[str], object], paths: Iterable[str]) -> None:
    """Ask for all of them, side by side; fail afterwards if one failed."""
    with ThreadPoolExecutor(_WORKERS) as workers:
        asked = [workers.submit(ask, path) for path in paths]
    for answer in asked:
        answer.result()


def _ask(method: str, path: str, body: object = None, **query: object) -> Any:
    """The engine's answer. Removing what is gone, or about to be, is no failure."""
    connection = _Connection("docker")
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, f"/{path}?{urllib.parse.urlencode(query)}", content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status >= 400 and response.status != 404 and b"already in progress" not in answer:
        raise _Refused(path, response.status, answer[:500])
    return json.loads(answer) if method == "GET" else None


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
