"""A proof log as a file that nobody vouches for: its blocks, and Odoo's output between them, read in bounded memory."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from runner.errors import UsageError, cause_of
from runner.reporting.foot import FORMAT, LONGEST, FootFound, find_foot
from runner.reporting.proof_log import HEAD, RULE, SUMMARY, VERDICT
from runner.text import printable

_PIECE = 1 << 20
# Of all blocks together; the digests of 50,000 files have seven million bytes.
_MOST_BYTES, _MOST_LINES = 32_000_000, 500_000
_BEGIN = f"{RULE}\n{HEAD}\n".encode()
_FORMAT = re.compile(rb"log format: +(\S{1,20})\n")
_FACT = re.compile(r"([A-Za-z][^:]*): *(.*)")


class NotWhole(Exception):
    """The log is none, or not all of one; the text says what is wrong with it."""


class Summary(Exception):
    """The file is the summary of a call with several modules, which proves nothing by itself."""


@dataclass(frozen=True)
class Block:
    """One block: its title, its lines, and from which byte to which it goes."""

    title: str
    lines: tuple[str, ...]
    begin: int
    end: int

    @property
    def facts(self) -> Mapping[str, str]:
        """Return what stands behind a name and a colon; of a name that comes twice the first."""
        found = (match.groups() for line in self.lines if (match := _FACT.match(line)))
        facts: dict[str, str] = {}
        for name, value in found:
            facts.setdefault(name, value)
        return facts


class LogFile:
    """A proof log that is open. UsageError if there is no file to read; NotWhole and Summary as of what it is.

    `blocks`: all of them in their order, of which the first is the head and the last the verdict. `left_out`: where bytes of
    output are left out, and how many.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.stream = _opened(file)
        try:
            self._read()
        except BaseException:
            self.stream.close()
            raise

    def __enter__(self) -> "LogFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stream.close()

    def _read(self) -> None:
        self._size = os.fstat(self.stream.fileno()).st_size
        _check_format(self.stream.read(LONGEST))
        self.stream.seek(max(0, self._size - 2 * LONGEST))
        found = find_foot(self.stream.read(2 * LONGEST), self._size)
        if not found:
            raise NotWhole("its last line is no digest: it is cut short, or something was appended")
        self._found = found
        self.left_out = found.foot.left_out
        self.blocks = tuple(self._blocks(found))
        if self.blocks[0].title != HEAD or self.blocks[-1].title != VERDICT:
            raise NotWhole("it does not begin with a head, or does not end with a verdict")

    def _blocks(self, found: FootFound) -> Iterator[Block]:
        places = found.foot.blocks
        ends = [0, *(begin + length for begin, length in places)]
        are_apart = all(begin >= end for (begin, _), end in zip(places, ends, strict=False))
        if not are_apart or places[0][0] != 0 or ends[-1] != found.begin or sum(length for _, length in places) > _MOST_BYTES:
            raise NotWhole("its blocks are not where its foot says: something was added or taken away")
        room = _MOST_LINES
        for begin, length in places:
            self.stream.seek(begin)
            content = self.stream.read(length)
            room -= content.count(b"\n")
            if room < 0:
                raise NotWhole(f"its blocks have more than {_MOST_LINES:,} lines")
            lines = content.decode(errors="replace").split("\n")
            if len(lines) < 4 or lines[0] != RULE or lines[-2:] != [RULE, ""]:
                raise NotWhole(f"there is no block at byte {begin}, where its foot names one")
            yield Block(lines[1], tuple(lines[2:-2]), begin, begin + length)

    def digest_fault(self) -> str:
        """Say that the digest is another one than that of the bytes above it; empty if it holds."""
        digest = hashlib.sha256()
        for piece in self.pieces(0, self._found.end):
            digest.update(piece)
        if digest.hexdigest() == self._found.digest:
            return ""
        return f"it was edited: its digest is {digest.hexdigest()[:16]}..., and not {self._found.digest[:16]}..."

    @property
    def told(self) -> str:
        """Say what of it the digest is of."""
        return f"SHA-256 {self._found.digest[:16]}... of {self._found.end:,} bytes"

    def pieces(self, begin: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from one place to another."""
        self.stream.seek(begin)
        while begin < end and (piece := self.stream.read(min(_PIECE, end - begin))):
            begin += len(piece)
            yield piece


def _opened(file: Path) -> BinaryIO:
    try:
        # What else has the name, as a pipe, is not waited for.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise UsageError(f"The log {printable(str(file))} cannot be read: {cause_of(error)}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UsageError(f"{printable(str(file))} is no regular file.")
    # Unbuffered, as a program that checks the signature reads from the same place.
    return cast("BinaryIO", open(descriptor, "rb", buffering=0))


def _check_format(head: bytes) -> None:
    if head.startswith(SUMMARY.encode()):
        raise Summary
    if not head.startswith(_BEGIN):
        raise NotWhole("it is no proof log, or its beginning is missing")
    match = _FORMAT.match(head, len(_BEGIN))
    if not match:
        raise NotWhole("an earlier version of the runner wrote it, without a digest: run the tests again")
    if match[1] != FORMAT.encode():
        raise NotWhole(f"it has format {printable(match[1].decode(errors='replace'))}, and only {FORMAT} is understood here")
