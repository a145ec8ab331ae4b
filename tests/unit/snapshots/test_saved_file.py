"""A prepared database as a file: it comes back as it was, and whatever was done to it is noticed."""

import errno
import hashlib
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.errors import UsageError
from runner.snapshots.carrier import Unfit
from runner.snapshots.saved_file import SavedFile, is_ours, name_of, write

ABOUT = {"agent-test-snapshot.key": "0" * 32, "agent-test-snapshot.stage": "core"}
TAR = b"of PostgreSQL and Odoo " * 1000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / name_of("core", "0" * 32)
    assert write(file, ABOUT, [TAR, b"", TAR]) == file.stat().st_size
    return file


def read(file: Path) -> bytes:
    with SavedFile(file) as saved:
        saved.check()
        return b"".join(saved.tar())


def say_of_its_size(file: Path, size: int) -> None:
    """As somebody does who knows how such a file is made."""
    content = file.read_bytes()[:-40]
    digest = hashlib.sha256(content + size.to_bytes(8, "big") + bytes(32))
    file.write_bytes(content + size.to_bytes(8, "big") + digest.digest())


def test_what_was_written_is_read_again_with_all_that_is_known_of_it(file: Path) -> None:
    with SavedFile(file) as saved:
        assert (saved.about, saved.size) == (ABOUT, 2 * len(TAR))
    assert read(file) == TAR + TAR
    assert file.stat().st_size < len(TAR) / 20
    assert [each.name for each in file.parent.iterdir()] == [f"core-{'0' * 32}.prepared"]


@pytest.mark.parametrize("at", [0, 30, 33, 40, 90, 150, 200, -41, -40, -33, -32, -1])
def test_one_changed_byte_is_noticed_wherever_it_is(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    with pytest.raises(Unfit):
        read(file)


@pytest.mark.parametrize("length", [0, 5, 29, 33, 60, 150, -41, -40, -1])
def test_a_file_that_is_cut_off_is_noticed(file: Path, length: int) -> None:
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(Unfit):
        read(file)


def test_a_file_to_which_something_was_added_is_noticed(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(Unfit, match="cut off, or was changed"):
        read(file)


def test_a_file_longer_than_what_it_says_to_hold_can_be_is_not_read_to_its_end(file: Path) -> None:
    with file.open("r+b") as stream:  # as a sparse one, which takes no room on a disk
        stream.truncate(1 << 40)
    with pytest.raises(Unfit, match="cut off, or was changed"):
        SavedFile(file)


def test_what_cannot_be_compressed_is_read_again_too(file: Path) -> None:
    write(file, ABOUT, [data := os.urandom(3_000_000)])
    assert read(file) == data


def test_a_folder_that_cannot_be_written_to_is_told_also_where_nothing_can_be_removed_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlink(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        write(tmp_path / "read-only" / "file", ABOUT, [TAR])


def link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (link, "it is a link"),
        (folder, "it is no file"),
        (pipe, "it is no file"),
        (Path.unlink, "No such file"),
        (lambda file: file.write_text("something else"), "it is no saved prepared database"),
    ],
)
def test_what_is_no_file_of_ours_is_told_and_not_followed_nor_waited_for(
    file: Path, put: Callable[[Path], object], why: str
) -> None:
    put(file)
    with pytest.raises(Unfit, match=why):
        SavedFile(file)


def test_what_is_known_of_it_must_be_texts_and_not_too_much(tmp_path: Path) -> None:
    unlike_ours: list[Any] = [[], {"a": 1}, {"a": "x" * 200_000}]
    for about in unlike_ours:
        write(tmp_path / "file", about, [])
        with pytest.raises(Unfit, match="cut off, or was changed"):
            SavedFile(tmp_path / "file")


def test_of_what_holds_more_than_it_says_no_more_is_read_than_it_says(file: Path) -> None:
    write(file, ABOUT, [bytes(1_000_000)] * 200)
    say_of_its_size(file, 500_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with SavedFile(file) as saved:
        saved.check()
        with pytest.raises(Unfit, match="it holds more than it says"):
            for piece in saved.tar():
                assert len(piece) <= saved.size
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KB, of 200 MB


def test_what_is_less_than_it_says_is_noticed_too(file: Path) -> None:
    say_of_its_size(file, 2 * len(TAR) + 1)
    with pytest.raises(Unfit, match="something else than it says"):
        read(file)


def test_what_comes_behind_the_tar_is_noticed_too(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-40] + b"x" * 2_000_000 + content[-40:])
    say_of_its_size(file, 2 * len(TAR))
    with pytest.raises(Unfit, match="something else than it says"):
        read(file)


def test_what_is_not_compressed_as_it_says_is_noticed_too(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("runner.snapshots.saved_file.zstd.ZstdCompressor", _NotCompressing)
        write(tmp_path / "file", ABOUT, [TAR])
    with pytest.raises(Unfit, match="it cannot be decompressed"):
        read(tmp_path / "file")


class _NotCompressing:
    def __init__(self, level: int) -> None:
        self.compress = bytes

    def flush(self) -> bytes:
        return b""


def test_what_changes_between_the_check_and_the_reading_is_noticed(file: Path) -> None:
    with SavedFile(file) as saved:
        saved.check()
        content = bytearray(file.read_bytes())
        content[60] ^= 1  # in what is known of it, not in the tar
        with file.open("r+b") as stream:
            stream.write(content)
        with pytest.raises(Unfit, match="cut off, or was changed"):
            list(saved.tar())


def test_where_the_tar_fails_nothing_is_there(tmp_path: Path) -> None:
    def fails() -> Iterator[bytes]:
        yield TAR
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "file", ABOUT, fails())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_file_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        write(tmp_path / "none" / "file", ABOUT, [TAR])


def test_files_of_ours_are_known_by_their_names_also_those_that_were_not_finished() -> None:
    name = name_of("own", "a" * 32)
    assert is_ours(name)
    assert is_ours(f".{name}.{'b' * 16}")
    assert not [other for other in ("", name + "x", f"x/{name}", "notes.prepared", f".{name}", "proof.log") if is_ours(other)]
