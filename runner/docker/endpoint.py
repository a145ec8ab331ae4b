"""Which engine a run talks to: settled once, at its start, as docker's client would settle it anew for every command."""

import json
import os
import pwd
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.docker.messages import unavailable
from runner.docker.process import Completed, DockerFailed, Endpoint, client_environ
from runner.errors import EngineStalled, EngineUnavailable

# Seconds. `docker context inspect` only reads files.
_LIMIT = 60.0
# What of the environment names folders: clients run in another one than the user.
_FOLDERS = ("DOCKER_CONFIG", "DOCKER_CERT_PATH", "HOME")
_SOCKET = "unix://"
_PROXIES = {"http_proxy": "httpProxy", "https_proxy": "httpsProxy", "no_proxy": "noProxy"}
# Addresses of an engine of this machine.
_HERE = (_SOCKET, "npipe://")
DEFAULT_SOCKET = "/var/run/docker.sock"
_DEFAULT_HOST = f"{_SOCKET}{DEFAULT_SOCKET}"


def pin(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the engine's name in it that docker's client would look up anew for every command.

    By DOCKER_HOST, DOCKER_CONTEXT or the current context: `docker context use` in another terminal moves no client any more.
    """
    pinned = client_environ(environ)
    pinned |= {name: str(Path(pinned[name]).absolute()) for name in _FOLDERS if pinned.get(name)}
    if pinned.get("PATH"):
        pinned["PATH"] = os.pathsep.join(str(Path(folder).absolute()) for folder in pinned["PATH"].split(os.pathsep))
    if pinned.get("DOCKER_HOST"):
        pinned["DOCKER_HOST"] = _absolute(pinned["DOCKER_HOST"])
    if not pinned.get("DOCKER_HOST") and not pinned.get("DOCKER_CONTEXT"):
        pinned["DOCKER_CONTEXT"] = _current_context(pinned)
    return pinned


def settle(environ: Mapping[str, str]) -> Endpoint:
    """Return the engine that docker's client means now, with its address in the place of a context's name.

    EngineUnavailable without a docker client, for a context that does not exist, and for a socket that is something else.
    """
    if shutil.which("docker", path=environ.get("PATH")) is None:
        raise EngineUnavailable("There is no `docker` command. Install Docker, or run `nox -s setup`.")
    settled = pin(environ)
    if not settled.get("DOCKER_HOST") and settled["DOCKER_CONTEXT"] != "default":
        settled = _of_context(settled["DOCKER_CONTEXT"], settled)
    _check_socket(settled.get("DOCKER_HOST") or "")
    return Endpoint(settled)


def is_local(environ: Mapping[str, str]) -> bool:
    """Tell whether the engine is one of this machine, by its address."""
    host = environ.get("DOCKER_HOST")
    return not host or host.startswith(_HERE)


def socket_of(environ: Mapping[str, str]) -> Path:
    """Return the socket of an engine of this machine."""
    return Path((environ.get("DOCKER_HOST") or _DEFAULT_HOST).removeprefix(_SOCKET))


def no_proxy_of(environ: Mapping[str, str]) -> str:
    """Return what docker's client gives to the containers of this engine as NO_PROXY."""
    return proxies_of(environ)["no_proxy"]


def proxies_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what docker's client gives to the containers of this engine as variables, by `proxies` of its config.json."""
    proxies = _client_config(environ).get("proxies")
    of_host: object = {}
    if isinstance(proxies, dict):
        of_host = proxies.get(environ.get("DOCKER_HOST") or _DEFAULT_HOST, proxies.get("default"))
    known = of_host if isinstance(of_host, dict) else {}
    return {name: str(known.get(key) or "") for name, key in _PROXIES.items()}


def _current_context(environ: Mapping[str, str]) -> str:
    return str(_client_config(environ).get("currentContext") or "default")


def _client_config(environ: Mapping[str, str]) -> dict[str, Any]:
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or _home()) / ".docker")
    try:
        content = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}  # as docker's client does, which warns of a file that is no JSON
    return content if isinstance(content, dict) else {}


def _home() -> str:
    """The user's home as docker's client finds it where HOME is not set."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a user without an entry, as in some containers
        return "/"


def _check_socket(host: str) -> None:
    """EngineUnavailable for a socket that is none: docker only asks then whether the daemon is running."""
    path = Path(host.removeprefix(_SOCKET) or _DEFAULT_HOST.removeprefix(_SOCKET))
    try:
        is_another = (not host or host.startswith(_SOCKET)) and not path.is_socket() and path.exists()
    except OSError:  # no permission: docker says so
        return
    if is_another:
        raise EngineUnavailable(
            f"{path} is there, but is no socket of an engine. Set DOCKER_HOST, or the context, to the right one; in a "
            "container, mount it from a host that has it: an engine makes a folder of what is not there."
        )


def _absolute(host: str) -> str:
    """The address of an engine, its socket named from the root: clients run in another folder than the user."""
    path = host.removeprefix(_SOCKET)
    return host if path in ("", host) else f"{_SOCKET}{Path(path).absolute()}"


def _of_context(context: str, environ: dict[str, str]) -> dict[str, str]:
    """The environment with what the context holds now: its host, and the folder of its TLS files."""
    try:
        completed = Endpoint(environ).start("context", "inspect", context).result(time.monotonic() + _LIMIT)
    except DockerFailed as error:
        raise EngineStalled(str(error)) from error
    if completed.exit_code:
        raise unavailable(completed.errors.strip() or f"context {context!r} cannot be read")
    host, skip_verify, tls = _endpoint_in(completed, context)
    settled = {
        key: value for key, value in environ.items() if key not in ("DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_TLS")
    }
    settled["DOCKER_HOST"] = _absolute(host)
    if tls.is_dir():
        settled["DOCKER_CERT_PATH"] = str(tls)
        # Without verification it is still TLS: docker's client takes the mere presence of DOCKER_TLS_VERIFY for "verify".
        settled["DOCKER_TLS" if skip_verify else "DOCKER_TLS_VERIFY"] = "1"
    return settled


def _endpoint_in(completed: Completed, context: str) -> tuple[str, bool, Path]:
    try:
        (inspected,) = json.loads(completed.output)
        docker = inspected["Endpoints"]["docker"]
        host, skip_verify = str(docker["Host"]), bool(docker.get("SkipTLSVerify"))
        folder = Path(os.fspath((inspected.get("Storage") or {}).get("TLSPath") or "/nonexistent"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EngineUnavailable(
            f"The context {context!r} of docker names no engine.\nSee: docker context inspect {context}"
        ) from error
    return host, skip_verify, folder / "docker"
