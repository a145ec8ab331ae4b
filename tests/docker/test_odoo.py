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
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from runner.config.repositories import load

from .debug_client import DebugClient
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
        environ = {name: value for name, value in environ_without_starter().items() if name != "CI"}
        os.execve(sys.executable, [sys.executable, "-m", "runner", *words], environ)
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
