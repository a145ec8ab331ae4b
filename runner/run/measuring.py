"""The coverage of a module by its tests, where that is asked for: measured in the container, and weighed."""

from dataclasses import replace

from runner.config.options import Options
from runner.docker import questions
from runner.docker.engine import Pending
from runner.environment.environment import Environment
from runner.errors import ExitCode
from runner.odoo.addons import modules_of
from runner.odoo.command import addons_targets
from runner.verdict.coverage import told_percent
from runner.verdict.verdict import Verdict

# Of processes that were killed, and of clients of docker that were.
_KILLED = (124, 137, -1)


class Measuring:
    """The measuring of one attempt at the tests of a run's module; it does nothing if none was asked for."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._processes = 0
        self._pending: Pending[tuple[int, str]] | None = None

    def around(self, command: list[str]) -> list[str]:
        """Have a command that runs tests be measured."""
        if not self._environment.context.options.coverage:
            return command
        from runner.odoo.coverage_command import with_coverage  # noqa: PLC0415 - few runs are measured

        self._processes += 1
        return with_coverage(command, self._place)

    @property
    def _place(self) -> str:
        """Where the container has the module."""
        repository, module = self._environment.context.repository, self._environment.context.module
        targets = dict(zip(repository.addons, addons_targets(len(repository.addons)), strict=True))
        return f"{targets[modules_of(repository)[module].parent]}/{module}"

    def prefetch(self) -> None:
        """Ask for what was measured."""
        if self._processes:
            from runner.odoo.coverage_command import LIMIT, coverage_command  # noqa: PLC0415

            question = questions.execution(self._environment.odoo_container, coverage_command(self._place))
            self._pending = self._environment.engine.prefetch(question.within(LIMIT + questions.LIMIT))

    def put_in(self, verdict: Verdict, odoo_exit: int) -> tuple[Verdict, list[str]]:
        """Return the verdict with its coverage, and the reasons against it if there is none: it was asked for."""
        if not self._pending:
            return verdict, []
        from runner.run.coverage_answer import NoCoverage, read_answer  # noqa: PLC0415

        context = self._environment.context
        folder = modules_of(context.repository)[context.module]
        where, is_killed = (folder, context.repository.path), odoo_exit in _KILLED
        try:
            coverage, notes = read_answer(*self._pending.result(), *where, processes=self._processes, is_killed=is_killed)
        except NoCoverage as error:
            why = f"no coverage: {error}"
            return (verdict.doubted([why]), [why]) if verdict.passed else (verdict.noted([why]), [])
        return replace(verdict.noted(notes), coverage=coverage), []


def with_fail_under(verdict: Verdict, options: Options) -> Verdict:
    """Return the verdict, red if less of the module ran than was asked for."""
    least, coverage = options.fail_under, verdict.coverage
    if least is None or coverage is None or coverage.percent >= least:
        return verdict
    part = ", by the tests that alone were asked for" if options.tests or options.test_tags else ""
    why = f"coverage {told_percent(coverage.percent)} is under {least:g} % (--fail-under){part}"
    exit_code = int(ExitCode.FAILED) if verdict.passed else verdict.exit_code
    return replace(verdict, exit_code=exit_code, reasons=(*verdict.reasons, why))
