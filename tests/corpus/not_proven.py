"""What proves nothing, although Odoo mostly exits with 0: no test ran, not all could, or the log is not whole."""

from runner.errors import ExitCode

from .case import Case, manifest, one_test, passing, test_file

UNPROVEN = ExitCode.NOT_PROVEN
NOTHING = (0, 0, 0, 0)
ONE_TEST = one_test("self.assertTrue(self.env.user)")
ZERO = "Odoo ran 0 tests"
IS_CUT = "Odoo's result line is missing: the log is cut short"


def none_started(module: str) -> str:
    """The verdict's words where no test of the module started."""
    return f"no test of {module} started"


def unknown(module: str, cause: str) -> tuple[str, ...]:
    """The reasons where Odoo finds no such module."""
    return (cause, f"Odoo ignored modules that it did not find: {module}", so_not_installed(module))


def so_not_installed(module: str) -> str:
    """What follows where the module is not installed."""
    return f"so module {module} is not installed"


def crash(module: str, *causes: str) -> tuple[str, ...]:
    """The reasons where the module's installation fails."""
    return (*causes, f"so Odoo ended with exit code 255, module {module} is not installed")


WITHOUT_TESTS = (
    Case(
        "no_tests_folder",
        "A module without tests.",
        {},
        UNPROVEN,
        reasons=(ZERO, none_started("no_tests_folder"), "the module has no folder `tests`"),
        counts=NOTHING,
    ),
    Case(
        "misnamed_folder",
        "The folder is called `test`.",
        {"test/__init__.py": "from . import test_one\n", "test/test_one.py": passing()},
        UNPROVEN,
        reasons=(ZERO, none_started("misnamed_folder"), "the module has no folder `tests`"),
        counts=NOTHING,
        like="no_tests_folder",
    ),
    Case(
        "empty_tests_init",
        "tests/__init__.py is empty.",
        {"tests/__init__.py": "", "tests/test_one.py": passing()},
        UNPROVEN,
        reasons=(
            ZERO,
            none_started("empty_tests_init"),
            "tests/__init__.py imports nothing (found test_one.py)",
        ),
        counts=NOTHING,
        like="no_tests_folder",
    ),
    Case(
        "missing_tests_init",
        "There is no tests/__init__.py.",
        {"tests/test_one.py": passing()},
        UNPROVEN,
        reasons=(ZERO, none_started("missing_tests_init"), "tests/__init__.py is missing (found test_one.py)"),
        counts=NOTHING,
        like="no_tests_folder",
    ),
    Case(
        "forgotten_file",
        "One test file is imported, another is not.",
        {"tests/__init__.py": "from . import test_one\n", "tests/test_one.py": passing(), "tests/test_two.py": passing("Two")},
        UNPROVEN,
        reasons=("tests/test_two.py holds 1 test that never ran: tests/__init__.py does not import it",),
    ),
    Case(
        "forgotten_in_a_sub_package",
        "A folder below `tests` imports its files, but Odoo looks at what `tests` itself holds.",
        {
            "tests/__init__.py": "from . import deep, test_one\n",
            "tests/test_one.py": passing(),
            "tests/deep/__init__.py": "from . import test_two\n",
            "tests/deep/test_two.py": passing("Two"),
        },
        UNPROVEN,
        reasons=("tests/deep/test_two.py holds 1 test that never ran: tests/__init__.py does not import it",),
        like="forgotten_file",
    ),
    Case(
        "import_error_swallowed",
        "A file whose import fails in silence is no error for Odoo, and not tested.",
        {
            "tests/__init__.py": (
                "from . import test_one\n\ntry:\n    from . import test_two\nexcept ImportError:\n    pass\n"
            ),
            "tests/test_one.py": passing(),
            "tests/test_two.py": "import no_such_library\n" + passing("Two"),
        },
        UNPROVEN,
        reasons=("tests/test_two.py holds 1 test that never ran: tests/__init__.py imports it under a `try` (line 3)",),
        notes=("TestTwo.test_two (test_two) did not run",),
        like="forgotten_file",
    ),
    Case(
        "misnamed_file",
        "The file's name does not begin with `test_`.",
        {"tests/__init__.py": "from . import one_test\n", "tests/one_test.py": passing()},
        UNPROVEN,
        reasons=(ZERO, none_started("misnamed_file"), "no file in `tests` has a name that begins with `test_`"),
        notes=("TestOne.test_one (one_test) did not run: the name of its file does not begin with `test_`",),
        counts=NOTHING,
    ),
    Case(
        "functions_only",
        "Tests in pytest's style.",
        test_file("def test_one():\n    assert True\n"),
        UNPROVEN,
        reasons=(
            ZERO,
            none_started("functions_only"),
            "test_one: it stands outside of a class, and Odoo runs only methods of test cases",
        ),
        notes=("test_one (test_one) did not run: it stands outside of a class",),
        counts=NOTHING,
        like="misnamed_file",
    ),
    Case(
        "plain_unittest",
        "A test case of unittest, which has no tags.",
        test_file("class TestOne(unittest.TestCase):\n    def test_one(self):\n        self.assertTrue(True)\n"),
        UNPROVEN,
        reasons=(ZERO, none_started("plain_unittest"), "TestOne.test_one: its class derives from unittest.TestCase"),
        notes=("TestOne.test_one (test_one) did not run: its class derives from unittest.TestCase",),
        counts=NOTHING,
    ),
    Case(
        "tagged_out",
        "The only class is not standard.",
        test_file('@tagged("-standard", "slow")\n' + passing().partition("\n\n\n")[2]),
        UNPROVEN,
        reasons=(ZERO, none_started("tagged_out"), "TestOne.test_one: its class is tagged -standard"),
        notes=("TestOne.test_one (test_one) did not run: its class is tagged -standard",),
        counts=NOTHING,
    ),
    Case(
        "at_no_time",
        "The only class runs neither at install nor after it.",
        test_file('@tagged("-at_install")\n' + passing().partition("\n\n\n")[2]),
        UNPROVEN,
        reasons=(ZERO, none_started("at_no_time"), "TestOne.test_one: its class is tagged -at_install without post_install"),
        notes=("TestOne.test_one (test_one) did not run: its class is tagged -at_install without post_install",),
        counts=NOTHING,
        like="tagged_out",
    ),
    Case(
        "inherited_only",
        "A class adds nothing to the tests that it inherits.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/common.py": passing("Common"),
            "tests/test_one.py": "from .common import TestCommon\n\n\nclass TestOne(TestCommon):\n    pass\n",
        },
        UNPROVEN,
        reasons=(
            ZERO,
            none_started("inherited_only"),
            "TestOne (test_one) has no test of its own, and Odoo 18 and newer run none that a class inherits",
            "TestCommon.test_common: the name of its file does not begin with `test_`",
        ),
        notes=("TestCommon.test_common (common) did not run: the name of its file does not begin",),
        counts=NOTHING,
    ),
    Case(
        "mixin_only",
        "All tests are in a mixin, and Odoo runs no inherited ones.",
        test_file("""
            class Mixin:
                def test_one(self):
                    self.assertTrue(self.env.user)


            class TestOne(Mixin, TransactionCase):
                pass
        """),
        UNPROVEN,
        reasons=(
            ZERO,
            none_started("mixin_only"),
            "TestOne (test_one) has no test of its own, and Odoo 18 and newer run none that a class inherits",
            "Mixin.test_one: its class derives from no test case",
        ),
        notes=("Mixin.test_one (test_one) did not run: its class derives from no test case",),
        counts=NOTHING,
        like="inherited_only",
    ),
    Case(
        "async_only",
        "The only test is an `async def`, which Odoo calls and never awaits.",
        test_file("class TestOne(TransactionCase):\n    async def test_one(self):\n        self.fail()\n"),
        UNPROVEN,
        reasons=("nothing of the tests of async_only ran", "TestOne.test_one: it is an `async def`"),
        notes=("TestOne.test_one (test_one) did not run: it is an `async def`",),
        counts=NOTHING,
    ),
    Case(
        "generator_only",
        "The only test holds a `yield`, so that calling it runs nothing.",
        one_test("yield\nself.fail()"),
        UNPROVEN,
        reasons=("nothing of the tests of generator_only ran", "TestOne.test_one: it holds a `yield`"),
        notes=("TestOne.test_one (test_one) did not run: it holds a `yield`",),
        counts=NOTHING,
        like="async_only",
    ),
    Case(
        "all_skipped",
        "One test is skipped, one skips itself after a word without a line's end.",
        test_file("""
            class TestOne(TransactionCase):
                @unittest.skip("not on this machine")
                def test_one(self):
                    self.fail()

                def test_two(self):
                    print("is there a browser? ", end="", flush=True)
                    self.skipTest("no browser")
        """),
        UNPROVEN,
        reasons=("all 2 tests of all_skipped were skipped",),
        notes=("1 test skipped: not on this machine (TestOne.test_one)", "1 test skipped: no browser (TestOne.test_two)"),
        counts=(0, 0, 0, 2),
    ),
    Case(
        "class_skipped",
        "A class skips itself in setUpClass.",
        test_file("""
            class TestOne(TransactionCase):
                @classmethod
                def setUpClass(cls):
                    super().setUpClass()
                    raise unittest.SkipTest("no browser")

                def test_one(self):
                    self.fail()
        """),
        UNPROVEN,
        reasons=(ZERO, none_started("class_skipped"), "TestOne.test_one: its class was skipped in setUpClass: no browser"),
        notes=("1 test skipped: no browser (TestOne.test_one)",),
        counts=(0, 0, 0, 1),
    ),
)

