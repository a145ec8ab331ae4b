"""Tests that stand in the sources and that Odoo does not run, and what only looks so."""

from runner.errors import ExitCode

from .case import Case, passing, python, test_file

UNPROVEN = ExitCode.NOT_PROVEN
NOTHING_OF_IT = "holds 1 test that never ran"

REPLACED = (
    Case(
        "defined_twice",
        "Two methods and two classes of one name: the later one counts.",
        test_file("""
            class TestOne(TransactionCase):
                def test_total(self):
                    self.fail("never called")

                def test_total(self):
                    self.assertTrue(self.env.user)


            class TestTwo(TransactionCase):
                def test_first(self):
                    self.fail("never called")

                def test_both(self):
                    self.fail("never called")


            class TestTwo(TransactionCase):
                def test_both(self):
                    self.assertTrue(self.env.user)
        """),
        notes=(
            "TestOne.test_total (test_one) did not run: defined again at line 17",
            "TestTwo.test_first (test_one) did not run: its class is defined again at line 29",
            "TestTwo.test_both (test_one) did not run: its class is defined again at line 29",
        ),
        counts=(2, 0, 0, 0),
    ),
    Case(
        "bound_again",
        "Names that are deleted or given to something else; what wraps the test keeps it.",
        test_file("""
            def twice(function):
                return lambda self: (function(self), function(self))


            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)

                test_one = twice(test_one)

                def test_none(self):
                    self.fail("never called")

                test_none = None

                def test_renamed(self):
                    self.assertTrue(self.env.user)

                test_other_name = test_renamed
                del test_renamed

                @property
                def test_property(self):
                    self.fail("never called")


            class TestGone(TransactionCase):
                def test_gone(self):
                    self.fail("never called")


            del TestGone
        """),
        notes=(
            "TestOne.test_none (test_one) did not run: bound again at line 26",
            "TestOne.test_renamed (test_one) did not run: deleted at line 32",
            "TestOne.test_property (test_one) did not run: it is a property",
            "TestGone.test_gone (test_one) did not run: its class is deleted at line 44",
        ),
        counts=(2, 0, 0, 0),
        like="defined_twice",
    ),
    Case(
        "under_conditions",
        "Classes and methods under statements that define them, or not; of two branches one is enough.",
        test_file("""
            library = None


            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)

                if library:

                    def test_library(self):
                        self.fail("never defined")

                    def test_either(self):
                        self.fail("never defined")

                else:

                    def test_either(self):
                        self.assertTrue(self.env.user)


            if library:

                class TestLibrary(TransactionCase):
                    def test_two(self):
                        self.fail("never defined")

            for _number in ():

                class TestLoop(TransactionCase):
                    def test_three(self):
                        self.fail("never defined")

            try:
                import no_such_library

                class TestTry(TransactionCase):
                    def test_four(self):
                        self.fail("never defined")

            except ImportError:

                class TestExcept(TransactionCase):
                    def test_five(self):
                        self.assertTrue(self.env.user)


            with open(os.devnull) as nothing:

                class TestWith(TransactionCase):
                    def test_six(self):
                        self.assertTrue(self.env.user)


            def make():
                class TestMade(TransactionCase):
                    def test_seven(self):
                        self.assertTrue(self.env.user)

                return TestMade


            def make_none():
                class TestNotMade(TransactionCase):
                    def test_eight(self):
                        self.fail("never defined")


            Made = make()
        """),
        notes=(
            "TestOne.test_library (test_one) did not run: it is under an `if` (line 20)",
            "TestLibrary.test_two (test_one) did not run: its class is under an `if` (line 34)",
            "TestLoop.test_three (test_one) did not run: its class is under a `for` (line 40)",
            "TestTry.test_four (test_one) did not run: its class is under a `try` (line 46)",
            "TestNotMade.test_eight (test_one) did not run: its class is defined in the function `make_none`",
        ),
        counts=(5, 0, 0, 0),
    ),
    Case(
        "outside_of_a_class",
        "A test in pytest's style beside a class; a function that a test calls is none.",
        test_file("""
            def test_as_pytest_would_call_it():
                raise AssertionError("nobody calls it")


            def test_data():
                return 1


            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertEqual(test_data(), 1)
        """),
        notes=("test_as_pytest_would_call_it (test_one) did not run: it stands outside of a class",),
        like="plain_pass",
    ),
)

