"""However long a log is, and whatever makes it long, it is read in bounded memory, and numbers and verdict stay true."""

import tracemalloc
from collections.abc import Iterator
from itertools import count

import pytest

from runner.errors import ExitCode
from runner.verdict import odoolog as odoolog_module
from runner.verdict.cases import CaseOutcome
from runner.verdict.odoolog import OdooLog, Result
from runner.verdict.record import PART, Excerpt, Record
from runner.verdict.verdict import Verdict, judge
from tests.unit.odoo_logs import DATABASE, MODULE, TESTS, log, problem, read_log, record, result, skipped, starting

MEGABYTE = 1_000_000
# Enough to tell apart what grows with the log from what does not, at the limits that the fixture sets.
LENGTH = 2 * MEGABYTE
TRACEBACK = "Traceback (most recent call last):\n" + '  File "/mnt/extra-addons/x.py", line 7, in x\n' * 20


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"_TESTS": (100, 100_000), "_PROBLEMS": (20, 100_000), "_PROBLEMS_WITHOUT_DETAILS": (10, 10_000)}
    limits |= {"_ERRORS": (10, 100_000), "_OMISSIONS": (10, 100_000)}
    monkeypatch.setattr(odoolog_module, "_NAMES", 200)
    for name, limit in limits.items():
        monkeypatch.setattr(odoolog_module, name, limit)


def _peak(pieces: Iterator[str]) -> int:
    odoo_log = OdooLog(DATABASE)
    odoo_log.feed(f"{starting()}\n".encode())
    tracemalloc.start()
    try:
        length = 0
        while length < LENGTH:
            piece = "".join(next(pieces) for _ in range(50)).encode()
            length += len(piece)
            odoo_log.feed(piece)
        odoo_log.end()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "pieces",
    [
        (f"{at} is printed\n" for at in count()),
        (f"{at} is printed in a line without an end, " for at in count()),
        (f"{at} of many\r" for at in count()),
        (f"{record('odoo.addons.x.models', f'record {at}')}\n" for at in count()),
        (f"{record(TESTS, f'Starting TestX.test_{at} ...')}\n" for at in count()),
        (
            f"{record(TESTS, f'Starting TestX.test_{at} ...')}{record(TESTS, f'skipped TestX.test_{at} : so')}\n"
            for at in count()
        ),
        (f"{problem('FAIL', f'TestX.test_{at}')}\n" for at in count()),
        (f"{problem('ERROR', f'Subtest TestClient.test_one (number={at})')}\n{TRACEBACK}" for at in count()),
        (f"{record('odoo.addons.x', f'error {at}', 'ERROR')}\n{TRACEBACK}" for at in count()),
        (f"{record('odoo.modules.registry', f'no {at}', 'CRITICAL')}\n{TRACEBACK}" for at in count()),
        (problem("FAIL", "TestClient.test_one") if not at else f"\n{at} is a line of a traceback" for at in count()),
        (f"{record('odoo.tests.result', result(tests=at).partition(': ')[2])}\n" for at in count()),
        (f"{record(f'odoo.addons.m{at}.tests.test_x', 'Starting TestX.test_x ...')}\n" for at in count()),
        (f"{record('odoo.modules.loading', f'Loading module m{at} (1/2)')}\n" for at in count()),
    ],
    ids=[
        "lines",
        "one line",
        "a bar",
        "records",
        "tests",
        "skips",
        "failures",
        "subtests",
        "errors",
        "critical",
        "traceback",
        "results",
        "modules",
        "loaded",
    ],
)
def test_memory_does_not_grow_with_the_log(pieces: Iterator[str]) -> None:
    assert _peak(pieces) < MEGABYTE


def _judge(text: str, *, strict: bool = False) -> Verdict:
    return judge(module=MODULE, odoo_exit=0, log=read_log(text), states={MODULE: "installed"}, strict=strict)


def _starting(number: int) -> str:
    return starting(f"TestClient.test_{number}")


def test_tests_for_which_there_is_no_room_are_counted_and_said() -> None:
    text = log(*(_starting(number) for number in range(150)), result(tests=150))
    verdict = _judge(text)
    assert (verdict.exit_code, verdict.ran, len(verdict.cases), verdict.cases_left_out) == (ExitCode.PASSED, 150, 100, 50)
    (note,) = verdict.notes
    assert "50 are not named here" in note
    assert _judge(text, strict=True).exit_code == ExitCode.NOT_PROVEN


