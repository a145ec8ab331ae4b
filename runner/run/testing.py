"""Run a module's tests in a healthy environment, and judge them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from runner.config.options import Options
from runner.docker import questions
from runner.docker.engine import Engine, Pending
from runner.docker.inventory import ContainerStatus
from runner.environment.context import RunContext
from runner.environment.environment import Environment
from runner.environment.limits import limits_reached, reached_command, with_oom_killed
from runner.environment.longest import longest_tests
from runner.odoo import command as odoo
from runner.odoo.mounted_sources import addons_paths_in
from runner.reporting.proof_log import TESTS, RunLog
from runner.run.asked import Asked
from runner.run.browser_files import fetch_browser_files
from runner.run.comparing import Comparison
from runner.run.javascript import run_javascript
from runner.run.measuring import Measuring
from runner.run.odoo_run import OdooRun
from runner.run.preparing import prefetch_undeclared_names
from runner.run.telling import Telling
from runner.verdict.facts import Facts, Wanted, verdict_by
from runner.verdict.named_tests import never_started, tags_for
from runner.verdict.odoolog import LoggedTest, OdooLog
from runner.verdict.record import Record
from runner.verdict.sources import Sources
from runner.verdict.terms import Terms
from runner.verdict.verdict import Verdict


@dataclass(frozen=True)
class Tested:
    """A verdict, and what decides whether it counts: see `doubt_about`.

    `lasting`: those of its reasons that an empty database does not change: not this checkout, as it was, was tested, or Odoo
    did not exit. `facts`: None where no tests began.
    """

    verdict: Verdict
    failed_to_install: bool
    lasting: Sequence[str]
    undeclared_names: Pending[tuple[int, str]] | None
    facts: Facts | None


@dataclass(frozen=True)
class Database:
    """What the tests begin with; `is_begun`: another process of Odoo has begun with it.

    `update`: the modules to update in it; without any, the one under test is installed. `hear` gets what Odoo logs.
    """

    is_begun: bool = False
    update: Sequence[str] = ()
    hear: Callable[[Record], None] = lambda _record: None


NOTHING_YET = Database()


def run_tests(
    environment: Environment,
    *,
    sources: Sources,
    terms: Terms,
    comparison: Comparison,
    log: RunLog,
    telling: Telling,
    database: Database = NOTHING_YET,
) -> Tested:
    """Install the module into a database of its own, run its tests with all output to log and terminal, and judge them.

    EnvironmentFailed if a container of the environment or the engine dies meanwhile.
    """
    context, container, engine = environment.context, environment.odoo_container, environment.engine
    module, timeout, terminal = context.module, longest_tests(context.options), context.terminal
    asked, measuring = Asked(environment, has_database=database.is_begun), Measuring(environment)
    command = measuring.around(_command(context, sources, asked, timeout, database))
    expected = sum(test.is_expected for test in sources.tests)
    places: list[str] | None = None

    def heed(odoo_log: OdooLog, begun: Sequence[Record | LoggedTest]) -> bool:
        nonlocal places
        step = ""
        for event in begun:
            if isinstance(event, Record):
                database.hear(event)
                if places is None:
                    places = addons_paths_in(event.logger, event.message)
                    asked.hear(event)
            step = _step(event, f"{odoo_log.begun} of {expected} tests") or step
        if step:
            terminal.step(step, odoo_log.begun / expected if expected else None)
        return False

    log.block(TESTS, {"module": module})
    with terminal.phase("tests"):
        ran = OdooRun(environment, command, timeout, log, telling, heed)
    javascript, hoot = None, sources.javascript.hoot if context.options.javascript else ()
    # The module may be installed if Odoo came to its end.
    why_not = _why_no_javascript(ran, exit_first=context.options.exit_first) if hoot else ""
    if hoot and not why_not:
        javascript = run_javascript(environment, sources.javascript, timeout - ran.seconds, log, telling, measuring)
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
    answered = states_by(states, environment, now)
    limits = [line for each in now if each.name in printed for line in limits_reached(each, printed[each.name])]
    is_installed = _is_installed(ran, answered, module)
    doubts = (*comparison.reasons_after(compared, answered), *asked.reasons(installed=is_installed))
    facts = Facts(
        wanted_by(context.options),
        ran.exit_code,
        answered,
        timed_out=ran.timed_out,
        why_killed=ran.why_killed,
        is_cut_short=ran.is_cut_short,
        javascript_exit=javascript.exit_code if javascript else None,
        javascript_timed_out=bool(javascript and javascript.timed_out),
        why_no_javascript=why_not,
        limits=limits,
        doubts=doubts,
    )
    verdict, lasting = verdict_by(module, facts, ran.log, javascript.log if javascript else None, sources=sources, terms=terms)
    verdict = replace(verdict, files=files)
    verdict, of_coverage = measuring.put_in(verdict, (javascript or ran).exit_code)
    facts = replace(facts, doubts=(*doubts, *of_coverage))
    of_names = [*never_started(context.options.tests, verdict.cases, sources), *of_coverage]
    return Tested(
        verdict,
        not is_installed and not ran.is_cut_short,  # it may have been going on
        (*doubts, *of_names, *lasting, ran.why_killed),
        undeclared_names,
        facts,
    )


def wanted_by(options: Options) -> Wanted:
    """Say what of a module these options test, and by which rule."""
    return Wanted(options.test_tags, options.tests, options.javascript, options.strict, options.strict_all)


def _command(context: RunContext, sources: Sources, asked: Asked, timeout: float, database: Database) -> list[str]:
    about = (context.module, _tags(context, sources), len(context.repository.addons), timeout)
    options = context.options
    return odoo.test_command(
        *about, asked.settings, update=database.update, has_tools=bool(options.tools), debugger=options.debugger
    )


def states_by(
    pending: Pending[tuple[int, str]], environment: Environment, now: list[ContainerStatus]
) -> Mapping[str, str] | str:
    """Return the states of the modules, or why the database does not tell them. EnvironmentFailed as by `check_alive`."""
    exit_code, answer = pending.result()
    if exit_code == 0:
        return odoo.parse_states(answer)
    environment.check_alive(now, may_end=False)  # a database without a health check may have ended well
    return answer.strip() or f"exit code {exit_code} of psql"


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
