"""Green is what is proven: every condition is taken away in turn, and every way in which Odoo exits with 0 is red."""

import dataclasses

import pytest

from runner.errors import ExitCode
from runner.verdict.verdict import Verdict, judge
from tests.unit.odoo_logs import (
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

PASSED, FAILED, NOT_PROVEN = ExitCode.PASSED, ExitCode.FAILED, ExitCode.NOT_PROVEN
INSTALLED = {MODULE: "installed"}
GREEN = real("evv_core-passed")
CRASH = "\n".join(
    [
        record("odoo.registry", "Failed to initialize database `agent_test`.", "CRITICAL").rstrip(),
        "Traceback (most recent call last):",
        '  File "/usr/lib/python3/dist-packages/odoo/modules/module.py", line 400, in load_openerp_module',
        "ModuleNotFoundError: No module named 'phonenumbers'",
    ]
)
IGNORED = record("odoo.modules.loading", "invalid module names, ignored: evv_cor", "WARNING")
ZERO = result(tests=0)


def verdict(text: str = GREEN, odoo_exit: int = 0, states: dict[str, str] | str | None = None) -> Verdict:
    return judge(
        module=MODULE,
        odoo_exit=odoo_exit,
        log=read_log(text),
        states=INSTALLED if states is None else states,
    )


def reasons(judged: Verdict) -> str:
    return "\n".join(judged.reasons)


def test_more_starts_than_odoo_counts_are_not_all_odoo_s() -> None:
    judged = verdict(log(starting(), starting("TestClient.test_two"), result(tests=1)))
    assert judged.exit_code == NOT_PROVEN
    assert "2 tests started by the log, 1 by Odoo's result" in reasons(judged)
    assert verdict(log(starting(), record(TESTS, "Starting the.server ..."), result(tests=1))).passed


# Real logs


@pytest.mark.parametrize("module", ["evv_core", "traction"])
def test_a_real_run_that_passed_is_green_without_reasons(module: str) -> None:
    text = real(f"{module}-passed")
    judged = judge(module=module, odoo_exit=0, log=read_log(text), states={module: "installed"})
    assert (judged.exit_code, judged.reasons, judged.label, judged.passed) == (PASSED, (), "PASSED", True)
    assert (judged.ran, judged.skipped, judged.failed, judged.errors) == (12, 0, 0, 0)


def test_a_real_run_that_failed_is_red_with_the_test_s_name() -> None:
    text = real("traction-failed")
    judged = judge(module="traction", odoo_exit=1, log=read_log(text, FAILED_DATABASE), states={"traction": "installed"})
    assert (judged.exit_code, judged.label, judged.passed) == (FAILED, "FAILED", False)
    assert judged.reasons == ("FAIL: TestScorecard.test_scorecard_counts_the_rocks_of_the_quarter",)
    assert judged.failed == 1
    assert "AssertionError" in judged.problems[0].details


def test_a_green_log_proves_nothing_for_another_module() -> None:
    judged = judge(module="traction", odoo_exit=0, log=read_log(GREEN), states={"traction": "installed"})
    assert judged.exit_code == NOT_PROVEN
    assert "no test of traction started" in reasons(judged)


def test_a_green_log_proves_nothing_for_another_database() -> None:
    judged = judge(module=MODULE, odoo_exit=0, log=read_log(GREEN, "agent_test_2"), states=INSTALLED)
    assert judged.exit_code == NOT_PROVEN


def without(text: str, part: str) -> str:
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if part not in line]
    assert len(kept) < len(lines)
    return "".join(kept)


def added(line: str) -> str:
    return GREEN + line + "\n"


