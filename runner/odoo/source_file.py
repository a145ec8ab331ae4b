"""Read the files of a checkout without trusting them: regular ones of a bounded size below a folder, and not too many.

A link to /dev/zero, a FIFO or a link to the root of the disk would otherwise take all memory, or keep the runner for ever.
"""

import ast
import io
import os
import re
import stat
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path

# A source that is longer was made by a program; its syntax tree can take eight hundred times as much memory.
LONGEST_SOURCE = 500_000
_MOST_ENTRIES = 50_000
# Whatever a file claims to be written in is else a program of Python's that may take minutes (`idna`, `punycode`).
_ENCODINGS = ("utf-8", "ascii", "us-ascii", "iso-8859", "cp125", "windows-125", "latin")
# For `import a.a.a` Python keeps all of `a`, `a.a`, `a.a.a`: some 100 KB of it take all memory there is.
_LONG_DOTTED_NAME = re.compile(rb"(?:\.[\s\\]*[\w\x80-\xff]+[\s\\]*){100}")


class UnreadableSource(Exception):
    """A file or folder is not read; the text says why and follows its name, as in `is no regular file`."""


def resolve_below(path: Path, folder: Path) -> Path:
    """Follow the links in `path`, which must lead to something in `folder`. UnreadableSource if they do not."""
    try:
        target = path.resolve(strict=True)
        if target.is_relative_to(folder.resolve()):
            return target
    except ValueError as error:
        raise UnreadableSource("has a null byte in its name") from error
    except (OSError, RuntimeError) as error:  # the latter is Python's word for a loop of links, up to 3.12
        raise UnreadableSource(
            f"cannot be read: {getattr(error, 'strerror', None) or 'its links lead in a circle'}"
        ) from error
    raise UnreadableSource(f"is a link that leads out of {folder.name}")


def read_source(path: Path, folder: Path, longest: int = LONGEST_SOURCE) -> bytes:
    """Return what a file in `folder` holds. UnreadableSource if it is none of `longest` bytes at most, or leads elsewhere."""
    target = resolve_below(path, folder)
    try:
        # A FIFO without a writer would keep the caller; what is put in the file's place meanwhile must be no link either.
        descriptor = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableSource("is no regular file")
            content = file.read(longest + 1) if os.fstat(descriptor).st_size <= longest else None
    except OSError as error:
        raise UnreadableSource(f"cannot be read: {error.strerror}") from error
    if content is None or len(content) > longest:
        raise UnreadableSource(f"is larger than {longest:,} bytes")
    return content


def parse_source(content: bytes) -> ast.Module:
    """Return the syntax tree of a Python file. SyntaxError as Python has it; UnreadableSource if it is beyond its parser."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    if not encoding.lower().startswith(_ENCODINGS):
        raise UnreadableSource(f"is written in {encoding}")
    if _LONG_DOTTED_NAME.search(content):
        raise UnreadableSource("holds a name of more than a hundred parts")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash too many; they are not the runner's to tell
            return ast.parse(content)
    except ValueError as error:  # of 3.11
        raise SyntaxError(str(error)) from error
    except (RecursionError, MemoryError, SystemError) as error:
        raise UnreadableSource("is nested too deep to be read") from error


def source_files(start: Path, folder: Path, *suffixes: str) -> Iterator[Path]:
    """Name all in `start` and below it, in `folder`, whose names end so, by name and whatever they are.

    Links to folders are followed as Python does it, but no folder twice. UnreadableSource if `start` is no folder in
    `folder`, or if there is too much in it.
    """
    seen: set[Path] = set()
    entries = 0
    waiting = [start]
    while waiting:
        place = waiting.pop()
        try:
            target = resolve_below(place, folder)
            if target in seen:
                continue
            seen.add(target)
            names = sorted(path.name for path in target.iterdir())
        except (UnreadableSource, OSError) as error:
            if place == start:
                why = error if isinstance(error, UnreadableSource) else f"cannot be read: {error.strerror}"
                raise UnreadableSource(str(why)) from error
            continue  # nothing below it can be named
        entries += len(names)
        if entries > _MOST_ENTRIES:
            raise UnreadableSource(f"holds more than {_MOST_ENTRIES:,} files")
        for name in names:
            path = place / name
            if path.name.endswith(suffixes):
                yield path
            elif os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises an error where a name is too long, or a folder closed
                waiting.append(path)
