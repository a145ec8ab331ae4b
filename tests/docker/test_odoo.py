"""The main job on real Odoo and real PostgreSQL: few tests, chosen, some ten seconds each."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from runner.config.repositories import load

from .tiny_repository import ROOT, Started, environ_without_starter, left

pytestmark = [pytest.mark.odoo, pytest.mark.timeout(600)]

_SUMS = """
import { expect, test } from "@odoo/hoot";

test("one and one", () => expect(1 + 1).toBe(2));
test.skip("one and two", () => expect(1 + 2).toBe(3));
"""


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
    run = runner_of("evv", "traction", checkout, "--js", "--no-snapshot", "--json", report)
    assert run.finish() == 1, run.output[-3000:]
    (judged,) = json.loads(report.read_text())["modules"]
    assert judged["counts"] == {"ran": 2, "failed": 1, "errors": 0, "skipped": 0}
    tour_case, script = judged["cases"]
    assert judged["reasons"] == [f"FAIL: {tour_case['name']}"]
    assert (script["file"], script["name"], script["outcome"]) == ("static/tests/sums.test.js", "sums/one and one", "passed")
    assert any("static/tests/sums.test.js has tests that are marked `skip`" in remark for remark in judged["remarks"])
    (name,) = tour_case["files"]
    screenshot = Path(judged["files"][name])
    assert screenshot.is_relative_to(checkout / ".agent-tests")
    assert screenshot.read_bytes().startswith(b"\x89PNG")
    assert f"see {screenshot}" in run.output


def _logged_in(address: str, login: str, password: str) -> str:
    """Log in as a person does, and return who has the session then; "" for nobody."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = opener.open(f"{address}/web/login", timeout=60).read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token, page[:2000]
    form = urllib.parse.urlencode({"login": login, "password": password, "csrf_token": token[1]})
    opener.open(f"{address}/web/login", form.encode(), timeout=60)
    asked = urllib.request.Request(f"{address}/web/session/get_session_info", b'{"jsonrpc": "2.0", "params": {}}')
    asked.add_header("Content-Type", "application/json")
    answer = opener.open(asked, timeout=60)
    return str(json.load(answer).get("result", {}).get("username") or "")


def test_an_environment_to_look_at_is_logged_into_is_updated_with_its_data_and_is_reset(tmp_path: Path) -> None:
    checkout = checkout_of("evv", tmp_path)
    images = load(ROOT, os.environ).repositories["evv"].images
    entry: dict[str, object] = {
        "prefix": "look-agent-test",
        "path": str(checkout),
        "addons": ["addons"],
        "ports": "18180-18189",
    }
    entry |= {"images": {"odoo": images.odoo, "postgres": images.postgres}}
    shutil.copy(ROOT / "docker-compose.agent.yml", tmp_path)
    defaults = {"compose_file": "docker-compose.agent.yml"}
    (tmp_path / "repos.yaml").write_text(yaml.safe_dump({"defaults": defaults, "repositories": {"evv": entry}}))

    def uat(*words: str) -> dict[str, str]:
        environ = {**environ_without_starter(), "PYTHONPATH": str(ROOT)}
        started = Started([sys.executable, "-m", "runner", "uat", "evv", *words], tmp_path, environ, patience=300)
        assert started.finish() == 0, started.output[-3000:]
        return dict(re.findall(r"^  ([a-z ]+): +(\S.*)$", started.output, re.MULTILINE))

    def names(query: str) -> str:
        script = f'PGPASSWORD=$PASSWORD psql -h "$HOST" -U "$USER" -Atc "{query}" agent_test'
        command = ["docker", "exec", "look-uat-env-odoo-1", "bash", "-c", script]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    try:
        told = uat("start", "evv_core")
        assert _logged_in(told["address"], told["login"], told["password"]) == "admin"
        assert _logged_in(told["address"], "admin", "admin") == ""
        names("update res_partner set name = 'Changed by hand' where id = 1")
        client = checkout / "addons/evv_core/views/evv_core_menus.xml"
        client.write_text(client.read_text().replace("</odoo>", '<menuitem id="menu_new" name="A new menu"/></odoo>'))
        assert uat("status")["to update"].startswith("changed: evv_core")
        told = uat("update")
        assert names("select name from res_partner where id = 1") == "Changed by hand\n"
        assert "A new menu" in names("select name from ir_ui_menu")
        uat("stop")
        again = uat("start")
        assert again["password"] == told["password"]
        assert _logged_in(again["address"], again["login"], again["password"]) == "admin"
    finally:
        uat("reset", "--yes")
    assert left("agent-test-uat.project=look-uat-env") == []
