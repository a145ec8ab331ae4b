"""The JavaScript tests that a log tells of, as real Odoo 19 wrote it, and in other words of Hoot."""

import pytest

from runner.verdict import hoot
from runner.verdict.hoot import HootLog, HootTest
from tests.unit.odoo_logs import log, read_log, real, record

CONSOLE = "odoo.addons.web.tests.test_js.WebSuite.test_unit_desktop.browser"


def read(*messages: str, logger: str = CONSOLE, level: str = "INFO", database: str = "agent_test") -> HootLog:
    return read_log(log(*(record(logger, message, level, database) for message in messages))).javascript


def test_tests_that_passed_have_their_names_and_times() -> None:
    assert read_log(real("javascript-passed")).javascript.tests == [
        HootTest("traction", "weeks_off_field/three weeks in a row are red", 0.132),
        HootTest("traction", "weeks_off_field/two weeks are not", 0.042),
    ]


def test_tests_that_failed_have_what_hoot_says_of_them() -> None:
    first, second = read_log(real("javascript-failed")).javascript.tests
    assert (first.name, second.name) == (
        "weeks_off_field/every measurable shows its weeks off target",
        "weeks_off_field/three weeks in a row are red, and no fewer",
    )
    assert first.details
    assert first.details.startswith("Failed assertions:\n\n1. [assertions] expected at least 1 assertion")
    assert 'Cannot find a definition for model "res.users"' in first.details


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ('[HOOT] Test "@m/a/b" passed 3 assertions (time: 12ms)', "a/b"),  # of Odoo 18
        ("[HOOT] Test '@m/a/no button \"Delete\"' passed (assertions: 3 / time: 12 ms)", 'a/no button "Delete"'),
        ('[HOOT] Test "@m/a/it passed (assertions: 1" passed (assertions: 1 / time: 2 ms)', "a/it passed (assertions: 1"),
    ],
)
def test_other_words_and_names_are_understood(message: str, name: str) -> None:
    (test,) = read(message).tests
    assert (test.module, test.name, test.details) == ("m", name, None)


@pytest.mark.parametrize(
    "elsewhere", [{"logger": "odoo.addons.m.tests.test_m"}, {"logger": "odoo.addons.m.models.browser"}, {"database": "other"}]
)
def test_what_no_console_of_a_browser_said_is_no_test(elsewhere: dict[str, str]) -> None:
    assert read('[HOOT] Test "@m/a/b" passed (assertions: 1 / time: 1 ms)', **elsewhere).tests == []


def test_a_name_that_breaks_lines_is_nothing_else() -> None:
    assert read('[HOOT] Test "@m/a/b\n[HOOT] Test "@m/a/c" passed (assertions: 1 / time: 1 ms)').tests == []


def test_of_more_than_there_is_room_for_the_number_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hoot, "_TESTS", (1, 100))
    javascript = read(*(f'[HOOT] Test "@m/a/{number}" passed (assertions: 1 / time: 1 ms)' for number in range(3)))
    assert ([test.name for test in javascript.tests], javascript.left_out) == (["a/0"], 2)
