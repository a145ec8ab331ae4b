"""Run a module's tests in a healthy environment, and judge them."""

import time
from dataclasses import dataclass

from runner.docker import questions
from runner.docker.engine import Pending
from runner.environment.environment import Environment
from runner.environment.health import check_alive
from runner.odoo import command as odoo
from runner.odoo.mounted_sources import addons_paths_in
from runner.reporting.proof_log import ProofLog
from runner.run.comparing import Comparison
from runner.run.preparing import prefetch_undeclared_names
from runner.verdict.odoolog import LoggedTest, OdooLog, Record
from runner.verdict.sources import Sources
from runner.verdict.verdict import Verdict, judge


@dataclass(frozen=True)
class Tested:
    """A verdict, and the question that decides whether one that passed counts: see `undeclared_uses`."""

    verdict: Verdict
    undeclared_names: Pending[tuple[int, str]] | None


def run_tests(environment: Environment, *, sources: Sources, comparison: Comparison, log: ProofLog) -> Tested:
    """Install the module into a database of its own, run its tests with all output to log and terminal, and judge them.

    EnvironmentFailed if the container or the engine dies meanwhile.
    """
    context, container, engine = environment.context, environment.odoo_container, environment.engine
    module, timeout, terminal = context.module, context.options.test_timeout, context.terminal
    command = odoo.test_command(module, context.options.test_tags, len(context.repository.addons), timeout)
    odoo_log = OdooLog(odoo.DATABASE)
    places: list[str] | None = None
    expected = sum(not test.note for test in sources.tests)
    begun = time.monotonic()
    with terminal.phase("tests"):
        execution = environment.execute(command, timeout)
        for line in execution:
            log.raw(line)
            terminal.output(line)
            for event in odoo_log.feed(line):
                if places is None and isinstance(event, Record):
                    places = addons_paths_in(event.logger, event.message)
                if step := _step(event, f"{len(odoo_log.tests)} of {expected}"):
                    terminal.step(step)
    odoo_log.end()
    timed_out = execution.exit_code in (124, 137) and time.monotonic() - begun >= timeout
    # Side by side.
    status = engine.prefetch(questions.states([container]))
    states = engine.prefetch(questions.execution(container, odoo.states_command([module, *comparison.beside])))
    compared = comparison.prefetch(places)
    undeclared_names = prefetch_undeclared_names(environment)
    check_alive(engine, status.result())
    exit_code, answer = states.result()
    answered = odoo.parse_states(answer) if exit_code == 0 else answer.strip() or f"exit code {exit_code} of psql"
    verdict = judge(
        module=module,
        odoo_exit=execution.exit_code,
        log=odoo_log,
        states=answered,
        timed_out=timed_out,
        sources=sources,
        strict=context.options.strict,
    )
    return Tested(verdict.doubted(comparison.reasons_after(compared, answered)), undeclared_names)


def _step(event: Record | LoggedTest, count: str) -> str:
    """Say where the tests are, if that is another place now."""
    if isinstance(event, LoggedTest):
        return f"{count}: {event.name}"
    # Before the first HttpCase that runs post_install, for some ten seconds in which no test runs.
    if event.logger.endswith(".ir_qweb") and event.message.startswith("Pregenerating assets bundles"):
        return f"{count} ran; Odoo generates its assets bundles for HttpCase"
    return ""