def test_of_tests_for_which_there_is_no_room_skips_and_failures_count() -> None:
    tests = [_starting(number) for number in range(100)]
    verdict = _judge(log(*tests, _starting(100), skipped("TestClient.test_100"), _starting(101), result(tests=102)))
    assert (verdict.ran, verdict.skipped) == (101, 1)
    failing = log(*tests, _starting(100), problem("FAIL", "TestClient.test_100"), result(failed=1, tests=101))
    assert (_judge(failing).exit_code, _judge(failing).reasons) == (ExitCode.FAILED, ("FAIL: TestClient.test_100",))


def test_a_module_whose_tests_come_after_too_many_others_has_tests_that_ran() -> None:
    others = [starting(f"TestBase.test_{number}", logger="odoo.addons.base.tests.test_x") for number in range(150)]
    verdict = _judge(log(*others, starting(), result(tests=151)))
    assert (verdict.exit_code, verdict.ran) == (ExitCode.PASSED, 1)


def test_failures_for_which_there_is_no_room_are_counted_and_said() -> None:
    text = log(*(f"{_starting(at)}\n{problem('FAIL', f'TestClient.test_{at}')}" for at in range(50)))
    verdict = _judge(text)
    assert (verdict.exit_code, verdict.failed, len(verdict.problems)) == (ExitCode.FAILED, 50, 30)
    assert verdict.reasons[30] == "20 more failures and errors of tests, for whose names there is no room here"
    assert {case.outcome for case in verdict.cases} == {CaseOutcome.FAILED}


def test_a_failing_test_for_whose_traceback_there_is_no_room_keeps_its_name() -> None:
    kept, bare = read_log(log(*(problem("FAIL", f"TestClient.test_{at}") for at in range(21)))).problems[-2:]
    assert "AssertionError" in kept.details
    assert bare.details.startswith("FAIL: TestClient.test_20\n[")
    assert bare.details.endswith(" characters are left out here]")


def test_errors_for_which_there_is_no_room_are_noted_by_their_number() -> None:
    text = log(starting(), *(record("odoo.addons.x", f"error {at % 30}", "ERROR") for at in range(60)), result(tests=1))
    verdict = _judge(text)
    assert verdict.exit_code == ExitCode.PASSED
    assert (len(verdict.notes), verdict.notes[-1]) == (
        11,
        "logged at ERROR or CRITICAL: 40 more records, for which there is no room here",
    )
    assert _judge(text, strict=True).exit_code == ExitCode.NOT_PROVEN


def test_equal_errors_are_kept_once_with_their_number() -> None:
    odoo_log = read_log(log(*[record("odoo.addons.x", "again", "ERROR")] * 7))
    assert odoo_log.errors.times == {Record("", "ERROR", DATABASE, "odoo.addons.x", "again "): 7}


def test_errors_never_hide_what_odoo_left_out() -> None:
    errors = [record("odoo.addons.x", f"error {at}", "ERROR") for at in range(50)]
    critical = record("odoo.modules.registry", "Failed to load registry", "CRITICAL")
    assert _judge(log(starting(), *errors, critical, result(tests=1))).reasons == ("Failed to load registry",)


def test_what_odoo_left_out_beyond_what_there_is_room_for_is_a_reason_by_its_number() -> None:
    loaded = (record("odoo.modules.graph", f"The module m{at} has an incompatible version", "WARNING") for at in range(20))
    verdict = _judge(log(starting(), *loaded, result(tests=1)))
    assert verdict.reasons == ("Odoo said more of what it left out or could not do: 10 more records in the log",)


def test_results_beyond_what_is_kept_are_added_up() -> None:
    odoo_log = read_log(log(*[result(failed=1, tests=2)] * 150))
    assert (odoo_log.result_lines, len(odoo_log.results)) == (150, 100)
    assert sum(line.failed for line in odoo_log.results) == 150


def test_a_number_too_long_to_be_one_is_no_result() -> None:
    assert read_log(log(result(tests=1).replace(" of 1 tests", f" of {'9' * 5000} tests"))).results == []


