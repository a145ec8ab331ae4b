"""The main job on real Odoo and real PostgreSQL: few tests, chosen, some ten seconds each."""

import contextlib
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from runner.config.repositories import load
from runner.reporting.page.document import page
from tests.unit.reporting.page.test_document import hostile
from tests.unit.upgrade.history import commit, git, write

from .browsing import look_at
from .debug_client import DebugClient
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
    if len(words) < 3 or words[0] == "verify":
        return [str(word) for word in words]
    repository, module, checkout, *options = (str(word) for word in words)
    return ["run", repository, module, "--path", checkout, *options]


def _run(repository: str, module: str, checkout: Path, *options: str) -> tuple[int, str]:
    started = runner_of(repository, module, checkout, *options)
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
    verified = runner_of("verify", checkout / "proof_of_execution_tests.log", "--path", checkout)
    assert verified.finish() == 1
    assert " ok           images " in verified.output
    assert " NO           verdict " in verified.output
    assert 'filename="addons/measured/partner.py"' in xml.read_text()
    assert "62.5 %" in (pages / "index.html").read_text()
    proof = (checkout / "proof_of_execution_tests.log").read_text()
    assert "10->11, 11, 15-17" in proof[proof.index("\nVERDICT\n") :]


def test_a_failing_assertion_is_red_and_named_whatever_stale_bytecode_of_the_checkout_says(
    tmp_path: Path, nothing_left: None
) -> None:
    """Unchecked bytecode without any test, made by the image's own Python, beside a test that fails; which is kept."""
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
    code, output = _run("evv", "evv_core", checkout, "--keep", "failed")
    assert code == 1, output[-3000:]
    assert "FAIL: TestStale.test_it" in output.rpartition("evv_core: FAILED")[2]
    # Then its database is served, and a person can look for what failed, with the models of the module.
    address = output.rpartition("kept: ")[2].split()[0]
    person = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(), urllib.request.ProxyHandler({}))
    page = person.open(f"{address}/web/login", timeout=60).read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, page
    form = {"csrf_token": token[1], "login": "admin", "password": "admin"}
    page = person.open(f"{address}/web/login", urlencode(form).encode(), timeout=60).read().decode()
    style = re.search(r'href="(/web/assets/[^"]+[.]css)"', page)  # a bundle that the filestore has
    assert style and person.open(f"{address}{style[1]}", timeout=60).status == 200, page
    asked = {"params": {"model": "evv.client", "method": "search_count", "args": [[]], "kwargs": {}}}
    call = urllib.request.Request(
        f"{address}/web/dataset/call_kw", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    assert "result" in json.loads(person.open(call, timeout=60).read())
    project = output.rpartition("cleanup -- ")[2].split()[0]
    assert runner_of("cleanup", project).finish() == 0


def _at_a_breakpoint(folder: Path) -> Path:
    """A checkout in which one test stops."""
    checkout = checkout_of("evv", folder)
    tests = checkout / "addons/evv_core/tests"
    (tests / "__init__.py").write_text("from . import test_stop\n")
    (tests / "test_stop.py").write_text(
        "from odoo.tests import TransactionCase\n\n\nclass TestStop(TransactionCase):\n"
        "    def test_it(self):\n        answer = 41\n        breakpoint()\n        self.assertEqual(answer, 42)\n"
    )
    return checkout


def test_a_person_debugs_at_a_terminal_and_nothing_is_left(tmp_path: Path, nothing_left: None) -> None:
    words = _command("evv", "evv_core:TestStop", _at_a_breakpoint(tmp_path), "--debugger")
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, "-m", "runner", *words], environ_without_starter())
    # What the assertion says of 41 only a person can change; then it passes, which proves nothing.
    typed = iter([b"answer += 1\r", b"p 'it is', answer\r", b"c\r"])
    seen, unanswered = b"", b""
    with contextlib.suppress(OSError):  # its end
        while select.select([terminal], [], [], 300)[0] and (piece := os.read(terminal, 65536)):
            seen, unanswered = seen + piece, unanswered + piece
            if unanswered.endswith(b"(Pdb) "):
                unanswered = b""
                os.write(terminal, next(typed))
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    output = seen.decode()
    assert os.waitstatus_to_exitcode(status) == 7, output[-3000:]
    assert "('it is', 42)" in output
    assert "evv_core: NOT PROVEN, only TestStop  1 test ran, 0 failed" in output
    log = (tmp_path / "evv/proof_of_execution_tests.log").read_text()
    assert re.search("^debugger: +pdb$", log, re.MULTILINE) and "it passed under a debugger (pdb)" in log
    assert "(Pdb) p 'it is', answer\n('it is', 42)\n" in log
    assert not {"\x1b", "\r"} & set(log)


def test_an_editor_attaches_at_the_address_that_is_told(tmp_path: Path, nothing_left: None) -> None:
    checkout = _at_a_breakpoint(tmp_path)
    run = runner_of("evv", "evv_core", checkout, "--debugpy")
    run.wait_for('"justMyCode": false\n    }')
    told = json.JSONDecoder().raw_decode(run.output.partition("VS Code:\n")[2].lstrip())[0]
    with DebugClient(told["connect"]["host"], told["connect"]["port"]) as editor:
        editor.attach(told)
        thread = editor.event("stopped")["threadId"]
        frame = editor.ask("stackTrace", threadId=thread)["stackFrames"][0]
        editor.ask("continue", threadId=thread)
        code = run.finish()
    assert frame["source"]["path"] == str(checkout / "addons/evv_core/tests/test_stop.py")
    assert code == 1, run.output[-3000:]
    assert "FAIL: TestStop.test_it" in run.output


