"""The image of the tiny services: the scripts of tests/docker/tiny and a volume, a few kilobytes.

Shell and tools come from the host's /usr, which the compose file mounts: so the image is made in no time, by any engine, from
nothing that would have to be pulled.
"""

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "agent-test-tiny"
_SCRIPTS = Path(__file__).parent / "tiny"
_CHANGES = (
    "ENV PATH=/tiny:/usr/local/bin:/usr/bin:/bin",
    "VOLUME /anonymous",  # as the official images have: a volume without labels
    'CMD ["serve"]',
)


def make(environ: Mapping[str, str] = os.environ) -> None:
    """Import the image into the engine that these variables name. Fails loudly: a skipped test would prove nothing."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for folder in ("bin", "lib", "lib64", "sbin"):
            link = tarfile.TarInfo(folder)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{folder}"
            archive.addfile(link)
        for folder in ("usr", "run", "tmp", "etc", "var", "mnt", "anonymous", "tiny"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for script in sorted(_SCRIPTS.iterdir()):
            entry = tarfile.TarInfo(f"tiny/{script.name}")
            entry.size, entry.mode = script.stat().st_size, 0o755
            archive.addfile(entry, io.BytesIO(script.read_bytes()))
    changes = [word for change in _CHANGES for word in ("--change", change)]
    about: dict[str, Any] = {"env": environ, "capture_output": True}
    replaced = subprocess.run(["docker", "images", "--quiet", "--no-trunc", NAME], check=False, **about).stdout.split()
    done = subprocess.run(["docker", "import", *changes, "-", NAME], input=content.getvalue(), check=False, **about)
    assert done.returncode == 0, f"{done.stderr.decode()}\nIs there an engine? Run `nox -s setup` first."
    # It has no name any more. The engine refuses it where a container still is of it, and that is fine.
    if others := set(replaced) - set(done.stdout.split()):
        subprocess.run(["docker", "image", "rm", *others], check=False, **about)