SILENT_FILES = (
    Case(
        "functions_in_a_forgotten_file",
        "A file with nothing but functions that nobody imports.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/test_one.py": passing(),
            "tests/test_two.py": "def test_two():\n    assert False\n",
        },
        UNPROVEN,
        reasons=(f"tests/test_two.py {NOTHING_OF_IT}: tests/__init__.py does not import it",),
        like="forgotten_file",
    ),
    Case(
        "forgotten_with_a_condition",
        "A file whose only class is under an `if`, and that nobody imports.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/test_one.py": passing(),
            "tests/test_two.py": python("""
                if sys.platform == "linux":

                    class TestTwo(TransactionCase):
                        def test_two(self):
                            self.fail("nobody imports this file")
            """),
        },
        UNPROVEN,
        reasons=(f"tests/test_two.py {NOTHING_OF_IT}: tests/__init__.py does not import it",),
        like="forgotten_file",
    ),
    Case(
        "all_under_a_condition",
        "A file is imported, and its only class is under an `if` that does not hold.",
        {
            "tests/__init__.py": "from . import test_one, test_two\n",
            "tests/test_one.py": passing(),
            "tests/test_two.py": python("""
                if sys.platform == "none":

                    class TestTwo(TransactionCase):
                        def test_two(self):
                            self.fail()
            """),
        },
        UNPROVEN,
        reasons=(f"tests/test_two.py {NOTHING_OF_IT}: its class is under an `if` (line 13)",),
        notes=("TestTwo.test_two (test_two) did not run: its class is under an `if`",),
        like="under_conditions",
    ),
    Case(
        "unittest_beside",
        "A file with test cases of unittest only, beside one that Odoo runs.",
        {
            "tests/__init__.py": "from . import test_one, test_two\n",
            "tests/test_one.py": passing(),
            "tests/test_two.py": python("""
                class TestTwo(unittest.TestCase):
                    def test_two(self):
                        self.fail()
            """),
        },
        UNPROVEN,
        reasons=(f"tests/test_two.py {NOTHING_OF_IT}: its class derives from unittest.TestCase",),
        notes=("TestTwo.test_two (test_two) did not run: its class derives from unittest.TestCase",),
        like="plain_unittest",
    ),
    Case(
        "hidden_by_a_deep_file",
        "Two files of one name: `tests` has one attribute for both.",
        {
            "tests/__init__.py": "from . import test_one\nfrom .deep import test_one\n",
            "tests/test_one.py": passing(),
            "tests/deep/__init__.py": "",
            "tests/deep/test_one.py": passing("Deep"),
        },
        UNPROVEN,
        reasons=(f"tests/test_one.py {NOTHING_OF_IT}: its file is hidden by deep/test_one",),
    ),
    Case(
        "hidden_by_a_folder",
        "A folder has the name of a file beside it: Python takes the folder.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/test_one.py": passing(),
            "tests/test_one/__init__.py": passing("Folder"),
        },
        UNPROVEN,
        reasons=(f"tests/test_one.py {NOTHING_OF_IT}: its file is hidden by the folder tests/test_one",),
        like="hidden_by_a_deep_file",
    ),
    Case(
        "imported_by_another_name",
        "tests/__init__.py gives a test file of a sub-package a name that is no test file's.",
        {
            "tests/__init__.py": "from . import test_one\nfrom .deep import test_two as two\n",
            "tests/test_one.py": passing(),
            "tests/deep/__init__.py": "",
            "tests/deep/test_two.py": passing("Two"),
        },
        UNPROVEN,
        reasons=(f"tests/deep/test_two.py {NOTHING_OF_IT}: tests/__init__.py imports it as `two`",),
    ),
)

