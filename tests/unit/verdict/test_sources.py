"""What the sources of a module say of its tests, without running them."""

import os
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


HEAD = "from odoo.tests import TransactionCase, tagged\n\n"
CASE = f"{HEAD}class TestA(TransactionCase):\n"


@pytest.mark.parametrize(
    ("source", "note"),
    [
        (f"{CASE}    def test_a(self): ...\n    def test_a(self): ...\n", "defined again at line 5"),
        (f"{CASE}    def test_a(self): ...\n    test_a = None\n", "bound again at line 5"),
        (f"{CASE}    def test_a(self): ...\n    del test_a\n", "deleted at line 5"),
        (f"{CASE}    def test_a(self): ...\n    for test_a in (): pass\n", "bound again at line 5"),
        (f"{CASE}    def test_a(self): ...\n\nTestA = None\n", "its class is bound again at line 6"),
        (f"{CASE}    def test_a(self): ...\n\nfrom x import TestA\n", "its class is bound again at line 6"),
        (f"{CASE}    if x:\n        def test_a(self): ...\n", "it is under an `if` (line 4)"),
        (f"{CASE}    if x:\n        pass\n    else:\n        def test_a(self): ...\n", "it is under an `if` (line 4)"),
        (f"{CASE}    @classmethod\n    def test_a(self): ...\n", "it is a classmethod, which Odoo does not call"),
        (
            f"{HEAD}while x:\n  class TestA(TransactionCase):\n    def test_a(self): ...\n",
            "under a `while` (line 3)",
        ),
        (f"{HEAD}match x:\n case 1:\n  class TestA(TransactionCase):\n   def test_a(self): ...\n", "under a `match` (line 3)"),
        (
            f"{HEAD}class A:\n  class TestA(TransactionCase):\n    def test_a(self): ...\n",
            "is defined in the class A",
        ),
        (f"{HEAD}def test_a(): ...\n", "it stands outside of a class"),
        (f"{CASE}    def test_a(self):\n        'Doc.'\n        return\n        x()\n", "it begins with a `return`"),
        (f"{CASE}    def test_a(self):\n        pass\n        return None\n        x()\n", "it begins with a `return`"),
        (f"{CASE}    def x(self):\n        def test_a(self): ...\n", "it is defined in the body of x"),
        (f"{CASE}    def x(self):\n        if y:\n            def test_a(self): ...\n", "it is defined in the body of x"),
    ],
)
def test_what_keeps_a_test_from_running_is_its_note(tmp_path: Path, source: str, note: str) -> None:
    sources = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source))
    assert note in next(test.note for test in sources.tests)


@pytest.mark.parametrize(
    "body",
    [
        "    def test_a(self): ...\n    test_a = wrapped(test_a)\n",
        "    if x:\n        def test_a(self): ...\n    else:\n        def test_a(self): ...\n",
        "    try:\n        def test_a(self): ...\n    except ImportError:\n        def test_a(self): ...\n",
        "    @property\n    def x(self): ...\n    @x.setter\n    def x(self, value): ...\n    def test_a(self): ...\n",
        "    test_a: str\n    def test_a(self): ...\n    test_a: str\n",
        "    def test_a(self): ...\n    other = [test_a for test_a in ()]\n",
    ],
)
def test_what_only_looks_like_another_definition_is_none(tmp_path: Path, body: str) -> None:
    sources = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=CASE + body))
    assert not any(test.is_replaced for test in sources.tests)


@pytest.mark.parametrize(
    "source",
    [
        "class Thing:\n    def test_button(self): ...\n",
        "class TestThing:\n    def test_button(self): ...\n\nTestThing().test_button()\n",
        "from odoo import models\n\nclass TestThing(models.Model):\n    def test_button(self): ...\n",
        "from x import Base\n\nclass TestThing(Base):\n    _name = 'x'\n    def test_button(self): ...\n",
        "from odoo.addons.x.models.y import Thing\n\nclass TestThing(Thing):\n    def test_button(self): ...\n",
        "from odoo.tests import Form\n\nclass TestForm(Form):\n    def test_button(self): ...\n",
        "from threading import Thread\n\nclass TestThread(Thread):\n    def test_button(self): ...\n",
        "from unittest import mock\n\nclass TestMock(mock.Mock):\n    def test_button(self): ...\n",
        "def test_data(): ...\n\nDATA = test_data()\n",
    ],
)
def test_methods_of_helpers_and_models_are_no_tests(tmp_path: Path, source: str) -> None:
    assert read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source)).tests == ()


