"""Files of reports: never half written, and never an earlier call's taken for this one's."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from runner.errors import ReportFailed, UsageError, cause_of
from runner.new_file import replace_whole

# What a command line calls standard output, where a report may go.
STANDARD_OUTPUT = Path("-")
# open() says ValueError for a name with a null byte, resolve() RuntimeError for links in a circle (Python < 3.13).
_UNUSABLE = (OSError, ValueError, RuntimeError)


def remove_earlier(file: Path, advice: str = "Name a file in a folder of yours.", *, followed: bool = True) -> None:
    """Remove an earlier call's report, so that a call that dies leaves none, and make the folders above it.

    `followed`: whether a link is the report behind it, as where a person has named it; in a checkout, anybody may have put
    it there. UsageError, with `advice`, if `file` could not be written.
    """
    try:
        target = _target(file, followed)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise PermissionError(f"no permission to write into {target.parent}")
        target.unlink(missing_ok=True)
    except _UNUSABLE as error:
        raise UsageError(f"The report {file} cannot be written: {cause_of(error)}.\n{advice}") from error


def write_whole(file: Path | int, content: bytes, *, followed: bool = True) -> None:
    """Put `content` into `file`, or what that is a link to, at once and whole. ReportFailed if that cannot be done.

    A number is a stream that is open, into which it is written.
    """
    if isinstance(file, int):
        _write_all(file, content)
        return
    try:
        replace_whole(_target(file, followed), content)
    except _UNUSABLE as error:
        raise ReportFailed(f"The report {file} cannot be written: {cause_of(error)}.") from error


def told(file: Path | int) -> str:
    """Name where a report goes, for people."""
    return "on standard output" if isinstance(file, int) else str(file)


def _write_all(stream: int, content: bytes) -> None:
    try:
        while content:
            content = content[os.write(stream, content) :]
    except OSError as error:
        raise ReportFailed(f"The report cannot be written to standard output: {cause_of(error)}.") from error


def _target(file: Path, followed: bool) -> Path:
    """Find the file behind links. What is no regular file (a folder, /dev/null) must not be replaced by one."""
    if not followed and file.is_symlink():
        return file
    if file.exists() and not file.is_file():
        raise OSError("it exists and is no regular file")
    if file.exists() and any(os.path.samestat(file.stat(), os.fstat(stream)) for stream in _open_streams()):
        raise OSError("the output of this very command goes there")  # /dev/stdout, after `> FILE`
    return file.resolve()


def _open_streams() -> Iterator[int]:
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            yield descriptor
