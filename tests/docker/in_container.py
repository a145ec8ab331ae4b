"""A runner in a container of the engine that it uses: the machine's programs and this Python, with the engine's socket."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from . import tiny_image
from .tiny_repository import ROOT

SOCKET = "/var/run/docker.sock"


def in_container(name: str, folder: Path, environ: Mapping[str, str], *more: str, place: str = "") -> list[str]:
    """The command that runs another one as the first process of a container, which is gone afterwards.

    It has `folder`, and what it needs to run this Python and docker's clients, under the paths that they have here; the
    folder at `place`, if that is told. `more`: options of `docker run`.
    """
    place = place or str(folder)
    tiny_image.make()
    programs = {Path(sys.prefix), Path(sys.base_prefix), ROOT, Path("/usr"), Path("/usr/local/lib/docker")}
    programs |= {Path(path).resolve().parent for path in [shutil.which("docker")] if path}
    # Where PYTHONPATH leads as well.
    imported_from = [Path(entry) for entry in sys.path if entry]
    programs |= {path for path in imported_from if not any(path.is_relative_to(program) for program in programs)}
    mounts = [f"{path}:{path}:ro" for path in sorted(programs) if path.exists()]
    options = [f"--volume={mount}" for mount in (*mounts, f"{SOCKET}:{SOCKET}", f"{folder}:{place}")]
    options += [f"--env={key}={value}" for key, value in environ.items()]
    return ["docker", "run", "--rm", f"--name={name}", f"--workdir={place}", *options, *more, tiny_image.NAME]
