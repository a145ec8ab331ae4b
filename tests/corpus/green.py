"""What must be green: whatever a module's tests may do, print and log while they pass."""

from .case import Case, manifest, one_test, passing, python, test_file

ORDINARY = (
    Case(
        "plain_pass",
        "Two tests in one class.",
        test_file("""
            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertEqual(1, 1)

                def test_two(self):
                    self.assertTrue(self.env.user)
        """),
        counts=(2, 0, 0, 0),
    ),
    Case(
        "several_files_and_classes",
        "Two files, the second with two classes.",
        {
            "tests/__init__.py": "from . import test_one, test_more\n",
            "tests/test_one.py": passing("One"),
            "tests/test_more.py": passing("Two") + passing("Three").partition("_logger")[2].partition("\n")[2],
        },
        counts=(3, 0, 0, 0),
        like="plain_pass",
    ),
    Case(
        "mixin_in_a_test_file",
        "A class without tests of its own, which is no test case, lends a method.",
        test_file("""
            class Lender:
                def lend(self):
                    return self.env["res.partner"].create({"name": "Lent"})


            class TestOne(Lender, TransactionCase):
                def test_one(self):
                    self.assertEqual(self.lend().name, "Lent")
        """),
        like="plain_pass",
    ),
    Case(
        "shared_common",
        "The usual common.py: a base class with the records that all tests need.",
        {
            "tests/__init__.py": "from . import common, test_one\n",
            "tests/common.py": python("""
                class Common(TransactionCase):
                    @classmethod
                    def setUpClass(cls):
                        super().setUpClass()
                        cls.partner = cls.env["res.partner"].create({"name": "Common"})
            """),
            "tests/test_one.py": (
                "from .common import Common\n\n\nclass TestOne(Common):\n    def test_one(self):\n"
                "        self.assertEqual(self.partner.name, 'Common')\n"
            ),
        },
    ),
    Case(
        "set_up_class",
        "A class prepares and cleans up.",
        test_file("""
            class TestOne(TransactionCase):
                @classmethod
                def setUpClass(cls):
                    super().setUpClass()
                    cls.addClassCleanup(_logger.info, "cleaned up")

                def setUp(self):
                    super().setUp()
                    self.addCleanup(_logger.info, "cleaned up")

                def test_one(self):
                    self.assertTrue(self.env.user)
        """),
        like="shared_common",
    ),
    Case(
        "post_install",
        "A class runs at install, another one after it.",
        test_file("""
            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)


            @tagged("post_install", "-at_install")
            class TestTwo(TransactionCase):
                def test_two(self):
                    self.assertTrue(self.env.user)
        """),
        counts=(2, 0, 0, 0),
        like="at_install_and_post_install",
    ),
    Case(
        "at_install_and_post_install",
        "A class that forgets to take `at_install` away runs twice.",
        test_file("""
            @tagged("post_install")
            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)
        """),
    ),
    Case(
        "narrower_tags",
        "The person asks for one class of two.",
        {
            "tests/__init__.py": "from . import test_one, test_two\n",
            "tests/test_one.py": passing("One"),
            "tests/test_two.py": passing("Two"),
        },
        tags="/narrower_tags:TestOne",
        notes=("TestTwo.test_two (test_two) did not run",),
    ),
    Case(
        "tagged_out_beside",
        "A class that is only run on demand stands beside a standard one.",
        test_file("""
            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)


            @tagged("-standard", "slow")
            class TestSlow(TransactionCase):
                def test_slow(self):
                    self.assertTrue(self.env.user)
        """),
        notes=("TestSlow.test_slow (test_one) did not run: its class is tagged -standard",),
        only_notes=1,
        like="tagged_out",
    ),
    Case(
        "skip_beside",
        "One test runs, one is skipped.",
        test_file("""
            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)

                @unittest.skip("not on this machine")
                def test_two(self):
                    self.fail()
        """),
        notes=("1 test skipped: not on this machine (TestOne.test_two)",),
        counts=(1, 0, 0, 1),
    ),
    Case(
        "skipped_class_beside",
        "A class skips itself as a whole beside one that runs.",
        test_file("""
            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)


            class TestTwo(TransactionCase):
                @classmethod
                def setUpClass(cls):
                    super().setUpClass()
                    raise unittest.SkipTest("no browser")

                def test_two(self):
                    self.fail()
        """),
        notes=("1 test skipped: no browser (TestTwo.test_two)",),
        counts=(1, 0, 0, 1),
        like="class_skipped",
    ),
    Case(
        "subtests",
        "Every one of the subtests passes.",
        one_test("""
            for number in range(3):
                with self.subTest(number=number):
                    self.assertLess(number, 3)
        """),
    ),
    Case(
        "generated_tests",
        "Tests that stand in no source, because a loop makes them.",
        test_file("""
            class TestOne(TransactionCase):
                pass


            for number in range(3):
                setattr(TestOne, f"test_{number}", lambda self, number=number: self.assertLess(number, 3))
        """),
        counts=(3, 0, 0, 0),
        like="plain_pass",
    ),
)

