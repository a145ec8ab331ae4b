"""What lies in a module's folder is told alike on both sides, in bounds, and so is where Odoo would load modules from."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.odoo import source_tree
from runner.odoo.command import PROGRAMS
from runner.odoo.source_tree import NOTHING, Tree, addons_places, answer_to, place_of
from tests.unit.repositories import write_module


@pytest.fixture
def module(tmp_path: Path) -> Path:
    module = write_module(tmp_path / "addons", "core")
    (module / "models").mkdir()
    (module / "models/a.py").write_text("A = 1\n")
    return module


def tree(module: Path) -> Tree:
    return Tree(str(module), str(module.parent))


Change = Callable[[Path], object]
CHANGES: dict[str, Change] = {
    "a byte": lambda module: (module / "models/a.py").write_text("A = 2\n"),
    "a file more": lambda module: (module / "models/b.py").touch(),
    "a file less": lambda module: (module / "models/a.py").unlink(),
    "another name": lambda module: (module / "models/a.py").rename(module / "models/b.py"),
    "another folder": lambda module: (module / "models").rename(module / "others"),
    "an end of line": lambda module: (module / "models/a.py").write_bytes(b"A = 1\r\n"),
    "a pipe": lambda module: os.mkfifo(module / "pipe"),
    "a hidden file": lambda module: (module / ".hidden").touch(),
}
NO_CHANGES: dict[str, Change] = {
    "bytecode": lambda module: (module / "models/a.pyc").touch(),
    "Python's folder": lambda module: (module / "__pycache__").mkdir(),
    "version control": lambda module: (module / ".git").mkdir(),
    "an editor's copy": lambda module: (module / "models/a.py~").touch(),
    "an editor's swap file": lambda module: (module / "models/.a.py.swp").touch(),
    "an editor's lock": lambda module: (module / ".#a.py").symlink_to("somebody@somewhere"),
    "an empty folder": lambda module: (module / "static").mkdir(),
    "a time": lambda module: os.utime(module / "models/a.py", (1, 1)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_odoo_may_read_is_told_apart(module: Path, change: Change) -> None:
    before = tree(module).digest
    change(module)
    assert tree(module).digest != before


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES.keys())
def test_what_nobody_reads_is_no_difference(module: Path, change: Change) -> None:
    before = tree(module).digest
    change(module)
    assert tree(module).digest == before


def test_links_out_of_the_mount_and_to_nothing_are_named_and_not_followed(module: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/x.py").touch()
    (module / "folder").symlink_to("../../other")
    (module / "file.py").symlink_to("../../other/x.py")
    (module / "gone").symlink_to("nowhere")
    (module / "loop").symlink_to("loop")
    (module / "disk").symlink_to("/")
    seen = tree(module)
    assert seen.links == {
        "folder": "../../other",
        "file.py": "../../other/x.py",
        "gone": "nowhere",
        "loop": "loop",
        "disk": "/",
    }
    assert (seen.entries["folder"], seen.entries["gone"], seen.entries["loop"]) == ("a folder", NOTHING, NOTHING)
    assert not [name for name in seen.entries if name.startswith(("folder/", "disk/"))]


def test_links_within_the_mount_are_followed_once(module: Path) -> None:
    common = write_module(module.parent, "common")
    (common / "tests").mkdir()
    (common / "tests/test_one.py").touch()
    (module / "tests").symlink_to("../common/tests")
    (module / "again").symlink_to(".")
    seen = tree(module)
    assert "tests/test_one.py" in seen.entries
    assert not seen.links
    assert not [name for name in seen.entries if name.startswith("again/")]


def test_pipes_devices_giants_and_depths_neither_keep_nor_fill_it(module: Path) -> None:
    os.mkfifo(module / "pipe")
    (module / "zero.py").symlink_to("/dev/zero")
    with (module / "sparse").open("wb") as file:
        file.truncate(3_000_000_000)
    module.joinpath(*["deep"] * 200).mkdir(parents=True)
    seen = tree(module)
    assert (seen.entries["pipe"], seen.entries["zero.py"]) == ("no regular file", "no regular file")
    assert seen.entries["sparse"] == "3000000000 bytes"


def test_more_files_than_anybody_waits_for_are_not_read(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_tree, "_MOST_ENTRIES", 2)
    assert "too many files" in tree(module).entries.values()


def test_what_only_its_owner_may_read_is_known(module: Path) -> None:
    (module / "models/a.py").chmod(0o600)
    (module / "models").chmod(0o711)
    assert tree(module).closed == {"models": os.getuid(), "models/a.py": os.getuid()}
    (module / "models/a.py").chmod(0o640)
    (module / "models").chmod(0o750)
    assert tree(module).closed == {}


def test_the_container_answers_in_a_process_that_imports_nothing_of_what_lies_around(module: Path, tmp_path: Path) -> None:
    (tmp_path / "hostile").mkdir()
    for name in ("json", "hashlib", "sitecustomize", "glob"):
        (tmp_path / f"hostile/{name}.py").write_text("raise SystemExit('imported')\n")
    request = {
        "addons": [str(module.parent)],
        "places": None,
        "named": [str(module)],
        "others": [],
        "only_copied": False,
        "in_full": True,
    }
    request["programs"] = []
    command = [sys.executable, "-I", "-c", Path(source_tree.__file__).read_text(), json.dumps(request)]
    environ = {"PYTHONPATH": str(tmp_path / "hostile"), "LC_ALL": "C"}
    done = subprocess.run(command, cwd=tmp_path / "hostile", env=environ, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["digests"] == {str(module): tree(module).digest}
    assert answer["entries"] == {str(module): tree(module).entries}
    assert (answer["unreadable"], answer["elsewhere"]) == ([], {})


def test_a_folder_of_addons_that_is_not_there_is_told(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    request = {
        "addons": [gone],
        "places": [gone],
        "named": [f"{gone}/m"],
        "others": [],
        "only_copied": False,
        "in_full": False,
        "programs": [],
    }
    answer = answer_to(request)
    assert [(path, why) for path, _, why in answer["unreadable"]] == [
        (gone, "No such file or directory"),
        (f"{gone}/m", "No such file or directory"),
    ]


def test_a_program_is_missing_that_no_folder_of_the_path_can_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, mode in (("psql", 0o644), ("odoo", 0o755)):
        (tmp_path / name).touch(mode)
    (tmp_path / "timeout").mkdir()
    monkeypatch.setenv("PATH", f"/nonexistent:{tmp_path}")
    request = {
        "addons": [],
        "places": [],
        "named": [],
        "others": [],
        "only_copied": False,
        "in_full": False,
        "programs": PROGRAMS,
    }
    assert answer_to(request)["missing"] == ["bash", "timeout", "psql"]


def test_odoo_looks_into_its_own_folders_first_and_those_of_its_data_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_image(tmp_path / "odoo/addons", "base/__manifest__.py")
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), "/nowhere"])
    assert addons_places(["/mnt/a", "/mnt/b"]) == [f"{tmp_path}/odoo/addons", "/mnt/a", "/mnt/b"]
    (tmp_path / "odoo/release.py").write_text("RELEASE = 1\nversion_info = (19, 0, 0, 'final', 0, '')\n")
    assert addons_places(["/mnt/a"]) == [f"{tmp_path}/odoo/addons", "/var/lib/odoo/addons/19.0", "/mnt/a"]


def of_image(place: Path, *files: str) -> None:
    for file in files:
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        (place / file).write_text("{}" if file.endswith("manifest__.py") else "")


@pytest.mark.parametrize(
    ("files", "where"),
    [
        (["core/__manifest__.py", "core/__init__.py"], "core"),
        (["core/__openerp__.py"], "core"),
        (["core/__init__.py"], "core"),  # Odoo reads the manifest of one, and Python imports the other
        (["core.py"], "core.py"),
        (["core/data.xml"], ""),
        (["other/__manifest__.py", "other/__init__.py"], ""),
    ],
)
def test_a_module_that_odoo_or_python_finds_before_is_where_it_is(
    module: Path, tmp_path: Path, files: list[str], where: str
) -> None:
    (module / "__init__.py").touch()
    image = tmp_path / "image"
    image.mkdir()
    of_image(image, *files)
    assert place_of(str(module), [str(image), str(module.parent)]) == (f"{image}/{where}" if where else "")
    assert place_of(str(module), [str(module.parent), str(image)]) == ""


def test_a_module_of_two_places_without_init_is_not_in_one(module: Path, tmp_path: Path) -> None:
    of_image(tmp_path / "image", "core/tests/test_one.py")
    (module / "__init__.py").unlink(missing_ok=True)
    assert place_of(str(module), [str(tmp_path / "image"), str(module.parent)]) == f"{tmp_path}/image/core"


def test_a_link_of_the_image_to_the_mounted_folder_is_that_folder(module: Path, tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    (tmp_path / "image/core").symlink_to(module)
    assert place_of(str(module), [str(tmp_path / "image"), str(module.parent)]) == ""
