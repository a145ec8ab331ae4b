"""JavaScript tests run in a second process of Odoo, and those of other modules are not waited for."""

import pytest

from runner.environment.environment import Environment
from runner.odoo import command as odoo
from runner.reporting.proof_log import ProofLog
from runner.run.javascript import run_javascript
from runner.run.measuring import Measuring
from runner.run.odoo_run import OdooRun
from runner.run.telling import Telling
from runner.terminal import Terminal
from runner.verdict.javascript import JavaScript
from tests.unit.fake_environment import ENDPOINT, Fakes
from tests.unit.odoo_logs import log, real, record, result

PASSED = real("javascript-passed").replace("traction", "evv_core")
SOURCES = JavaScript(("static/tests/a.test.js",))
OTHERS = record(
    "odoo.addons.web.tests.test_js.WebSuite.test_unit_desktop.browser",
    '[HOOT] Test "@web/a/b" passed (assertions: 1 / time: 1 ms)',
)


def run(fakes: Fakes, output: str, seconds: float = 30, sources: JavaScript = SOURCES) -> OdooRun:
    fakes.streams.executions = [(output.encode(), 0, None)]
    fakes.engine.answers["exec p-odoo-1 bash"] = ""
    with ProofLog(fakes.folder, fakes.folder / "proof.log") as proof, Environment(fakes.context(), ENDPOINT) as environment:
        telling = Telling(Terminal(), "evv_core", fakes.folder, {}, sources)
        return run_javascript(environment, sources, seconds, proof, telling, Measuring(environment))


def was_stopped(fakes: Fakes) -> bool:
    return any(words.split()[:3] == ["exec", "p-odoo-1", "bash"] for words in fakes.engine.asked)


def test_all_that_it_printed_is_in_the_log_below_a_head(fakes: Fakes) -> None:
    ran = run(fakes, PASSED)
    assert (ran.exit_code, ran.timed_out, len(ran.log.javascript.tests)) == (0, False, 2)
    head, _, printed = (fakes.folder / "tests.log").read_text().partition("static/tests/a.test.js\n")
    assert "JAVASCRIPT TESTS" in head
    assert PASSED in printed
    assert not was_stopped(fakes)


def test_tests_of_another_module_end_it(fakes: Fakes) -> None:
    ran = run(fakes, log(OTHERS, *[record("odoo", "more")] * 5, result()))
    assert was_stopped(fakes)
    assert not ran.log.results


@pytest.mark.parametrize(("seconds", "given"), [(30, "30"), (-5, "1")])
def test_it_has_what_is_left_of_the_tests_time(fakes: Fakes, seconds: float, given: str) -> None:
    run(fakes, log(result()), seconds)
    (command,) = fakes.streams.executed
    assert command == odoo.javascript_command("evv_core", 2, float(given), for_phones=False)