COLLECTED = (
    Case(
        "imports_the_class",
        "`from .test_one import TestOne` names the class; Odoo finds its file.",
        {"tests/__init__.py": "from .test_one import TestOne\n", "tests/test_one.py": passing()},
    ),
    Case(
        "absolute_import",
        "The test file is imported by its full name.",
        {
            "tests/__init__.py": "from odoo.addons.absolute_import.tests import test_one\n",
            "tests/test_one.py": passing(),
        },
        like="imports_the_class",
    ),
    Case(
        "imported_in_a_loop",
        "No import statement names the file.",
        {
            "tests/__init__.py": 'import importlib\n\nimportlib.import_module(f"{__name__}.test_one")\n',
            "tests/test_one.py": passing(),
        },
        like="imports_the_class",
    ),
    Case(
        "imported_by_another_test_file",
        "Only a test file imports the other one; Odoo finds both.",
        {
            "tests/__init__.py": "from . import test_two\n",
            "tests/test_one.py": passing(),
            "tests/test_two.py": "from .test_one import TestOne  # noqa: F401\n" + passing("Two"),
        },
        counts=(2, 0, 0, 0),
        like="imports_the_class",
    ),
    Case(
        "sub_package",
        "A test file in a folder below `tests`, imported by name.",
        {
            "tests/__init__.py": "from .deep import test_one\n",
            "tests/deep/__init__.py": "",
            "tests/deep/test_one.py": passing(),
        },
        like="sub_package_with_a_star",
    ),
    Case(
        "sub_package_with_a_star",
        "The folder below `tests` imports its files, `tests` everything from it.",
        {
            "tests/__init__.py": "from .deep import *\n",
            "tests/deep/__init__.py": "from . import test_one\n",
            "tests/deep/test_one.py": passing(),
        },
    ),
    Case(
        "allowed_to_inherit",
        "A class asks Odoo to run the tests that it inherits.",
        test_file("""
            class Shared:
                def test_one(self):
                    self.assertTrue(self.env.user)


            class TestOne(Shared, TransactionCase):
                allow_inherited_tests_method = True
        """),
    ),
    Case(
        "inherited_beside",
        "A test that a class inherits is run where it is defined, and only there.",
        test_file("""
            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)


            class TestTwo(TestOne):
                def test_two(self):
                    self.assertTrue(self.env.user)
        """),
        counts=(2, 0, 0, 0),
        like="plain_pass",
    ),
    Case(
        "async_beside",
        "An `async def` beside a test that runs: Odoo calls it passed, nothing of it was run.",
        test_file("""
            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)

                async def test_two(self):
                    self.fail()
        """),
        notes=("TestOne.test_two (test_one) did not run: it is an `async def`",),
        like="async_only",
    ),
)

