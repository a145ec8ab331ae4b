"""A file of bounded size: of output that is longer its head and its tail are kept, with a word of what is missing between."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# Of what the file may still take, an output gets the half: another one may follow, as that of the tests the preparation's.
_SHARE = 2
# Bytes that are copied at once.
_PIECE = 1 << 20


class CappedFile:
    """Written from its beginning to its end, into no more than about `limit` bytes on the disk. OSError if it cannot be.

    What is there already under its name is not written to. `parts`: where each that is kept whole begins, and its length;
    `left_out`: where bytes of an output are left out, and how many.
    """

    def __init__(self, file: Path, limit: int) -> None:
        self.parts: list[tuple[int, int]] = []
        self.left_out: list[tuple[int, int]] = []
        self._file = file
        self._limit = limit
        self._stream = file.open("x+b")
        self._tail: _Tail | None = None
        self._begin_output()

    def _begin_output(self) -> None:
        share = max(0, self._limit - self._stream.tell()) // _SHARE
        self._room, self._part = share // 2, max(1, share // 4)

    def output(self, data: bytes) -> None:
        """Append a piece of output, of which the middle may be left out when it becomes too long.

        It is in the file at once: the last words are what is looked for in the log of a run that hangs, or was killed.
        """
        if self._room and not self._tail:
            head, data = data[: self._room], data[self._room :]
            self._room -= self._stream.write(head)
            self._stream.flush()
        if data:
            self._tail = self._tail or _Tail(self._file, self._part)
            self._tail.write(data)

    def whole(self, data: bytes) -> None:
        """Append what is kept whole in any case, and ends the output before it."""
        self._settle()
        self.parts.append((self._stream.tell(), len(data)))
        self._stream.write(data)
        self._stream.flush()
        self._begin_output()

    def _settle(self) -> None:
        if self._tail:
            tail, self._tail = self._tail, None
            if tail.missing:
                self.left_out.append((self._stream.tell(), tail.missing))
                self._stream.write(
                    f"\n[{tail.missing} bytes of output are left out here: the log is limited to {self._limit} bytes,"
                    " see --max-log]\n".encode()
                )
            tail.move_to(self._stream)

    def pieces(self) -> Iterator[bytes]:
        """Yield all of it, as it was written: what has its name by now may be a pipe, or a link to another file."""
        self._settle()
        self._stream.seek(0)
        while piece := self._stream.read(_PIECE):
            yield piece

    def close(self) -> None:
        """Write what is still to be written."""
        try:
            self._settle()
        finally:
            self._stream.close()


class _Tail:
    """The end of an output: in two files, of which the older one is begun anew when the other one is full."""

    def __init__(self, file: Path, size: int) -> None:
        self.missing = 0
        self._size = size
        self._files = [file.with_name(f"{file.name}.tail{number}") for number in (1, 2)]
        self._older: BinaryIO = self._files[0].open("x+b")
        self._newer: BinaryIO = self._files[1].open("x+b")

    def write(self, data: bytes) -> None:
        while data:
            if not (room := self._size - self._newer.tell()):
                self._older, self._newer = self._newer, self._older
                self.missing += self._newer.tell()
                self._newer.seek(0)
                self._newer.truncate()
                continue
            self._newer.write(data[:room])
            self._newer.flush()
            data = data[room:]

    def move_to(self, stream: BinaryIO) -> None:
        """Append the tail to a file, and remove its own files."""
        for part in (self._older, self._newer):
            with part:
                part.seek(0)
                shutil.copyfileobj(part, stream)
        for file in self._files:
            file.unlink()
