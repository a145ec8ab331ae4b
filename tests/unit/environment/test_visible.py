"""What the container could not see is named before anything is started."""

from pathlib import Path
from typing import Any

import pytest

from runner.docker.inventory import Image
from runner.environment.visible import check_links, closed_to_odoo
from runner.errors import ConfigError
from runner.odoo import mounted_sources
from runner.odoo.mounted_sources import MountedSources
from runner.odoo.source_tree import Tree, is_closed
from tests.unit.odoo.test_dependencies import modules_in
from tests.unit.repositories import repository

ODOO: dict[str, Any] = {"image": "odoo", "volumes": [{"type": "bind", "source": "/x", "target": "/mnt/extra-addons"}]}


def refusal(tmp_path: Path, image_user: str = "odoo", **service: Any) -> str:
    sources = MountedSources("core", repository(tmp_path))
    rendered = {"services": {"odoo": {**ODOO, **service}}}
    try:
        check_links(sources, rendered)
    except ConfigError as error:
        return str(error)
    return closed_to_odoo(sources, rendered, {"odoo": Image("", {"User": image_user})})


@pytest.fixture
def core(tmp_path: Path) -> Path:
    return modules_in(tmp_path / "evv", {"core": {}})["core"]


def test_a_link_that_leads_out_is_named_with_what_to_do(core: Path, tmp_path: Path) -> None:
    assert refusal(tmp_path) == ""
    (core / "out").symlink_to("../../../evv")
    said = refusal(tmp_path)
    assert "core/out is a link to ../../../evv" in said
    assert "Replace a link by what it leads to" in said
    assert "Name the folder" not in said


def test_the_folder_of_a_module_that_is_a_link_is_named_to_be_added_and_then_the_link_does_not_matter(tmp_path: Path) -> None:
    modules_in(tmp_path / "evv/oca", {"core": {}})
    (tmp_path / "evv/addons").mkdir()
    (tmp_path / "evv/addons/core").symlink_to("../oca/addons/core")
    assert "before the others: `addons: [oca/addons, ...]`." in refusal(tmp_path)
    both = repository(tmp_path, addons=("oca/addons", "addons"))
    check_links(MountedSources("core", both), {"services": {"odoo": ODOO}})


@pytest.mark.parametrize(
    ("user", "service", "is_refused"),
    [
        ("odoo", {}, True),
        ("101", {}, True),
        ("", {}, False),  # root
        ("root", {}, False),
        ("0:0", {}, False),
        ("odoo", {"user": "0"}, False),
        ("root", {"user": "odoo"}, True),
    ],
)
def test_what_only_root_may_read_is_named_where_odoo_is_not_root(
    core: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str, service: dict[str, str], is_refused: bool
) -> None:
    _are_roots(monkeypatch)
    (core / "model.py").chmod(0o600)
    said = refusal(tmp_path, user, **service)
    assert bool(said) == is_refused
    assert not said or ("core/model.py" in said and "chmod -R a+rX" in said)


def test_a_folder_of_addons_that_only_root_may_enter_is_named(
    core: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _are_roots(monkeypatch)
    core.parent.chmod(0o700)
    assert str(core.parent) in refusal(tmp_path)


def test_what_another_user_s_number_decides_is_left_to_the_container(
    core: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _are_roots(monkeypatch)
    (core / "model.py").chmod(0o640)  # the image's user may be in that group
    assert refusal(tmp_path) == ""


def _are_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this user for root, as whose the tests may run or not."""

    class OfRoot(Tree):
        def __init__(self, *about: Any) -> None:
            super().__init__(*about)
            self.closed = dict.fromkeys(self.closed, 0)

    monkeypatch.setattr(mounted_sources, "Tree", OfRoot)
    monkeypatch.setattr(mounted_sources, "_is_roots", lambda folder: is_closed(folder.stat()))
