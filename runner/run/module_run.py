"""One run: one module, one environment, one verdict, one log."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from runner.cleanup import keep
from runner.config.options import Debugger, Keep, Options
from runner.config.repositories import RepoConfig
from runner.docker.endpoint import settle
from runner.environment.context import RunContext, labels_of
from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed, ExitCode, Interrupted, ReportFailed, RunnerError
from runner.naming import project_name, run_name
from runner.odoo.addons import modules_of
from runner.odoo.settings import settings_of
from runner.reporting import proof_log as reports
from runner.reporting.coverage_table import coverage_lines
from runner.reporting.foot import FORMAT
from runner.reporting.outcome import Outcome, decide
from runner.reporting.provenance import commit_of
from runner.run.comparing import Comparison
from runner.run.counting import Doubt, doubt_about
from runner.run.debugging import say_how_to_debug, why_no_proof
from runner.run.examining import examine
from runner.run.measuring import with_fail_under
from runner.run.preparing import Preparation
from runner.run.recording import recorded
from runner.run.telling import Telling
from runner.run.testing import Tested, run_tests, wanted_by
from runner.run.unmet import unmet_dependencies
from runner.signals import Signals
from runner.snapshots.needs_empty import remember
from runner.terminal import Shows, Terminal
from runner.text import printable
from runner.verdict.failed_checks import usual_cause
from runner.verdict.sources import Sources, read_sources
from runner.verdict.terms import Terms, terms_of
from runner.verdict.verdict import Verdict
from runner.verdict.without_tests import has_certainly_no_tests


@dataclass(frozen=True)
class Request:
    """One module to run: `command` is what its log says was called, `proof` where that log goes.

    `repeat`: which of several runs of it this is, from 1 on; 0 for the only one.
    """

    repository: RepoConfig
    module: str
    options: Options
    command: str
    proof: Path
    repeat: int = 0

    @property
    def name(self) -> str:
        """Tell the run from the others of its call."""
        return run_name(self.module, self.repository.series, self.repeat)

    def named(self, outcome: Outcome) -> Outcome:
        """Tell of an outcome which of the call's runs it is of."""
        return replace(outcome, series=self.repository.series, repeat=self.repeat)

    def outcome_of(self, error: RunnerError | Interrupted) -> Outcome:
        """Tell how the run ended if it came to no outcome, and so to no proof, of its own."""
        label = "INTERRUPTED" if isinstance(error, Interrupted) else "ERROR"
        outcome = Outcome(self.module, int(error.exit_code), label, (str(error),), self.proof, has_proof=False)
        return self.named(outcome)


def run_module(request: Request, environ: Mapping[str, str], terminal: Terminal, signals: Signals) -> Outcome:
    """Run the tests of one module in an environment of its own and leave nothing behind, however it ends.

    `environ` says which engine. Returns the outcome also for errors and signals; UsageError if no log can be written.
    """
    started = time.monotonic()
    repository, module = request.repository, request.module
    project = project_name(repository.prefix, module)
    folder = reports.run_folder(repository.path, project)
    labels = labels_of(repository, module, None if request.options.keep is Keep.NEVER else folder)
    context = RunContext(repository, module, request.options, project, folder, terminal, signals, labels)
    terminal.begin(f"{repository.name} / {request.name}", project)
    environment: Environment | None = None
    verdict: Verdict | None = None
    error: RunnerError | Interrupted | None = None
    with reports.ProofLog(folder, request.proof, request.options.max_log, request.options.sign_key) as log:
        try:
            modules = modules_of(repository)
            folder_of_module = modules.get(module, repository.addons[0] / module)
            log.block(reports.HEAD, {"log format": FORMAT, **facts_of(request, project, modules.values())})
            # Before anything is started: the module's own file may be wrong.
            terms = terms_of(module, modules, repository.allow)
            verdict = verdict_by_sources(context, folder_of_module)
            if verdict is None:
                environment = Environment(_with_revision(context), settle(environ), log.raw)
                sources = wanted_by(request.options).sources_in(folder_of_module)
                verdict = _verdict_in(environment, modules, sources, terms, log)
        except (RunnerError, Interrupted) as problem:
            error = problem
        if environment:
            environment.close()
        if signals.first is not None and not isinstance(error, Interrupted):
            error = Interrupted(signals.first)
        teardown = environment.teardown if environment else None
        outcome = decide(module=module, proof=request.proof, project=project, verdict=verdict, error=error, teardown=teardown)
        phases = tuple((name, round(seconds, 2)) for name, seconds in terminal.phases)
        selection = selection_of(request, verdict)
        reasons = tuple(map(context.without_password, outcome.reasons))
        seconds = round(time.monotonic() - started, 2)
        outcome = replace(outcome, reasons=reasons, seconds=seconds, phases=phases, selection=selection)
        left = _how_it_was_left(context, environment)
        outcome = replace(outcome, record=tuple(log.blocks), ended=reports.now(), teardown=tuple(left))
        outcome = request.named(outcome)
        facts = {
            "verdict": outcome.title,
            "exit code": str(outcome.exit_code),
            "tests": outcome.counts,
            "ended": outcome.ended,
            "duration": f"{outcome.seconds:.1f} s",
            "phases": ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.phases),
        }
        why = [f"  - {line}" for reason in outcome.reasons for line in reason.splitlines()]
        notes = [*(f"  {text}" for text in outcome.allowed), *(f"  note: {note}" for note in outcome.notes)]
        notes[:0] = [f"  {line}" for line in outcome.beginning.lines] if outcome.beginning else []
        notes += [f"  made by a browser: {file}" for file in outcome.files.values()]
        notes += coverage_lines(outcome.coverage, in_full=True) if outcome.coverage else []
        try:
            log.block(reports.VERDICT, facts, why, notes, left)
            log.publish()
        except (ReportFailed, EnvironmentFailed) as problem:
            outcome = outcome.without_proof(str(problem))
    return outcome


