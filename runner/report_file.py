"""Files of reports: never half written, and never an earlier call's taken for this one's."""

import os
from pathlib import Path

from .errors import ReportFailed, UsageError

# open() says ValueError for a name with a null byte, resolve() RuntimeError for links in a circle (Python < 3.13).
_UNUSABLE = (OSError, ValueError, RuntimeError)


def remove_earlier(file: Path) -> None:
    """Remove an earlier call's report, so that a call that dies leaves none. UsageError if `file` could not be written."""
    try:
        target = _target(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise PermissionError(f"no permission to write into {target.parent}")
        target.unlink(missing_ok=True)
    except _UNUSABLE as error:
        raise UsageError(f"The report {file} cannot be written: {error}. Name a file in a folder of yours.") from error


def write_whole(file: Path, content: bytes) -> None:
    """Put `content` into `file` at once and whole, and make the folders above it. ReportFailed if that cannot be done."""
    try:
        target = _target(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            unfinished.write_bytes(content)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except _UNUSABLE as error:
        raise ReportFailed(
            f"The report {file} cannot be written: {error}. The tests ran; their verdict is in the proof log."
        ) from error


def _target(file: Path) -> Path:
    """The file itself behind links. What is no regular file (a folder, /dev/stdout) must not be replaced by one."""
    if file.exists() and not file.is_file():
        raise OSError("it exists and is no regular file")
    return file.resolve()
