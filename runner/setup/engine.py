"""A Docker engine with Compose v2 on a Debian machine that has none."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from runner.setup import debian
from runner.setup.shell import ProvisionError, output_of, run, say

# Debian 12 has no Compose v2; Debian 13's package is one static file that needs libc6 >= 2.34 (Debian 12 has 2.36).
_COMPOSE_SUITE = "trixie"
_COMPOSE_PACKAGE = "docker-compose"
# Where docker looks for plugins that the administrator put there (docker's manual, "CLI plugins").
_PLUGINS = Path("/usr/local/lib/docker/cli-plugins")
_DAEMON_LOG = Path("/var/log/dockerd.log")
_DAEMON_TIMEOUT = 60.0
_POLL = 0.2


def ensure_engine() -> None:
    """Install and start what is missing; nothing is changed where the daemon answers and `docker compose` works."""
    if shutil.which("dockerd") is None and not _daemon_answers():
        debian.require_root_on_debian("There is no Docker engine on this machine.")
        say("Installing the Docker engine (Debian's docker.io) ...")
        debian.install("docker.io", "iptables", "ca-certificates")
    if output_of("docker", "compose", "version") is None:
        debian.require_root_on_debian("There is no Docker Compose v2 on this machine.")
        say(f"Putting Docker Compose v2 (from Debian {_COMPOSE_SUITE}) beside it ...")
        _put_compose_plugin()
    if not _daemon_answers():
        debian.require_root_on_debian("The Docker daemon does not run, or this user may not talk to it.")
        say("Starting the Docker daemon ...")
        _start_daemon()
    say(
        f"Docker {(output_of('docker', 'version', '--format', '{{.Server.Version}}') or '?').strip()}, "
        f"Compose {(output_of('docker', 'compose', 'version', '--short') or '?').strip()}"
    )


def _daemon_answers() -> bool:
    return output_of("docker", "version", "--format", "{{.Server.Version}}") is not None


def _put_compose_plugin() -> None:
    with tempfile.TemporaryDirectory() as name:
        debian.extract_from_suite(_COMPOSE_SUITE, _COMPOSE_PACKAGE, Path(name))
        plugins = [file for file in Path(name).rglob("docker-compose") if file.is_file() and not file.is_symlink()]
        binaries = [file for file in plugins if file.read_bytes()[:4] == b"\x7fELF"]
        if not binaries:
            raise ProvisionError(f"Debian's package {_COMPOSE_PACKAGE} holds no program of that name.")
        _PLUGINS.mkdir(parents=True, exist_ok=True)
        # Under another name first: a plugin that is half written must never be found.
        unfinished = _PLUGINS / ".docker-compose.unfinished"
        shutil.copyfile(binaries[0], unfinished)
        unfinished.chmod(0o755)
        unfinished.replace(_PLUGINS / "docker-compose")


def _start_daemon() -> None:
    if Path("/run/systemd/system").is_dir():
        run("systemctl", "start", "docker")
        started = None
    else:
        # No init system (a container, a CI machine): the daemon lives on in a session of its own.
        with _DAEMON_LOG.open("ab") as log:
            started = subprocess.Popen(
                ["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
            )
    deadline = time.monotonic() + _DAEMON_TIMEOUT
    while not _daemon_answers():
        ended = started.poll() if started else None
        if ended is not None or time.monotonic() > deadline:
            reason = f"ended with exit code {ended}" if ended is not None else f"does not answer after {_DAEMON_TIMEOUT:.0f} s"
            tail = output_of("tail", "-n", "15", _DAEMON_LOG) or "(no log)"
            raise ProvisionError(f"The Docker daemon {reason}. The end of {_DAEMON_LOG}:\n{tail}")
        time.sleep(_POLL)
