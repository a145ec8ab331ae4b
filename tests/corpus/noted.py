"""What is noted beside a verdict, whose an error is, and what `allow` allows: never more than it says."""

from runner.config.model import Allow
from runner.errors import ExitCode

from .case import Case, manifest, one_test, passing, python, test_file

_ALLOWS = ".agent-tests.yaml"
_FORGOTTEN = {
    "tests/__init__.py": "from . import test_one\n",
    "tests/test_one.py": passing(),
    "tests/test_two.py": passing("Two"),
    "tests/test_three.py": passing("Three"),
}
_THREE_NEVER_RAN = "tests/test_three.py holds 1 test that never ran"

SKIPS = (
    Case(
        "skips_of_all_kinds",
        "Every way in which a test can skip itself, with and without a reason.",
        test_file("""
            class TestOne(TransactionCase):
                def test_one(self):
                    self.assertTrue(self.env.user)

                @unittest.skip
                def test_bare(self):
                    self.fail()

                def test_in_two_lines(self):
                    self.skipTest("no chart\\nof accounts")

                def test_subtests(self):
                    for number in range(3):
                        with self.subTest(number=number):
                            if number:
                                self.skipTest("no number")


            @unittest.skipUnless(False, "no library")
            class TestTwo(TransactionCase):
                def test_two(self):
                    self.fail()

                def test_three(self):
                    self.fail()


            class TestThree(TransactionCase):
                def setUp(self):
                    super().setUp()
                    self.skipTest("no library")

                def test_four(self):
                    self.fail()


            class TestFour(TransactionCase):
                @classmethod
                def setUpClass(cls):
                    super().setUpClass()
                    cls.skipTest(cls, "no library")

                def test_five(self):
                    self.fail()
        """),
        notes=(
            "4 tests skipped: no library (TestTwo.test_three, TestTwo.test_two, TestThree.test_four, TestFour.test_five)",
            "2 subtests skipped: no number (TestOne.test_subtests)",
            "1 test skipped, no reason is told (TestOne.test_bare)",
            "1 test skipped: no chart of accounts (TestOne.test_in_two_lines)",
        ),
        counts=(2, 0, 0, 6),
    ),
    Case(
        "tour_without_a_browser",
        "A tour does not run where there is no Chrome, or not what Odoo speaks to it with.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/test_one.py": passing()
            + "\n\nfrom odoo.tests import HttpCase\n\n\nclass TestTour(HttpCase):\n"
            + '    def test_tour(self):\n        self.start_tour("/odoo", "no_such_tour")\n\n'
            + '    def test_javascript(self):\n        self.browser_js("/web/tests?module=m", "", "")\n',
            "static/tests/one.test.js": "// Hoot\n",
        },
        notes=(
            "2 tests skipped: ",
            "1 file of JavaScript tests did not run (static/tests/one.test.js)",
        ),
        only_notes=1,
        counts=(1, 0, 0, 2),
    ),
    Case(
        "javascript_beside",
        "Tests in JavaScript, of both kinds, that no test of the module runs; a tour is none.",
        {
            **one_test("self.assertTrue(self.env.user)"),
            "static/tests/one.test.js": "// Hoot\n",
            "static/tests/deep/two_tests.js": "// QUnit\n",
            "static/tests/tours/three_tests.js": "// a tour\n",
            "static/tests/helpers.js": "// no test\n",
        },
        notes=("2 files of JavaScript tests did not run (static/tests/deep/two_tests.js, static/tests/one.test.js)",),
        only_notes=1,
        like="plain_pass",
    ),
)

