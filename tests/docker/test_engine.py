"""Machines without a usable engine: one message, what to do, exit code 3, no traceback, no proof of anything."""

import os
import shutil
from pathlib import Path

import pytest

from .tiny_repository import PASSES, TinyRepository

# What docker 28 prints as a user outside the group `docker`; as root it cannot be provoked.
_NO_PERMISSION = (
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: "
    'Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/version": dial unix /var/run/docker.sock: connect: permission denied'
)


def _path_with(folder: Path, docker: str | None) -> str:
    """A PATH on which `docker` is this script, or nothing at all; everything else is found as before."""
    folder.mkdir()
    for directory in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(directory).glob("*") if Path(directory).is_dir() else ():
            if program.name != "docker":
                link = folder / program.name
                link.unlink(missing_ok=True)
                link.symlink_to(program)
    if docker is not None:
        (folder / "docker").write_text(f"#!/bin/sh\n{docker}\n")
        (folder / "docker").chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("docker", "message"),
    [
        (None, "There is no `docker` command. Install Docker, or run `nox -s setup`."),
        (f"echo '{_NO_PERMISSION}' >&2; exit 1", "add you to the group `docker`"),
        (
            'case "$1" in compose) echo "unknown flag: --project-name" >&2; exit 125;; esac; exec REAL "$@"',
            "Docker Compose v2 is missing",
        ),
    ],
    ids=["no docker", "no permission", "no compose"],
)
def test_what_is_missing_is_said_in_a_line(tiny: TinyRepository, tmp_path: Path, docker: str | None, message: str) -> None:
    tiny.module("good", PASSES)
    script = docker and docker.replace("REAL", shutil.which("docker") or "")
    code, output = tiny.run("run", "tiny", "good", PATH=_path_with(tmp_path / "bin", script))
    assert code == 3, output
    assert message in output
    assert "Traceback" not in output
    assert "teardown: none was needed" in tiny.proof.read_text()


def test_an_engine_that_cannot_be_used_is_said_with_what_to_do(tiny: TinyRepository, tmp_path: Path) -> None:
    tiny.module("good", PASSES)
    tcp = "tcp://127.0.0.1:1"  # where nobody listens
    told = {}
    for environ, expected in (
        ({"DOCKER_HOST": tcp}, "at this address"),
        ({"DOCKER_HOST": "tcp://no-such-host.invalid:2375"}, "at this address"),
        ({"DOCKER_HOST": "ssh://me@127.0.0.1:1"}, "Docker does not get to its engine by ssh: "),
        ({"DOCKER_HOST": "htp://x"}, "Write unix:///PATH"),
        ({"DOCKER_HOST": f"unix://{tmp_path}"}, f"{tmp_path} is there, but is no socket"),
        ({"DOCKER_HOST": tcp, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nowhere"}, "TLS: open /nowhere/ca.pem"),
        ({"DOCKER_CONTEXT": "nowhere"}, 'Docker does not find its context: context "nowhere"'),
        ({"DOCKER_API_VERSION": "1.99"}, "The docker client is too new for this engine"),
        ({"DOCKER_API_VERSION": "1.0"}, "Update the docker client"),
    ):
        code, output = tiny.run("run", "tiny", "good", "--quiet", **environ)
        assert "teardown: none was needed" in tiny.proof.read_text()
        if code != 3 or expected not in output or "Traceback" in output:
            told[str(environ)] = f"{code}: {output}"
    assert told == {}


def test_a_daemon_that_does_not_run_is_said_in_a_line(tiny: TinyRepository, tmp_path: Path) -> None:
    tiny.module("good", PASSES)
    code, output = tiny.run("run", "tiny", "good", DOCKER_HOST=f"unix://{tmp_path}/no.sock")
    assert code == 3, output
    assert "The Docker daemon does not answer" in output
    assert "nox -s setup" in output
    assert "Traceback" not in output


def test_cleanup_without_a_daemon_exits_with_3(tiny: TinyRepository, tmp_path: Path) -> None:
    code, output = tiny.run("cleanup", DOCKER_HOST=f"unix://{tmp_path}/no.sock")
    assert code == 3, output
    assert "The Docker daemon does not answer" in output