R = result(tests=12).strip()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (without(GREEN, "odoo.tests.result"), "result line is missing"),
        (GREEN.replace("of 12 tests", "of 0 tests"), "Odoo ran 0 tests"),
        (added(R), "result line stands in the log 2 times"),
        (GREEN.replace("odoo.tests.result", TESTS), "result line is missing"),
        (GREEN.replace("database 'agent_test'", "database 'another'"), "result line is missing"),
        (without(GREEN, "Starting Test"), "no test of evv_core started"),
        (GREEN.replace("odoo.addons.evv_core.tests", "odoo.addons.base.tests"), "no test of evv_core started"),
        (GREEN[: GREEN.index("Starting post tests")], "the log is cut short"),
        ("", "the log is cut short"),
        (GREEN + IGNORED, "Odoo ignored modules that it did not find: evv_cor"),
        (
            added(record("odoo.modules.module_graph", "module evv_core: not installable, skipped", "WARNING")),
            "module evv_core is not installable",
        ),
        (
            added(record("odoo.modules.loading", "Some modules are not loaded, some dependencies may be missing", "ERROR")),
            "Some modules are not loaded",
        ),
        (
            added(record("odoo.modules.loading", "Some modules have inconsistent states, some dependencies", "ERROR")),
            "Some modules have inconsistent states",
        ),
        (
            added(record("odoo.tests.loader", "Can not `import evv_core.tests.test_client`.", "ERROR")),
            "Can not `import evv_core",
        ),
        (
            added(record("odoo.tests.tag_selector", "Invalid tag evv core", "ERROR")),
            "does not understand the test tag evv core",
        ),
        (added(record("odoo.tests.suite", "Test suite halted: max failures reached", "ERROR")), "Test suite halted"),
        (
            added(record("odoo.service.server", "Failed to load server-wide module `queue_job`.", "ERROR")),
            "the server-wide module queue_job cannot be loaded",
        ),
        (
            added(record("odoo.modules.loading", "Module evv_core demo data failed to install, installed without", "WARNING")),
            "demo data of evv_core failed",
        ),
        (
            added(record("odoo.tools.config", "option --addons-path, no such directory '/mnt/x', skipped", "WARNING")),
            "skipped a folder of its addons path",
        ),
        (GREEN + CRASH, "Failed to initialize database `agent_test`. ModuleNotFoundError: No module named 'phonenumbers'"),
    ],
    ids=[
        "no result",
        "zero tests",
        "two results",
        "result of a test's logger",
        "result of another database",
        "nothing started",
        "only tests of base",
        "cut short",
        "empty",
        "ignored",
        "not installable",
        "not loaded",
        "inconsistent",
        "import",
        "invalid tag",
        "halted",
        "server-wide module",
        "demo",
        "addons path",
        "critical",
    ],
)
def test_without_any_one_of_its_conditions_a_green_log_is_not_proven(text: str, reason: str) -> None:
    assert verdict().exit_code == PASSED
    judged = verdict(text)
    assert judged.exit_code == NOT_PROVEN
    assert reason in reasons(judged)
    assert judged.label == "NOT PROVEN"


@pytest.mark.parametrize("odoo_exit", [1, 2, 124, 127, 130, 137, 139, 255, -1])
def test_an_exit_code_other_than_0_is_never_green(odoo_exit: int) -> None:
    judged = verdict(odoo_exit=odoo_exit)
    assert judged.exit_code == NOT_PROVEN
    assert str(odoo_exit) in reasons(judged)


def test_a_kill_is_explained_by_what_mostly_causes_it() -> None:
    assert "memory" in reasons(verdict(GREEN[:2000], odoo_exit=137))


@pytest.mark.parametrize("state", ["uninstalled", "to install", "to upgrade", "uninstallable", "INSTALLED", ""])
def test_a_module_that_is_not_stored_as_installed_is_not_proven(state: str) -> None:
    judged = verdict(states={MODULE: state, "base": "installed"})
    assert judged.exit_code == NOT_PROVEN
    assert f"module evv_core is not installed (its state: {state or 'unknown to the database'})" in judged.reasons


def test_a_module_that_the_database_does_not_know_is_not_proven() -> None:
    assert verdict(states={"base": "installed"}).exit_code == NOT_PROVEN


def test_a_database_that_cannot_be_asked_is_no_proof() -> None:
    judged = verdict(states="psql: error: connection refused")
    assert judged.exit_code == NOT_PROVEN
    expected = "the database could not be asked which modules are installed: psql: error: connection refused"
    assert expected in judged.reasons


@pytest.mark.parametrize(("failed", "errors"), [(1, 0), (0, 1), (3, 2)])
@pytest.mark.parametrize("odoo_exit", [0, 1])
def test_failures_in_odoo_s_count_are_red_whatever_the_exit_code(failed: int, errors: int, odoo_exit: int) -> None:
    judged = verdict(log(starting(), result(failed, errors, tests=2)), odoo_exit)
    assert (judged.exit_code, judged.failed, judged.errors) == (FAILED, failed, errors)
    assert not judged.passed


def test_red_always_has_a_reason() -> None:
    assert verdict(log(starting(), result(1)), odoo_exit=1).reasons != ()


# The table of outcomes: what Odoo 19 does, its exit code, and what the verdict has to be

ALL_SKIPPED = log(starting(), skipped(), starting("TestClient.test_two"), skipped("TestClient.test_two"), result())
SET_UP_CLASS = f"setUpClass ({TESTS}.TestClient)"
UNREACHABLE = "psycopg2.OperationalError: could not translate host name"