def _with_revision(context: RunContext) -> RunContext:
    if not (ref := context.options.upgrade_from):
        return context
    from runner.upgrade.revision import read_revision  # noqa: PLC0415 - few runs have one

    return replace(context, revision=read_revision(context.repository, ref.name, ref.commit))


def verdict_by_sources(context: RunContext, folder: Path) -> Verdict | None:
    """Judge what needs no run: a module that has certainly no test; None for all else."""
    options, module = context.options, context.module
    if options.test_tags or options.keep is Keep.ALWAYS or not has_certainly_no_tests(folder):
        return None
    sources = read_sources(folder)
    if options.javascript and sources.javascript.hoot:
        return None
    told = f"no test of {module} started: by its sources it has none, so nothing was started"
    reasons = [*filter(None, [sources.manifest]), told, *usual_cause(sources, ())]
    return Verdict(ExitCode.NOT_PROVEN, module, reasons=tuple(reasons))


def _verdict_in(
    environment: Environment, modules: Mapping[str, Path], sources: Sources, terms: Terms, log: reports.ProofLog
) -> Verdict:
    """Bring the environment up, prepare its database, test in it, and take it down again."""
    context = environment.context
    options = context.options
    comparison = Comparison(environment)
    # What a person sees at the terminal of Odoo is not told them once more.
    terminal = Terminal(Shows.CLOSING_LINES) if options.debugger is Debugger.PDB else context.terminal
    telling = Telling(terminal, context.module, context.repository.path, modules, sources.javascript)
    test = partial(run_tests, environment, sources=sources, terms=terms, comparison=comparison, log=log, telling=telling)
    if options.steps or options.new_since:
        from runner.run.steps import run_after_steps  # noqa: PLC0415 - few runs have them

        test = partial(run_after_steps, environment, test, log, telling)
    with environment:
        verdict, has_asked = examine(environment, comparison, log)
        if verdict:
            if options.keep is not Keep.NEVER:
                _keep(environment)
            return verdict
        preparation = Preparation(environment, log)
        preparation.make()
        say_how_to_debug(environment)
        tested = recorded(environment, log, test)
        preparation.finish()
        verdict = tested.verdict.doubted(why_no_proof(options, tested.verdict))
        if tested.failed_to_install and not has_asked:
            verdict = replace(verdict, reasons=(*unmet_dependencies(environment, log), *verdict.reasons))
        # What is debugged proves nothing in any case, and nobody wants to go through it twice.
        is_debugged = options.debugger is not Debugger.NONE
        if not is_debugged and (doubt := doubt_about(environment.plan, tested, sources)):
            verdict = _verdict_on_an_empty_database(environment, doubt, test, log)
        verdict = with_fail_under(verdict, options)  # an empty database would be no cure
        if options.keep is Keep.ALWAYS or (options.keep is Keep.FAILED and not verdict.passed):
            _keep(environment)
    return verdict


def _keep(environment: Environment) -> None:
    from runner.run.serving import serve  # noqa: PLC0415 - it takes its time to import, for this alone

    environment.keep(serve(environment))


def _verdict_on_an_empty_database(
    environment: Environment, doubt: Doubt, test: Callable[[], Tested], log: reports.ProofLog
) -> Verdict:
    """Test once more, without the prepared database: only that counts, and later runs of the same sources begin with it."""
    log.block("NOT COUNTED", {f"that it was {doubt.verdict.label} on the prepared database": "; ".join(doubt.reasons)})
    remember(environment.context.folder.parent, environment.plan, doubt.because)
    environment.start_over(doubt.because)
    verdict = recorded(environment, log, test).verdict
    is_same = verdict.label == doubt.verdict.label
    return verdict if is_same else replace(verdict, notes=(doubt.note(verdict), *verdict.notes))


def selection_of(request: Request, verdict: Verdict | None) -> str:
    """Say in which way it was less, or something else, than the module's tests."""
    return wanted_by(request.options).selection(request.module, is_cut_short=bool(verdict and verdict.is_cut_short))


def facts_of(request: Request, project: str, modules: Collection[Path]) -> dict[str, str]:
    """Return what a log says first: what was asked for, and of which sources."""
    repository = request.repository
    return {
        "run": project,
        "command": request.command,
        "started": reports.now(),
        "repository": f"{repository.name} at {printable(str(repository.path))}",
        "commit": commit_of(repository.path, modules),
        "module": request.module,
        **_told_steps(request.options),
        **({"series": repository.series} if repository.series else {}),
        "compose file": printable(str(repository.compose_file)),
        **({"debugger": debugger} if (debugger := request.options.debugger.value) else {}),
        **settings_of(repository).facts(),
    }


def _told_steps(options: Options) -> dict[str, str]:
    if ref := options.upgrade_from:
        return {"upgrade from": str(ref)}
    if ref := options.new_since:
        return {"upgrade from": f"nothing, as {ref} lacks the module"}
    return {"reinstall": "installed, uninstalled, and installed again"} if options.reinstall else {}


def _how_it_was_left(context: RunContext, environment: Environment | None) -> list[str]:
    if environment and environment.kept and environment.teardown is None:
        hints = keep.how_to_use(context.project, environment.address, environment.served)
        context.terminal.closing(hints)
        return hints
    return reports.teardown_proof(context.project, environment.teardown if environment else None)
