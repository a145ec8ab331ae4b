"""What is written is a new file, whatever a stranger has put there under its name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.new_file import replace_whole, write_new

ROOT = Path(__file__).resolve().parents[2]
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


# In a process of its own: the limit would also hold for the file into which pytest writes.
_FULL_DISK = """
import resource, sys
from pathlib import Path
from runner import new_file
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    getattr(new_file, sys.argv[2])(Path(sys.argv[1]), b"x" * 100)
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.parametrize("write", WRITERS)
def test_on_a_full_disk_nothing_half_written_is_left(write: object, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _FULL_DISK, tmp_path / "ours", getattr(write, "__name__", "")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, list(tmp_path.iterdir())) == ("File too large\n", [])
