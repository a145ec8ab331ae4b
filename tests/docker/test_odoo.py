"""The main job on real Odoo and real PostgreSQL: few tests, chosen, some ten seconds each."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.config.repositories import load

from .tiny_repository import ROOT, Started, environ_without_starter, left

pytestmark = [pytest.mark.odoo, pytest.mark.timeout(600)]

_SUMS = """
import { expect, test } from "@odoo/hoot";

test("one and one", () => expect(1 + 1).toBe(2));
test.skip("one and two", () => expect(1 + 2).toBe(3));
"""


_MEASURED = {
    "__manifest__.py": "{'name': 'Measured', 'depends': ['base']}\n",
    "__init__.py": "from . import partner\n",
    "partner.py": """import threading

from odoo import models


class Partner(models.Model):
    _inherit = "res.partner"

    def sign(self, number):
        if number < 0:
            return -1
        return 1

    def beside(self):
        beside = threading.Thread(target=print, args=("beside",))
        beside.start()
        beside.join()
""",
    "wizard.py": "number = 1\n",  # that nobody imports
    "tests/__init__.py": "from . import test_partner\n",
    "tests/test_partner.py": """from odoo.tests import TransactionCase


class TestPartner(TransactionCase):
    def test_sign(self):
        self.assertEqual(self.env["res.partner"].sign(1), 1)
""",
    ".coveragerc": "[run]\nplugins = not_there\nomit = *\n",
}


@pytest.fixture
def nothing_left() -> Iterator[None]:
    yield
    assert left("agent-test.repository=evv") + left("agent-test.repository=hub") == []


def checkout_of(repository: str, folder: Path) -> Path:
    """A copy of the example, so that the test's log is not taken for a user's."""
    ignored = shutil.ignore_patterns(".agent-tests", "*.log", "__pycache__")
    return shutil.copytree(ROOT / "examples" / repository, folder / repository, ignore=ignored)


def runner_of(*words: str | Path) -> Started:
    """`python -m runner run REPOSITORY MODULE CHECKOUT OPTIONS`, or another command of it."""
    command = [sys.executable, "-m", "runner", *_command(*words)]
    return Started(command, ROOT, environ_without_starter(), patience=500)


def _command(*words: str | Path) -> list[str]:
    if len(words) < 3:
        return [str(word) for word in words]
    repository, module, checkout, *options = (str(word) for word in words)
    return ["run", repository, module, "--path", checkout, *options]


def _run(repository: str, module: str, checkout: Path) -> tuple[int, str]:
    started = runner_of(repository, module, checkout)
    return started.finish(), started.output


def test_a_module_without_imported_tests_is_not_proven_and_nothing_is_started(tmp_path: Path, nothing_left: None) -> None:
    checkout = checkout_of("evv", tmp_path)
    (checkout / "addons/evv_core/tests/__init__.py").write_text("")
    code, output = _run("evv", "evv_core", checkout)
    assert code == 7, output[-3000:]
    assert "no test of evv_core started" in output
    assert "teardown: none was needed, nothing had been started" in (checkout / "proof_of_execution_tests.log").read_text()


def test_a_module_that_odoo_takes_from_its_image_is_not_proven(tmp_path: Path, nothing_left: None) -> None:
    checkout = checkout_of("evv", tmp_path)
    (checkout / "addons/evv_core").rename(checkout / "addons/uom")
    code, output = _run("evv", "uom", checkout)
    assert code == 7, output[-3000:]
    assert "Odoo loads uom from /" in output
    assert "/mnt/extra-addons/uom" in output


def test_the_lines_and_branches_of_a_module_that_ran_are_counted_and_too_few_are_red(
    tmp_path: Path, nothing_left: None
) -> None:
    checkout = checkout_of("evv", tmp_path)
    for path, text in _MEASURED.items():
        file = checkout / "addons/measured" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    report, xml, pages = tmp_path / "report.json", tmp_path / "coverage.xml", tmp_path / "pages"
    wanted = ("--json", report, "--coverage-xml", xml, "--coverage-html", pages, "--fail-under", "70")
    run = runner_of("evv", "measured", checkout, *wanted)
    assert run.finish() == 1, run.output[-3000:]
    assert "measured: FAILED  1 test ran, 0 failed, 0 errors, 0 skipped" in run.output
    assert "coverage 62.5 % is under 70 % (--fail-under)" in run.output
    (module,) = json.loads(report.read_text())["modules"]
    about = {file["path"].removeprefix("addons/measured/"): file for file in module["coverage"]["files"]}
    assert {path: (file["executed_lines"], file["missing_lines"]) for path, file in about.items()} == {
        "__init__.py": ([1], []),
        "partner.py": ([1, 3, 6, 7, 9, 10, 12, 14], [11, 15, 16, 17]),
        "wizard.py": ([], [1]),
    }
    branches = (about["partner.py"]["executed_branches"], about["partner.py"]["missing_branches"])
    assert branches == ([[10, 12]], [[10, 11]])
    assert 'filename="addons/measured/partner.py"' in xml.read_text()
    assert "62.5 %" in (pages / "index.html").read_text()
    proof = (checkout / "proof_of_execution_tests.log").read_text()
    assert "10->11, 11, 15-17" in proof[proof.index("\nVERDICT\n") :]


def test_a_failing_assertion_is_red_and_named_whatever_stale_bytecode_of_the_checkout_says(
    tmp_path: Path, nothing_left: None
) -> None:
    """Unchecked bytecode without any test, made by the image's own Python, beside a test that fails."""
    checkout = checkout_of("evv", tmp_path)
    tests = checkout / "addons/evv_core/tests"
    (tests / "__init__.py").write_text("from . import test_stale\n")
    passes = (
        "from odoo.tests import TransactionCase\n\n\nclass TestStale(TransactionCase):\n    def test_it(self):\n        {}\n"
    )
    (tests / "test_stale.py").write_text(passes.format("self.assertEqual(1, 2)"))
    (tmp_path / "other.py").write_text(passes.format("self.assertEqual(1, 1)"))
    (tests / "__pycache__").mkdir()
    image = next(iter(load(ROOT, os.environ).repositories.values())).images.odoo
    compiling = (
        "import sys, py_compile as p; "
        "to = '/m/evv/addons/evv_core/tests/__pycache__/test_stale.' + sys.implementation.cache_tag + '.pyc'; "
        "p.compile('/m/other.py', to, invalidation_mode=p.PycInvalidationMode.UNCHECKED_HASH)"
    )
    mount = ["--user", "0", "--volume", f"{tmp_path}:/m", "--entrypoint", "python3"]
    subprocess.run(["docker", "run", "--rm", *mount, image, "-c", compiling], check=True, timeout=120)
    assert list((tests / "__pycache__").iterdir())
    code, output = _run("evv", "evv_core", checkout)
    assert code == 1, output[-3000:]
    assert "FAIL: TestStale.test_it" in output.rpartition("evv_core: FAILED")[2]


