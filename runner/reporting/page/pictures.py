"""Screenshots in a page: PNG or JPEG by what they hold, of a bounded size, as `data:` of their own kind."""

import base64
import re
from pathlib import Path

from runner.odoo.source_file import UnreadableSource, read_source

# Bytes. A screenshot of Odoo's has 50 to 400 KB.
LARGEST = 2_000_000
# Pixels: a browser would unpack a picture of a few KB to all that its head claims.
_MOST_PIXELS = 20_000_000
_PNG = re.compile(rb"\x89PNG\r\n\x1a\n\0\0\0\rIHDR(.{4})(.{4})", re.DOTALL)
# Up to the frame's head, by segments: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B.
_JPEG = b"\xff\xd8\xff"
_FRAME_HEADS = frozenset({0xC0, 0xC1, 0xC2})


class NoPicture(Exception):
    """A file is not shown; the text says why, and follows its name."""


def data_uri(file: Path) -> str:
    """Return what an `img` shows as its source. NoPicture for all that is no screenshot."""
    try:
        content = read_source(file, file.parent, LARGEST)
    except UnreadableSource as error:
        raise NoPicture(str(error)) from error
    if match := _PNG.match(content):
        kind, size = "png", (int.from_bytes(match[1], "big"), int.from_bytes(match[2], "big"))
    elif content.startswith(_JPEG):
        kind, size = "jpeg", _size_of_jpeg(content)
    else:
        raise NoPicture("is no PNG and no JPEG")
    if not 0 < size[0] * size[1] <= _MOST_PIXELS:
        raise NoPicture(f"has {size[0]} x {size[1]} pixels")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _size_of_jpeg(content: bytes) -> tuple[int, int]:
    at = 2
    while content[at : at + 1] == b"\xff" and len(content) >= at + 9:
        if content[at + 1] in _FRAME_HEADS:
            return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(content[at + 5 : at + 7], "big")
        at += 2 + max(2, int.from_bytes(content[at + 2 : at + 4], "big"))
    return 0, 0
