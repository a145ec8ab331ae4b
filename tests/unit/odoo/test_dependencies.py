"""What a module depends on, read from sources on disk."""

from pathlib import Path

import pytest

from runner.odoo.dependencies import SnapshotUnavailable, dependencies_of, missed_auto_installs

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