NO_TESTS = (
    Case(
        "super_of_a_base",
        "Tests of a base class run where an heir calls them, also by another test, a helper, and over two classes.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/common.py": python("""
                class Base(TransactionCase):
                    def test_shared(self):
                        self.assertTrue(self.env.user)

                    def test_by_a_helper(self):
                        self.assertTrue(self.env.user)

                    def test_overridden(self):
                        self.fail("no heir calls it")


                class Middle(Base):
                    def test_shared(self):
                        super().test_shared()
            """),
            "tests/test_one.py": (
                "from . import common\n\n\nclass TestOne(common.Middle):\n"
                "    def test_shared(self):\n        super().test_shared()\n\n"
                "    def test_overridden(self):\n        self._help()\n\n"
                "    def _help(self):\n        self.test_by_a_helper()\n"
            ),
        },
        notes=("Base.test_overridden (common) did not run: the name of its file does not begin with `test_`",),
        counts=(2, 0, 0, 0),
        like="shared_common",
    ),
    Case(
        "helper_methods",
        "Methods of helpers and models that are called like tests.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/helper.py": (
                "from odoo import models\n\n\nclass Thing:\n    def test_button(self):\n        return True\n\n\n"
                "class Heir(Thing):\n    def test_more(self):\n        return True\n\n\n"
                "class Model(models.AbstractModel):\n    _name = 'helper.methods.model'\n    _description = 'x'\n\n"
                "    def test_connection(self):\n        return True\n"
            ),
            "tests/test_one.py": python("""
                from .helper import Heir


                class TestServer:
                    def test_connection(self):
                        return True


                class TestOne(TransactionCase):
                    def test_one(self):
                        self.assertTrue(Heir().test_button() and TestServer().test_connection())
            """),
        },
    ),
    Case(
        "lent_tests",
        "A class that is no test case lends its tests to one that is: Odoo does not run them.",
        test_file("""
            class Lender:
                def test_lent(self):
                    self.fail("never called")


            class TestOne(Lender, TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)
        """),
        notes=("Lender.test_lent (test_one) did not run: its class derives from no test case",),
        like="inherited_only",
    ),
)

UPGRADE_TESTS = (
    Case(
        "upgrade_tests",
        "Tests of upgrade scripts, in both folders, which no __init__ imports.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/test_one.py": passing(),
            "migrations/tests/test_two.py": "from .common import Common\n\n\nclass TestTwo(Common):\n"
            "    def test_two(self):\n        self.assertTrue(self.env.user)\n",
            "migrations/tests/common.py": python("class Common(TransactionCase):\n    pass\n"),
            "upgrades/tests/test_three.py": passing("Three"),
        },
        counts=(3, 0, 0, 0),
    ),
    Case(
        "upgrade_tests_only",
        "A module with no other tests than those of its upgrade scripts.",
        {"migrations/tests/test_one.py": passing()},
        like="upgrade_tests",
    ),
    Case(
        "upgrade_tests_too_deep",
        "Odoo takes the files right in the folder, and no others.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/test_one.py": passing(),
            "migrations/tests/deep/test_two.py": passing("Two"),
        },
        UNPROVEN,
        reasons=(f"migrations/tests/deep/test_two.py {NOTHING_OF_IT}: Odoo takes only the files `test_*.py` right in",),
    ),
    Case(
        "upgrade_test_fails",
        "A test of an upgrade script fails.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/test_one.py": passing(),
            "migrations/tests/test_two.py": python("""
                class TestTwo(TransactionCase):
                    def test_two(self):
                        self.fail("the script is wrong")


                class TestThree(TransactionCase):
                    @classmethod
                    def setUpClass(cls):
                        raise ValueError("nothing is prepared")

                    def test_three(self):
                        self.assertTrue(self.env.user)
            """),
        },
        ExitCode.FAILED,
        reasons=("FAIL: TestTwo.test_two", "ERROR: setUpClass (odoo.addons.upgrade_test_fails.migrations.tests.test_two"),
        notes=("TestThree.test_three (migrations/tests/test_two) did not run: its class failed in setUpClass",),
        counts=(2, 1, 1, 0),
        like="failure",
    ),
)

LOST = (*REPLACED, *SILENT_FILES, *NO_TESTS, *UPGRADE_TESTS)