def test_a_long_record_keeps_its_ends_and_says_how_much_is_missing() -> None:
    excerpt = Excerpt("first")
    for number in range(20_000):
        excerpt.add(f"\n{number}".encode())
    head, words, tail = (
        str(excerpt).partition("\n[")[0],
        str(excerpt).split("[")[1].split("]")[0],
        str(excerpt).split("]\n")[1],
    )
    length = len("first") + sum(len(f"\n{number}") for number in range(20_000))
    assert head.startswith("first\n0\n1\n")
    assert tail.endswith("\n19999")
    assert words == f"{length - len(head) - len(tail)} bytes are left out here"
    assert len(head) <= PART >= len(tail)


def test_a_record_of_one_long_line_keeps_both_ends_of_it() -> None:
    (failure,) = read_log(log(f"{problem('FAIL', 'TestClient.test_one')}\nAssertionError: {'x' * MEGABYTE} != y")).problems
    assert "AssertionError: xxx" in failure.details
    assert failure.details.endswith("xxx != y")
    assert len(failure.details) < 3 * PART


@pytest.mark.parametrize("length", [10, 65_470, 65_530, 65_536, 65_540, 131_000, 131_072, 262_144, 300_000])
@pytest.mark.parametrize("size", [65_536, 10 * MEGABYTE])
def test_a_record_behind_a_long_line_without_an_end_is_found(length: int, size: int) -> None:
    output = f"{starting()}\n{'x' * length}{starting('TestClient.test_two')}\n{result(tests=2)}\n".encode()
    odoo_log = OdooLog(DATABASE)
    for at in range(0, len(output), size):
        odoo_log.feed(output[at : at + size])
    odoo_log.end()
    assert [test.name for test in odoo_log.tests] == ["TestClient.test_one", "TestClient.test_two"]
    assert odoo_log.results == [Result(0, 0, 2)]


def test_a_record_in_the_middle_of_a_long_line_is_none_unless_a_test_s() -> None:
    forged = result(tests=9)
    odoo_log = read_log(f"{starting()}\n{'x' * 100_000}{forged}\n{'x' * 65_472}{forged}\n{result(tests=2)}\n")
    assert odoo_log.results == [Result(0, 0, 2)]


@pytest.mark.parametrize("separator", ["\r", "\f", "\v", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_record_behind_any_end_of_a_line_is_found(separator: str) -> None:
    odoo_log = read_log(f"{starting()}\n10 %{separator}{result(tests=1)}\n")
    assert odoo_log.results == [Result(0, 0, 1)]


def test_the_last_line_is_the_beginning_of_a_long_one() -> None:
    assert read_log(f"{starting()}\nso it ends: {'x' * MEGABYTE}").last_line.startswith("so it ends: xxx")


ERROR = record("LOGGER", "the register is closed", "ERROR")


@pytest.mark.parametrize("level", ["ERROR", "CRITICAL"])
@pytest.mark.parametrize("before", ["", f"{record('odoo.addons.x.models', 'one more', 'ERROR')}\n", "printed "])
@pytest.mark.parametrize("logger", ["a.logger." * 8000, "of a queue", "of-a-queue", "x/y:z", "evv_core.models"])
def test_an_error_is_told_whatever_its_loggers_name_is(logger: str, before: str, level: str) -> None:
    line = ERROR.replace("LOGGER", logger).replace(" ERROR ", f" {level} ")
    odoo_log = read_log(log(starting(), before + line, "of two lines", result(tests=1)))
    texts = [error.message for error in odoo_log.errors.times if error.level == level]
    assert ["of two lines" in text for text in texts if "one more" not in text] == [True]
    assert odoo_log.results == [Result(0, 0, 1)]
    verdict = judge(module=MODULE, odoo_exit=0, log=odoo_log, states={MODULE: "installed"}, strict=True)
    assert verdict.exit_code == (ExitCode.PASSED if logger in ("of-a-queue", "x/y:z") else ExitCode.NOT_PROVEN)


def test_what_an_error_quotes_is_no_further_error() -> None:
    odoo_log = read_log(log(starting(), problem("FAIL", "TestClient.test_one") + f"\nquoted: {ERROR}\nso", result(1)))
    assert not odoo_log.errors.times.keys() - {error for error in odoo_log.errors.times if "failed, " in error.message}
    assert odoo_log.problems[0].details.endswith("so")
