"""What is written is a new file, whatever a stranger has put there under its name."""

import os
from pathlib import Path

import pytest

from runner.new_file import replace_whole, write_new

WRITERS = [write_new, replace_whole]


@pytest.fixture
def somebody_s(tmp_path: Path) -> Path:
    file = tmp_path / "somebody's"
    file.write_text("theirs")
    return file


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("there", ["nothing", "file", "link", "dangling link", "fifo"])
def test_it_takes_the_place_of_what_is_there(write: object, there: str, tmp_path: Path, somebody_s: Path) -> None:
    file = tmp_path / "ours"
    if there == "file":
        file.write_text("x" * 100)
    elif there == "fifo":
        os.mkfifo(file)
    elif there != "nothing":
        file.symlink_to(somebody_s if there == "link" else tmp_path / "gone")
    assert callable(write)
    write(file, b"ours")
    assert not file.is_symlink()
    assert file.read_bytes() == b"ours"
    assert somebody_s.read_text() == "theirs"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours", "somebody's"]


@pytest.mark.parametrize("write", WRITERS)
def test_a_folder_in_its_place_is_an_error_and_stays(write: object, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    assert callable(write)
    with pytest.raises(OSError, match="ours"):
        write(tmp_path / "ours", b"ours")
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]
