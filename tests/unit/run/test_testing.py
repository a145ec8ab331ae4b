"""While the tests run, their output goes to log and terminal, and the display says which one it is."""

from dataclasses import replace

import pytest

from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed
from runner.odoo import command as odoo
from runner.reporting.proof_log import ProofLog
from runner.run import testing
from runner.run.comparing import Comparison
from runner.run.telling import Telling
from runner.terminal import Shows, Terminal
from runner.verdict.allowed import NOTHING_ALLOWED
from runner.verdict.sources import read_sources
from runner.verdict.terms import Terms
from tests.unit.fake_engine import Answer, Said, Words, failed
from tests.unit.fake_environment import ENDPOINT, Fakes
from tests.unit.odoo_logs import log, problem, real, record, result, starting, text
from tests.unit.repositories import write_module

ASSETS = record("odoo.addons.base.models.ir_qweb", "Pregenerating assets bundles")


class Steps(Terminal):
    def __init__(self) -> None:
        super().__init__(Shows.CLOSING_LINES)
        self.steps: list[tuple[str, float | None]] = []

    def step(self, text: str, share: float | None = None) -> None:
        self.steps.append((text, share))


TERMS = Terms(frozenset({"evv_core"}), NOTHING_ALLOWED)


def run(
    fakes: Fakes,
    output: str,
    terminal: Terminal,
    exit_code: int = 0,
    states: Answer = "evv_core installed\n",
    *,
    javascript: str = "",
    error: BaseException | None = None,
    exit_first: bool = False,
) -> testing.Tested:
    tests = write_module(fakes.repository.addons[0], "evv_core") / "tests"
    tests.mkdir()
    (tests / "__init__.py").write_text("from . import test_client\n")
    (tests / "test_client.py").write_text(
        "class TestClient(HttpCase):\n    def test_one(self): ...\n    def test_two(self): ...\n"
    )
    if javascript:
        (tests.parent / "static/tests").mkdir(parents=True)
        (tests.parent / "static/tests/weeks_off_field.test.js").write_text("// a test\n")
    fakes.streams.executions = [(output.encode(), exit_code, error), (javascript.encode(), 0, None)]
    fakes.engine.answers["exec p-odoo-1"] = states
    context = replace(fakes.context(javascript=bool(javascript), exit_first=exit_first), terminal=terminal)
    with ProofLog(fakes.folder, fakes.folder / "proof.log") as proof, Environment(context, ENDPOINT) as environment:
        comparison = Comparison(environment)
        assert comparison.check() is None
        sources = read_sources(tests.parent)
        telling = Telling(terminal, "evv_core", fakes.repository.path, {"evv_core": tests.parent}, sources.javascript)
        return testing.run_tests(environment, sources=sources, terms=TERMS, comparison=comparison, log=proof, telling=telling)


def test_the_display_counts_the_tests_and_says_what_takes_long_between_them(fakes: Fakes) -> None:
    steps = Steps()
    output = log(starting("TestClient.test_one"), ASSETS, starting("TestClient.test_two"), result(2))
    run(fakes, output, steps)
    assert steps.steps == [
        ("1 of 2 tests: TestClient.test_one", 0.5),
        ("1 of 2 tests ran; Odoo generates its assets bundles for HttpCase", 0.5),
        ("2 of 2 tests: TestClient.test_two", 1.0),
    ]


FAILING = log(starting(), problem("FAIL", "TestClient.test_one"), result(failed=1))
FAIL = "  FAIL: TestClient.test_one (addons/evv_core/tests/test_client.py:7)\n    AssertionError: 1 != 2\n"