OUTCOMES: dict[str, tuple[int, int, str, dict[str, str]]] = {
    "pass": (PASSED, 0, log(starting(), result()), INSTALLED),
    "one of two skipped": (PASSED, 0, log(starting(), skipped(), starting("TestClient.test_two"), result()), INSTALLED),
    "a test logs at ERROR": (
        PASSED,
        0,
        log(starting(), record("odoo.addons.evv_core.models.client", "expected", "ERROR"), result()),
        INSTALLED,
    ),
    "failure": (FAILED, 1, log(starting(), problem("FAIL", "TestClient.test_one"), result(1)), INSTALLED),
    "error": (FAILED, 1, log(starting(), problem("ERROR", "TestClient.test_one"), result(0, 1)), INSTALLED),
    "subtests, more failures than tests": (
        FAILED,
        1,
        log(starting(), *[problem("FAIL", f"Subtest TestClient.test_one (i={i})") for i in range(3)], result(3, 0, 1)),
        INSTALLED,
    ),
    "setUpClass error": (FAILED, 1, log(problem("ERROR", SET_UP_CLASS), result(0, 1, 0)), INSTALLED),
    "all skipped": (NOT_PROVEN, 0, ALL_SKIPPED, INSTALLED),
    "error in importing a test file": (NOT_PROVEN, 255, log(CRASH), INSTALLED),
    "rerun on that database": (NOT_PROVEN, 0, log(ZERO), INSTALLED),
    "error in importing the module": (NOT_PROVEN, 255, log(CRASH), {MODULE: "to install"}),
    "module not judged, or in the wrong folder": (NOT_PROVEN, 0, log(IGNORED, ZERO), {}),
    "one good and one bad name": (NOT_PROVEN, 0, log(IGNORED, starting(), result()), INSTALLED),
    "installable: False": (NOT_PROVEN, 0, log(ZERO), {MODULE: "uninstallable"}),
    "no tests": (NOT_PROVEN, 0, log(ZERO), INSTALLED),
    "only base's tests, of 312": (
        NOT_PROVEN,
        0,
        log(starting(logger="odoo.addons.base.tests.test_ir"), result(tests=312)),
        INSTALLED,
    ),
    "database not initialised": (NOT_PROVEN, 0, log(ZERO), {}),
    "database unreachable": (NOT_PROVEN, 1, UNREACHABLE + "\n", {}),
    "killed, out of memory": (NOT_PROVEN, 137, log(starting()), INSTALLED),
    "SIGTERM": (NOT_PROVEN, 130, log(starting()), INSTALLED),
    "second SIGTERM, SIGXCPU": (NOT_PROVEN, 0, log(starting()), INSTALLED),
    "sys.exit(0) at import": (NOT_PROVEN, 0, log(), INSTALLED),
    "killed after a failing test": (FAILED, 137, log(starting(), problem("FAIL", "TestClient.test_one")), INSTALLED),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_every_known_outcome_of_odoo_is_judged_rightly(case: str) -> None:
    expected, odoo_exit, text, states = OUTCOMES[case]
    judged = verdict(text, odoo_exit, states)
    assert judged.exit_code == expected, judged.reasons
    assert bool(judged.reasons) == (expected != PASSED)


@pytest.mark.parametrize("case", OUTCOMES)
def test_colours_and_line_endings_change_no_verdict(case: str) -> None:
    expected, odoo_exit, text, states = OUTCOMES[case]
    coloured = text.replace(" INFO ", " \x1b[1;32m\x1b[1;49mINFO\x1b[0m ").replace("\n", "\r\n")
    assert verdict(coloured, odoo_exit, states).exit_code == expected


# What tests print must neither make a run green nor keep it from being so


def test_a_test_that_prints_a_result_makes_nothing_green() -> None:
    forged = [result().partition(": ")[2], result().replace("odoo.tests.result", TESTS), result(database="another")]
    for line in forged:
        assert verdict(log(starting(), line)).exit_code == NOT_PROVEN


def test_a_test_that_prints_a_result_does_not_spoil_a_green_run() -> None:
    forged = result(1).replace("odoo.tests.result", TESTS)
    assert verdict(log(starting(), forged, result())).exit_code == PASSED


def test_a_module_that_logs_what_odoo_would_say_does_not_spoil_a_green_run() -> None:
    said = record("odoo.addons.evv_core.models.client", "invalid module names, ignored: none", "WARNING")
    assert verdict(log(starting(), said, result())).exit_code == PASSED


def test_bytes_that_are_not_utf8_change_no_verdict() -> None:
    text = log(starting(), "caf\ufffd", result())
    assert verdict(text.encode().replace("\ufffd".encode(), b"\xe9").decode(errors="replace")).exit_code == PASSED


def test_a_test_that_passed_when_odoo_tried_it_again_is_green() -> None:
    tried = problem("FAIL", "TestClient.test_one").replace(" ERROR ", " _ERROR ")
    assert verdict(log(starting(), tried, starting(), result())).exit_code == PASSED


def test_a_failure_that_odoo_s_result_does_not_count_is_not_green() -> None:
    judged = verdict(log(starting(), problem("FAIL", "TestClient.test_one"), result()))
    assert judged.exit_code == NOT_PROVEN
    assert "FAIL: TestClient.test_one is in the log, but not in Odoo's result" in judged.reasons


# Time, counts, words


def test_past_their_time_is_said_with_the_last_test_that_started() -> None:
    text = log(starting(), starting("TestClient.test_that_hangs"))
    judged = judge(module=MODULE, odoo_exit=137, log=read_log(text), states=INSTALLED, timed_out=True)
    assert (judged.exit_code, judged.label) == (ExitCode.TIMED_OUT, "TIMED OUT")
    assert "the tests ran past their time (--test-timeout); the last one started was TestClient.test_th" in reasons(judged)


def test_past_their_time_before_any_test_is_said_too() -> None:
    judged = judge(module=MODULE, odoo_exit=124, log=read_log(""), states={}, timed_out=True)
    assert judged.exit_code == ExitCode.TIMED_OUT
    assert judged.reasons == ("the tests ran past their time (--test-timeout)",)


KILLED = "all tests ended, but Odoo did not exit within 30 s: thread 'forgotten'"


@pytest.mark.parametrize("timed_out", [False, True])
def test_an_odoo_that_had_to_be_killed_after_its_tests_proves_nothing_and_that_is_all_there_is_to_say(timed_out: bool) -> None:
    text = log(starting(), result(tests=1))
    judged = judge(module=MODULE, odoo_exit=137, log=read_log(text), states=INSTALLED, timed_out=timed_out, why_killed=KILLED)
    assert (judged.exit_code, judged.reasons) == (NOT_PROVEN, (KILLED,))


def test_what_failed_before_odoo_had_to_be_killed_has_failed() -> None:
    text = log(starting(), problem("FAIL", "TestClient.test_one"), result(failed=1))
    judged = judge(module=MODULE, odoo_exit=137, log=read_log(text), states=INSTALLED, why_killed=KILLED)
    assert (judged.exit_code, judged.reasons) == (ExitCode.FAILED, ("FAIL: TestClient.test_one", KILLED))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"ran": 1, "errors": 1}, "1 test ran, 0 failed, 1 error, 0 skipped"),
        ({"ran": 2, "failed": 1, "skipped": 1}, "2 tests ran, 1 failed, 0 errors, 1 skipped"),
    ],
)
def test_one_is_counted_as_one(facts: dict[str, int], expected: str) -> None:
    assert Verdict(exit_code=1, module=MODULE, **facts).counts == expected  # type: ignore[arg-type]


