"""What a checkout holds is read only as far as it is a source: links, pipes, devices and giants are refused with a word."""

import os
from pathlib import Path

import pytest

from runner.odoo import source_file
from runner.odoo.source_file import LONGEST_SOURCE, UnreadableSource, parse_source, read_source, source_files


def _refused(path: Path, folder: Path) -> str:
    with pytest.raises(UnreadableSource) as refused:
        read_source(path, folder)
    return str(refused.value)


def test_a_file_is_read_also_by_a_link_within_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1")
    (tmp_path / "b.py").symlink_to("a.py")
    assert read_source(tmp_path / "a.py", tmp_path) == read_source(tmp_path / "b.py", tmp_path) == b"x = 1"


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.py").write_text("x = 1")
    (tmp_path / "linked").symlink_to("real")
    assert read_source(tmp_path / "linked/a.py", tmp_path / "linked") == b"x = 1"


@pytest.mark.parametrize("target", ["/dev/zero", "/etc/passwd", "/", "/dev/stdin", "/proc/self/mem", "../outside.py"])
def test_a_link_that_leads_out_is_not_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside.py").write_text("")
    (tmp_path / "m").mkdir()
    if not (tmp_path / "m" / target).exists():
        pytest.skip(f"no {target} here")
    (tmp_path / "m/x.py").symlink_to(target)
    assert _refused(tmp_path / "m/x.py", tmp_path / "m") == "is a link that leads out of m"


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "nowhere.py").symlink_to("nobody.py")
    assert _refused(tmp_path / "fifo.py", tmp_path) == "is no regular file"
    assert _refused(tmp_path / "folder.py", tmp_path) in ("is no regular file", "cannot be read: Is a directory")
    assert _refused(tmp_path / "loop.py", tmp_path).startswith("cannot be read: ")
    assert _refused(tmp_path / "nowhere.py", tmp_path) == "cannot be read: No such file or directory"


def test_a_giant_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse.py").open("wb") as file:
        file.truncate(3 << 30)
    assert _refused(tmp_path / "sparse.py", tmp_path) == f"is larger than {LONGEST_SOURCE:,} bytes"


def test_files_are_named_by_their_ending_whatever_they_are(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/c.py").touch()
    (tmp_path / "deep/again").symlink_to("..")
    (tmp_path / "a.py").touch()
    (tmp_path / "a.txt").touch()
    (tmp_path / "out").symlink_to("/")
    os.mkfifo(tmp_path / "b.py")
    files = [str(path.relative_to(tmp_path)) for path in source_files(tmp_path, tmp_path, ".py")]
    assert files == ["a.py", "b.py", "deep/c.py"]


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_file, "_MOST_ENTRIES", 2)
    for name in ("a.py", "b.py", "c.txt"):
        (tmp_path / name).touch()
    with pytest.raises(UnreadableSource, match="holds more than 2 files"):
        list(source_files(tmp_path, tmp_path, ".py"))


def test_a_folder_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tests").symlink_to("/")
    with pytest.raises(UnreadableSource, match="is a link that leads out of"):
        list(source_files(tmp_path / "tests", tmp_path, ".py"))


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "-" * 100_000 + "1",
        "x = " + "a+" * 100_000 + "a",
        "x = a" + "()" * 100_000,
        "if 1: pass\n" + "elif 1: pass\n" * 30_000,
        "import " + "a." * 100_000 + "a",
        "# coding: punycode\n",
    ],
)
def test_what_is_beyond_pythons_parser_is_refused(source: str) -> None:
    with pytest.raises(UnreadableSource):
        parse_source(source.encode())


@pytest.mark.parametrize("source", [b"class (", b"x = 1\0", b"(" * 10_000, b"# coding: none\n", b"x = '\xff'"])
def test_what_is_no_python_is_a_syntax_error(source: bytes) -> None:
    with pytest.raises(SyntaxError):
        parse_source(source)


def test_a_warning_of_pythons_parser_goes_nowhere(recwarn: pytest.WarningsRecorder) -> None:
    parse_source(b"x = '\\d'\n")
    assert not recwarn.list


def test_folders_whose_names_are_too_long_are_passed_by(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    here = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(30):
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
    finally:
        os.chdir(here)
    assert [path.name for path in source_files(tmp_path, tmp_path, ".py")] == ["a.py"]
