"""A report is whole, this call's, and takes the place of nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import ReportFailed, UsageError
from runner.processes import HAS_PROC
from runner.reporting.report_file import remove_earlier, write_whole
from tests.unit.processes import ROOT


def test_a_report_replaces_an_earlier_one_and_leaves_no_unfinished_file(tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    file.write_text("earlier and longer")
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_the_folders_above_a_report_are_made(tmp_path: Path) -> None:
    file = tmp_path / "build" / "reports" / "report.xml"
    remove_earlier(file)
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"


def test_a_folder_that_was_deleted_meanwhile_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match="No such file or directory"):
        write_whole(tmp_path / "checkout" / "summary.log", b"new")
    assert list(tmp_path.iterdir()) == []


def test_others_may_read_a_report(tmp_path: Path) -> None:
    file, usual = tmp_path / "report.xml", tmp_path / "usual"
    usual.touch()
    write_whole(file, b"new")
    assert file.stat().st_mode == usual.stat().st_mode


def test_a_link_to_a_report_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "report.xml", tmp_path / "latest.xml"
    file.write_text("earlier")
    link.symlink_to(file)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["folder", "pipe", "file/report.xml", "circle", "x" * 300, "a\0b"])
def test_a_report_that_cannot_be_written_is_said_and_nothing_is_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.iterdir())
    if name != "circle":
        with pytest.raises(UsageError, match=r"cannot be written: .*\.\nName a file"):
            remove_earlier(tmp_path / name)
        # And nothing of where the verdict is instead: on a full disk that would be nowhere.
        with pytest.raises(ReportFailed, match=r"^The report .* cannot be written: [^\n]*\.$"):
            write_whole(tmp_path / name, b"new")
    else:  # newer Pythons take the link for the file
        write_or_refuse(tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "pipe").is_fifo()


def write_or_refuse(file: Path) -> None:
    try:
        write_whole(file, b"new")
    except ReportFailed:
        return
    assert file.read_bytes() == b"new"


def test_an_earlier_report_is_gone_as_soon_as_a_call_begins(tmp_path: Path) -> None:
    file = tmp_path / "reports" / "report.xml"
    remove_earlier(file)
    file.write_text("green, yesterday")
    remove_earlier(file)
    assert not file.exists()


def test_a_failed_write_leaves_the_earlier_report_and_no_unfinished_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_unfinished: Path, _file: Path) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "report.xml"
    file.write_text("earlier")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ReportFailed, match="No space left"):
        write_whole(file, b"new")
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_text() == "earlier"


def test_what_is_in_the_way_of_a_report_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="it exists and is no regular file"):
        remove_earlier(tmp_path)
    monkeypatch.setattr(os, "access", lambda _file, _mode: False)
    with pytest.raises(UsageError, match=f"no permission to write into {tmp_path}"):
        remove_earlier(tmp_path / "report.xml")


@pytest.mark.skipif(not HAS_PROC, reason="no /proc here, by which /dev/stdout leads to its file")
def test_the_file_into_which_the_output_goes_is_no_place_for_a_report(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from runner.reporting.report_file import remove_earlier; "
        "remove_earlier(Path('/dev/stdout'))"
    )
    with (tmp_path / "output").open("wb") as output:
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    assert "the output of this very command goes there" in done.stderr
    assert (tmp_path / "output").exists()


def test_whoever_names_no_file_gets_another_advice(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.\nDo something$"):
        remove_earlier(tmp_path, "Do something")


def test_an_unfinished_report_is_never_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / f".report.xml.{os.getpid()}").symlink_to(tmp_path / "theirs")
    write_whole(tmp_path / "report.xml", b"new")
    assert (tmp_path / "report.xml").read_bytes() == b"new"
    assert (tmp_path / "theirs").read_text() == "theirs"


def test_a_link_that_lies_in_a_checkout_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "proof.log").symlink_to(tmp_path / "theirs")
    remove_earlier(tmp_path / "proof.log", followed=False)
    assert not (tmp_path / "proof.log").is_symlink()
    (tmp_path / "proof.log").symlink_to(tmp_path / "theirs")
    write_whole(tmp_path / "proof.log", b"new", followed=False)
    assert (tmp_path / "proof.log").read_bytes() == b"new"
    assert (tmp_path / "theirs").read_text() == "theirs"
