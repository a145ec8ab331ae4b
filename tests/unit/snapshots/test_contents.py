"""A digest of files and folders is another one for whatever a container could see of a change."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.odoo.dependencies import SnapshotUnavailable
from runner.snapshots import contents
from runner.snapshots.contents import contents_digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a bit of everything."""
    root = tmp_path / "conf"
    (root / "deep").mkdir(parents=True)
    (root / "deep" / "odoo.conf").write_text("[options]\n")
    (root / "empty").mkdir()
    (root / "link").symlink_to("deep/odoo.conf")
    (root / "dangling").symlink_to("/only/in/the/container")
    (tmp_path / "outside").write_text("1\n")
    (root / "out").symlink_to("../outside")
    return root


def relink(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda root: (root / "deep" / "odoo.conf").write_text("[option_]\n"),
    "another file": lambda root: (root / "deep" / "more").touch(),
    "a hidden file": lambda root: (root / ".pth").touch(),
    "a file less": lambda root: (root / "deep" / "odoo.conf").unlink(),
    "another name": lambda root: (root / "deep" / "odoo.conf").rename(root / "deep" / "odoo.cfg"),
    "another folder": lambda root: (root / "deep" / "odoo.conf").rename(root / "empty" / "odoo.conf"),
    "a file's mode": lambda root: (root / "deep" / "odoo.conf").chmod(0o755),
    "a folder's mode": lambda root: (root / "empty").chmod(0o700),
    "an empty folder": lambda root: (root / "empty").rmdir(),
    "a link": lambda root: relink(root / "link", "deep"),
    "a dangling link": lambda root: relink(root / "dangling", "/elsewhere"),
    "where a link leads": lambda root: (root.parent / "outside").write_text("2\n"),
    "a link less": lambda root: (root / "link").unlink(),
    "bytecode": lambda root: (root / "deep" / "odoo.pyc").touch(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_changes_is_another_digest(folder: Path, change: Callable[[Path], object]) -> None:
    before = contents_digest([folder])
    assert contents_digest([folder]) == before
    change(folder)
    assert contents_digest([folder]) != before


def test_the_place_of_a_folder_does_not_matter_but_the_order_of_several_does(folder: Path, tmp_path: Path) -> None:
    before = contents_digest([folder])
    other = folder.rename(tmp_path / "elsewhere")
    assert contents_digest([other]) == before
    assert contents_digest([other, tmp_path / "outside"]) != contents_digest([tmp_path / "outside", other])


def test_content_cannot_stand_for_names(tmp_path: Path) -> None:
    for name, files in {"one": {"a": "bc"}, "two": {"ab": "c"}, "three": {"a": "b", "c": ""}}.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text)
    assert len({contents_digest([tmp_path / name]) for name in ("one", "two", "three")}) == 3


def test_a_root_that_is_a_link_is_what_it_leads_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(folder)
    assert contents_digest([tmp_path / "current"]) == contents_digest([folder])
    (tmp_path / "file").symlink_to(folder / "deep" / "odoo.conf")
    assert contents_digest([tmp_path / "file"]) == contents_digest([folder / "deep" / "odoo.conf"])


def test_what_is_left_out_does_not_count(folder: Path) -> None:
    before = contents_digest([folder], ["__pycache__"])
    (folder / "deep" / "__pycache__").mkdir()
    assert contents_digest([folder], ["__pycache__"]) == before


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as there:
            there.bind(path.name)
    finally:
        os.chdir(here)


def a_loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (os.mkfifo, "is not a file"),
        (a_socket, "is not a file|cannot be read"),
        (lambda path: path.symlink_to("/dev/zero"), "is not a file"),
        (lambda path: path.symlink_to("/"), "link to a folder out of"),
    ],
    ids=["fifo", "socket", "device", "root"],
)
def test_what_is_no_file_cannot_be_compared(folder: Path, make: Callable[[Path], object], why: str) -> None:
    make(folder / "odd")
    with pytest.raises(SnapshotUnavailable, match=why):
        contents_digest([folder])


@pytest.mark.parametrize("root", ["/dev/null", "/dev/zero", "/not/there"])
def test_no_root_is_waited_for(root: str) -> None:
    with pytest.raises(SnapshotUnavailable, match=root):
        contents_digest([Path(root)])


def test_a_link_in_a_circle_is_where_it_points_to(folder: Path) -> None:
    a_loop(folder / "loop")
    assert contents_digest([folder])


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_what_cannot_be_read_cannot_be_compared(folder: Path) -> None:
    (folder / "deep").chmod(0)
    try:
        with pytest.raises(SnapshotUnavailable, match=r"deep.* cannot be read: Permission denied"):
            contents_digest([folder])
    finally:
        (folder / "deep").chmod(0o755)


def test_too_much_cannot_be_compared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "large").open("wb") as stream:
        stream.truncate(contents.MOST_BYTES + 1)
    with pytest.raises(SnapshotUnavailable, match="holds more than"):
        contents_digest([folder])
    (folder / "large").unlink()
    monkeypatch.setattr(contents, "MOST_FILES", 3)
    with pytest.raises(SnapshotUnavailable, match="holds more than 3 files"):
        contents_digest([folder])


@pytest.mark.parametrize("text", ["sys.path.append('/mnt/extra-addons')", "/mnt/extra-addons", "x\n../mnt/extra-addons/x\ny"])
def test_a_file_that_names_what_must_not_be_named_cannot_be_compared(folder: Path, text: str) -> None:
    (folder / "x.pth").write_text(text)
    with pytest.raises(SnapshotUnavailable, match=r"x\.pth names mnt/extra-addons"):
        contents_digest([folder], forbidden=b"mnt/extra-addons")
    (folder / "x.pth").unlink()
    (folder / "x.pth").symlink_to("/mnt/extra-addons/odoo.conf")
    with pytest.raises(SnapshotUnavailable, match=r"x\.pth names mnt/extra-addons"):
        contents_digest([folder], forbidden=b"mnt/extra-addons")


def test_a_configuration_may_set_the_addons_path(folder: Path) -> None:
    (folder / "odoo.conf").write_text("[options]\naddons_path = /mnt/extra-addons,/mnt/extra-addons-2\n")
    assert contents_digest([folder], forbidden=b"mnt/extra-addons")