def test_a_failing_test_is_told_before_the_tests_end(fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    run(fakes, FAILING, Terminal(Shows.WHAT_IS_TOLD), 1)
    assert f"{FAIL}  tests  " in capsys.readouterr().out


def test_a_failing_test_is_told_where_the_environment_dies_right_after_it(
    fakes: Fakes, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = FAILING.partition("AssertionError: 1 != 2\n")
    with pytest.raises(EnvironmentFailed):
        run(fakes, "".join(cut[:2]), Terminal(Shows.WHAT_IS_TOLD), error=EnvironmentFailed("gone"))
    assert f"{FAIL}  tests      failed" in capsys.readouterr().out


def test_all_that_odoo_printed_is_in_the_log_as_it_was(fakes: Fakes) -> None:
    printed = real("evv_core-passed")
    run(fakes, printed, Steps())
    assert (fakes.folder / "tests.log").read_text().endswith(f"TESTS\nmodule: evv_core\n{'=' * 100}\n{printed}")


def test_the_database_is_asked_for_undeclared_names_only_where_it_was_prepared(fakes: Fakes) -> None:
    tested = run(fakes, real("evv_core-passed"), Steps())
    assert tested.verdict.passed
    assert tested.undeclared_names is None


@pytest.mark.parametrize(
    ("output", "exit_code", "states", "failed"),
    [
        (log(result(1)), 1, "evv_core installed\n", False),
        (log(result(1)), 255, "evv_core installed\n", False),
        (log(starting()), 255, "evv_core installed\n", True),  # a test file that cannot be imported, say
        (log(starting()), 137, "evv_core installed\n", False),
        (log(result()), 0, "evv_core uninstalled\n", True),
        (log(result()), 0, "", True),
        (log(result()), 0, failed("psql: error", 2), False),
    ],
)
def test_an_installation_that_failed_is_told_from_tests_that_failed(
    fakes: Fakes, output: str, exit_code: int, states: Said, failed: bool
) -> None:
    assert run(fakes, output, Steps(), exit_code, states).failed_to_install is failed


def test_odoo_is_told_what_to_test_and_for_how_long(fakes: Fakes) -> None:
    run(fakes, real("evv_core-passed"), Steps())
    (command,) = fakes.streams.executed
    assert command == odoo.test_command("evv_core", None, 2, 5)


SCRIPTS = real("javascript-passed").replace("traction", "evv_core")


def test_javascript_tests_run_after_the_others_and_count_in_one_verdict(fakes: Fakes) -> None:
    verdict = run(
        fakes, log(starting(), starting("TestClient.test_two"), result(tests=2)), Steps(), javascript=SCRIPTS
    ).verdict
    assert verdict.counts == "4 tests ran (2 in JavaScript), 0 failed, 0 errors, 0 skipped"
    assert (verdict.passed, verdict.notes) == (True, ())
    assert [command[3] for command in fakes.streams.executed] == ["odoo-tests", "odoo-tests"]


@pytest.mark.parametrize("exit_code", [255, 137])
def test_where_odoo_did_not_come_to_its_end_they_do_not_run_and_that_is_told(fakes: Fakes, exit_code: int) -> None:
    verdict = run(fakes, log(starting()), Steps(), exit_code, javascript=SCRIPTS).verdict
    assert verdict.exit_code == 7
    assert "the JavaScript tests did not run, as Odoo did not come to the end of the others" in verdict.reasons
    assert len(fakes.streams.executed) == 1


FIRST = (starting(), problem("FAIL", "TestClient.test_one"))


@pytest.mark.parametrize(("more", "exit_code"), [((result(1),), 1), ((starting("TestClient.test_two"),), 137)])
def test_with_exitfirst_they_do_not_run_after_a_failure_and_that_is_told(
    fakes: Fakes, more: tuple[str, ...], exit_code: int
) -> None:
    verdict = run(fakes, text([*FIRST, *more]), Steps(), exit_code, javascript=SCRIPTS, exit_first=True).verdict
    assert verdict.exit_code == 1
    assert "the JavaScript tests did not run, as a test failed before them (--exitfirst)" in verdict.reasons
    assert len(fakes.streams.executed) == 1


def test_an_odoo_that_was_stopped_at_a_failure_has_not_failed_to_install(fakes: Fakes) -> None:
    tested = run(
        fakes, text([*FIRST, starting("TestClient.test_two")]), Steps(), 137, "evv_core to install\n", exit_first=True
    )
    assert (tested.verdict.exit_code, tested.failed_to_install) == (1, False)


def test_what_an_empty_database_does_not_change_is_told_to_whoever_would_try_one(fakes: Fakes) -> None:
    skips = log(record("odoo.addons.web.tests.test_js", "Starting WebSuite.test_unit_desktop ..."), result(tests=0))
    passed = log(starting(), starting("TestClient.test_two"), result(tests=2))
    tested = run(fakes, passed, Steps(), javascript=skips)
    (reason,) = tested.verdict.reasons
    assert reason == "no JavaScript test of evv_core ran (static/tests/weeks_off_field.test.js)"
    assert reason in tested.lasting


PASSED = real("evv_core-passed")


def asks(fakes: Fakes, found: Said, **asked: object) -> testing.Tested:
    """A run that passes for which something was asked for besides, and what the database has of that."""

    def answer(words: Words) -> Said:
        return found if "res_lang" in words[-1] or "demo" in words[-1] else "evv_core installed\n"

    fakes.repository = fakes.repository.model_copy(update=asked)
    return run(fakes, PASSED, Steps(), states=answer)


def test_demo_data_and_languages_that_are_there_are_no_reason(fakes: Fakes) -> None:
    tested = asks(fakes, "language de_DE true\n", demo=True, languages=("de_DE",))
    assert tested.verdict.passed
    (command,) = fakes.streams.executed
    assert "--load-language=en_US,de_DE" in command


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("module evv_core \nlanguage de_DE true\n", "not as asked, installed without demo data: evv_core"),
        ("language de_AT true\n", "Odoo does not know the language de_DE, but de_AT"),
        (failed("psql: error", 2), "the database could not be asked for demo data and languages: psql: error"),
    ],
)
def test_what_was_asked_for_and_is_not_there_is_not_proven_and_no_empty_database_changes_that(
    fakes: Fakes, found: Said, reason: str
) -> None:
    tested = asks(fakes, found, demo=True, languages=("de_DE",))
    assert (tested.verdict.label, tested.verdict.reasons) == ("NOT PROVEN", (reason,))
    assert reason in tested.lasting


@pytest.mark.parametrize(("series", "label"), [("", "PASSED"), ("19.0", "PASSED"), ("18.0", "NOT PROVEN")])
def test_an_odoo_of_another_series_than_asked_for_proves_nothing(fakes: Fakes, series: str, label: str) -> None:
    assert "odoo: Odoo version 19.0" in PASSED
    tested = asks(fakes, "", series=series)
    assert tested.verdict.label == label
    assert tested.verdict.reasons == (("Odoo 18.0 was asked for, and the image has 19.0",) if label == "NOT PROVEN" else ())


def test_an_odoo_that_does_not_tell_its_series_proves_nothing(fakes: Fakes) -> None:
    fakes.repository = fakes.repository.model_copy(update={"series": "19.0"})
    tested = run(fakes, PASSED.replace("odoo: Odoo version", "odoo: Version"), Steps())
    assert tested.verdict.reasons == ("Odoo 19.0 was asked for, and the image has one that does not tell its version",)
