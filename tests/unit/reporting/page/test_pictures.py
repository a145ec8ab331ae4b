"""A page shows what is a screenshot by what it holds, and nothing else."""

import base64
import os
import zlib
from pathlib import Path

import pytest

from runner.reporting.page.pictures import LARGEST, NoPicture, data_uri


def png(width: int = 1, height: int = 1) -> bytes:
    """A picture, black where it is as large as it says."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress(bytes(2)) if (width, height) == (1, 1) else zlib.compress(bytes((width + 1) * min(height, 1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    """The head of one: an application's segment, then the frame's."""
    frame = b"\xff\xc0\x00\x0b\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\x01\x01\x11\x00"
    return b"\xff\xd8\xff\xe0\x00\x04\x01\x02" + frame + b"\xff\xd9"


def written(folder: Path, content: bytes, name: str = "sc_1.png") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(("content", "kind"), [(png(), "png"), (png(1366, 768), "png"), (jpeg(1366, 768), "jpeg")])
def test_a_screenshot_is_shown_as_what_it_is(tmp_path: Path, content: bytes, kind: str) -> None:
    uri = data_uri(written(tmp_path, content))
    assert uri.startswith(f"data:image/{kind};base64,")
    assert base64.b64decode(uri.partition(",")[2]) == content


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is no PNG and no JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "is no PNG and no JPEG"),
        (b"\x89PNG\r\n\x1a\n<html>", "is no PNG and no JPEG"),
        (png() + bytes(LARGEST), "is larger than 2,000,000 bytes"),
        (png(60_000, 60_000), "has 60000 x 60000 pixels"),
        (jpeg(65_535, 65_535), "has 65535 x 65535 pixels"),
        (b"\xff\xd8\xff\xe0\x00\x00", "has 0 x 0 pixels"),
        (b"\xff\xd8\xff" + bytes(100), "has 0 x 0 pixels"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_anything_else_is_not(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(NoPicture, match=f"^{why}$"):
        data_uri(written(tmp_path, content))


def test_a_link_out_of_its_folder_is_not_followed_and_a_pipe_not_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "browser"
    folder.mkdir()
    (folder / "link.png").symlink_to(written(tmp_path, png()))
    os.mkfifo(folder / "pipe.png")
    for name, why in (("link.png", "is a link that leads out of browser"), ("pipe.png", "is no regular file")):
        with pytest.raises(NoPicture, match=why):
            data_uri(folder / name)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoPicture, match="cannot be read"):
        data_uri(tmp_path / "sc_1.png")
