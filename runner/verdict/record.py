"""One record of Odoo's log, and how much memory the records of a log may take, however long it is."""

from typing import NamedTuple

# Bytes of a record that are kept at its beginning, and as many at its end.
PART = 32_768


class Record(NamedTuple):
    """One record of Odoo's log; `message` includes the lines that continue it."""

    time: str
    level: str
    database: str
    logger: str
    message: str

    @property
    def first_line(self) -> str:
        """Leave out the lines that continue the record."""
        return self.message.partition("\n")[0]

    @property
    def is_of_odoo(self) -> bool:
        """Tell whether Odoo itself said it, and no module."""
        return f"{self.logger}.".startswith("odoo.") and not self.logger.startswith("odoo.addons.")


class Excerpt:
    """Takes a text in pieces, of any length in all, and keeps its first and its last `PART` bytes."""

    def __init__(self, text: str) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._length = 0
        self.add(text.encode(errors="replace"))

    def add(self, piece: bytes) -> None:
        """Take a further piece."""
        self._length += len(piece)
        if room := PART - len(self._head):
            self._head += piece[:room]
            piece = piece[room:]
        if piece:
            self._tail += piece[-PART:]
            if len(self._tail) > 2 * PART:
                del self._tail[:-PART]

    def __str__(self) -> str:
        """Return the text, with a word of how much is left out of it, and where; with `LF` at the end of every line."""
        head, tail = bytes(self._head), bytes(self._tail)
        if missing := max(0, self._length - len(head) - min(PART, len(tail))):
            tail = tail[-PART:]
            # At the ends of lines, unless these are so long that much would be lost.
            head = head[: end if (end := head.rfind(b"\n")) > PART // 2 else PART]
            tail = tail[begin if (begin := tail.find(b"\n") + 1) < PART // 2 else 0 :]
            missing = self._length - len(head) - len(tail)
            head += f"\n[{missing} bytes are left out here]\n".encode()
        lines = (head + tail).decode(errors="replace").split("\n")
        return "\n".join(part for line in lines for part in (line.splitlines() or [""]))


class Room:
    """Memory for so many things, of so many characters in all."""

    def __init__(self, things: int, characters: int) -> None:
        self._things, self._characters = things, characters

    def takes(self, characters: int) -> bool:
        """Take up the place of one more thing; False where there is none."""
        if self._things < 1 or self._characters < characters:
            return False
        self._things -= 1
        self._characters -= characters
        return True


class Records:
    """Distinct records, without their time: `times` says how often each came, in the order in which they first did.

    `left_out` is the number of those that came when there was no room for one more.
    """

    def __init__(self, room: Room) -> None:
        self.times: dict[Record, int] = {}
        self.left_out = 0
        self._room = room

    def add(self, record: Record) -> None:
        """Take account of a record."""
        record = record._replace(time="")
        if record in self.times:
            self.times[record] += 1
        elif self._room.takes(len(record.message)):
            self.times[record] = 1
        else:
            self.left_out += 1