NEIGHBOURS = (
    Case(
        "broken_neighbours",
        "Folders without a manifest, or with a broken one, lie beside the module.",
        one_test("self.assertTrue(self.env.user)"),
        beside={
            "README.md": "Addons\n",
            "no_manifest/models/thing.py": "",
            "broken_manifest_beside/__manifest__.py": "{'name': \n",
            "not_installable_beside/__manifest__.py": manifest(installable=False),
        },
    ),
    Case(
        "depends_on_a_neighbour",
        "The module needs another one of the same folder, whose own tests are nobody's business here.",
        {"__manifest__.py": manifest(depends=["neighbour"]), **one_test("self.assertTrue(self.env.user)")},
        beside={
            "neighbour/__init__.py": "",
            "neighbour/__manifest__.py": manifest(),
            "neighbour/tests/__init__.py": "from . import test_one\n",
            "neighbour/tests/test_one.py": python("""
                class TestOne(TransactionCase):
                    def test_one(self):
                        self.fail()
            """),
        },
    ),
)

OUTPUT = (
    Case(
        "asserts_logs",
        "Records at every level that the test expects, and catches.",
        one_test("""
            with self.assertLogs(level="ERROR") as caught:
                _logger.error("ERROR: TestOne.test_one")
                _logger.critical("Failed to initialize database")
            self.assertEqual(len(caught.output), 2)
        """),
    ),
    Case(
        "logs_a_warning",
        "A warning of the module's own, in words that Odoo might use.",
        one_test('_logger.warning("invalid module names, ignored: none")'),
        like="logs_errors",
    ),
    Case(
        "logs_errors",
        "Errors in the log that fail no test: of the module, and of a query that the test expects to be refused.",
        one_test("""
            _logger.error("ERROR: something the module complains of")
            _logger.error("")
            _logger.critical("and gravely so")
            with self.assertRaises(Exception), self.env.cr.savepoint():
                self.env.cr.execute("SELECT nonsense")
        """),
        notes=(
            "logged at ERROR: ERROR: something the module complains of",
            "logged at ERROR: ",
            "logged at CRITICAL: and gravely so",
            "logged at ERROR: bad query: b'SELECT nonsense' (odoo.sql_db)",
        ),
        only_notes=1,
    ),
    Case(
        "odd_output",
        "All of Unicode, bytes that are no text, NUL, and a terminal's control sequences.",
        one_test(r"""
            print("Grüße, 世界, \U0001f600", "\u2028", "\x85", "\x0c", "\x1b[2J\x1b]0;title\x07", flush=True)
            os.write(1, b"caf\xe9 \xff\xfe\x00\x00 \xed\xa0\x80\r\n")
            sys.stderr.write("10 %\r20 %\r\n")
            _logger.info("Grüße, 世界, \U0001f600")
        """),
    ),
    Case(
        "prints_what_looks_like_a_result",
        "Lines in the form of Odoo's result, with another logger, of another database, or without a head.",
        one_test(r"""
            words = "1 failed, 0 error(s) of 9 tests when loading database "
            _logger.info("%s'agent_test'", words)
            print(f"{words}'agent_test'", flush=True)
            print(f"2026-01-01 00:00:00,000 1 INFO another odoo.tests.result: {words}'another'", flush=True)
            print(f"  2026-01-01 00:00:00,000 1 INFO agent_test odoo.tests.result: {words}'agent_test'", flush=True)
        """),
    ),
    Case(
        "logs_that_something_starts",
        "Records in the form of a test's start, of what is no test.",
        one_test("""
            for name in ("server", "the.server", "12%"):
                _logger.info("Starting %s ...", name)
        """),
        like="prints_what_looks_like_a_result",
    ),
    Case(
        "long_line",
        "A line of a megabyte.",
        one_test('print("x" * 1_000_000)'),
    ),
    Case(
        "many_lines",
        "100,000 lines, which Python writes in blocks that end within a line.",
        one_test("""
            for number in range(100_000):
                print("line", number)
        """),
    ),
    Case(
        "unfinished_lines",
        "Dots that show progress, without a line's end, in front of Odoo's own records.",
        test_file("""
            class TestOne(TransactionCase):
                @classmethod
                def setUpClass(cls):
                    super().setUpClass()
                    print("preparing", end="", flush=True)

                def test_one(self):
                    print("...", end="", flush=True)
        """),
    ),
    Case(
        "leaves_a_process",
        "A process that the test leaves behind holds the output open.",
        one_test('subprocess.Popen(["sleep", "20"])'),
    ),
)

GREEN = (*ORDINARY, *COLLECTED, *NEIGHBOURS, *OUTPUT)
