"""A run's deadline is beyond all that it may wait for."""

from dataclasses import replace
from typing import Any

import pytest

from runner.config.options import Debugger, Keep, Options, Ref
from runner.environment.longest import WATCHED, longest_run, longest_tests

SHORT = Options(health_timeout=1, test_timeout=1, snapshot=False)


def test_a_run_without_a_prepared_database_tests_once_and_starts_once_more_with_copies() -> None:
    longer = replace(SHORT, health_timeout=101, test_timeout=1001, wait_for_port=10000)
    assert longest_run(longer) == longest_run(SHORT) + 2 * 100 + 1000 + 2 * 10000


def test_one_with_a_prepared_database_may_start_and_test_once_more_and_prepares_four_stages_in_the_time_of_the_tests() -> None:
    short = replace(SHORT, snapshot=True)
    longer = replace(short, health_timeout=101, test_timeout=1001, wait_for_port=10000)
    assert longest_run(longer) == longest_run(short) + 3 * 100 + 6 * 1000 + 3 * 10000


@pytest.mark.parametrize(("steps", "number"), [({"upgrade_from": Ref("v1", "c")}, 1), ({"reinstall": True}, 2)])
def test_each_step_before_the_tests_has_the_time_of_the_tests(steps: dict[str, Any], number: int) -> None:
    for snapshot, times in ((False, 1), (True, 2)):
        short = replace(SHORT, snapshot=snapshot)
        more = longest_run(replace(short, test_timeout=1001, **steps)) - longest_run(replace(short, **steps))
        assert more == longest_run(replace(short, test_timeout=1001)) - longest_run(short) + times * number * 1000


def test_with_the_limits_of_the_command_line_it_is_over_within_a_working_day() -> None:
    usual = replace(SHORT, health_timeout=300, test_timeout=3600, snapshot=True)
    assert 5 * 3600 < longest_run(usual) < 10 * 3600


def test_javascript_tests_have_only_what_the_others_leave_of_their_time() -> None:
    javascript = replace(SHORT, javascript=True)
    assert longest_run(javascript) < longest_run(SHORT) + 100
    assert longest_run(replace(javascript, test_timeout=1001)) == longest_run(javascript) + 1000


def test_a_watch_may_begin_its_last_round_when_its_environment_is_about_to_be_too_old() -> None:
    assert longest_run(replace(SHORT, watch=True)) == longest_run(SHORT) + WATCHED


@pytest.mark.parametrize("debugger", [Debugger.PDB, Debugger.DEBUGPY])
def test_who_debugs_has_a_working_day_whatever_the_time_of_the_tests_is(debugger: Debugger) -> None:
    debugged = replace(SHORT, debugger=debugger)
    assert (longest_tests(SHORT), longest_tests(debugged)) == (1, WATCHED)
    assert longest_run(debugged) == longest_run(SHORT) + WATCHED


@pytest.mark.parametrize("keep", [Keep.FAILED, Keep.ALWAYS])
def test_what_may_be_kept_has_a_week(keep: Keep) -> None:
    assert longest_run(replace(SHORT, keep=keep)) == 7 * 86400
    assert longest_run(replace(SHORT, keep=keep, test_timeout=10**6)) > 10**6
