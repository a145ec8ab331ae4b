"""Run a module's tests in a healthy environment, and judge them."""

import time

from runner.docker import questions
from runner.environment.environment import Environment
from runner.environment.health import check_alive
from runner.odoo import command as odoo
from runner.reporting.proof_log import ProofLog
from runner.run import preparing
from runner.terminal import Terminal
from runner.verdict.odoolog import LoggedTest, OdooLog, Record
from runner.verdict.sources import Sources
from runner.verdict.verdict import Verdict, judge

# For what the engine needs beyond the tests' own time before it is taken for stalled.
_STREAM_MARGIN = 60.0


def run_tests(
    environment: Environment,
    *,
    module: str,
    tags: str | None,
    addons_folders: int,
    timeout: float,
    sources: Sources,
    strict: bool,
    log: ProofLog,
    terminal: Terminal,
) -> Verdict:
    """Install the module into a database of its own, run its tests, with all output to the log and the terminal; the verdict.

    `timeout` in seconds: the tests' own. EnvironmentFailed if the container or the engine dies meanwhile.
    """
    container, engine = environment.odoo_container, environment.engine
    command = odoo.test_command(module, tags, addons_folders, timeout)
    odoo_log = OdooLog(odoo.DATABASE)
    expected = sum(not test.note for test in sources.tests)
    begun = time.monotonic()
    with terminal.phase("tests"):
        execution = engine.streams.execute(container, command, timeout + odoo.KILL_AFTER + _STREAM_MARGIN)
        for line in execution:
            log.raw(line)
            terminal.output(line)
            for event in odoo_log.feed(line):
                if step := _step(event, f"{len(odoo_log.tests)} of {expected}"):
                    terminal.step(step)
    odoo_log.end()
    timed_out = execution.exit_code in (124, 137) and time.monotonic() - begun >= timeout
    states = odoo.states_command([module])
    engine.begin(
        questions.inspection("container", [container]),
        questions.execution(container, states),
        *preparing.questions(environment),
    )
    check_alive(engine, container)
    exit_code, answer = engine.query(container, states)
    return judge(
        module=module,
        odoo_exit=execution.exit_code,
        log=odoo_log,
        states=odoo.parse_states(answer) if exit_code == 0 else answer.strip() or f"exit code {exit_code} of psql",
        timed_out=timed_out,
        sources=sources,
        strict=strict,
    )


def _step(event: Record | LoggedTest, count: str) -> str:
    """Where the tests are, if that is another place now."""
    if isinstance(event, LoggedTest):
        return f"{count}: {event.name}"
    # Before the first HttpCase that runs post_install, for some ten seconds in which no test runs.
    if event.logger.endswith(".ir_qweb") and event.message.startswith("Pregenerating assets bundles"):
        return f"{count} ran; Odoo generates its assets bundles for HttpCase"
    return ""
