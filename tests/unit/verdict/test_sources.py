"""What the sources of a module say of its tests, without running them."""

from pathlib import Path

import pytest

from runner.verdict.sources import Sources, read_sources

STANDARD = """\
from odoo.tests import TransactionCase, tagged

class TestA(TransactionCase):
    def test_one(self): ...
    def helper(self): ...
"""


def _module(tmp_path: Path, **files: str) -> Path:
    module = tmp_path / "m"
    (module / "tests").mkdir(parents=True)
    for name, content in files.items():
        (module / "tests" / f"{name}.py").write_text(content)
    return module


def _not_taken(sources: Sources) -> list[str]:
    """Test files with tests that Odoo does not take."""
    return sorted({test.file for test in sources.tests if test.place in sources.not_taken and "test_" in test.place})


def _notes(sources: Sources) -> dict[str, str]:
    return {test.name: test.note for test in sources.tests}


def test_a_module_without_tests_says_so(tmp_path: Path) -> None:
    sources = read_sources(tmp_path)
    assert not sources.has_folder
    assert not sources.has_init
    assert sources.tests == ()


@pytest.mark.parametrize(
    "line",
    [
        "from . import test_a",
        "from . import common, test_a",
        "from . import (\n    common,\n    test_a,\n)",
        "from .test_a import TestA",
        "from odoo.addons.m.tests import test_a",
        "from odoo.addons.m.tests.test_a import TestA",
        "import odoo.addons.m.tests.test_a",
        "try:\n    from . import test_a\nexcept ImportError:\n    pass",
    ],
)
def test_a_file_that_is_imported_in_any_way_is_imported(tmp_path: Path, line: str) -> None:
    sources = read_sources(_module(tmp_path, __init__=line, test_a=STANDARD))
    assert "test_a" in sources.imported
    assert _not_taken(sources) == []


def test_a_file_with_tests_that_no_statement_imports_is_unimported(tmp_path: Path) -> None:
    sources = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=STANDARD, test_b=STANDARD))
    assert _not_taken(sources) == ["test_b"]


def test_a_comment_imports_nothing(tmp_path: Path) -> None:
    assert _not_taken(read_sources(_module(tmp_path, __init__="# from . import test_a", test_a=STANDARD))) == ["test_a"]


def test_files_without_tests_are_never_told_as_unimported(tmp_path: Path) -> None:
    mixin = "class Shared:\n    def test_shared(self): ...\n"
    module = _module(tmp_path, __init__="from . import test_a", common=STANDARD, test_a=STANDARD, test_mixin=mixin)
    assert _not_taken(read_sources(module)) == []


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("class TestShared:\n    def test_one(self): ...\n", "derives from no test case"),
        ("class TestA(TransactionCase):\n    async def test_one(self): ...\n", "async def"),
        ("@tagged('-standard', 'slow')\nclass TestA(TransactionCase):\n    def test_one(self): ...\n", "-standard"),
        ("@odoo.tests.tagged('-at_install')\nclass TestA(TransactionCase):\n    def test_one(self): ...\n", "-at_install"),
    ],
)
def test_what_keeps_odoo_from_running_a_test_is_noted(tmp_path: Path, source: str, word: str) -> None:
    (note,) = _notes(read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source))).values()
    assert word in note


@pytest.mark.parametrize("tags", ["", "@tagged('post_install', '-at_install')\n", "@tagged('standard', 'slow')\n"])
def test_what_runs_has_no_note(tmp_path: Path, tags: str) -> None:
    source = f"{tags}class TestA(TransactionCase):\n    def test_one(self): ...\n"
    assert _notes(read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source))) == {"TestA.test_one": ""}


def test_a_file_that_is_no_python_is_left_to_odoo(tmp_path: Path) -> None:
    sources = read_sources(_module(tmp_path, __init__="from . import test_a", test_a="class ("))
    assert sources.files == ("test_a",)
    assert sources.tests == ()


def test_methods_that_are_no_tests_are_not_counted(tmp_path: Path) -> None:
    sources = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=STANDARD))
    assert list(_notes(sources)) == ["TestA.test_one"]
