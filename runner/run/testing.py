"""Run a module's tests in a healthy environment, and judge them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from runner.docker import questions
from runner.docker.engine import Engine, Pending
from runner.environment.context import RunContext
from runner.environment.environment import Environment
from runner.environment.limits import limits_reached, reached_command, with_oom_killed
from runner.odoo import command as odoo
from runner.odoo.mounted_sources import addons_paths_in
from runner.reporting.proof_log import RunLog
from runner.run.asked import Asked
from runner.run.browser_files import fetch_browser_files
from runner.run.comparing import Comparison
from runner.run.javascript import run_javascript
from runner.run.measuring import Measuring
from runner.run.odoo_run import OdooRun
from runner.run.preparing import prefetch_undeclared_names
from runner.run.telling import Telling
from runner.run.terms import Terms
from runner.verdict.failed_checks import KILLED
from runner.verdict.javascript import JavaScript
from runner.verdict.javascript_verdict import with_javascript
from runner.verdict.named_tests import never_started, tags_for
from runner.verdict.odoolog import LoggedTest, OdooLog
from runner.verdict.record import Record
from runner.verdict.sources import Sources
from runner.verdict.verdict import Verdict, judge


@dataclass(frozen=True)
class Tested:
    """A verdict, and what decides whether it counts: see `doubt_about`.

    `lasting`: those of its reasons that an empty database does not change: not this checkout, as it was, was tested, or Odoo
    did not exit.
    """

    verdict: Verdict
    failed_to_install: bool
    lasting: Sequence[str]
    undeclared_names: Pending[tuple[int, str]] | None


def run_tests(
    environment: Environment, *, sources: Sources, terms: Terms, comparison: Comparison, log: RunLog, telling: Telling
) -> Tested:
    """Install the module into a database of its own, run its tests with all output to log and terminal, and judge them.

    EnvironmentFailed if a container of the environment or the engine dies meanwhile.
    """
    context, container, engine = environment.context, environment.odoo_container, environment.engine
    module, timeout, terminal = context.module, context.options.test_timeout, context.terminal
    asked, measuring = Asked(environment), Measuring(environment)
    expected = sum(test.is_expected for test in sources.tests)
    places: list[str] | None = None

    def heed(odoo_log: OdooLog, begun: Sequence[Record | LoggedTest]) -> bool:
        nonlocal places
        step = ""
        for event in begun:
            if places is None and isinstance(event, Record):
                places = addons_paths_in(event.logger, event.message)
                asked.hear(event)
            step = _step(event, f"{odoo_log.begun} of {expected} tests") or step
        if step:
            terminal.step(step, odoo_log.begun / expected if expected else None)
        return False

    with terminal.phase("tests"):
        ran = OdooRun(environment, measuring.around(_command(context, sources, asked)), timeout, log, telling, heed)
    javascript, of_javascript = None, sources.javascript if context.options.javascript else JavaScript()
    # The module may be installed if Odoo came to its end.
    why_not = _why_no_javascript(ran, exit_first=context.options.exit_first)
    if of_javascript.hoot and not why_not:
        javascript = run_javascript(environment, of_javascript, timeout - ran.seconds, log, telling, measuring)
        sources = replace(sources, javascript=JavaScript())  # of which with_javascript tells
    files = fetch_browser_files(environment) if any(run.log.browser_files for run in (ran, javascript) if run) else {}
    # Side by side.
    status = environment.prefetch_states()
    states = engine.prefetch(questions.execution(container, odoo.states_command([module, *comparison.beside])))
    asked.prefetch()
    measuring.prefetch()
    compared = comparison.prefetch(places)
    undeclared_names = prefetch_undeclared_names(environment)
    printed = _limits_of(engine, environment.containers.values() if ran.exit_code else ())
    now = [with_oom_killed(each, printed.get(each.name, "")) for each in status.result()]
    environment.check_alive(now)
    exit_code, answer = states.result()
    answered = odoo.parse_states(answer) if exit_code == 0 else answer.strip() or f"exit code {exit_code} of psql"
    if exit_code:  # a database without a health check may have ended well
        environment.check_alive(now, may_end=False)
    limits = [line for each in now if each.name in printed for line in limits_reached(each, printed[each.name])]
    verdict = judge(
        module=module,
        odoo_exit=ran.exit_code,
        log=ran.log,
        states=answered,
        timed_out=ran.timed_out,
        why_killed=ran.why_killed,
        sources=sources,
        strict=context.options.strict,
        test_tags=context.options.test_tags if context.options.test_tags != f"/{module}" else None,
        strict_all=context.options.strict_all,
        own=terms.own,
        allowed=terms.allowed,
        needs_tests=not javascript or bool(sources.tests or sources.files or sources.unreadable),
        names=context.options.tests,
        is_cut_short=ran.is_cut_short,
    )
    is_installed = _is_installed(ran, answered, module)
    if ran.exit_code == KILLED:  # what was reached is the cause, else it may be one
        verdict, limits = replace(verdict, reasons=(*limits, *verdict.reasons)), []
    of_sources, lasting = tuple(comparison.reasons_after(compared, answered)), list[str]()
    if javascript:
        verdict, lasting = with_javascript(
            *(verdict, of_javascript, javascript.log, javascript.exit_code),
            timed_out=javascript.timed_out,
            strict=context.options.strict,
        )
    elif of_javascript.hoot:
        limits = [*limits, f"the JavaScript tests did not run, as {why_not}"]
    of_asked = asked.reasons(installed=is_installed)
    verdict = replace(verdict.doubted([*of_sources, *of_asked, *limits]), files=files)
    verdict, of_coverage = measuring.put_in(verdict, (javascript or ran).exit_code)
    of_names = [*never_started(context.options.tests, verdict.cases, sources), *of_coverage]
    return Tested(
        verdict,
        not is_installed and not ran.is_cut_short,  # it may have been going on
        (*of_sources, *of_asked, *of_names, *lasting, ran.why_killed),
        undeclared_names,
    )


def _command(context: RunContext, sources: Sources, asked: Asked) -> list[str]:
    about = (context.module, _tags(context, sources), len(context.repository.addons), context.options.test_timeout)
    return odoo.test_command(*about, asked.settings, has_tools=bool(context.options.tools))


def _tags(context: RunContext, sources: Sources) -> str | None:
    return context.options.test_tags or tags_for(context.module, context.options.tests, sources) or None


def _is_installed(ran: OdooRun, states: Mapping[str, str] | str, module: str) -> bool:
    # Odoo ends with 255 when it cannot load a module or its tests.
    crashed = ran.exit_code == 255 and not ran.log.results
    return not crashed and (isinstance(states, str) or states.get(module) == "installed")


def _why_no_javascript(ran: OdooRun, *, exit_first: bool) -> str:
    if exit_first and ran.log.problem_counts:
        return "a test failed before them (--exitfirst)"
    has_ended = ran.log.results and ran.exit_code in (0, 1)
    return "" if has_ended else "Odoo did not come to the end of the others"


def _limits_of(engine: Engine, containers: Iterable[str]) -> dict[str, str]:
    """What each container says of its limits, asked side by side."""
    asked = {name: engine.prefetch(questions.execution(name, reached_command())) for name in containers}
    return {name: answer.result()[1] for name, answer in asked.items()}


def _step(event: Record | LoggedTest, count: str) -> str:
    """Say where the tests are, if that is another place now."""
    if isinstance(event, LoggedTest):
        return f"{count}: {event.name}"
    # Before the first HttpCase that runs post_install, for some ten seconds in which no test runs.
    if event.logger.endswith(".ir_qweb") and event.message.startswith("Pregenerating assets bundles"):
        return f"{count} ran; Odoo generates its assets bundles for HttpCase"
    return ""
