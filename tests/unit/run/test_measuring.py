"""A run whose coverage is asked for: how the tests run, and what becomes of the verdict."""

import json
from dataclasses import replace
from typing import Any

import pytest

from runner.config.options import Options
from runner.odoo.coverage_command import with_coverage
from runner.run.measuring import Measuring, with_fail_under
from runner.verdict.coverage import Coverage, FileCoverage
from tests.unit.fake_engine import Answer, failed
from tests.unit.fake_environment import Fakes
from tests.unit.outcomes import case, failing, verdict
from tests.unit.repositories import write_module

PASSED, FAILED = verdict(case()), verdict(failing(), exit_code=1)
HALF = Coverage((FileCoverage("addons/evv_core/__manifest__.py", (1,), (2,)),))
COMMAND = ["bash", "-c", 'exec odoo --config="$conf"', "odoo-tests"]
ANSWER = json.dumps({"processes": 1, "files": {"__manifest__.py": [[1], [], [], []]}, "notes": ["odd"]})


def put_in(fakes: Fakes, answer: Answer, before: Any = PASSED, odoo_exit: int = 0) -> Any:
    write_module(fakes.repository.addons[1], "evv_core")
    fakes.repository.addons[0].mkdir()
    fakes.engine.answers["exec p-odoo-1 bash"] = answer
    with fakes.environment(coverage=True) as environment:
        measuring = Measuring(environment)
        assert measuring.around(COMMAND) == with_coverage(COMMAND, "/mnt/extra-addons-2/evv_core")
        measuring.prefetch()
        return measuring.put_in(before, odoo_exit)


def test_without_the_option_nothing_is_measured_nor_asked(fakes: Fakes) -> None:
    write_module(fakes.repository.addons[0], "evv_core")
    with fakes.environment() as environment:
        measuring = Measuring(environment)
        assert measuring.around(COMMAND) is COMMAND
        measuring.prefetch()
        assert measuring.put_in(PASSED, 0) == (PASSED, [])
    assert not [words for words in fakes.engine.asked if words.startswith("exec p-odoo-1 bash")]


def test_the_module_is_measured_where_the_container_has_it(fakes: Fakes) -> None:
    found, against = put_in(fakes, ANSWER)
    assert against == []
    assert [file.path for file in found.coverage.files] == ["more/evv_core/__manifest__.py"]
    assert (found.label, found.notes) == ("PASSED", ("coverage: odd",))


def test_what_passed_without_the_coverage_that_was_asked_for_is_not_proven(fakes: Fakes) -> None:
    found, against = put_in(fakes, failed("gone", 1), odoo_exit=0)
    assert (found.label, found.reasons, against) == (
        "NOT PROVEN",
        ("no coverage: the container does not tell of it: gone",),
        ["no coverage: the container does not tell of it: gone"],
    )


def test_what_is_red_has_it_as_a_note_that_there_is_none(fakes: Fakes) -> None:
    found, against = put_in(fakes, json.dumps({"processes": 0}), FAILED, 137)
    assert (found.label, found.reasons, against) == ("FAILED", FAILED.reasons, [])
    assert found.notes == ("no coverage: Odoo was killed before it could write it",)


def options(least: float | None, **more: Any) -> Options:
    return Options(1, 1, coverage=True, fail_under=least, **more)


@pytest.mark.parametrize("least", [None, 0, 50])
def test_what_reaches_the_percentage_stays_as_it_is(least: float | None) -> None:
    measured = replace(PASSED, coverage=HALF)
    assert with_fail_under(measured, options(least)) is measured


def test_what_is_under_it_failed_and_says_both_numbers() -> None:
    found = with_fail_under(replace(PASSED, coverage=HALF), options(50.5))
    assert (found.label, found.exit_code) == ("FAILED", 1)
    assert found.reasons == ("coverage 50.0 % is under 50.5 % (--fail-under)",)


def test_a_part_of_the_tests_is_told_with_it() -> None:
    found = with_fail_under(replace(PASSED, coverage=HALF), options(80, tests=("TestOne",)))
    assert found.reasons == ("coverage 50.0 % is under 80 % (--fail-under), by the tests that alone were asked for",)


def test_what_was_red_for_something_else_stays_so_and_says_it_too() -> None:
    timed_out = replace(PASSED, exit_code=6, reasons=("too long",), coverage=HALF)
    found = with_fail_under(timed_out, options(80))
    assert (found.label, found.reasons) == ("TIMED OUT", ("too long", "coverage 50.0 % is under 80 % (--fail-under)"))


def test_where_nothing_is_known_no_number_is_made_up() -> None:
    assert with_fail_under(FAILED, options(80)) is FAILED