SELECTION = (
    Case(
        "wrong_tag",
        "The person asks for a class that does not exist.",
        ONE_TEST,
        UNPROVEN,
        reasons=(ZERO, none_started("wrong_tag"), "TestOne.test_one: it was not selected by the test tags"),
        notes=("TestOne.test_one (test_one) did not run: it was not selected by the test tags",),
        counts=NOTHING,
        tags="/wrong_tag:TestTwo",
    ),
    Case(
        "invalid_tag",
        "One of two tags is none.",
        ONE_TEST,
        UNPROVEN,
        reasons=("Odoo does not understand the test tag /invalid_tag:Test One",),
        tags="/invalid_tag,/invalid_tag:Test One",
    ),
    Case(
        "one_unknown_name",
        "Odoo is asked for two modules, and knows one.",
        ONE_TEST,
        UNPROVEN,
        reasons=("Odoo ignored modules that it did not find: unknown",),
        init="one_unknown_name,unknown",
    ),
    Case(
        "addons_path_missing",
        "A second folder of the addons path does not exist.",
        ONE_TEST,
        UNPROVEN,
        reasons=("Odoo skipped a folder of its addons path: option --addons-path, no such directory '/mnt/extra-addons-2'",),
        addons_folders=2,
    ),
    Case(
        "installed_before",
        "The second run on one database: the module is installed already, so that its tests are not run again.",
        ONE_TEST,
        UNPROVEN,
        reasons=("installed_before was installed already", f"so {none_started('installed_before')}"),
        counts=NOTHING,
        twice=True,
    ),
)