def test_a_tour_that_fails_is_seen_in_a_screenshot_and_javascript_tests_count_one_by_one(
    tmp_path: Path, nothing_left: None
) -> None:
    if "chromium" not in load(ROOT, os.environ).repositories["evv"].packages:
        pytest.skip("the image has no browser: `packages` in repos.local.yaml")
    checkout = checkout_of("evv", tmp_path)
    module, report = checkout / "addons/traction", tmp_path / "report.json"
    tour, manifest = module / "static/tests/tours/traction_todo.js", module / "__manifest__.py"
    tour.write_text(tour.read_text().replace("o_list_button_save", "o_list_button_save:contains(Nobody)"))
    tour.write_text(tour.read_text().replace('run: "click"', 'run: "click", timeout: 2000'))
    for file in set(module.glob("tests/test_*.py")) - {module / "tests/test_tour.py"}:
        file.unlink()
    (module / "tests/__init__.py").write_text("from . import test_tour\n")
    (module / "static/tests/sums.test.js").write_text(_SUMS)
    bundle = '"web.assets_unit_tests": ["traction/static/tests/*.test.js"],'
    manifest.write_text(manifest.read_text().replace('"assets": {', f'"assets": {{{bundle}'))
    # Red on a prepared database, it would run once more.
    run = runner_of("evv", "traction", checkout, "--js", "--no-snapshot", "--json", report, "--coverage")
    assert run.finish() == 1, run.output[-3000:]
    (judged,) = json.loads(report.read_text())["modules"]
    assert judged["counts"] == {"ran": 2, "failed": 1, "errors": 0, "skipped": 0}
    # Of both processes: that of the tour, and that of the JavaScript tests.
    assert judged["coverage"], judged["remarks"]
    tour_case, script = judged["cases"]
    assert judged["reasons"] == [f"FAIL: {tour_case['name']}"]
    assert (script["file"], script["name"], script["outcome"]) == ("static/tests/sums.test.js", "sums/one and one", "passed")
    assert any("static/tests/sums.test.js has tests that are marked `skip`" in remark for remark in judged["remarks"])
    (name,) = tour_case["files"]
    screenshot = Path(judged["files"][name])
    assert screenshot.is_relative_to(checkout / ".agent-tests")
    assert screenshot.read_bytes().startswith(b"\x89PNG")
    assert f"see {screenshot}" in run.output
