"""A module of which the sources tell with certainty that Odoo would find no test, and those that have to be run to know."""

from pathlib import Path

import pytest

from runner.errors import ExitCode
from runner.verdict.without_tests import has_certainly_no_tests
from tests.corpus.cases import CASES

STANDARD = "from odoo.tests import TransactionCase\n\n\nclass TestA(TransactionCase):\n    def test_one(self): ...\n"
EMPTY_CASE = "from odoo.tests import TransactionCase, tagged\n\n\n@tagged('x')\nclass TestA(TransactionCase):\n    "


def imported(text: str) -> dict[str, str]:
    """One test file, and that it is imported."""
    return {"tests/__init__.py": "from . import test_a", "tests/test_a.py": text}


def module_of(folder: Path, files: dict[str, str]) -> Path:
    module = folder / "evv_core"
    manifest = "{'assets': {'x': ['evv_core/static/tests/**']}}"
    for name, text in {"__init__.py": "", "__manifest__.py": manifest, **files}.items():
        file = module / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return module


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"models/__init__.py": "", "models/evv.py": "class Evv: ...\n"},
        {"migrations/18.0.1.0/post-x.py": "def migrate(cr, version): ...\n"},
        {"tests/__init__.py": ""},
        {"tests/__init__.py": "# from . import test_a\n", "tests/test_a.py": STANDARD},
        {"tests/__init__.py": '"""The tests."""\npass\n', "tests/test_a.py": STANDARD},
        {"tests/test_a.py": STANDARD},
        {"tests/readme.txt": "test_a"},
        imported(""),
        imported(f"{EMPTY_CASE}def check_one(self): ...\n"),
        imported(f"{EMPTY_CASE}pass\n"),
        {"tests/__init__.py": "from . import rock", "tests/rock.py": STANDARD},
        {"tests/__init__.py": "from .common import TestA", "tests/common.py": STANDARD, "tests/test_b.py": STANDARD},
        {
            "tests/__init__.py": "from . import common, data",
            "tests/common.py": f"{EMPTY_CASE}x = 1\n",
            "tests/data/__init__.py": "",
        },
        {
            "tests/__init__.py": "from . import test_a",
            "tests/test_a.py": "import logging\nfrom .common import Base\n_logger = logging.getLogger(__name__)\n"
            "class TestA(Base):\n    pass\n",
            "tests/common.py": EMPTY_CASE.replace("TestA", "Base") + "@classmethod\n    def setUpClass(cls): ...\n",
        },
    ],
    ids=str,
)
def test_a_module_without_tests_is_told_from_its_sources(tmp_path: Path, files: dict[str, str]) -> None:
    assert has_certainly_no_tests(module_of(tmp_path, files))


@pytest.mark.parametrize(
    "files",
    [
        imported(STANDARD),
        {"tests/__init__.py": "from . import test_a"},  # Odoo says how it cannot be imported
        {"tests/__init__.py": "from . import (", "tests/test_a.py": STANDARD},
        {"tests/__init__.py": "from . import rock as test_a", "tests/rock.py": STANDARD},
        {"tests/__init__.py": "from .rock import TestA as test_a", "tests/rock.py": STANDARD},
        {"tests/__init__.py": "import importlib\nimportlib.import_module('.test_a', __name__)", "tests/test_a.py": STANDARD},
        {"tests/__init__.py": "exec('from . import test_a')", "tests/test_a.py": STANDARD},
        {
            "tests/__init__.py": "for name in ('test_a',):\n    __import__(__name__ + '.' + name)\n",
            "tests/test_a.py": STANDARD,
        },
        {
            "tests/__init__.py": "from .helper import test_a",
            "tests/helper.py": "from . import rock as test_a\n",
            "tests/rock.py": "",
        },
        {"tests/__init__.py": "try:\n    from . import test_a\nexcept ImportError:\n    pass\n", "tests/test_a.py": STANDARD},
        {"tests/__init__.py": "from odoo.addons.sale.tests import test_sale"},
        {"tests/__init__.py": "from odoo.addons.sale.tests.common import Sale"},
        {"tests/__init__.py": "from ..models import test_model", "models/test_model.py": STANDARD},
        imported(f"{EMPTY_CASE}pass\nsetattr(TestA, 'test_one', print)\n"),
        imported(f"{EMPTY_CASE}pass\nTestA.test_one = print\n"),
        imported(f"{EMPTY_CASE}test_one = print\n"),
        imported(f"{EMPTY_CASE}exec('def test_one(self): ...')\n"),
        imported(f"{EMPTY_CASE}if True:\n        def test_one(self): ...\n"),
        imported(f"{EMPTY_CASE}async def test_one(self): ...\n"),
        imported(EMPTY_CASE.replace("@tagged('x')", "@made") + "pass\n"),
        imported(EMPTY_CASE.replace("Case)", "Case, metaclass=M)") + "pass\n"),
        imported(EMPTY_CASE.replace("(Tr", "(Mixin, Tr") + "pass\n"),
        imported(f"{EMPTY_CASE}@parameterized.expand([1])\n    def check(self): ...\n"),
        imported("type('TestA', (object,), {})\n"),
        {"tests.py": "from . import test_a", "test_a.py": STANDARD},
        {"tests/test_a.py": STANDARD, "__init__.py": "from .tests import test_a"},
        {"tests/__init__.py": "", "tests/test_a.py": STANDARD, "models/x.py": "from ..tests import test_a"},
        {"__init__.py": "import sys\nsys.modules[__name__ + '.te' + 'sts'] = sys\n"},
        {"__init__.py": "__path__.append('/elsewhere')\n"},
        {"migrations/tests/test_a.py": STANDARD},
        {"upgrades/tests/test_a.py": STANDARD},
        {"migrations/tests/test_a.py": "from odoo.addons.sale import TestA"},
        {"upgrades/tests/test_a.py": "from odoo.addons.sale import TestA"},
        {"tests/__init__.py": "", "tests/test_a.so": ""},
        {"tests/__init__.pyc": ""},
        {"tests/__init__.py": "\0"},
        {"tests/__init__.py": f"x = {'(' * 500}1{')' * 500}"},
    ],
    ids=lambda files: str(files)[:150],
)
def test_where_it_is_not_certain_it_is_run(tmp_path: Path, files: dict[str, str]) -> None:
    assert not has_certainly_no_tests(module_of(tmp_path, files))


def test_a_checkout_that_is_made_to_take_the_runner_s_time_is_left_to_odoo(tmp_path: Path) -> None:
    module = module_of(tmp_path, {"tests/__init__.py": "from . import test_a"})
    (module / "tests" / "test_a.py").symlink_to("/dev/zero")
    assert not has_certainly_no_tests(module)


def test_of_all_addons_whose_tests_odoo_ran_none_is_taken_for_one_without_tests(tmp_path: Path) -> None:
    told = [case for case in CASES if has_certainly_no_tests(case.write(tmp_path / case.name))]
    assert {case.name for case in told} >= {"no_tests_folder", "empty_tests_init", "missing_tests_init", "functions_only"}
    assert {(case.exit_code, case.counts) for case in told} == {(ExitCode.NOT_PROVEN, (0, 0, 0, 0))}