@pytest.mark.parametrize(
    "source",
    [
        "from odoo.addons.other.tests.common import Anything\n\nclass A(Anything):\n    def test_a(self): ...\n",
        "from odoo.tests.common import HttpCase as Base\n\nclass A(Base):\n    def test_a(self): ...\n",
        "import odoo.tests\n\nclass A(odoo.tests.TransactionCase):\n    def test_a(self): ...\n",
        "import odoo\n\nclass A(odoo.tests.HttpCase):\n    def test_a(self): ...\n",
        "from odoo.tests import common\n\nclass A(common.SavepointCase):\n    def test_a(self): ...\n",
        "from . import common\n\nclass A(common.Shared):\n    def test_a(self): ...\n",
        "from .common import Shared as S\n\nclass B(S): ...\n\nclass A(B):\n    def test_a(self): ...\n",
        "from .common import *\n\nclass A(Shared):\n    def test_a(self): ...\n",
        "from odoo.addons.m.tests.common import Shared\n\nclass A(Shared):\n    def test_a(self): ...\n",
        "from odoo.addons.m.tests import common as c\n\nclass A(c.Shared):\n    def test_a(self): ...\n",
        "from testlib import Base\n\nclass TestA(Base):\n    def test_a(self): ...\n",
        "from testlib import Base\n\nclass A(Base):\n    def test_a(self):\n        self.assertTrue(1)\n",
    ],
)
def test_a_test_case_is_one_by_its_bases(tmp_path: Path, source: str) -> None:
    common = "from odoo.tests import TransactionCase\n\nclass Shared(TransactionCase): ...\n"
    sources = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source, common=common))
    assert [test.note for test in sources.tests] == [""]


def test_classes_that_derive_from_each_other_end_the_search(tmp_path: Path) -> None:
    source = "class A(B):\n    def test_a(self): ...\n\nclass B(A): ...\n"
    assert read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source)).tests == ()


def test_another_module_s_tests_are_not_this_one_s(tmp_path: Path) -> None:
    module = _module(tmp_path, __init__="from odoo.addons.other.tests import test_a", test_a=STANDARD)
    assert _not_taken(read_sources(module)) == ["test_a"]


def test_the_tags_of_a_base_class_are_inherited(tmp_path: Path) -> None:
    common = f"{HEAD}@tagged('-standard', 'slow')\nclass Slow(TransactionCase): ...\n"
    source = "from .common import Slow\n\nclass TestA(Slow):\n    def test_a(self): ...\n"
    (test,) = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source, common=common)).tests
    assert (test.note, test.is_on_demand) == ("its base class Slow is tagged -standard", True)


def test_what_a_test_calls_of_its_bases_runs_with_it(tmp_path: Path) -> None:
    common = f"{HEAD}class Base(TransactionCase):\n  def test_a(self): ...\n  def test_b(self): ...\n  def test_c(self): ...\n"
    source = (
        "from .common import Base\n\nclass TestA(Base):\n    def test_a(self):\n        super().test_a()\n        self.go()\n"
        "    def go(self):\n        Base.test_b(self)\n"
    )
    sources = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source, common=common))
    ran = sources.run_by("test_a", "TestA.test_a")
    assert {("common", "Base.test_a"), ("common", "Base.test_b")} <= ran
    assert ("common", "Base.test_c") not in ran
    # Odoo up to 17 runs inherited tests under the heir's name.
    assert sources.run_by("test_a", "TestA.test_c") == {("common", "Base.test_c")}


def test_of_two_files_of_one_name_the_later_import_wins(tmp_path: Path) -> None:
    init = "from . import test_a\nfrom .deep import test_a\n"
    module = _module(tmp_path, __init__=init, test_a=STANDARD)
    (module / "tests/deep").mkdir()
    (module / "tests/deep/test_a.py").write_text(STANDARD)
    sources = read_sources(module)
    assert sources.not_taken["tests/test_a.py"] == "its file is hidden by deep/test_a in tests/__init__.py"
    assert "tests/deep/test_a.py" not in sources.not_taken


def test_what_cannot_be_read_is_named_and_nothing_hangs(tmp_path: Path) -> None:
    module = _module(tmp_path, __init__="from . import test_a", test_a=STANDARD, test_deep="x = " + "-" * 100_000 + "1")
    (module / "tests/test_zero.py").symlink_to("/dev/zero")
    os.mkfifo(module / "tests/helper.py")
    with (module / "tests/test_big.py").open("wb") as file:
        file.truncate(3 << 30)
    assert read_sources(module).unreadable == {
        "tests/helper.py": "is no regular file",
        "tests/test_big.py": "is larger than 500,000 bytes",
        "tests/test_deep.py": "is nested too deep to be read",
        "tests/test_zero.py": "is a link that leads out of m",
    }


