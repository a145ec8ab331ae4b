"""Two users on one machine: what one keeps, and how strictly, is nothing to the other."""

import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .tiny_repository import PASSES, ROOT, TinyRepository, environ_without_starter, left

# Root makes another user of itself; elsewhere `sudo` does.
_AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
_NOBODY = 65534
_SOCKET = Path("/var/run/docker.sock")
# This project and its Python may lie below folders that the other one may not enter: in a mount namespace of its own it finds
# them elsewhere.
_ANOTHER_USER = """
set -e
mkdir "$SHARED/project" "$SHARED/packages" "$SHARED/python"
mount --bind "$PROJECT" "$SHARED/project"
mount --bind "$PACKAGES" "$SHARED/packages"
mount --bind "$PYTHON" "$SHARED/python"
chown -R "$USER_ID" "$SHARED/other"
cd "$SHARED/other"
exec setpriv --reuid="$USER_ID" --regid="$USER_ID" --groups="$GROUP_ID" env HOME="$SHARED/other" TMPDIR="$SHARED/tmp" \
    PYTHONPATH="$SHARED/project:$SHARED/packages" sh -c "$COMMANDS"
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that all may enter, with one for temporary files in it. That of pytest is for one user."""
    if subprocess.run([*_AS_ROOT, "unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("only root can become another user")
    folder = Path(tempfile.mkdtemp(prefix="agent-test-users-"))
    folder.chmod(0o755)
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o1777)
    yield folder
    subprocess.run([*_AS_ROOT, "rm", "-rf", str(folder)], check=True)


def _by_another_user(shared: Path, *commands: str) -> str:
    """What these commands of the runner print, each with its exit code in a line after it."""
    installed = Path(sys.base_prefix).resolve()
    python = shared / "python" / Path(sys.executable).resolve().relative_to(installed)
    facts = {
        "SHARED": str(shared),
        "PROJECT": str(ROOT),
        "PACKAGES": sysconfig.get_path("purelib"),
        "PYTHON": str(installed),
        "USER_ID": str(_NOBODY),
        "GROUP_ID": str(_SOCKET.stat().st_gid if _SOCKET.exists() else _NOBODY),
        "COMMANDS": "".join(f"{python} -m runner {command} 2>&1; echo '{command}' ended with $?\n" for command in commands),
        "PATH": os.environ["PATH"],
    }
    script = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in facts.items()) + _ANOTHER_USER
    return subprocess.run(
        [*_AS_ROOT, "unshare", "--mount", "sh", "-c", script],
        env=environ_without_starter(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_what_one_user_keeps_out_of_sight_disturbs_no_other_and_stays(tiny: TinyRepository, shared: Path) -> None:
    tiny.module("good", PASSES)
    tiny.folder.chmod(0o700)
    code, output = tiny.shell(f"umask 077; export TMPDIR={shared}/tmp; python -m runner run tiny good --keep always")
    assert code == 0, output
    (kept,) = {name.rpartition("-odoo-")[0] for name in left() if "-odoo-" in name}
    other = TinyRepository(shared / "other", tiny.ports)
    other.module("good", PASSES)
    with (other.folder / "repos.yaml").open("a") as file:
        file.write(
            f"  theirs: {{prefix: theirs-agent-test, path: {tiny.checkout}, addons: [addons], compose_file: compose.yml, "
            f"ports: {tiny.ports}, images: {{odoo: agent-test-tiny, postgres: agent-test-tiny}}}}\n"
        )
    said = _by_another_user(shared, "list", "cleanup", "doctor", "run tiny good --quiet")
    for command in ("list", "cleanup", "run tiny good --quiet"):
        assert f"{command} ended with 0\n" in said, said
    assert f"theirs at {tiny.checkout}: this user may not look there\n" in said
    assert "doctor ended with 2\n" in said, said
    assert f"{kept}\n" in said.partition("list ended")[0]
    assert f"{kept}-odoo-1" in left()
    code, output = tiny.run("cleanup", kept)
    assert code == 0, output