MANIFESTS = (
    Case(
        "no_manifest",
        "The folder has no manifest.",
        {"__manifest__.py": None, **ONE_TEST},
        UNPROVEN,
        reasons=unknown("no_manifest", "there is no __manifest__.py in no_manifest"),
        counts=NOTHING,
    ),
    Case(
        "wrong_folder",
        "The module lies a folder deeper than the addons path says.",
        {
            "__init__.py": None,
            "__manifest__.py": None,
            **{f"wrong_folder/{name}": content for name, content in {"__manifest__.py": manifest(), **ONE_TEST}.items()},
        },
        UNPROVEN,
        reasons=unknown("wrong_folder", "there is no __manifest__.py in wrong_folder"),
        counts=NOTHING,
        like="no_manifest",
    ),
    Case(
        "broken_manifest",
        "The manifest is no Python.",
        {"__manifest__.py": "{'name': 'Corpus'\n", **ONE_TEST},
        UNPROVEN,
        reasons=unknown("broken_manifest", "__manifest__.py is no valid Python: '{' was never closed (line 1)"),
        counts=NOTHING,
    ),
    Case(
        "empty_manifest",
        "The manifest is an empty file.",
        {"__manifest__.py": "", **ONE_TEST},
        UNPROVEN,
        reasons=unknown("empty_manifest", "__manifest__.py is empty"),
        counts=NOTHING,
        like="broken_manifest",
    ),
    Case(
        "not_installable",
        "The manifest says `installable: False`.",
        {"__manifest__.py": manifest(installable=False), **ONE_TEST},
        UNPROVEN,
        reasons=(
            "__manifest__.py says `installable: False`",
            "so module not_installable is not installed (its state: uninstallable) and none of its tests ran",
        ),
        counts=NOTHING,
    ),
    Case(
        "other_series",
        "The manifest's version is of another series of Odoo.",
        {"__manifest__.py": manifest(version="13.0.1.0.0"), **ONE_TEST},
        UNPROVEN,
        reasons=(
            "the manifest's version is of another series of Odoo",
            "so module other_series is not installed (its state: uninstallable) and none of its tests ran",
        ),
        counts=NOTHING,
    ),
    Case(
        "missing_dependency",
        "The module depends on one that is nowhere.",
        {"__manifest__.py": manifest(depends=["base", "nowhere"]), **ONE_TEST},
        UNPROVEN,
        reasons=crash("missing_dependency", 'depends on module "nowhere". But the latter module is not available'),
        counts=NOTHING,
    ),
    Case(
        "dependency_not_installable",
        "The module depends on one that cannot be installed.",
        {"__manifest__.py": manifest(depends=["neighbour"]), **ONE_TEST},
        UNPROVEN,
        reasons=(
            "a module that dependency_not_installable depends on cannot be loaded",
            "Some modules have inconsistent states",
            "so module dependency_not_installable is not installed (its state: to install) and none of its tests ran",
        ),
        counts=NOTHING,
        beside={"neighbour/__init__.py": "", "neighbour/__manifest__.py": manifest(installable=False)},
    ),
    Case(
        "dependency_loop",
        "Two modules depend on each other.",
        {"__manifest__.py": manifest(depends=["neighbour"]), **ONE_TEST},
        UNPROVEN,
        reasons=crash("dependency_loop", "Recursion error in modules dependencies!"),
        counts=NOTHING,
        beside={"neighbour/__init__.py": "", "neighbour/__manifest__.py": manifest(depends=["dependency_loop"])},
    ),
    Case(
        "missing_python",
        "The manifest names a Python library that is not there.",
        {"__manifest__.py": manifest(external_dependencies={"python": ["no_such_library"]}), **ONE_TEST},
        UNPROVEN,
        reasons=crash("missing_python", "an external dependency is not met: no_such_library"),
        counts=NOTHING,
    ),
    Case(
        "missing_binary",
        "The manifest names a program that is not there.",
        {"__manifest__.py": manifest(external_dependencies={"bin": ["no-such-program"]}), **ONE_TEST},
        UNPROVEN,
        reasons=crash("missing_binary", "an external dependency is not met: no-such-program"),
        counts=NOTHING,
        like="missing_python",
    ),
)

