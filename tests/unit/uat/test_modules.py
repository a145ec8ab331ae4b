"""Which modules are installed, and which an update brings in."""

from pathlib import Path

import pytest

from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.odoo.addons import modules_of
from runner.uat.data import Data
from runner.uat.modules import Changes, brought_in, changes_since, digests, named_changes, wanted_modules
from tests.unit.repositories import repository, write_module


@pytest.fixture
def evv(tmp_path: Path) -> RepoConfig:
    for name in ("core", "visits"):
        write_module(tmp_path / "evv/addons", name)
    return repository(tmp_path)


def manifest(evv: RepoConfig, name: str, text: str) -> None:
    write_module(evv.addons[0], name).joinpath("__manifest__.py").write_text(text)


def data(evv: RepoConfig, *, whole: bool = True) -> Data:
    modules = digests(["base", "core", "visits"], modules_of(evv))
    return Data("one", {}, modules=modules, whole=whole)


def test_all_are_those_that_can_be_installed_and_named_ones_just_these(evv: RepoConfig) -> None:
    manifest(evv, "old", "{'installable': False}")
    assert wanted_modules([], evv, {}) == ["core", "visits"]
    assert wanted_modules(["visits", "visits"], evv, {}) == ["visits"]


def test_one_that_odoo_would_not_install_or_find_is_refused(evv: RepoConfig) -> None:
    manifest(evv, "old", "{'installable': False}")
    with pytest.raises(UsageError, match=r"old: .*installable: False"):
        wanted_modules(["core", "old"], evv, {})
    with pytest.raises(UsageError, match="No module 'visit' in repository evv"):
        wanted_modules(["visit"], evv, {})
    manifest(evv, "broken", "{")
    with pytest.raises(UsageError, match=r"broken: __manifest__\.py is no valid Python"):
        wanted_modules([], evv, {})


def test_a_repository_without_any_is_refused_and_so_is_one_without_its_checkout(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="The checkout of evv is not at"):
        wanted_modules([], repository(tmp_path), {})
    (tmp_path / "evv/addons").mkdir(parents=True)
    with pytest.raises(UsageError, match="has no module that can be installed"):
        wanted_modules([], repository(tmp_path), {})


def test_a_change_is_one_of_content_and_of_no_file_that_odoo_does_not_read(evv: RepoConfig) -> None:
    before = data(evv)
    core = evv.addons[0] / "core"
    (core / "__manifest__.py").touch()
    (core / "__pycache__").mkdir()
    (core / "__pycache__/a.pyc").touch()
    assert changes_since(before, evv) == Changes()
    assert changes_since(before, evv).told == ""
    (core / "views.xml").write_text("<odoo/>")
    assert changes_since(before, evv).told == "changed: core"


def test_new_modules_come_in_where_all_were_asked_for_and_those_that_are_gone_are_told(evv: RepoConfig) -> None:
    whole, some = data(evv), data(evv, whole=False)
    write_module(evv.addons[0], "more")
    manifest(evv, "old", "{'installable': False}")
    (evv.addons[0] / "visits").rename(evv.addons[0] / "calls")
    assert changes_since(whole, evv) == Changes(new=("calls", "more"), gone=("visits",))
    assert changes_since(some, evv) == Changes(gone=("visits",))


def test_what_is_named_is_updated_if_it_is_there_and_else_installed(evv: RepoConfig) -> None:
    assert named_changes(data(evv), ["more", "core", "core"]) == Changes(changed=("core",), new=("more",))


def test_only_what_was_brought_in_is_no_change_any_more() -> None:
    before, seen = {"one": "1", "two": "2"}, {"one": "1b", "two": "2b", "new": "n"}
    installed = ["base", "one", "two", "new"]
    assert brought_in(installed, before, Changes(("one",), ("new",)), seen) == {"one": "1b", "two": "2", "new": "n"}
    assert brought_in(installed, before, Changes(("base",)), seen) == seen
    assert brought_in(installed, {}, Changes(new=("one", "new")), seen) == seen
