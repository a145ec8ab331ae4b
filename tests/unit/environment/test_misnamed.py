"""Folders that Odoo 19 does not survive are hidden from it, and nothing else is."""

from pathlib import Path
from typing import Any

import pytest

from runner.environment.misnamed import hide_misnamed
from tests.unit.repositories import write_module


def _hidden(tmp_path: Path, sources: tuple[str, ...] = ("addons", "more")) -> tuple[list[str], list[str]]:
    addons = (tmp_path / "addons", tmp_path / "more")
    targets = ("/mnt/extra-addons", "/mnt/extra-addons-2")
    binds = [
        {"type": "bind", "source": str(tmp_path / source), "target": target}
        for source, target in zip(sources, targets, strict=True)
    ]
    rendered: dict[str, Any] = {"services": {"odoo": {"volumes": binds[:1]}}}
    override: dict[str, Any] = {"services": {"odoo": {"volumes": binds[1:]}}}
    warnings = hide_misnamed(override, rendered, addons)
    mounts = [volume for volume in override["services"]["odoo"]["volumes"] if volume["type"] == "tmpfs"]
    return [volume["target"] for volume in mounts], warnings


def test_a_folder_that_can_be_no_module_is_hidden_with_a_warning(tmp_path: Path) -> None:
    for name in ("Hospital_Stay", "--help", "$(id)"):
        write_module(tmp_path / "addons", name)
    write_module(tmp_path / "more", "my\x1bmodule")
    (tmp_path / "addons/no-manifest").mkdir()
    targets, warnings = _hidden(tmp_path)
    assert targets == ["/mnt/extra-addons/$(id)", "/mnt/extra-addons/--help", "/mnt/extra-addons-2/my\x1bmodule"]
    (warning,) = warnings
    assert warning.startswith("hidden from Odoo, ")
    assert warning.endswith(": addons/$(id), addons/--help, more/my\\x1bmodule")


def test_what_the_container_does_not_have_where_odoo_looks_is_not_hidden(tmp_path: Path) -> None:
    write_module(tmp_path / "addons", "--help")
    assert _hidden(tmp_path, ("elsewhere", "more")) == ([], [])


def test_links_and_names_that_are_no_text_are_left_alone(tmp_path: Path) -> None:
    module = write_module(tmp_path, "module")
    (tmp_path / "addons").mkdir()
    (tmp_path / "addons/a-link").symlink_to(module)
    try:
        write_module(tmp_path / "addons", "\udcff")
    except OSError:
        pytest.skip("every name is a text here")
    assert _hidden(tmp_path) == ([], [])
