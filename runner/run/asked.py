"""What is asked of Odoo besides the module, and whether it was so: its series, demo data, languages."""

from runner.docker import questions
from runner.docker.engine import Pending
from runner.environment.environment import Environment
from runner.odoo.command import query_command
from runner.odoo.series import not_of_series, version_in
from runner.odoo.settings import settings_of
from runner.verdict.record import Record


class Asked:
    """What is asked of the Odoo of one run; `settings` are those that this Odoo has to be told."""

    def __init__(self, environment: Environment, *, has_database: bool = False) -> None:
        """`has_database`: something was installed in it before, also where none was prepared."""
        self._environment = environment
        self._series = environment.context.repository.series
        self._all = settings_of(environment.context.repository)
        self.settings = self._all.beyond_preparation if environment.plan.installed or has_database else self._all
        self._version = ""
        self._found: Pending[tuple[int, str]] | None = None

    def hear(self, record: Record) -> None:
        """Take account of what Odoo logs."""
        self._version = self._version or version_in(record.logger, record.message)

    def prefetch(self) -> None:
        """Ask the database for what it has of it, if anything was asked for."""
        if query := self._all.query:
            question = questions.execution(self._environment.odoo_container, query_command(query))
            self._found = self._environment.engine.prefetch(question)

    def reasons(self, *, installed: bool) -> list[str]:
        """Return what was not as asked; of the database only where the module is `installed`."""
        wrong = not_of_series(self._version, self._series) if self._version or installed else ""
        return [*([wrong] if wrong else []), *(self._not_honoured(self._found) if self._found and installed else [])]

    def _not_honoured(self, found: Pending[tuple[int, str]]) -> list[str]:
        exit_code, answer = found.result()
        if exit_code:
            return [f"the database could not be asked for demo data and languages: {answer.strip() or exit_code}"]
        return self._all.not_honoured(answer)
