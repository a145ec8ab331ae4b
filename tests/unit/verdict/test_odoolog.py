"""The log is read record by record, and only Odoo's own records on the tests' database tell of tests."""

import pytest

from runner.verdict import odoolog
from runner.verdict.odoolog import Result, read, records
from tests.unit.odoo_logs import (
    DATABASE,
    FAILED_DATABASE,
    MODULE,
    TESTS,
    log,
    problem,
    real,
    record,
    result,
    skipped,
    starting,
)


def test_a_real_log_that_passed_is_read_in_full() -> None:
    seen = read(real("evv_core-passed"), DATABASE)
    assert seen.results == [Result(failed=0, errors=0, tests=12)]
    assert set(seen.started) == {"evv_core"}
    assert len(seen.started["evv_core"]) == 12
    assert "test_client.TestClient.test_age_counts_full_years" in seen.started["evv_core"]
    assert seen.skipped == {}
    assert seen.problems == []


def test_a_real_log_that_failed_is_read_with_its_traceback() -> None:
    seen = read(real("traction-failed"), FAILED_DATABASE)
    assert seen.results == [Result(failed=1, errors=0, tests=12)]
    (found,) = seen.problems
    assert (found.kind, found.module) == ("FAIL", "traction")
    assert found.test == "TestScorecard.test_scorecard_counts_the_rocks_of_the_quarter"
    assert "AssertionError" in found.details
    assert " 'year': 1999}" in found.details.splitlines()[-2]
    assert "Starting TestScorecard.test_visitor_has_to_log_in" not in found.details


def test_every_line_of_a_real_log_goes_into_a_record() -> None:
    for name in ("evv_core-passed", "traction-passed", "traction-failed"):
        lines = real(name).splitlines()
        again = [line for each in records(real(name)) for line in each.message.split("\n")]
        assert len(again) == len(lines)


def test_a_record_has_its_parts() -> None:
    (found,) = records("2026-11-24 11:10:42,408 40 WARNING agent_test odoo.sql_db: said: so")
    assert found == odoolog.Record("2026-11-24 11:10:42,408", "WARNING", "agent_test", "odoo.sql_db", "said: so")


def test_lines_without_prefix_continue_the_record_before_them() -> None:
    first, second = records(f"{record('odoo.a', 'one')}\n  two\n\nthree\n{record('odoo.b', 'four')}\n")
    assert first.message.splitlines() == ["one ", "  two", "", "three"]
    assert second.message == "four "


def test_lines_before_the_first_record_belong_to_none() -> None:
    found = list(records(f"bash: warning: setlocale\n{record('odoo', 'Odoo version 19.0')}"))
    assert [each.message for each in found] == ["Odoo version 19.0 "]


@pytest.mark.parametrize("text", ["", "\n\n", "bash: odoo: command not found\n"])
def test_a_log_without_records_has_none(text: str) -> None:
    assert list(records(text)) == []


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(" INFO ", " \x1b[1;32m\x1b[1;49mINFO\x1b[0m ").replace("odoo.", "\x1b[0modoo."),
        lambda text: "caf\udce9 \ufffd\n" + text + "\ufffd\ufffd",
        lambda text: text.replace("Odoo version", "\u00e9\u4e2d\U0001f600 Odoo version"),
    ],
    ids=["crlf", "colours", "not utf-8", "all of unicode"],
)
def test_line_endings_colours_and_odd_bytes_do_not_change_what_is_read(changed: object) -> None:
    assert callable(changed)
    plain = read(real("traction-failed"), FAILED_DATABASE)
    seen = read(changed(real("traction-failed")), FAILED_DATABASE)
    assert (seen.results, seen.started, seen.skipped) == (plain.results, plain.started, plain.skipped)
    assert [(each.kind, each.test) for each in seen.problems] == [(each.kind, each.test) for each in plain.problems]


def test_a_skipped_test_is_kept_with_its_reason() -> None:
    seen = read(log(starting(), skipped(reason="Chrome : not found"), result()), DATABASE)
    assert seen.skipped == {MODULE: {"test_client.TestClient.test_one": "Chrome : not found"}}


def test_a_reason_of_several_lines_is_kept_whole() -> None:
    seen = read(log(starting(), f"{skipped(reason='first')}\nsecond", result()), DATABASE)
    assert seen.skipped[MODULE]["test_client.TestClient.test_one"].split() == ["first", "second"]


def test_tests_of_the_same_name_in_two_files_are_two_tests() -> None:
    seen = read(log(starting(), starting(logger=f"odoo.addons.{MODULE}.tests.test_other")), DATABASE)
    assert len(seen.started[MODULE]) == 2


def test_tests_of_another_module_are_kept_apart() -> None:
    seen = read(log(starting(), starting(logger="odoo.addons.base.tests.test_ir")), DATABASE)
    assert set(seen.started) == {MODULE, "base"}


@pytest.mark.parametrize(
    "test",
    [
        "TestClient.test_one",
        "setUpClass (odoo.addons.evv_core.tests.test_client.TestClient)",
        "Subtest TestClient.test_one (case='a b')",
    ],
)
@pytest.mark.parametrize("kind", ["FAIL", "ERROR"])
def test_failures_and_errors_of_tests_classes_and_subtests_are_problems(kind: str, test: str) -> None:
    (found,) = read(log(problem(kind, test)), DATABASE).problems
    assert (found.kind, found.module, found.test) == (kind, MODULE, test)
    assert "AssertionError: 1 != 2" in found.details


def test_the_result_of_odoo_15_and_older_has_another_logger() -> None:
    assert read(result().replace("odoo.tests.result", "odoo.tests.runner"), DATABASE).results == [Result(0, 0, 2)]


@pytest.mark.parametrize(
    "forged",
    [
        result().replace("odoo.tests.result", TESTS),
        result().replace("odoo.tests.result", "odoo.tests.stats"),
        result(database="another"),
        result().replace(" agent_test odoo", " another odoo"),
        result().replace("'agent_test'", "'another'"),
        result().partition(": ")[2],
        f"{record(TESTS, 'a table')}\n{result().partition(': ')[2]}",
        f"{record('odoo.tests.result', 'more')}\n{result().partition(': ')[2]}",
        result().replace("0 failed", "so: 0 failed"),
        result().rstrip() + " or so",
        f"  {result()}",
    ],
    ids=[
        "a test's logger",
        "another logger of Odoo",
        "another database",
        "logged by another database",
        "about another database",
        "printed",
        "in a test's message",
        "in a further line",
        "in a sentence",
        "something behind it",
        "indented",
    ],
)
def test_a_line_that_only_looks_like_a_result_is_none(forged: str) -> None:
    assert read(log(forged), DATABASE).results == []


@pytest.mark.parametrize(
    "forged",
    [
        starting(logger="odoo.addons.evv_core.models.client"),
        starting(logger="evv_core.tests"),
        starting(database="another"),
        "Starting TestClient.test_one ...",
        record(TESTS, "Starting the engine of a car ..."),
        record(TESTS, "not Starting TestClient.test_one ..."),
    ],
)
def test_a_line_that_only_looks_like_the_start_of_a_test_is_none(forged: str) -> None:
    assert read(log(forged), DATABASE).started == {}


def test_a_message_that_begins_with_error_but_is_logged_as_information_is_no_problem() -> None:
    assert read(log(record(TESTS, "ERROR: expected, and caught")), DATABASE).problems == []
