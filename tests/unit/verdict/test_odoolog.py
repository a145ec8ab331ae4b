"""The log is read record by record, as it comes, and only Odoo's own records on the tests' database tell of tests."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.verdict.odoolog import LoggedTest, OdooLog, Result
from runner.verdict.record import Record
from tests.unit.odoo_logs import (
    DATABASE,
    FAILED_DATABASE,
    MODULE,
    TESTS,
    log,
    problem,
    read_log,
    real,
    record,
    result,
    skipped,
    starting,
)


def messages(text: str) -> list[str]:
    """The records as far as they are kept whole: as if each was an error, which no module's test logged."""
    odoo_log = read_log(re.sub(" (INFO|WARNING) ", " ERROR ", text).replace(".tests.", ".models."))
    return [whole.message for whole, times in odoo_log.errors.times.items() for _ in range(times)]


def skips(text: str) -> list[tuple[str, str, str, str]]:
    return [(test.module, test.file, test.name, test.skipped) for test in read_log(text).tests if test.skipped is not None]


def test_a_real_log_that_passed_is_read_in_full() -> None:
    odoo_log = read_log(real("evv_core-passed"))
    assert odoo_log.results == [Result(failed=0, errors=0, tests=12)]
    assert {test.module for test in odoo_log.tests} == {"evv_core"}
    assert len({(test.file, test.name) for test in odoo_log.tests}) == 12
    assert ("test_client", "TestClient.test_age_counts_full_years") in {(test.file, test.name) for test in odoo_log.tests}
    assert {test.skipped for test in odoo_log.tests} == {None}
    assert (odoo_log.problems, odoo_log.outside) == ([], [])


def test_a_real_log_that_failed_is_read_with_its_traceback() -> None:
    odoo_log = read_log(real("traction-failed"), FAILED_DATABASE)
    assert odoo_log.results == [Result(failed=1, errors=0, tests=12)]
    (failure,) = odoo_log.problems
    assert (failure.kind, failure.module) == ("FAIL", "traction")
    assert failure.test == "TestScorecard.test_scorecard_counts_the_rocks_of_the_quarter"
    assert [test.name for test in odoo_log.tests if test.problems] == [failure.test]
    assert "AssertionError" in failure.details
    assert " 'year': 1999}" in failure.details.splitlines()[-2]
    assert "Starting TestScorecard.test_visitor_has_to_log_in" not in failure.details


def test_every_line_of_a_real_log_goes_into_a_record() -> None:
    for name in ("evv_core-passed", "traction-passed", "traction-failed"):
        lines = [line for message in messages(real(name)) for line in message.split("\n")]
        assert len(lines) == len(real(name).splitlines())


def test_a_record_has_its_parts() -> None:
    (parts,) = OdooLog(DATABASE).feed(b"2026-11-24 11:10:42,408 40 WARNING agent_test odoo.sql_db: said: so\n")
    assert parts == Record("2026-11-24 11:10:42,408", "WARNING", "agent_test", "odoo.sql_db", "said: so")


def test_lines_without_prefix_continue_the_record_before_them() -> None:
    first, second = messages(f"{record('odoo.a', 'one')}\n  two\n\nthree\n{record('odoo.b', 'four')}\n")
    assert first.splitlines() == ["one ", "  two", "", "three"]
    assert second == "four "


def test_lines_before_the_first_record_belong_to_none() -> None:
    assert messages(f"bash: warning: setlocale\n{record('odoo', 'Odoo version 19.0')}") == ["Odoo version 19.0 "]


@pytest.mark.parametrize("text", ["", "\n\n", "bash: odoo: command not found\n"])
def test_a_log_without_records_has_none(text: str) -> None:
    assert messages(text) == []


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
def test_line_endings_colours_and_odd_bytes_do_not_change_what_is_read(changed: Callable[[str], str]) -> None:
    def told(text: str) -> object:
        odoo_log = read_log(text, FAILED_DATABASE)
        tests = [(test.name, test.began, test.ended, test.skipped) for test in odoo_log.tests]
        return odoo_log.results, tests, [(failure.kind, failure.test) for failure in odoo_log.problems]

    assert told(changed(real("traction-failed"))) == told(real("traction-failed"))


def test_a_skipped_test_is_kept_with_its_reason() -> None:
    text = log(starting(), skipped(reason="Chrome : not found"), result())
    assert skips(text) == [(MODULE, "test_client", "TestClient.test_one", "Chrome : not found")]


def test_a_reason_of_several_lines_is_kept_whole() -> None:
    (skip,) = skips(log(starting(), f"{skipped(reason='first')}\nsecond", result()))
    assert skip[-1].split() == ["first", "second"]


def test_tests_of_the_same_name_in_two_files_are_two_tests() -> None:
    one, other = read_log(log(starting(), starting(logger=f"odoo.addons.{MODULE}.tests.deep.test_other"))).tests
    assert (one.file, other.file) == ("test_client", "deep.test_other")