def test_a_tour_that_fails_is_seen_on_the_page_with_its_screenshot_and_javascript_tests_count_one_by_one(
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
    reports = ("--json", report, "--html", tmp_path / "page/report.html", "--coverage")
    run = runner_of("evv", "traction", checkout, "--js", "--no-snapshot", *reports)
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
    _look_at_pages(tmp_path / "page", judged)


def _look_at_pages(folder: Path, judged: dict[str, Any]) -> None:
    """Look at the page of this run, and at one of modules that say what would do something, in the browser of its image."""
    environment = next(block["facts"] for block in judged["record"] if block["title"] == "ENVIRONMENT")
    image = next(name.removeprefix("image ") for name in environment if name.startswith("image agent-test-image:"))
    for seen in look_at(folder / "report.html", image):
        assert seen["heading"] == "\N{HEAVY BALLOT X} FAILED traction"
        assert len(seen["pictures"]) == 1
        for words in (judged["cases"][0]["name"], "sums/one and one", "docker volume ls", "sha256:"):
            assert words in seen["text"]
    texts = (
        "<script>window.ran = 1</script>",
        "\"><img src=x onerror='window.ran = 1'>",
        "</style><svg onload='window.ran = 1'>",
    )
    said = "".join(texts) + "long_" * 100
    (folder / "hostile.html").write_text(page([*hostile(said), *hostile("javascript:window.ran = 1")], "evv", {said: said}))
    assert all(said in seen["text"] for seen in look_at(folder / "hostile.html", image))


_RENAMES = 'def migrate(cr, version):\n    cr.execute("ALTER TABLE shop_item RENAME COLUMN title TO name")\n'
_TEST = """
from odoo.tests import TransactionCase


class TestItem(TransactionCase):
    def test_a_row_from_before_has_its_name(self):
        self.assertEqual(self.env.ref("shop.pen").name, "Pen")
"""


def _write(module: Path, version: str, field: str, *, more: str = "") -> None:
    """A module with one row, of a model with one field, which is called title at first, then name."""
    for file, text in {
        "__manifest__.py": repr(
            {"name": "Shop", "version": version, "depends": ["base"], "data": ["data.xml"], "license": "LGPL-3", "author": "n"}
        ),
        "__init__.py": "from . import models\n",
        "models.py": "from odoo import fields, models\n\n\nclass Item(models.Model):\n"
        f'    _name = "shop.item"\n    _description = "Item"\n\n    {field} = fields.Char(required=True)\n{more}',
        "data.xml": f'<odoo noupdate="1"><record id="pen" model="shop.item"><field name="{field}">Pen</field></record></odoo>',
        "tests/__init__.py": "from . import test_item\n",
        "tests/test_item.py": _TEST,
    }.items():
        write(module / file, text)


def test_an_update_runs_the_migration_scripts_and_the_tests_see_the_rows_from_before(
    tmp_path: Path, nothing_left: None
) -> None:
    checkout, report = tmp_path / "evv", tmp_path / "report.json"
    module = checkout / "addons/shop"
    _write(module, "1.0", "title")
    git(tmp_path, "init", "-q")
    commit(tmp_path, "v1")
    _write(module, "1.1", "name")
    script = write(module / "migrations/1.1/pre-rename.py", _RENAMES)
    run = runner_of("evv", "shop", checkout, "--upgrade-from", "v1", "--json", report)
    assert run.finish() == 0, run.output[-3000:]
    assert "shop: PASSED, updated from v1  1 test ran" in run.output
    (judged,) = json.loads(report.read_text())["modules"]
    (version,) = judged["beginning"]["versions"]
    assert (version["before"].endswith(".1.0"), version["after"].endswith(".1.1")) == (True, True)
    assert judged["beginning"]["scripts"] == ["shop [>1.1] pre-rename"]
    script.write_text("def migrate(cr, version):\n    raise ValueError('a broken script')\n")
    run = runner_of("evv", "shop", checkout, "--upgrade-from", "v1")
    assert run.finish() == 7, run.output[-3000:]
    assert "shop: NOT PROVEN, at the update from v1" in run.output
    assert "ValueError: a broken script (shop/migrations/1.1/pre-rename.py, line 2)" in run.output


def test_what_an_uninstallation_leaves_and_the_second_installation_stumbles_over_is_told(
    tmp_path: Path, nothing_left: None
) -> None:
    checkout = tmp_path / "evv"
    leaves = '\n    def init(self):\n        self.env.cr.execute("CREATE TABLE shop_audit (id serial)")\n'
    _write(checkout / "addons/shop", "1.0", "name", more=leaves)
    run = runner_of("evv", "shop", checkout, "--reinstall")
    assert run.finish() == 7, run.output[-3000:]
    assert "shop: NOT PROVEN, at the second installation" in run.output
    assert 'relation "shop_audit" already exists' in run.output


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
