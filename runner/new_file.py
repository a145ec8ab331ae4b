"""Write files where a stranger may have put links, pipes and the like: what is written is always a new file.

In a checkout, a link under the name of a log or report would else lead to any file of the person who runs this. The mode `x`
takes nothing that is there, not even a link that leads nowhere. Standard library only: the guard writes by it too.
"""

import contextlib
import os
from pathlib import Path


def write_new(file: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file in the place of what has its name, which is removed. OSError if that is a folder, or cannot be.

    `mode`: who may read and write it, less what the umask takes away.
    """
    file.unlink(missing_ok=True)
    try:
        with open(file, "xb", opener=lambda path, flags: os.open(path, flags, mode)) as stream:
            stream.write(content)
    except OSError:
        with contextlib.suppress(OSError):  # a folder, or a disk that takes no more: what is half written means nothing
            file.unlink()
        raise


def replace_whole(file: Path, content: bytes) -> None:
    """Put a file in the place of what has its name, at once and whole. OSError if that is a folder, or cannot be."""
    unfinished = unfinished_beside(file)
    try:
        write_new(unfinished, content)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def unfinished_beside(file: Path) -> Path:
    """Name a file beside this one that nobody can know before."""
    return file.with_name(f".{file.name}.{os.urandom(8).hex()}")
