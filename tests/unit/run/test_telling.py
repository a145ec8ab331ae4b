"""What is told of Odoo's log while it comes: failing tests with their places, errors, warnings of the module, each once."""

from pathlib import Path

import pytest

from runner.run.telling import Telling
from runner.terminal import Shows, Terminal
from runner.verdict.javascript import JavaScript
from runner.verdict.odoolog import OdooLog
from tests.unit.odoo_logs import DATABASE, TESTS, log, problem, real, record, result, starting

FAILING = starting() + "\n" + problem("FAIL", "TestClient.test_one")
FAIL = "  FAIL: TestClient.test_one (addons/evv_core/tests/test_client.py:7)\n    AssertionError: 1 != 2\n"


class Telltale:
    """A telling, and what it has told since somebody looked."""

    def __init__(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        checkout, javascript = tmp_path / "checkout", JavaScript(("static/tests/weeks_off_field.test.js",))
        modules = {"evv_core": checkout / "addons/evv_core", "elsewhere": tmp_path / "addons/elsewhere"}
        self.telling = Telling(Terminal(Shows.WHAT_IS_TOLD), "evv_core", checkout, modules, javascript)
        self._capsys = capsys
        self.begin()

    def begin(self) -> None:
        self._log = OdooLog(DATABASE)
        self.telling.begin(self._log)

    def feed(self, text: str) -> str:
        self.telling.heed(self._log.feed(text.encode()))
        return self._capsys.readouterr().out

    def end(self) -> str:
        self._log.end()
        self.telling.end()
        return self._capsys.readouterr().out

    def whole(self, text: str) -> str:
        """What is told of a whole process."""
        self.begin()
        return self.feed(text) + self.end()


@pytest.fixture
def teller(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Telltale:
    return Telltale(tmp_path, capsys)


def test_a_failing_test_is_told_as_soon_as_the_next_record_comes(teller: Telltale) -> None:
    assert teller.feed(log(FAILING).partition("AssertionError")[0]) == ""
    assert teller.feed("AssertionError: 1 != 2\n" + starting("TestClient.test_two") + "\n") == FAIL
    assert teller.end() == ""


def test_the_last_words_of_a_process_that_is_killed_are_told_at_its_end(teller: Telltale) -> None:
    assert teller.feed(FAILING) == ""
    assert teller.end() == FAIL


def test_of_a_run_that_passes_nothing_is_told(teller: Telltale) -> None:
    assert teller.whole(real("evv_core-passed")) == ""


def test_of_exceptions_that_led_to_one_another_the_last_is_told(teller: Telltale) -> None:
    chain = FAILING.rstrip() + "\n\nDuring handling of the above exception, another exception occurred:\n\n"
    chain += 'Traceback (most recent call last):\n  File "/usr/x.py", line 1, in f\nValueError: these differ:\nmore lines\n'
    assert teller.whole(log(chain)).endswith("\n    ValueError: these differ:\n")


def test_of_a_test_with_failing_subtests_the_first_is_told_and_the_others_are_counted(teller: Telltale) -> None:
    subtests = [problem("FAIL", f"Subtest TestClient.test_one (n={n})") for n in range(5)]
    told = teller.whole(log(starting(), *subtests))
    assert told.splitlines() == [
        "  FAIL: Subtest TestClient.test_one (n=0) (addons/evv_core/tests/test_client.py:7)",
        "    AssertionError: 1 != 2",
        "  more failures of tests in the log: 4",
    ]


def test_what_fails_in_a_class_is_told_by_its_name(teller: Telltale) -> None:
    name = "setUpClass (odoo.addons.evv_core.tests.test_client.TestClient)"
    failing = problem("ERROR", name).replace(f"{TESTS}: ", "odoo.tests.suite: ")
    assert teller.whole(log(failing)).startswith("  ERROR: TestClient.setUpClass (addons/evv_core/tests/test_client.py:7)\n")


def test_of_a_thousand_failing_tests_the_first_are_told_and_then_how_many_more_there_are(teller: Telltale) -> None:
    tests = [f"TestClient.test_{n}" for n in range(1000)]
    told = teller.whole(log(*(f"{starting(test)}\n{problem('FAIL', test)}" for test in tests), result(failed=1000)))
    assert told.count("  FAIL: ") == 20
    assert told.endswith("  more failures of tests in the log: 980\n")


def test_a_test_that_fails_again_on_an_empty_database_is_counted_and_told_only_with_other_words(teller: Telltale) -> None:
    assert teller.whole(log(FAILING)) == FAIL
    assert teller.whole(log(FAILING)) == "  tests that failed as told before: 1\n"
    assert "AssertionError: 3 != 2" in teller.whole(log(FAILING.replace("1 != 2", "3 != 2")))


def test_errors_and_warnings_of_the_module_are_told_once_those_of_others_are_not(teller: Telltale) -> None:
    told = teller.whole(
        log(
            *[record("odoo.addons.evv_core.models.client", "first", "WARNING")] * 3,
            record("odoo.addons.evv_core_more.models", "of another", "WARNING"),
            record("odoo.tools.config", "of Odoo", "WARNING"),
            *[record("odoo.sql_db", "bad query", "ERROR")] * 3,
            record("odoo.modules.registry", "Failed to initialize", "CRITICAL")
            + '\nTraceback (most recent call last):\n  File "x", line 1\nodoo.tools.convert.ParseError: no view\n',
            record("odoo.modules.loading", "At least one test failed when loading the modules.", "ERROR"),
            result(failed=1),
        )
    )
    assert told.splitlines() == [
        "  WARNING odoo.addons.evv_core.models.client: first",
        "  ERROR odoo.sql_db: bad query",
        "  CRITICAL odoo.modules.registry: Failed to initialize odoo.tools.convert.ParseError: no view",
    ]


def test_very_many_warnings_leave_room_for_errors_and_all_others_are_counted(teller: Telltale) -> None:
    warnings = [record("odoo.addons.evv_core", f"number {n}", "WARNING") for n in range(3000)]
    errors = [record("odoo.sql_db", f"number {n}", "ERROR") for n in range(3000)]
    lines = teller.whole(log(*warnings, *errors)).splitlines()
    assert [sum(line.startswith(f"  {level}") for line in lines) for level in ("WARNING", "ERROR")] == [5, 5]
    assert lines[-1] == "  more errors and warnings in the log: 5990"


def test_what_tests_say_is_a_short_line_that_does_nothing_but_show(teller: Telltale) -> None:
    hostile = "\x1b[2J" + "x" * 10_000_000
    told = teller.whole(
        log(
            starting(),
            problem("FAIL", "TestClient.test_one").replace("1 != 2", hostile),
            starting("TestClient.test_two"),
            problem("FAIL", f"Subtest TestClient.test_two (text='\x07{hostile}')"),
            record("odoo.addons.evv_core", hostile, "WARNING"),
            record("odoo.sql_db", hostile, "ERROR"),
        )
    )
    assert "\x1b" not in told
    assert "AssertionError: \\x1b[2Jxxx" in told
    assert "FAIL: Subtest TestClient.test_two (text='\\x07\\x1b[2Jxxx" in told
    assert max(map(len, told.splitlines())) < 400


def test_failing_javascript_tests_are_told_and_not_the_test_that_opens_them(teller: Telltale) -> None:
    lines = teller.whole(real("javascript-failed").replace("traction", "evv_core")).splitlines()
    assert [line.partition(" are ")[0].partition(" shows ")[0] for line in lines[::2]] == [
        "  FAIL: weeks_off_field/every measurable",
        "  FAIL: weeks_off_field/three weeks in a row",
    ]
    assert all(line.endswith(" (addons/evv_core/static/tests/weeks_off_field.test.js)") for line in lines[::2])
    assert lines[1::2] == ["    1. [assertions] expected at least 1 assertion or query event, but none were run"] * 2


def test_the_place_of_a_module_that_is_elsewhere_is_told_below_its_addons_folder(teller: Telltale) -> None:
    for module in ("elsewhere", "unknown"):
        told = teller.whole(log(FAILING.replace("evv_core", module)))
        assert told.startswith(f"  FAIL: TestClient.test_one ({module}/tests/test_client.py:7)\n")


def test_a_failure_without_a_traceback_is_told_in_one_line(teller: Telltale) -> None:
    told = teller.whole(log(starting(), record(TESTS, "FAIL: TestClient.test_one", "ERROR")))
    assert told == "  FAIL: TestClient.test_one (addons/evv_core/tests/test_client.py)\n"
