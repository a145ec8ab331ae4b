"""Which JavaScript tests a module has, and whether a test in Python that ran has opened their page."""

import time
from pathlib import Path

import pytest

from runner.verdict.cases import Case, CaseOutcome
from runner.verdict.javascript import JavaScript, read_javascript
from runner.verdict.odoolog import LoggedTest

_OPENS = """
class TestJs(HttpCase):
    def test_tour(self): self.start_tour("/odoo", "x")
    def test_js(self): self.browser_js("/web/tests?module=m", "", "")
"""


def module(folder: Path, *static: str, **tests: str) -> Path:
    for name in static:
        file = folder / "static/tests" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("// a test\n")
    (folder / "tests").mkdir()
    for name, text in tests.items():
        (folder / "tests" / f"{name}.py").write_text(text)
    return folder


def ran(name: str, file: str = "test_js", outcome: CaseOutcome = CaseOutcome.PASSED) -> tuple[Case, ...]:
    return (Case("m", file, name, outcome),)


def test_files_of_hoot_and_of_qunit_are_tests_and_tours_and_helpers_are_none(tmp_path: Path) -> None:
    files = ("a.test.js", "deep/b.test.js", "c_tests.js", "tours/d_tests.js", "helpers.js", "e.test.js.map", "f.hoot.js")
    found = read_javascript(module(tmp_path, *files)).files
    assert found == ("static/tests/a.test.js", "static/tests/c_tests.js", "static/tests/deep/b.test.js")


def test_a_module_without_them_is_not_searched(tmp_path: Path) -> None:
    assert read_javascript(module(tmp_path, test_js=_OPENS)) == JavaScript()


@pytest.mark.parametrize(
    ("cases", "is_run"),
    [
        (ran("TestJs.test_js"), True),
        (ran("TestJs.test_js", outcome=CaseOutcome.FAILED), True),
        (ran("TestJs.test_js", outcome=CaseOutcome.SKIPPED), False),
        (ran("TestJs.test_tour"), False),
        (ran("TestJs.test_js", file="test_other"), False),
        ((), False),
    ],
)
def test_only_the_test_that_opens_the_page_runs_them(tmp_path: Path, cases: tuple[Case, ...], is_run: bool) -> None:
    assert read_javascript(module(tmp_path, "a.test.js", test_js=_OPENS)).have_run(cases, []) is is_run


@pytest.mark.parametrize(
    "source",
    [
        "from odoo.addons.web.tests.test_js import WebSuite\n\nclass TestJs(WebSuite):\n    pass\n",
        "class TestJs(HttpCase):\n    def open(self): self.browser_js('/web/tests', '')\n    def test_js(self): self.open()\n",
        "PAGE = '/web/tests/legacy'\n\nclass TestJs(HttpCase):\n    def test_js(self): self.browser_js(PAGE, '')\n",
        "from .common import Js\n\nclass TestJs(Js):\n    def test_js(self): self.open()\n",
    ],
)
def test_the_page_may_be_opened_by_something_that_the_test_uses(tmp_path: Path, source: str) -> None:
    common = "class Js(HttpCase):\n    def open(self): self.browser_js('/web/tests', '')\n"
    javascript = read_javascript(module(tmp_path, "a.test.js", test_js=source, common=common))
    assert javascript.have_run(ran("TestJs.test_js"), [])


def test_a_comment_and_a_file_that_cannot_be_parsed_run_nothing(tmp_path: Path) -> None:
    tests = {"test_js": "# /web/tests\nclass TestJs(HttpCase):\n    def test_js(self): ...\n", "test_bad": "'/web/tests' ("}
    assert not read_javascript(module(tmp_path, "a.test.js", **tests)).have_run(ran("TestJs.test_js"), [])


@pytest.mark.parametrize(
    ("name", "skipped", "is_run"),
    [
        ("WebSuite.test_unit_desktop", None, True),
        ("WebSuite.test_unit_desktop", "", False),
        ("WebSuite.test_check_forgotten", None, False),
    ],
)
def test_the_suite_of_web_runs_them(name: str, skipped: str | None, is_run: bool) -> None:
    started = [LoggedTest("web", "test_js", name, "now", skipped=skipped)]
    assert JavaScript(("static/tests/a.test.js",)).have_run((), started) is is_run


def test_hoot_s_suites_are_called_by_its_files_and_a_test_is_of_the_deepest(tmp_path: Path) -> None:
    javascript = read_javascript(module(tmp_path, "a.test.js", "a/b.test.js", "c_tests.js"))
    assert javascript.suites == {"static/tests/a.test.js": "a", "static/tests/a/b.test.js": "a/b"}
    assert javascript.file_of("a/b/is red") == "static/tests/a/b.test.js"
    assert javascript.file_of("a/bc/is red") == "static/tests/a.test.js"
    assert javascript.file_of("d/is red") == ""


@pytest.mark.parametrize("source", ["\n" * 100_000, "tags(" * 40_000, "test(" * 40_000])
def test_no_source_is_looked_through_for_long(tmp_path: Path, source: str) -> None:
    started = time.process_time()
    file = module(tmp_path, "x.test.js") / "static/tests/x.test.js"
    file.write_text(source)
    assert read_javascript(tmp_path).hoot
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("source", "for_phones"),
    [
        ('describe.current.tags("mobile");', True),
        ('test.tags(\n    "focus required",\n    "mobile"\n)("x", () => {});', True),
        ('test.tags`mobile`("x", () => {});', True),
        ('describe.current.tags("desktop"); expect("mobile").toBe(1);', False),
        ('test.tags`desktop`("mobile", () => {});', False),
    ],
)
def test_tests_for_phones_are_known_by_their_tags(tmp_path: Path, source: str, for_phones: bool) -> None:
    folder = module(tmp_path, "a.test.js")
    (folder / "static/tests/a.test.js").write_text(source)
    assert read_javascript(folder).for_phones is for_phones


@pytest.mark.parametrize(
    ("source", "marks"),
    [
        ('test.skip("x", () => {}); test.skip("y", () => {});', ["skip"]),
        ('test.skip.tags("desktop")("x", () => {});', ["skip"]),
        ('test.tags("desktop", "focus required").only("x", () => {});', ["only"]),
        ('test.todo("x", () => {});', ["todo"]),
        ("describe.current.skip(); test.debug('x', () => {});", ["skip", "debug"]),
        ('test("x", () => expect(paginator.skip(2)).toBe(1));', []),
        ('test.config({ timeout: 1000 }).only("x", () => {});', ["only"]),
        ('test("x", function () { console.debug("y"); });', []),
        ("    // never test.only here", []),
        ("const { skip, only } = options;", []),
    ],
)
def test_marks_that_keep_tests_from_running_are_found(tmp_path: Path, source: str, marks: list[str]) -> None:
    folder = module(tmp_path, "a.test.js")
    (folder / "static/tests/a.test.js").write_text(source)
    javascript = read_javascript(folder)
    assert javascript.marks == tuple(("static/tests/a.test.js", mark) for mark in marks)
    assert [mark for _file, mark in javascript.exclusive] == [mark for mark in marks if mark not in ("skip", "todo")]
