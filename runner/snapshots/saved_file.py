"""A prepared database as one file: what is known of it, a compressed tar, and at the end a digest over all of that.

Files come from caches, and from whoever could write there: so nothing of one is believed before it is checked, and it is read
as a stream, never whole.
"""

import contextlib
import hashlib
import json
import os
import re
import stat
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from runner.errors import UsageError, cause_of
from runner.new_file import unfinished_beside
from runner.snapshots.carrier import Unfit
from runner.text import printable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SUFFIX = ".prepared"
_MAGIC = b"agent-test prepared database\n"
_LENGTH = struct.Struct(">I")
# The bytes of the tar, and the digest.
_END = struct.Struct(">Q32s")
# Bytes: of what is known of it, and what is read at once.
_LONGEST_ABOUT, _PIECE = 200_000, 1 << 20
# 61 MB become 6.8 in 0.1 s; the next levels save a tenth of that, in twice the time and more.
_LEVEL = 3
# 128 MB: what a frame announces beyond that is no reason to take more memory.
_LARGEST_WINDOW = 27
_NAMES = re.compile(rf"\w+-[0-9a-f]{{32}}{re.escape(SUFFIX)}")
_UNFINISHED = re.compile(rf"\.{_NAMES.pattern}\.[0-9a-f]{{16}}")


def name_of(stage: str, key: str) -> str:
    """Return what the file of a prepared database is called."""
    return f"{stage}-{key}{SUFFIX}"


def is_ours(name: str) -> bool:
    """Tell whether a file of that name is one of these, or what is left of one that was not finished."""
    return bool(_NAMES.fullmatch(name) or _UNFINISHED.fullmatch(name))


def write(file: Path, about: Mapping[str, str], tar: Iterable[bytes]) -> int:
    """Write the file, at once and whole, and return its bytes. UsageError if it cannot be; whatever `tar` raises."""
    unfinished = unfinished_beside(file)
    digest, size = hashlib.sha256(), 0
    compressor = zstd.ZstdCompressor(level=_LEVEL)
    known = json.dumps(about).encode()
    try:
        with open(unfinished, "xb") as stream:

            def add(data: bytes) -> None:
                digest.update(data)
                stream.write(data)

            add(_MAGIC + _LENGTH.pack(len(known)) + known)
            for piece in tar:
                size += len(piece)
                add(compressor.compress(piece))
            add(compressor.flush())
            digest.update(_END.pack(size, b""))
            stream.write(_END.pack(size, digest.digest()))
            written = stream.tell()
        unfinished.replace(file)
    except OSError as error:
        raise UsageError(f"{printable(str(file))} cannot be written: {cause_of(error)}.") from error
    finally:
        with contextlib.suppress(OSError):  # of a read-only file system, not even what is not there
            unfinished.unlink()
    return written


class SavedFile:
    """Such a file, opened. `about`: what is known of it; `size`: the bytes of its tar. Neither is checked before `check`.

    Unfit if it is none, or cannot be read.
    """

    def __init__(self, file: Path) -> None:
        try:
            # Not to follow a link, nor to wait for the other end of a pipe.
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise Unfit("it is a link" if file.is_symlink() else f"it cannot be read: {cause_of(error)}") from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Unfit("it is no file")
            self._stream = open(descriptor, "rb", buffering=0, closefd=False)  # noqa: SIM115
            self._read_about(status.st_size)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def _read_about(self, length_of_all: int) -> None:
        head = len(_MAGIC) + _LENGTH.size
        beginning = self._stream.read(head)
        if not beginning.startswith(_MAGIC) or len(beginning) < head:
            raise Unfit("it is no saved prepared database")
        (length,) = _LENGTH.unpack(beginning[-_LENGTH.size :])
        self._end = length_of_all - _END.size
        self._begin = head + length
        if length > _LONGEST_ABOUT or self._begin > self._end:
            raise Unfit("it is cut off, or was changed")
        known = self._stream.read(length)
        self._stream.seek(self._end)
        last = self._stream.read(_END.size)
        if len(last) < _END.size:
            raise Unfit("it changes while it is read")
        self.size, self._digest = _END.unpack(last)
        # What cannot be compressed grows by less than a thousandth: a sparse file, of hours to read, is none of ours.
        if self._end - self._begin > self.size + self.size // 100 + 4 * _PIECE:
            raise Unfit("it is cut off, or was changed")
        try:
            about = json.loads(known)
        except (ValueError, RecursionError):
            about = None
        if not isinstance(about, dict) or not all(isinstance(value, str) for value in about.values()):
            raise Unfit("it is cut off, or was changed")
        self.about: dict[str, str] = about

    def __enter__(self) -> "SavedFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._descriptor)

    def check(self) -> None:
        """Raise Unfit unless all of it is as it was written."""
        for _ in self._compressed():
            pass

    def tar(self) -> Iterator[bytes]:
        """Return the tar, no more than was announced, while all is checked once more. Unfit, at its end at the latest."""
        decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _LARGEST_WINDOW})
        left = self.size
        try:
            for compressed in self._compressed():
                if decompressor.eof:
                    raise Unfit("it holds something else than it says")
                piece = compressed
                while not decompressor.eof and (piece or not decompressor.needs_input):
                    data, piece = decompressor.decompress(piece, _PIECE), b""
                    left -= len(data)
                    if left < 0:
                        raise Unfit("it holds more than it says")
                    if data:
                        yield data
        except zstd.ZstdError as error:
            raise Unfit(f"it cannot be decompressed: {printable(str(error))}") from error
        if left or not decompressor.eof or decompressor.unused_data:
            raise Unfit("it holds something else than it says")

    def _compressed(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        try:
            self._stream.seek(0)
            digest.update(self._stream.read(self._begin))
            left = self._end - self._begin
            while left and (piece := self._stream.read(min(left, _PIECE))):
                left -= len(piece)
                digest.update(piece)
                yield piece
        except OSError as error:
            raise Unfit(f"it cannot be read: {cause_of(error)}") from error
        digest.update(_END.pack(self.size, b""))
        if digest.digest() != self._digest:
            raise Unfit("it is cut off, or was changed")