LOADING = (
    Case(
        "import_error_in_a_test_file",
        "A test file imports what does not exist: the module is installed, and none of its tests runs.",
        {
            "tests/__init__.py": "from . import test_one, test_two\n",
            "tests/test_one.py": passing(),
            "tests/test_two.py": "import no_such_library\n" + passing("Two"),
        },
        UNPROVEN,
        reasons=(
            "No module named 'no_such_library' (import_error_in_a_test_file/tests/test_two.py, line 1)",
            f"so Odoo ended with exit code 255 and {none_started('import_error_in_a_test_file')}",
        ),
        counts=NOTHING,
    ),
    Case(
        "syntax_error_in_a_test_file",
        "A test file is no Python.",
        test_file("class TestOne(TransactionCase)\n"),
        UNPROVEN,
        reasons=(
            "SyntaxError: expected ':' (syntax_error_in_a_test_file/tests/test_one.py, line 13)",
            f"so Odoo ended with exit code 255 and {none_started('syntax_error_in_a_test_file')}",
        ),
        counts=NOTHING,
        like="import_error_in_a_test_file",
    ),
    Case(
        "init_imports_a_missing_file",
        "tests/__init__.py imports a file that was renamed.",
        {"tests/__init__.py": "from . import test_gone, test_one\n", "tests/test_one.py": passing()},
        UNPROVEN,
        reasons=(
            "ImportError: cannot import name 'test_gone'",
            f"so Odoo ended with exit code 255 and {none_started('init_imports_a_missing_file')}",
        ),
        counts=NOTHING,
        like="import_error_in_a_test_file",
    ),
    Case(
        "import_error_in_the_module",
        "The module itself imports what does not exist.",
        {"__init__.py": "import no_such_library\n", **ONE_TEST},
        UNPROVEN,
        reasons=crash(
            "import_error_in_the_module",
            "No module named 'no_such_library' (import_error_in_the_module/__init__.py, line 1)",
            "Couldn't load module import_error_in_the_module",
        ),
        counts=NOTHING,
    ),
    Case(
        "unknown_model",
        "A model extends one that does not exist.",
        {
            "__init__.py": "from odoo import models\n\n\nclass Thing(models.Model):\n    _inherit = 'no.such.model'\n",
            **ONE_TEST,
        },
        UNPROVEN,
        reasons=crash("unknown_model", "Model 'no.such.model' does not exist in registry"),
        counts=NOTHING,
        like="import_error_in_the_module",
    ),
    Case(
        "broken_view",
        "A view shows a field that its model does not have.",
        {
            "__manifest__.py": manifest(data=["view.xml"]),
            "view.xml": (
                '<odoo><record id="view" model="ir.ui.view"><field name="name">x</field>'
                '<field name="model">res.partner</field>'
                '<field name="arch" type="xml"><form><field name="no_such_field"/></form></field></record></odoo>\n'
            ),
            **ONE_TEST,
        },
        UNPROVEN,
        reasons=crash("broken_view", 'Field "no_such_field" does not exist in model "res.partner"'),
        counts=NOTHING,
    ),
    Case(
        "broken_xml",
        "A data file is no XML.",
        {"__manifest__.py": manifest(data=["view.xml"]), "view.xml": "<odoo><record></odoo>\n", **ONE_TEST},
        UNPROVEN,
        reasons=crash("broken_xml", "XMLSyntaxError: Opening and ending tag mismatch"),
        counts=NOTHING,
        like="broken_view",
    ),
    Case(
        "broken_csv",
        "The access rights speak of a model that does not exist.",
        {
            "__manifest__.py": manifest(data=["ir.model.access.csv"]),
            "ir.model.access.csv": "id,name,model_id:id,group_id:id,perm_read\nx,x,model_no_such_model,base.group_user,1\n",
            **ONE_TEST,
        },
        UNPROVEN,
        reasons=crash("broken_csv", "No matching record found for external id 'model_no_such_model'"),
        notes=('logged at ERROR: bad query: b\'INSERT INTO "ir_model_access"',),
        counts=NOTHING,
        like="broken_view",
    ),
    Case(
        "missing_data_file",
        "The manifest names a data file that does not exist.",
        {"__manifest__.py": manifest(data=["gone.xml"]), **ONE_TEST},
        UNPROVEN,
        reasons=crash("missing_data_file", "No such file or directory: '/mnt/extra-addons/missing_data_file/gone.xml'"),
        counts=NOTHING,
        like="broken_view",
    ),
    Case(
        "failing_hook",
        "What the module does after its installation fails.",
        {
            "__manifest__.py": manifest(post_init_hook="hook"),
            "__init__.py": "def hook(env):\n    raise ValueError('the hook failed')\n",
            **ONE_TEST,
        },
        UNPROVEN,
        reasons=crash("failing_hook", "ValueError: the hook failed (failing_hook/__init__.py, line 2)"),
        counts=NOTHING,
        like="import_error_in_the_module",
    ),
    Case(
        "database_unreachable",
        "There is no PostgreSQL where Odoo looks for it.",
        ONE_TEST,
        UNPROVEN,
        reasons=(
            "Odoo ended with exit code 1",
            f"so {IS_CUT} after `psycopg2.OperationalError: could not translate host name",
        ),
        counts=NOTHING,
        environ={"HOST": "no-such-host.invalid"},
    ),
)

