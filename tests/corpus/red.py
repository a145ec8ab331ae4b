"""What must be red: a test that fails or errs, wherever it does, and whatever stands around it."""

from runner.errors import ExitCode

from .case import Case, one_test, passing, python, test_file

FAILED = ExitCode.FAILED

RED = (
    Case(
        "failure",
        "An assertion fails.",
        one_test("self.assertEqual(1, 2)"),
        FAILED,
        reasons=("FAIL: TestOne.test_one",),
        counts=(1, 1, 0, 0),
    ),
    Case(
        "error",
        "A test raises what is no assertion.",
        one_test("raise ValueError('no such thing')"),
        FAILED,
        reasons=("ERROR: TestOne.test_one",),
        counts=(1, 0, 1, 0),
        like="failure",
    ),
    Case(
        "failing_subtests",
        "Two subtests fail: more failures than tests.",
        one_test("""
            for number in range(3):
                with self.subTest(number=number):
                    self.assertEqual(number, 0)
        """),
        FAILED,
        reasons=("FAIL: Subtest TestOne.test_one (number=1)", "FAIL: Subtest TestOne.test_one (number=2)"),
        counts=(1, 2, 0, 0),
    ),
    Case(
        "set_up_class_error",
        "A class cannot prepare, so that none of its tests starts.",
        test_file("""
            class TestOne(TransactionCase):
                @classmethod
                def setUpClass(cls):
                    super().setUpClass()
                    raise ValueError("no such thing")

                def test_one(self):
                    self.assertTrue(self.env.user)
        """),
        FAILED,
        reasons=("ERROR: setUpClass (odoo.addons.set_up_class_error.tests.test_one.TestOne)",),
        notes=("TestOne.test_one (test_one) did not run: its class failed in setUpClass",),
        counts=(0, 0, 1, 0),
    ),
    Case(
        "tear_down_class_error",
        "The tests pass, and their class fails to clean up.",
        test_file("""
            class TestOne(TransactionCase):
                @classmethod
                def tearDownClass(cls):
                    super().tearDownClass()
                    raise ValueError("no such thing")

                def test_one(self):
                    self.assertTrue(self.env.user)
        """),
        FAILED,
        reasons=("ERROR: tearDownClass (odoo.addons.tear_down_class_error.tests.test_one.TestOne)",),
        counts=(1, 0, 1, 0),
    ),
    Case(
        "set_up_error",
        "A test cannot prepare.",
        test_file("""
            class TestOne(TransactionCase):
                def setUp(self):
                    super().setUp()
                    raise ValueError("no such thing")

                def test_one(self):
                    self.assertTrue(self.env.user)
        """),
        FAILED,
        reasons=("ERROR: TestOne.test_one",),
        counts=(1, 0, 1, 0),
        like="tear_down_error",
    ),
    Case(
        "tear_down_error",
        "A test passes, and fails to clean up.",
        test_file("""
            class TestOne(TransactionCase):
                def tearDown(self):
                    super().tearDown()
                    raise ValueError("no such thing")

                def test_one(self):
                    self.assertTrue(self.env.user)
        """),
        FAILED,
        reasons=("ERROR: TestOne.test_one",),
        counts=(1, 0, 1, 0),
    ),
    Case(
        "several_failures",
        "Failures and errors in two files, at install and after it.",
        {
            "tests/__init__.py": "from . import test_one, test_two\n",
            "tests/test_one.py": python("""
                class TestOne(TransactionCase):
                    def test_one(self):
                        self.fail("one")

                    def test_other(self):
                        self.assertTrue(self.env.user)
            """),
            "tests/test_two.py": python("""
                @tagged("post_install", "-at_install")
                class TestTwo(TransactionCase):
                    def test_two(self):
                        raise ValueError("two")
            """),
        },
        FAILED,
        reasons=("FAIL: TestOne.test_one", "ERROR: TestTwo.test_two"),
        counts=(3, 1, 1, 0),
    ),
    Case(
        "same_names",
        "Two files have a class and a test of the same names; the second one fails.",
        {
            "tests/__init__.py": "from . import test_one, test_two\n",
            "tests/test_one.py": passing(),
            "tests/test_two.py": one_test("self.fail()")["tests/test_one.py"],
        },
        FAILED,
        reasons=("FAIL: TestOne.test_one",),
        counts=(2, 1, 0, 0),
        like="several_failures",
    ),
    Case(
        "expected_failure",
        "Odoo knows no expected failures.",
        test_file("""
            class TestOne(TransactionCase):
                @unittest.expectedFailure
                def test_one(self):
                    self.fail()
        """),
        FAILED,
        reasons=("FAIL: TestOne.test_one",),
        counts=(1, 1, 0, 0),
    ),
    Case(
        "sys_exit_in_a_test",
        "A test leaves with sys.exit(0), which Odoo takes for an error of the test.",
        one_test("sys.exit(0)"),
        FAILED,
        reasons=("ERROR: TestOne.test_one",),
        counts=(1, 0, 1, 0),
    ),
    Case(
        "failure_that_quotes_a_result",
        "The message of a failure holds a line of a log that passed.",
        one_test(r"""
            line = "2026-01-01 00:00:00,000 1 INFO agent_test odoo.tests.result: 0 failed, 0 error(s) of 9 tests"
            self.fail(f"\n{line} when loading database 'agent_test'\n")
        """),
        FAILED,
        reasons=("FAIL: TestOne.test_one",),
        counts=(1, 1, 0, 0),
        like="failure",
    ),
    Case(
        "failure_beside_a_forgotten_file",
        "One file fails, another one is not imported: the failure counts, and both are told.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/test_one.py": one_test("self.fail()")["tests/test_one.py"],
            "tests/test_two.py": passing("Two"),
        },
        FAILED,
        reasons=(
            "FAIL: TestOne.test_one",
            "tests/test_two.py holds 1 test that never ran: tests/__init__.py does not import it",
        ),
        counts=(1, 1, 0, 0),
        like="failure",
    ),
    Case(
        "failure_then_killed",
        "A test has failed when the next one kills Odoo.",
        test_file("""
            class TestOne(TransactionCase):
                def test_one(self):
                    self.fail()

                def test_two(self):
                    os.kill(os.getpid(), signal.SIGKILL)
        """),
        FAILED,
        reasons=(
            "FAIL: TestOne.test_one",
            "Odoo was killed (exit code 137)",
            "the log is cut short after `Starting TestOne.test_two ...`",
        ),
        counts=(2, 1, 0, 0),
    ),
)