def test_a_folder_of_tests_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m/tests").symlink_to("/")
    assert read_sources(tmp_path / "m").unreadable == {"tests": "is a link that leads out of m"}


def test_a_chain_of_imports_that_is_too_long_is_a_word(tmp_path: Path) -> None:
    files = {f"a{number}": f"from . import a{number + 1}\n" for number in range(2000)}
    sources = read_sources(_module(tmp_path, __init__="from . import a0", **files))
    assert "too long" in sources.unreadable["tests"]


def test_an_addon_that_the_tests_install_has_tests_of_its_own(tmp_path: Path) -> None:
    module = _module(tmp_path, __init__="from . import test_a", test_a=STANDARD)
    addon = module / "tests/addons/other"
    (addon / "tests").mkdir(parents=True)
    (addon / "__manifest__.py").write_text("{}")
    (addon / "tests/test_b.py").write_text(STANDARD)
    assert [test.file for test in read_sources(module).tests] == ["test_a"]


def test_tests_of_upgrade_scripts_are_read_and_need_no_import(tmp_path: Path) -> None:
    folder = tmp_path / "m/migrations/tests"
    folder.mkdir(parents=True)
    (folder / "common.py").write_text(f"{HEAD}class Shared(TransactionCase): ...\n")
    (folder / "test_a.py").write_text("from .common import Shared\n\nclass TestA(Shared):\n    def test_a(self): ...\n")
    sources = read_sources(tmp_path / "m")
    assert [(test.file, test.place, test.note) for test in sources.tests] == [
        ("migrations/tests/test_a", "migrations/tests/test_a.py", "")
    ]
    assert "migrations/tests/test_a.py" not in sources.not_taken


@pytest.mark.parametrize(
    "inner", ["def inner(self): yield", "x = lambda: (yield)", "class C:\n            def m(self): yield"]
)
def test_a_yield_of_what_a_test_defines_is_not_its_own(tmp_path: Path, inner: str) -> None:
    source = f"{CASE}    def test_a(self):\n        {inner}\n"
    (test,) = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source)).tests
    assert not test.is_no_op


def test_a_standalone_test_is_left_out_on_purpose(tmp_path: Path) -> None:
    source = "from odoo.tests import standalone\n\n@standalone('slow')\ndef test_a(env): ...\n"
    (test,) = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source)).tests
    assert test.is_on_demand


@pytest.mark.parametrize(
    "body",
    [
        "    def test_a(self):\n        return\n",
        "    def test_a(self):\n        pass\n",
        "    def test_a(self):\n        return self.go()\n        x()\n",
        "    def test_a(self):\n        if x:\n            return\n        y()\n",
        "    def test_a(self):\n        def test_b(self): ...\n        test_b(1)\n",
        "    def test_a(self):\n        def test_b(record): ...\n",
    ],
)
def test_what_only_looks_like_a_test_that_runs_nothing_has_no_note(tmp_path: Path, body: str) -> None:
    sources = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=CASE + body))
    assert _notes(sources) == {"TestA.test_a": ""}


def test_a_test_that_python_made_stands_for_those_that_it_may_be_made_of_and_for_no_others(tmp_path: Path) -> None:
    made = f"{HEAD}from .common import Base\n\nTestMade = type('TestMade', (Base,), {{}})\n"
    module = _module(tmp_path, __init__="from . import test_a", test_a=made, common=STANDARD.replace("TestA", "Base"))
    (module / "tests/test_b.py").write_text(STANDARD)
    assert read_sources(module).run_by("test_a", "TestMade.test_one") == {("common", "Base.test_one")}


@pytest.mark.parametrize(("decorator", "runs"), [("@parameterized.expand([1])", True), ("@data(1)", True), ("", False)])
def test_a_decorated_test_runs_with_those_that_are_made_of_it(tmp_path: Path, decorator: str, runs: bool) -> None:
    source = f"{CASE}    {decorator}\n    def test_pair(self, x): ...\n"
    sources = read_sources(_module(tmp_path, __init__="from . import test_a", test_a=source))
    assert sources.run_by("test_a", "TestA.test_pair_0_one") == ({("test_a", "TestA.test_pair")} if runs else set())
    assert not sources.run_by("test_a", "TestA.test_pair_more")