ENDINGS = (
    Case(
        "sys_exit_at_import",
        "The module leaves with exit code 0 when it is imported.",
        {"__init__.py": "import sys\n\nsys.exit(0)\n", **ONE_TEST},
        UNPROVEN,
        reasons=(
            f"{IS_CUT} after `Loading module sys_exit_at_import (",
            so_not_installed("sys_exit_at_import"),
        ),
        counts=NOTHING,
    ),
    Case(
        "os_exit_in_a_test",
        "A test ends the whole process with exit code 0.",
        one_test("os._exit(0)"),
        UNPROVEN,
        reasons=(f"{IS_CUT} after `Starting TestOne.test_one ...`, although Odoo's exit code is 0",),
    ),
    Case(
        "killed",
        "Odoo is killed, as by the kernel when memory runs out.",
        one_test("os.kill(os.getpid(), signal.SIGKILL)"),
        UNPROVEN,
        reasons=("Odoo was killed (exit code 137), as happens when memory runs out", IS_CUT),
    ),
    Case(
        "terminated",
        "Odoo is asked to end.",
        one_test("os.kill(os.getpid(), signal.SIGTERM)"),
        UNPROVEN,
        reasons=("Odoo ended with exit code 130", IS_CUT),
    ),
    Case(
        "out_of_cpu_time",
        "SIGXCPU, after which Odoo exits with 0.",
        one_test("os.kill(os.getpid(), signal.SIGXCPU)"),
        UNPROVEN,
        reasons=(f"{IS_CUT} after `CPU time limit exceeded! Shutting down immediately`, although Odoo's exit code is 0",),
    ),
    Case(
        "segmentation_fault",
        "A library crashes.",
        one_test("os.kill(os.getpid(), signal.SIGSEGV)"),
        UNPROVEN,
        reasons=("Odoo ended with exit code 139, as after SIGSEGV", IS_CUT),
    ),
    Case(
        "keyboard_interrupt",
        "A test raises KeyboardInterrupt.",
        one_test("raise KeyboardInterrupt"),
        UNPROVEN,
        reasons=("Odoo ended with exit code 130, as after SIGINT, SIGTERM or SIGHUP", f"{IS_CUT} after `KeyboardInterrupt`"),
        like="terminated",
    ),
    Case(
        "silenced",
        "A test switches logging off, also for Odoo's result.",
        one_test("logging.disable(logging.CRITICAL)"),
        UNPROVEN,
        reasons=(IS_CUT,),
    ),
    Case(
        "logs_a_failure",
        "A test logs what Odoo writes of a failing test; it could be one, and the result a line that a test has quoted.",
        one_test('_logger.error("ERROR: TestOne.test_other")'),
        UNPROVEN,
        reasons=("ERROR: TestOne.test_other is in the log, but not in Odoo's result",),
        counts=(1, 0, 0, 0),
    ),
    Case(
        "forged_start",
        "A test prints the start of another one, whose file nobody imports.",
        {
            "tests/__init__.py": "from . import test_one\n",
            "tests/test_one.py": one_test(r"""
                words = "odoo.addons.forged_start.tests.test_two: Starting TestTwo.test_two ..."
                print(f"2026-01-01 00:00:00,000 1 INFO agent_test {words}", flush=True)
            """)["tests/test_one.py"],
            "tests/test_two.py": passing("Two"),
        },
        UNPROVEN,
        reasons=("2 tests started by the log, 1 by Odoo's result",),
        counts=(2, 0, 0, 0),
        like="second_result",
    ),
    Case(
        "second_result",
        "A test prints a line that is the same as Odoo's own result.",
        one_test(r"""
            words = "0 failed, 0 error(s) of 9 tests when loading database"
            print(f"2026-01-01 00:00:00,000 1 INFO agent_test odoo.tests.result: {words} 'agent_test'", flush=True)
        """),
        UNPROVEN,
        reasons=("Odoo's result line stands in the log 2 times",),
    ),
)

NOT_PROVEN = (*WITHOUT_TESTS, *SELECTION, *MANIFESTS, *LOADING, *ENDINGS)