def test_tests_of_another_module_are_kept_apart() -> None:
    text = log(starting(), starting(logger="odoo.addons.base.tests.test_ir"))
    assert [test.module for test in read_log(text).tests] == [MODULE, "base"]


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("TestClient.test_one", "TestClient.test_one"),
        ("setUpClass (odoo.addons.evv_core.tests.test_client.TestClient)", "TestClient.setUpClass"),
        ("Subtest TestClient.test_one (case='a b')", "TestClient.test_one"),
    ],
)
@pytest.mark.parametrize("kind", ["FAIL", "ERROR"])
def test_failures_and_errors_of_tests_classes_and_subtests_are_problems(kind: str, test: str, name: str) -> None:
    odoo_log = read_log(log(problem(kind, test)))
    (failure,), (owner,) = odoo_log.problems, odoo_log.outside
    assert (failure.kind, failure.module, failure.test) == (kind, MODULE, test)
    assert (owner.module, owner.file, owner.name, owner.problems) == (MODULE, "test_client", name, [failure])
    assert "AssertionError: 1 != 2" in failure.details


def test_the_result_of_odoo_15_and_older_has_another_logger() -> None:
    assert read_log(result().replace("odoo.tests.result", "odoo.tests.runner")).results == [Result(0, 0, 2)]


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
    assert read_log(log(forged)).results == []


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
    assert read_log(log(forged)).tests == []


def test_a_message_that_begins_with_error_but_is_logged_as_information_is_no_problem() -> None:
    assert read_log(log(record(TESTS, "ERROR: expected, and caught"))).problems == []


def test_what_odoo_does_now_is_told_at_once_and_not_when_it_does_the_next_thing() -> None:
    odoo_log = OdooLog(DATABASE)

    def told(lines: str) -> list[str]:
        events = odoo_log.feed(f"{lines}\n".encode())
        return [event.name if isinstance(event, LoggedTest) else event.message for event in events]

    assert told(starting()) == ["Starting TestClient.test_one ... ", "TestClient.test_one"]
    assert told("printed") == []
    assert told(problem("FAIL", "TestClient.test_one")) == ["FAIL: TestClient.test_one"]
    assert odoo_log.problems == []
    odoo_log.end()
    assert [failure.details.count("\n") for failure in odoo_log.problems] == [4]


@settings(max_examples=50, deadline=None, database=None)
@given(st.integers(1, 5000), st.sampled_from(["\n", "\r\n"]))
def test_it_does_not_matter_in_which_pieces_a_log_comes(size: int, line_end: str) -> None:
    output = real("traction-failed").replace("\n", line_end).rstrip().encode()
    pieces, whole = OdooLog(FAILED_DATABASE), OdooLog(FAILED_DATABASE)
    told = [event for at in range(0, len(output), size) for event in pieces.feed(output[at : at + size])]
    pieces.end()
    assert told == whole.feed(output)[: len(told)]
    whole.end()
    assert (pieces.errors.times, pieces.tests, pieces.problems) == (whole.errors.times, whole.tests, whole.problems)
    assert pieces.last_line == whole.last_line != ""


@pytest.mark.parametrize("folder", ["migrations", "upgrades"])
def test_tests_of_upgrade_scripts_are_the_module_s(folder: str) -> None:
    logger = f"odoo.addons.{MODULE}.{folder}.tests.test_x"
    set_up = f"ERROR: setUpClass ({logger}.TestX)\nTraceback (most recent call last):\nValueError: no"
    odoo_log = read_log(
        log(
            starting("TestX.test_one", logger),
            record(logger, "FAIL: TestX.test_one", "ERROR"),
            record("odoo.tests.suite", set_up, "ERROR"),
        )
    )
    assert [(test.module, test.file, test.name) for test in (*odoo_log.tests, *odoo_log.outside)] == [
        (MODULE, f"{folder}/tests/test_x", "TestX.test_one"),
        (MODULE, f"{folder}/tests/test_x", "TestX.setUpClass"),
    ]
    assert [problem.kind for problem in odoo_log.tests[0].problems] == ["FAIL"]


@pytest.mark.parametrize(
    ("last", "left"),
    [
        ((starting("TestClient.test_two"),), ["TestClient.test_one"]),
        ((starting("TestClient.test_two"), skipped("TestClient.test_two")), ["TestClient.test_one", "TestClient.test_two"]),
        ((), ["TestClient.test_one"]),
        ((starting("TestClient.test_two"), record("odoo.tests.stats", "x")), ["TestClient.test_one", "TestClient.test_two"]),
    ],
)
def test_of_an_odoo_that_was_killed_on_purpose_only_a_test_of_which_nothing_is_known_never_began(
    last: tuple[str, ...], left: list[str]
) -> None:
    odoo_log = read_log("\n".join([starting(), problem("FAIL", "TestClient.test_one"), *last]))
    odoo_log.forget_unfinished()
    assert [test.name for test in odoo_log.tests] == left
    assert odoo_log.begun == len(left)
