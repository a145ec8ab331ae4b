"""What a module depends on, read from sources on disk."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.odoo.dependencies import SnapshotUnavailable, dependencies_of, missed_auto_installs, sources_digest

Modules = dict[str, Path]


def modules_in(folder: Path, manifests: dict[str, object]) -> Modules:
    modules = {}
    for name, manifest in manifests.items():
        module = folder / "addons" / name
        module.mkdir(parents=True)
        (module / "__manifest__.py").write_text(f"{manifest!r}\n")
        (module / "model.py").write_text("VALUE = 1\n")
        modules[name] = module
    return modules


def test_the_closure_is_parted_into_local_and_external_modules(tmp_path: Path) -> None:
    modules = modules_in(
        tmp_path,
        {
            "visits": {"depends": ["core", "mail"]},
            "core": {"depends": ["base", "below"]},
            "below": {"depends": ["hr"]},
            "other": {"depends": ["visits", "sale"]},
        },
    )
    dependencies = dependencies_of("visits", modules)
    assert list(dependencies.local) == ["below", "core"]
    assert dependencies.external == ("base", "hr", "mail")


def test_base_is_always_there_and_the_module_itself_never(tmp_path: Path) -> None:
    dependencies = dependencies_of("alone", modules_in(tmp_path, {"alone": {}}))
    assert (dict(dependencies.local), dependencies.external) == ({}, ("base",))


@pytest.mark.parametrize(
    ("manifests", "why"),
    [
        ({"m": {"depends": ["n"]}, "n": {"depends": ["m"]}}, "m depends on itself"),
        ({"m": {"depends": ["n"]}, "n": ["no dictionary"]}, "must hold a dictionary"),
        ({"m": {"depends": ["no name"]}}, "a module cannot be called 'no name'"),
        ({"m": {"depends": ["n"]}, "n": {"installable": False}}, "installable: False"),
        ({}, "m is not in its repository any more"),
    ],
)
def test_what_cannot_be_known_is_not_guessed(tmp_path: Path, manifests: dict[str, object], why: str) -> None:
    with pytest.raises(SnapshotUnavailable, match=why):
        dependencies_of("m", modules_in(tmp_path, manifests))


@pytest.mark.parametrize(
    ("manifest", "missed"),
    [
        ({"depends": ["web"], "auto_install": True}, ["glue"]),
        ({"depends": ["web", "sale"], "auto_install": ["web"]}, ["glue"]),
        ({"depends": ["web", "sale"], "auto_install": True}, []),
        ({"depends": ["web", "m"], "auto_install": True}, []),
        ({"depends": ["web"]}, []),
        ({"depends": ["web"], "auto_install": True, "installable": False}, []),
    ],
)
def test_a_module_that_would_come_by_itself_is_missed_on_a_prepared_database(
    tmp_path: Path, manifest: dict[str, object], missed: list[str]
) -> None:
    modules = modules_in(tmp_path, {"m": {"depends": ["web"], "auto_install": True}, "glue": manifest})
    assert missed_auto_installs("m", modules, ["base", "web"]) == missed
    assert missed_auto_installs("m", modules, ["base", "web", "glue"]) == []


Change = Callable[[Path], object]
CHANGES: dict[str, Change] = {
    "a byte": lambda module: (module / "model.py").write_text("VALUE = 2\n"),
    "a new file": lambda module: (module / "data.xml").touch(),
    "a file less": lambda module: (module / "model.py").unlink(),
    "a name": lambda module: (module / "model.py").rename(module / "models.py"),
    "the module's name": lambda module: module.rename(module.with_name("renamed")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_change_of_the_sources_is_another_digest(tmp_path: Path, change: Change) -> None:
    module = modules_in(tmp_path, {"core": {}})["core"]
    before = sources_digest([module])
    change(module)
    after = sources_digest([module if module.exists() else module.with_name("renamed")])
    assert after != before


def test_where_the_sources_lie_and_what_python_leaves_there_is_no_change(tmp_path: Path) -> None:
    here, there = (modules_in(tmp_path / name, {"core": {}})["core"] for name in ("here", "there"))
    (there / "__pycache__").mkdir()
    (there / "__pycache__" / "model.cpython-312.pyc").touch()
    (there / "old.pyc").touch()
    assert sources_digest([here]) == sources_digest([there])


def test_sources_that_cannot_be_compared_are_not(tmp_path: Path) -> None:
    module = modules_in(tmp_path, {"core": {}})["core"]
    (module / "static").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(SnapshotUnavailable, match="is a link to a folder"):
        sources_digest([module])
    (module / "static").unlink()
    (module / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SnapshotUnavailable, match="cannot be read: No such file"):
        sources_digest([module])
    with pytest.raises(SnapshotUnavailable, match="/dev/null is no regular file"):
        sources_digest([Path("/dev/null")])


def _giant(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3_000_000_000)


def test_pipes_devices_giants_and_links_that_lead_out_neither_keep_nor_fill_a_digest(tmp_path: Path) -> None:
    odd: dict[str, Change] = {
        "is no regular file": os.mkfifo,
        "is a link that leads out": lambda path: path.symlink_to("/dev/zero"),
        "cannot be read: its links lead in a circle|Too many levels": lambda path: path.symlink_to(path.name),
        "is larger than": _giant,
    }
    module = modules_in(tmp_path, {"core": {}})["core"]
    for why, make in odd.items():
        make(module / "odd")
        with pytest.raises(SnapshotUnavailable, match=why):
            sources_digest([module])
        (module / "odd").unlink()
    assert sources_digest([module])


def test_all_files_together_are_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = modules_in(tmp_path, {"core": {}})["core"]
    monkeypatch.setattr("runner.odoo.dependencies._MOST_BYTES", 12)
    with pytest.raises(SnapshotUnavailable, match="is larger than"):
        sources_digest([module])


def test_a_mounted_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/odoo.conf").write_text("[options]\n")
    (tmp_path / "odoo.conf").symlink_to("there/odoo.conf")
    before = sources_digest([tmp_path / "odoo.conf"])
    (tmp_path / "there/odoo.conf").write_text("[options]\nworkers=2\n")
    assert sources_digest([tmp_path / "odoo.conf"]) != before


def test_more_files_than_anybody_waits_for_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.odoo.dependencies._MOST_FILES", 0)
    module = modules_in(tmp_path, {"core": {}})["core"]
    (module / "models").mkdir()
    with pytest.raises(SnapshotUnavailable, match=f"{module} has more than 0 files"):
        sources_digest([module])
