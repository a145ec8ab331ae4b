"""What a verdict goes by is of repos.yaml, of the module's own file, and of what the module depends on."""

from pathlib import Path

from runner.config.model import Allow
from runner.verdict.allowed import Entry
from runner.verdict.terms import terms_of
from tests.unit.repositories import write_module

ALLOWS = "allow:\n  errors: [own]\n"


def modules(addons: Path, **depends: str) -> dict[str, Path]:
    """Modules with these lists of dependencies, as they stand in a manifest."""
    folders = {name: write_module(addons, name) for name in depends}
    for name, names in depends.items():
        (folders[name] / "__manifest__.py").write_text(f"{{'name': 'M', 'depends': {names}}}\n")
    return folders


def test_its_own_are_the_module_and_those_of_its_repository_on_which_it_depends(tmp_path: Path) -> None:
    folders = modules(tmp_path, sale_x="['sale', 'base_x']", base_x="['base', 'core_x']", core_x="[]", other_x="['sale_x']")
    assert terms_of("sale_x", folders, Allow()).own == {"sale_x", "base_x", "core_x"}


def test_where_a_manifest_does_not_tell_every_module_of_the_repository_is_its_own(tmp_path: Path) -> None:
    assert terms_of("a", modules(tmp_path, a="['a']", b="[]"), Allow()).own == {"a", "b"}


def test_what_both_files_allow_is_told_apart(tmp_path: Path) -> None:
    folders = modules(tmp_path, a="[]", b="[]")
    (folders["a"] / ".agent-tests.yaml").write_text(ALLOWS)
    allow = Allow(not_imported=("b/tests/test_x.py", "a/tests/test_x.py"), errors=("all",))
    assert terms_of("a", folders, allow).allowed.entries == (
        Entry("repos.yaml", "not_imported", "a/tests/test_x.py"),
        Entry("repos.yaml", "errors", "all"),
        Entry("a/.agent-tests.yaml", "errors", "own"),
    )


def test_a_module_that_is_gone_has_no_file(tmp_path: Path) -> None:
    assert terms_of("a", modules(tmp_path, b="[]"), Allow()).own == {"a", "b"}
