"""All modules of a repository: those with tests, in the order of their dependencies, and a reason for each of the others."""

from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.run.selection import modules_with_tests
from tests.unit.processes import ROOT
from tests.unit.repositories import repository, write_module

TEST = """\
from odoo.tests import TransactionCase
class TestIt(TransactionCase):
    def test_it(self):
        pass
"""


def module(folder: Path, name: str, depends: tuple[str, ...] = ("base",), *, tests: str | None = TEST, more: str = "") -> Path:
    """A module of the repository evv; `tests`: the content of its test file, None for no folder of tests."""
    written = write_module(folder / "evv/addons", name)
    (written / "__manifest__.py").write_text(f"{{'name': {name!r}, 'depends': {list(depends)}{more}}}\n")
    if tests is not None:
        (written / "tests").mkdir()
        (written / "tests/__init__.py").write_text("from . import test_it\n")
        (written / "tests/test_it.py").write_text(tests)
    return written


def selected(folder: Path) -> tuple[str, ...]:
    return modules_with_tests(repository(folder)).modules


def left_out(folder: Path) -> dict[str, str]:
    return dict(modules_with_tests(repository(folder)).left_out)


def test_a_module_comes_after_those_it_depends_on(tmp_path: Path) -> None:
    module(tmp_path, "evv_billing", ("evv_visits", "account"))
    module(tmp_path, "evv_visits", ("evv_people",))
    module(tmp_path, "evv_people")
    assert selected(tmp_path) == ("evv_people", "evv_visits", "evv_billing")


def test_modules_on_one_level_come_by_name(tmp_path: Path) -> None:
    for name in ("evv_c", "evv_a", "evv_d"):
        module(tmp_path, name)
    module(tmp_path, "evv_b", ("evv_d",))
    assert selected(tmp_path) == ("evv_a", "evv_c", "evv_d", "evv_b")


def test_a_module_between_two_others_orders_them_although_it_has_no_tests(tmp_path: Path) -> None:
    module(tmp_path, "a_top", ("between",))
    module(tmp_path, "between", ("z_bottom",), tests=None)
    module(tmp_path, "z_bottom")
    assert selected(tmp_path) == ("z_bottom", "a_top")


def test_what_is_left_out_has_its_reason(tmp_path: Path) -> None:
    module(tmp_path, "evv_core")
    module(tmp_path, "evv_untested", tests=None)
    module(tmp_path, "evv_retired", more=", 'installable': False")
    assert selected(tmp_path) == ("evv_core",)
    assert left_out(tmp_path) == {"evv_retired": "not installable", "evv_untested": "no tests"}


@pytest.mark.parametrize(
    "name", ["my-module", "a b", ".hidden", "--help", "__pycache__", "a\nb", "x\x1b[31m", "\udcff", "m" * 250]
)
def test_a_folder_that_can_be_no_module_by_its_name_is_left_out_and_stops_no_other(tmp_path: Path, name: str) -> None:
    module(tmp_path, name)
    module(tmp_path, "ok_two", ("Hospital_Stay",))
    module(tmp_path, "Hospital_Stay")
    module(tmp_path, "2fa_login")
    assert selected(tmp_path) == ("2fa_login", "Hospital_Stay", "ok_two")
    ((of, reason),) = left_out(tmp_path).items()
    assert of == name
    assert "only letters, digits and underscores" in reason or "too long" in reason


def test_a_folder_of_tests_with_nothing_in_it_is_no_tests(tmp_path: Path) -> None:
    tests = module(tmp_path, "evv_core") / "tests"
    (tests / "test_it.py").rename(tests / "common.py")
    (tests / "common.py").write_text("")
    assert left_out(tmp_path) == {"evv_core": "no tests"}


@pytest.mark.parametrize("content", ["def test_(:\n", ""])
def test_a_test_file_in_which_no_test_can_be_found_is_run_to_be_red(tmp_path: Path, content: str) -> None:
    module(tmp_path, "evv_core", tests=content)
    assert selected(tmp_path) == ("evv_core",)


def test_tests_in_a_file_with_a_wrong_name_are_run_to_be_red(tmp_path: Path) -> None:
    tests = module(tmp_path, "evv_core") / "tests"
    (tests / "test_it.py").rename(tests / "it_test.py")
    assert selected(tmp_path) == ("evv_core",)


@pytest.mark.parametrize("manifest", ["", "{'name':", "name()", "['base']"])
def test_a_module_with_a_broken_manifest_is_run_to_be_red(tmp_path: Path, manifest: str) -> None:
    (module(tmp_path, "evv_core") / "__manifest__.py").write_text(manifest)
    assert selected(tmp_path) == ("evv_core",)


def test_a_circle_of_dependencies_is_named_in_its_direction(tmp_path: Path) -> None:
    module(tmp_path, "a", ("b",))
    module(tmp_path, "b", ("c",))
    module(tmp_path, "c", ("a",))
    with pytest.raises(UsageError) as caught:
        modules_with_tests(repository(tmp_path))
    circle = str(caught.value).partition("circle: ")[2].partition(". ")[0]
    assert circle in ("a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c")


def test_a_missing_checkout_is_said_with_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"repositories\.evv\.path in repos\.local\.yaml"):
        modules_with_tests(repository(tmp_path))


def test_every_example_is_selected() -> None:
    assert selected(ROOT / "examples") == ("evv_core", "traction", "evv_visits")


def test_a_module_whose_tests_cannot_be_read_is_run_and_seen_red(tmp_path: Path) -> None:
    (module(tmp_path, "evv_core", tests=None) / "tests").symlink_to("/")
    assert selected(tmp_path) == ("evv_core",)
