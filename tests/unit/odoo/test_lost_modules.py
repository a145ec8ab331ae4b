"""Where a module may be that Odoo does not find: elsewhere in the checkout, or in a git submodule that is empty."""

from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.odoo.lost_modules import advice_on
from runner.odoo.module_search import find_module
from tests.unit.repositories import repository, write_module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "evv/addons").mkdir(parents=True)
    (tmp_path / "evv/.git").mkdir()
    return tmp_path / "evv"


def advice(checkout: Path, *modules: str, addons: tuple[str, ...] = ("addons",)) -> list[str]:
    return advice_on(modules, repository(checkout.parent, addons=addons))


def test_the_folder_that_has_it_is_named_unless_it_is_one_of_the_addons(checkout: Path) -> None:
    write_module(checkout / "oca/partner-contact", "partner_firstname")
    write_module(checkout / "oca/partner-contact", "partner_title")
    assert advice(checkout, "elsewhere") == []
    assert advice(checkout, "partner_title", "partner_firstname", "elsewhere") == [
        "partner_firstname and partner_title are in `oca/partner-contact`, which is not among the `addons` of evv in "
        "repos.yaml: add that."
    ]
    assert advice(checkout, "partner_title", addons=("addons", "oca/partner-contact")) == []


def test_it_is_looked_for_in_the_whole_git_repository_but_not_in_what_nobody_means(checkout: Path) -> None:
    inner = checkout / "inner"
    write_module(checkout / "oca", "one")
    for folder in ("node_modules", ".cache", "a/b/c/d/e"):
        write_module(checkout / folder, "two")
    (checkout / "circle").symlink_to(".")
    within = repository(checkout.parent).model_copy(update={"path": inner, "addons": (inner / "addons",)})
    assert advice_on(("one", "two"), within) == [
        "one is in `../oca`, which is not among the `addons` of evv in repos.yaml: add that."
    ]


GITMODULES = """\
[submodule "oca/web"]
\tpath = oca/web
\turl = https://example.com/web
[submodule "x"]
    path=oca/partner-contact
[submodule "full"]
\tpath = full
"""


def test_submodules_that_are_empty_are_named(checkout: Path) -> None:
    (checkout / ".gitmodules").write_text(GITMODULES)
    (checkout / "oca/web").mkdir(parents=True)
    write_module(checkout / "full", "other")
    assert advice(checkout, "one") == [
        "Of the git submodules of the checkout oca/web, oca/partner-contact are empty: "
        "`git submodule update --init` fills them."
    ]


@pytest.mark.parametrize("module", ["one", "here"])
def test_they_are_named_also_where_the_module_is_one_that_was_asked_for_or_a_folder_of_addons_is_missing(
    checkout: Path, module: str
) -> None:
    (checkout / ".gitmodules").write_text("[submodule 'x']\n\tpath = oca/web\n")
    write_module(checkout / "addons", "here")
    evv = repository(checkout.parent, addons=("addons", "oca/web"))
    with pytest.raises(UsageError, match="submodules of the checkout oca/web is empty: `git submodule update --init`"):
        find_module(module, evv, {"evv": evv})


def test_what_is_no_list_of_submodules_names_none(checkout: Path) -> None:
    (checkout / ".gitmodules").mkdir()
    assert advice(checkout, "one") == []
    (checkout / ".gitmodules").rmdir()
    (checkout / ".gitmodules").symlink_to("/dev/zero")
    assert advice(checkout, "one") == []
