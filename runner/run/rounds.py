"""The rounds of a watch: each tests the module as a run does, on a database that no test has seen, and tells what is new."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from runner.docker import questions
from runner.docker.engine import Pending
from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed
from runner.odoo.addons import modules_of
from runner.odoo.command import make_anew_command, set_aside_command
from runner.reporting.outcome import decide
from runner.reporting.proof_log import RunLog, now
from runner.reporting.summary import lines_for
from runner.run.comparing import Comparison
from runner.run.counting import Doubt, doubt_about
from runner.run.difference import difference, is_whole
from runner.run.module_run import Request, selection_of, verdict_by_sources
from runner.run.telling import Telling
from runner.run.testing import run_tests, wanted_by
from runner.run.unmet import unmet_dependencies
from runner.terminal import Terminal
from runner.text import first_of, printable
from runner.verdict.terms import Terms
from runner.verdict.verdict import Verdict

WAITING = "waiting for changes (Ctrl+C ends)"
_FILES_NAMED = 3


def say(terminal: Terminal, text: str) -> None:
    """Print a line with the time: who comes back to the screen sees whether it is new."""
    terminal.line(_timed(text))


def say_why_not(terminal: Terminal, text: str) -> None:
    """Say why nothing is tested, also where only the closing lines are wanted: the last of them would be taken for current."""
    terminal.closing([_timed(text)])


def _timed(text: str) -> str:
    return f"[{datetime.now():%H:%M:%S}] {text}"


class Stand:
    """An environment whose database is prepared, for one round after the other. `has_asked`: it has all the module needs."""

    def __init__(self, environment: Environment, *, has_asked: bool) -> None:
        """Put the prepared database aside, if there is one. EnvironmentFailed if that cannot be."""
        self.environment, self.has_asked = environment, has_asked
        self._has_template = bool(environment.plan.installed)
        if self._has_template:
            _done(environment.engine.ask(questions.execution(environment.odoo_container, set_aside_command())))
        self._made: Pending[tuple[int, str]] | None = None

    def make_anew(self) -> None:
        """Leave nothing of an earlier round: ahead of the next one, which then need not wait for it."""
        if not self._made:
            command = make_anew_command(has_template=self._has_template)
            self._made = self.environment.engine.prefetch(questions.execution(self.environment.odoo_container, command))

    def compared(self) -> tuple[Comparison, Verdict | None]:
        """Compare the sources, and have the database; with the verdict where nothing need be tested.

        EnvironmentFailed if a container has died, or has other sources than this checkout.
        """
        self.make_anew()
        states = self.environment.prefetch_states()
        comparison = Comparison(self.environment, is_settled=True)
        self.environment.check_alive(states.result())
        verdict = comparison.check()
        made, self._made = self._made, None
        assert made
        _done(made.result())
        return comparison, verdict


def _done(answer: tuple[int, str]) -> None:
    exit_code, said = answer
    if exit_code:
        raise EnvironmentFailed(f"The database cannot be made anew: {said.strip()[-500:] or f'exit code {exit_code}'}")


class Rounds:
    """All rounds of one watch, in whichever environment; `number` counts them."""

    def __init__(self, terminal: Terminal) -> None:
        self.number = 0
        self._terminal = terminal
        # The last one with all tests of the module, and its number.
        self._compared: tuple[int, Verdict] | None = None

    def make(self, request: Request, stand: Stand, terms: Terms, changed: Sequence[Path]) -> None:
        """Test the module, and say how that ended. EnvironmentFailed if a container or the engine dies meanwhile."""
        environment, context = stand.environment, stand.environment.context
        self.number += 1
        begun = time.monotonic()
        say(self._terminal, f"round {self.number}{': ' if changed else ''}{_named(changed)}")
        folder = modules_of(context.repository)[context.module]
        doubt = None
        # Nobody asks for an older one, and each may be as large as --max-log says.
        with contextlib.suppress(OSError):
            (context.folder / f"round-{self.number - 1}.log").unlink(missing_ok=True)
        with RunLog(context.folder / f"round-{self.number}.log", context.options.max_log) as log:
            log.block(f"ROUND {self.number} OF A WATCH: NO PROOF", {"run": context.project, "started": now()})
            if not (verdict := verdict_by_sources(context, folder)):
                comparison, verdict = stand.compared()
            if not verdict:
                sources = wanted_by(context.options).sources_in(folder)
                modules = modules_of(context.repository)
                telling = Telling(self._terminal, context.module, context.repository.path, modules, sources.javascript)
                tested = run_tests(environment, sources=sources, terms=terms, comparison=comparison, log=log, telling=telling)
                verdict, doubt = tested.verdict, doubt_about(environment.plan, tested, sources)
                if tested.failed_to_install and not stand.has_asked:
                    verdict = replace(verdict, reasons=(*unmet_dependencies(environment, log), *verdict.reasons))
            log.block("RESULT", {"verdict": verdict.label, "tests": verdict.counts}, [f"  - {why}" for why in verdict.reasons])
        stand.make_anew()
        self.tell(request, verdict, doubt)
        self._terminal.line(f"  log of this round, no proof: {log.file}")
        say(self._terminal, f"round {self.number} took {time.monotonic() - begun:.1f} s; {WAITING}")

    def tell(self, request: Request, verdict: Verdict, doubt: Doubt | None = None) -> None:
        """Say how the module is, what is other than in an earlier round, and where only an empty database would count."""
        module = request.module
        outcome = decide(module=module, proof=request.proof, project="", verdict=verdict, error=None, teardown=None)
        outcome = replace(request.named(outcome), has_proof=False, selection=selection_of(request, verdict))
        lines = lines_for(outcome)
        if is_whole(verdict):
            if self._compared:
                number, before = self._compared
                new = difference(before, verdict).lines or ["every test ended as then"]
                lines += [f"  since round {number}: {line}" for line in new]
            self._compared = (self.number, verdict)
        if doubt:
            why = f": {doubt.reasons[0]}" if verdict.passed else ""
            lines.append(f"  on the prepared database; only an empty one would count, as in a run without --watch{why}")
        self._terminal.closing(lines, outcome.label)


def _named(changed: Sequence[Path]) -> str:
    """Name files by their last two folders at most; temporary ones, as of editors, only where there are no others."""
    there = [path for path in changed if path.exists()] or changed
    return first_of([printable("/".join(path.parts[-3:])) for path in there], _FILES_NAMED)