def test_skipped_tests_are_not_counted_as_run() -> None:
    judged = verdict(log(starting(), skipped(), starting("TestClient.test_two"), result()))
    assert (judged.ran, judged.skipped) == (1, 1)
    assert "1 test ran" in judged.counts
    assert "1 skipped" in judged.counts


def test_all_skipped_is_said_in_words() -> None:
    assert "all 2 tests of evv_core were skipped" in verdict(ALL_SKIPPED).reasons


def test_every_reason_is_given_and_each_once() -> None:
    judged = verdict(log(IGNORED, IGNORED, ZERO), states={})
    assert judged.reasons == (
        "Odoo ignored modules that it did not find: evv_cor",
        "so module evv_core is not installed (its state: unknown to the database) and none of its tests ran",
    )


@pytest.mark.parametrize("code", [0, 1, 6, 7])
def test_only_exit_code_0_counts_as_passed(code: int) -> None:
    assert dataclasses.replace(verdict(), exit_code=code).passed == (code == 0)


def test_a_module_whose_tests_are_all_in_javascript_needs_no_other_but_has_to_be_installed() -> None:
    def judged(states: dict[str, str], *records: str) -> Verdict:
        loading = record("odoo.modules.loading", f"Loading module {MODULE} (1/1)")
        return judge(module=MODULE, odoo_exit=0, log=read_log(log(loading, *records)), states=states, needs_tests=False)

    assert judged(INSTALLED, ZERO).passed
    assert judged({}, ZERO).exit_code == NOT_PROVEN
    assert judged(INSTALLED).exit_code == NOT_PROVEN
    assert judged(INSTALLED, IGNORED, ZERO).exit_code == NOT_PROVEN