ERRORS = (
    Case(
        "errors_of_others",
        "Errors of Odoo's own code and of another module are not the module's, whatever is said twice.",
        one_test("""
            logging.getLogger("odoo.tools.misc").error("a file of Odoo's package is missing")
            logging.getLogger("odoo.tools.misc").error("a file of Odoo's package is missing")
            logging.getLogger("odoo.addons.web.models").error("of the addon web")
            logging.getLogger("odoo.addons.errors_of_others_and_more").error("of a module with a longer name")
            logging.getLogger("urllib3.connection").error("of a library")
        """),
        notes=(
            "logged at ERROR: a file of Odoo's package is missing (odoo.tools.misc, 2 times)",
            "logged at ERROR: of the addon web (odoo.addons.web.models)",
            "logged at ERROR: of a module with a longer name (odoo.addons.errors_of_others_and_more)",
            "logged at ERROR: of a library (urllib3.connection)",
        ),
        only_notes=4,
        like="logs_errors",
    ),
    Case(
        "errors_of_its_own",
        "Errors by every logger that is the module's, and one that Odoo logs for an exception in its code.",
        one_test("""
            logging.getLogger("errors_of_its_own.api").error("by a logger of Python's, named after it")
            logging.error("by the root logger")
            _logger.error("twice")
            logging.getLogger("odoo.addons.errors_of_its_own").error("twice")
            logging.getLogger("errors_of_its_own").critical("gravely")
            try:
                raise ValueError("in its code")
            except ValueError:
                logging.getLogger("odoo.http").exception("Exception during request handling")
        """),
        notes=(
            "logged at ERROR: by a logger of Python's, named after it",
            "logged at ERROR: by the root logger",
            "logged at ERROR: twice (2 times)",
            "logged at CRITICAL: gravely",
            "logged at ERROR: Exception during request handling",
        ),
        like="logs_errors",
    ),
    Case(
        "errors_of_a_dependency",
        "A module of the same repository, on which this one depends, logs at ERROR.",
        {
            "__manifest__.py": manifest(depends=["nearby"]),
            **one_test('logging.getLogger("odoo.addons.nearby.models").error("of a neighbour")'),
        },
        beside={"nearby/__init__.py": "", "nearby/__manifest__.py": manifest()},
        notes=("logged at ERROR: of a neighbour",),
        like="depends_on_a_neighbour",
    ),
)

ALLOWED = (
    Case(
        "allowed_by_the_module",
        "The module says what is known: a file that it does not import, a skip, an error; and one thing that is no more.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/test_one.py": python("""
                class TestOne(TransactionCase):
                    def test_one(self):
                        _logger.error("the register of partners is closed")

                    @unittest.skip("not on this machine")
                    def test_two(self):
                        self.fail()
            """),
            "tests/test_two.py": passing("Two"),
            _ALLOWS: (
                "allow:\n  not_imported: [tests/test_two.py]\n  skipped: [TestOne.test_*]\n"
                '  errors: ["^the register .* closed$", "gone"]\n'
            ),
        },
        notes=("`allow` of allowed_by_the_module/.agent-tests.yaml: `gone` under `errors` matches nothing in this run",),
        only_notes=1,
        allowed=(
            "allowed by allowed_by_the_module/.agent-tests.yaml: tests/test_two.py is not imported",
            "allowed by allowed_by_the_module/.agent-tests.yaml: 1 test skipped: not on this machine (TestOne.test_two)",
            "allowed by allowed_by_the_module/.agent-tests.yaml: logged at ERROR: the register of partners is closed",
        ),
        counts=(1, 0, 0, 1),
        like="skip_beside",
    ),
    Case(
        "allowed_for_one_file",
        "What repos.yaml allows for one test file hides no other.",
        _FORGOTTEN,
        ExitCode.NOT_PROVEN,
        allow=Allow(not_imported=("allowed_for_one_file/tests/test_two.py", "tests/test_*.py", "nearby/tests/test_three.py")),
        beside={"nearby/__init__.py": "", "nearby/__manifest__.py": manifest()},
        reasons=(_THREE_NEVER_RAN,),
        notes=("`allow` of repos.yaml: `tests/test_*.py` under `not_imported` matches nothing in this run",),
        allowed=("allowed by repos.yaml: tests/test_two.py is not imported",),
        like="forgotten_file",
    ),
    Case(
        "allowed_but_failed",
        "A failure, and an error that Odoo counts, are red whatever is allowed.",
        test_file("""
            class TestOne(TransactionCase):
                def test_one(self):
                    self.fail()

                @unittest.skip("not on this machine")
                def test_two(self):
                    self.fail()
        """),
        ExitCode.FAILED,
        allow=Allow(skipped=("*",), errors=(".*", "FAIL")),
        reasons=("FAIL: TestOne.test_one",),
        notes=("`.*` under `errors` matches nothing", "`FAIL` under `errors` matches nothing"),
        allowed=("allowed by repos.yaml: 1 test skipped: not on this machine (TestOne.test_two)",),
        counts=(1, 1, 0, 1),
        like="failure",
    ),
    Case(
        "allowed_but_all_skipped",
        "Where nothing ran, nothing is proven, be every skip allowed.",
        test_file("""
            class TestOne(TransactionCase):
                @unittest.skip("not on this machine")
                def test_one(self):
                    self.fail()
        """),
        ExitCode.NOT_PROVEN,
        allow=Allow(skipped=("tests/test_one.py",)),
        reasons=("all 1 tests of allowed_but_all_skipped were skipped",),
        allowed=("allowed by repos.yaml: 1 test skipped: not on this machine (TestOne.test_one)",),
        counts=(0, 0, 0, 1),
        like="all_skipped",
    ),
)

NOTED = (*SKIPS, *ERRORS, *ALLOWED)
