"""Run a module's JavaScript tests, in the database in which its other tests have run, and in a process of their own.

In one process Odoo runs the tests of the modules that it installs, or else of all that are installed. Those of web that open a
browser for one module's JavaScript tests can only be had in a second one.
"""

from collections.abc import Sequence

from runner.docker import questions
from runner.environment.environment import Environment
from runner.odoo import command as odoo
from runner.odoo.settings import settings_of
from runner.reporting.proof_log import JAVASCRIPT, RunLog
from runner.run.measuring import Measuring
from runner.run.odoo_run import OdooRun
from runner.run.telling import Telling
from runner.verdict.javascript import JavaScript
from runner.verdict.javascript_verdict import tests_of_others
from runner.verdict.odoolog import LoggedTest, OdooLog
from runner.verdict.record import Record


def run_javascript(
    environment: Environment,
    javascript: JavaScript,
    seconds: float,
    proof: RunLog,
    telling: Telling,
    measuring: Measuring,
) -> OdooRun:
    """Run them, for so many seconds at most, with all output to log and terminal; those of other modules are stopped."""
    context, container = environment.context, environment.odoo_container
    timeout = max(1.0, seconds)
    folders = len(context.repository.addons)
    settings = settings_of(context.repository)
    how = {"for_phones": javascript.for_phones, "has_tools": bool(context.options.tools)}
    command = measuring.around(odoo.javascript_command(context.module, folders, timeout, settings, **how))

    def heed(log: OdooLog, _begun: Sequence[Record | LoggedTest]) -> bool:
        context.terminal.step(f"{len(log.javascript.tests)} ran")
        if not tests_of_others(log, context.module):
            return False
        environment.engine.ask(questions.execution(container, odoo.stop_command()))
        return True

    proof.block(JAVASCRIPT, {"files": " ".join(javascript.hoot)})
    with context.terminal.phase("javascript"):
        return OdooRun(environment, command, timeout, proof, telling, heed)
