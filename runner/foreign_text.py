"""Text that somebody else wrote (Odoo, tests, docker, git, whoever names things), made to do nothing but show."""

import codecs
import io
import re
import unicodedata
from functools import lru_cache

# Control characters (C0, DEL, C1). Marks of format, which turn the direction of text or have no width: what looks alike must
# be alike. Bytes of a name that are no UTF-8. Ends of lines that only some take for such.
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
_UNUSUAL = re.compile(r"[^\t -~]")


def visible(text: str) -> str:
    r"""Write out what would do more than show, as `\x1b` for an escape: all but tabs and the ends of lines.

    A line may end with CR LF; a CR alone would overwrite it, and is written out.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    # Asked of whole lines first: one by one, the characters of a log in Cyrillic would cost fifty times as much.
    return "\n".join(
        line if line.isprintable() else _UNUSUAL.sub(lambda match: _visible_character(match[0]), line) for line in lines
    )


@lru_cache(4096)
def _visible_character(character: str) -> str:
    return escaped(character) if unicodedata.category(character) in _INVISIBLE else character


def escaped(character: str) -> str:
    """Write a character out."""
    return character.encode("unicode_escape").decode("ascii")


class VisibleStream:
    r"""Bytes that come in pieces of any size, as text that is `visible`.

    What is no UTF-8 is written out too (`\xe9`).
    """

    def __init__(self) -> None:
        # Holds back the beginning of a character, and a CR, until it is known what follows.
        utf_8 = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._decoder = io.IncrementalNewlineDecoder(utf_8, translate=False)

    def feed(self, data: bytes) -> str:
        """Return the text of one more piece."""
        return visible(self._decoder.decode(data))

    def end(self) -> str:
        """Return the rest, as of a character that was cut short; what is fed next begins anew."""
        return visible(self._decoder.decode(b"", final=True))
