"""A folder as a tar stream: whatever it holds, and whatever happens to it meanwhile."""

import contextlib
import io
import os
import socket
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.environment.archive import Archive, is_needed
from runner.errors import EnvironmentFailed

# Where containers have the folder.
THERE = "/mnt/extra-addons"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "addons"
    (made / "core/models").mkdir(parents=True)
    (made / "core/models/a.py").write_text("1\n")
    return made


def members(archive: Archive) -> dict[str, tarfile.TarInfo]:
    """What the stream holds: of the same name the last one, as where it is unpacked."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(archive.pieces())), errors="surrogateescape") as stream:
        return {member.name: member for member in stream.getmembers()}


def unpacked(archive: Archive, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(b"".join(archive.pieces())), errors="surrogateescape") as stream:
        stream.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)  # Python 3.11.4 knows filters
        stream.extractall(folder)
    return folder


def during(archive: Archive, monkeypatch: pytest.MonkeyPatch, change: Callable[[int], object]) -> None:
    """Have something happen whenever a file's content is read, with the number of the time."""
    read, times = os.read, iter(range(100))

    def reading(descriptor: int, size: int) -> bytes:
        change(next(times))
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", reading)


NAMES = [
    "new\nline",
    "caf\udce9",
    "-rf",
    "a b$c'd\"",
    "\\",
    "x" * 255,
    "ü\u202e",
    " ",
    ".hidden",
    *(["y" * 120 + "/" + "z" * 200]),
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_any_bytes_arrive_as_they_are(root: Path, tmp_path: Path, name: str) -> None:
    path = root / "core" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(name, errors="surrogateescape")
    (root / "core/link").symlink_to(path)
    there = unpacked(Archive(root, THERE), tmp_path / "there")
    assert (there / "core" / name).read_text(errors="surrogateescape") == name
    assert (there / "core/link").readlink() == path


def test_all_is_root_s_and_readable_and_nothing_sets_a_user(root: Path) -> None:
    (root / "core/program").touch()
    (root / "core/program").chmod(0o6700)
    (root / "core/models/a.py").chmod(0o600)
    (root / "core").chmod(0o700)
    found = members(Archive(root, THERE))
    modes = {name: (member.mode, member.uid, member.gid) for name, member in found.items()}
    assert modes["core"] == modes["core/program"] == modes["."] == (0o755, 0, 0)
    assert modes["core/models/a.py"] == (0o644, 0, 0)


def test_hard_links_are_files_links_lead_where_they_lead_and_what_is_neither_file_nor_folder_is_left_out(
    root: Path, tmp_path: Path
) -> None:
    os.link(root / "core/models/a.py", root / "core/b.py")
    links = {"c": "../models/a.py", "d": "/etc/x", "e": "../../out/of/it", "f": "../../..", "g": "../core/../../../../../x"}
    for name, text in links.items():
        (root / "core" / name).symlink_to(text)
    os.mkfifo(root / "core/pipe")
    listening = socket.socket(socket.AF_UNIX)
    (tmp_path / "s").symlink_to(root)  # the path of a socket is short
    listening.bind(f"{tmp_path}/s/socket")
    found = members(Archive(root, THERE))
    listening.close()
    names = {".", "core", "core/models", "core/models/a.py", "core/b.py", *(f"core/{name}" for name in links)}
    assert found.keys() == names
    assert found["core/b.py"].isreg()
    # An engine takes none that leads out of the folder that it unpacks, but for those from the root on.
    there = {"e": "/mnt/out/of/it", "f": "/", "g": "/x"}
    assert {name: found[f"core/{name}"].linkname for name in links} == links | there


def test_a_folder_behind_a_link_is_copied_and_its_files_are_counted(root: Path, tmp_path: Path) -> None:
    (root / "core/sparse").touch()
    os.truncate(root / "core/sparse", 3_000_000)
    (tmp_path / "link").symlink_to(root)
    archive = Archive(tmp_path / "link", THERE)
    assert unpacked(archive, tmp_path / "there").joinpath("core/sparse").stat().st_size == 3_000_000
    assert (archive.files, archive.bytes) == (2, 3_000_002)


def test_of_addons_what_no_module_can_need_stays_here(root: Path) -> None:
    for file in (
        ".git/config",
        ".venv/bin/python",
        "venv/pyvenv.cfg",
        "core/__pycache__/a.pyc",
        "core/node_modules/x.js",
        "node_modules/x.js",
        "core/a.py~",
        ".agent-tests/log",
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    for file in ("docs/index.md", "core/.hidden", "tools/helper.py", "notes", "core/static/node_modules/x.js"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    copied = {name for name, member in members(Archive(root, THERE, is_needed)).items() if member.isreg()}
    assert copied == {
        "core/models/a.py",
        "docs/index.md",
        "core/.hidden",
        "tools/helper.py",
        "notes",
        "core/static/node_modules/x.js",
    }
    assert ".git/config" in members(Archive(root, THERE))
    assert ".agent-tests/log" not in members(Archive(root, THERE))


@pytest.mark.parametrize("change", [b"", b"1", b"longer than before" * 10_000])
def test_a_file_that_shrinks_or_grows_while_it_is_read_comes_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: bytes
) -> None:
    file = root / "core/models/a.py"
    file.write_bytes(b"some" * 50_000)
    archive = Archive(root, THERE)
    during(archive, monkeypatch, lambda time: file.write_bytes(change) if time == 1 else None)
    assert unpacked(archive, tmp_path / "there").joinpath("core/models/a.py").read_bytes() == change
    assert archive.files == 1


def test_what_goes_away_meanwhile_is_not_copied(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "core/models/b.py").touch()
    (root / "core/z").mkdir()
    archive = Archive(root, THERE)

    def remove(_time: int) -> None:
        (root / "core/models/b.py").unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (root / "core/z").rmdir()

    during(archive, monkeypatch, remove)
    assert members(archive).keys() == {".", "core", "core/models", "core/models/a.py"}


def test_what_is_a_link_by_the_time_that_it_is_read_is_copied_as_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, open_ = root / "core/models/a.py", os.open

    def opening(path: str, flags: int) -> int:
        if not file.is_symlink():
            file.unlink()
            file.symlink_to("elsewhere")
        return open_(path, flags)

    monkeypatch.setattr(os, "open", opening)
    assert members(Archive(root, THERE))["core/models/a.py"].issym()


def test_what_never_stays_as_it_is_is_an_error_that_names_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = root / "core/models/a.py"
    archive = Archive(root, THERE)
    during(archive, monkeypatch, lambda time: file.write_text("x" * (time + 2)))
    with pytest.raises(EnvironmentFailed, match=r"core/models/a\.py changes while it is copied"):
        list(archive.pieces())


def test_what_cannot_be_read_is_an_error_with_its_path(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied", "a.py")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(EnvironmentFailed, match=r"core/models/a.py cannot be copied: Permission denied"):
        list(Archive(root, THERE).pieces())


def test_what_this_user_cannot_read_is_known_beforehand(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "core/to-nothing").symlink_to("nowhere")
    os.mkfifo(root / "core/pipe")
    assert Archive(root, THERE).unreadable() == []
    closed = (f"{root}/core/models", f"{root}/core/pipe")
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path not in closed and access(path, mode))
    assert Archive(root, THERE).unreadable() == [f"{root}/core/models"]
