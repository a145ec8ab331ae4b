"""The image of the tiny services: the scripts of tests/docker/tiny and a volume, a few kilobytes.

Shell and tools come from the host's /usr, which the compose file mounts: so the image is made in no time, by any engine, from
nothing that would have to be pulled.
"""

import io
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

NAME, WITH_PYTHON = "agent-test-tiny", "agent-test-tiny-python"
_ROOT = Path(__file__).parents[2]
_SCRIPTS = _ROOT / "tests/docker/tiny"
_CHANGES = (
    "ENV PATH=/tiny:/usr/local/bin:/usr/bin:/bin",
    "VOLUME /anonymous",  # as the official images have: a volume without labels
    'CMD ["serve"]',
)
# Prints the program that Python is, and the files that a guard loads.
_LOADED = """
import os, sys
sys.path.append(sys.argv[1])
import encodings.latin_1, runner.cleanup.engine_guard_process
files = {getattr(module, "__file__", None) or "" for module in sys.modules.values()}
print(os.path.realpath(sys.executable), *(file for file in files if not file.startswith(sys.argv[1])))
"""


def make(environ: Mapping[str, str] = os.environ) -> None:
    """Import the image into the engine that these variables name. Fails loudly: a skipped test would prove nothing."""
    _import(NAME, (), environ)


def make_with_python(environ: Mapping[str, str]) -> None:
    """Import one more, with as much of this Python as the guard at the engine takes: it gets nothing of the host's /usr."""
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LOADED, _ROOT], check=True, capture_output=True, text=True
    ).stdout
    program, *modules = map(Path, told.split())
    linked = subprocess.run(["ldd", program, *modules], check=False, capture_output=True, text=True).stdout
    libraries = {Path(name) for name in re.findall(r"(/\S+) \(0x", linked)}
    _import(WITH_PYTHON, {program, *modules, *libraries}, environ)


def _import(name: str, files: Collection[Path], environ: Mapping[str, str]) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for folder in ("bin", "lib", "lib64", "sbin"):
            link = tarfile.TarInfo(folder)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{folder}"
            archive.addfile(link)
        # Whatever is a link on the way. Folders have to be there for all: the engine would have them for root alone.
        places = {str(path.parent.resolve() / path.name).lstrip("/"): path.resolve() for path in files}
        above = {str(folder) for place in places for folder in Path(place).parents}
        for folder in sorted({"usr", "run", "tmp", "etc", "var", "mnt", "anonymous", "tiny", *above} - {"."}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for script in sorted(_SCRIPTS.iterdir()):
            entry = tarfile.TarInfo(f"tiny/{script.name}")
            entry.size, entry.mode = script.stat().st_size, 0o755
            archive.addfile(entry, io.BytesIO(script.read_bytes()))
        for place, path in places.items():
            archive.add(path, place)
        if files:
            python = tarfile.TarInfo("tiny/python3")
            python.type, python.linkname = tarfile.SYMTYPE, os.path.realpath(sys.executable)
            archive.addfile(python)
    changes = [word for change in _CHANGES for word in ("--change", change)]
    about: dict[str, Any] = {"env": environ, "capture_output": True}
    replaced = subprocess.run(["docker", "images", "--quiet", "--no-trunc", name], check=False, **about).stdout.split()
    done = subprocess.run(["docker", "import", *changes, "-", name], input=content.getvalue(), check=False, **about)
    assert done.returncode == 0, f"{done.stderr.decode()}\nIs there an engine? Run `nox -s setup` first."
    # It has no name any more. The engine refuses it where a container still is of it, and that is fine.
    if others := set(replaced) - set(done.stdout.split()):
        subprocess.run(["docker", "image", "rm", *others], check=False, **about)
