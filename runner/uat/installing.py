"""Bring modules into the database of an environment to look at, and tell what is in it then."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.docker import questions
from runner.errors import EnvironmentFailed
from runner.odoo import command as odoo
from runner.odoo.series import not_of_series, version_in
from runner.odoo.settings import settings_of
from runner.reporting.proof_log import RunLog
from runner.run.comparing import Comparison
from runner.run.unmet import unmet_dependencies
from runner.text import counted, first_of
from runner.uat.data import Data
from runner.uat.environment import UatEnvironment
from runner.uat.login import Login
from runner.uat.modules import Changes, brought_in
from runner.verdict.failed_checks import omissions
from runner.verdict.odoolog import OdooLog
from runner.verdict.record import Record

# When a container died that is there no more.
WHEN = "while the modules were brought in"
_MOST_ERRORS = 5
# In PostgreSQL's number of its version.
_MAJOR = 10000


def check_sources(comparison: Comparison) -> None:
    """Check that the container has the sources of the checkout, and Odoo loads them. EnvironmentFailed says which not."""
    if verdict := comparison.check():
        raise EnvironmentFailed("\n".join(["Odoo would not load the modules of this checkout:", *verdict.reasons]))


def install(environment: UatEnvironment, changes: Changes, log: RunLog, *, is_first: bool) -> str:
    """Install what is new and update what changed; Odoo's version. EnvironmentFailed says what kept it from that."""
    context = environment.context
    repository, timeout = context.repository, context.options.test_timeout
    if reasons := unmet_dependencies(environment, log):
        raise EnvironmentFailed("\n".join(["The modules cannot be installed. What they need is not all there:", *reasons]))
    asked = settings_of(repository)
    settings = asked if is_first else asked.beyond_preparation
    command = odoo.bring_in_command(changes.new, changes.changed, len(repository.addons), timeout, settings)
    odoo_log, version = OdooLog(odoo.DATABASE), ""
    with context.terminal.phase("install" if is_first else "update"):
        execution = environment.execute(command, timeout)
        for piece in execution:
            log.raw(piece)
            context.terminal.output(piece)
            for event in odoo_log.feed(piece):
                if isinstance(event, Record):
                    version = version or version_in(event.logger, event.message)
        odoo_log.end()
    environment.check_alive(environment.prefetch_states().result(), when=WHEN)
    reasons = omissions(odoo_log, "")
    errors = [record.first_line for record in odoo_log.errors.times]
    if execution.exit_code or reasons:
        why = (reasons or errors)[:_MOST_ERRORS] or [f"exit code {execution.exit_code}, and no word of why"]
        raise EnvironmentFailed("\n".join(["Odoo did not install the modules:", *why, f"All that it said: {log.file}"]))
    if other := not_of_series(version, repository.series):
        raise EnvironmentFailed(other)
    if errors:
        told = f"{counted(len(errors), 'error')} in Odoo's log: {first_of(errors, _MOST_ERRORS)}"
        context.terminal.line(f"  warning: {told}; all that it said: {log.file}")
    _check_installed(environment, (*changes.new, *changes.changed))
    if is_first:
        _check_settings(environment)
    return version


def described(environment: UatEnvironment, data: Data, version: str, changes: Changes, seen: Mapping[str, str]) -> Data:
    """Return the data with what is in the database now, by `seen` as in `brought_in`. EnvironmentFailed if nobody can tell."""
    installed = [name for name, state in _states(environment).items() if state == "installed"]
    number = _query(environment, "show server_version_num").strip()
    postgres = str(int(number) // _MAJOR) if number.isdigit() else ""
    modules = brought_in(installed, data.modules, changes, seen)
    return replace(data, modules=modules, odoo=version or data.odoo, postgres=postgres)


def set_password(environment: UatEnvironment, data: Data, login: Login) -> Data:
    """Give the administrator this password; the data, which knows that. EnvironmentFailed if there is no such user."""
    # What is stored has no quote in it, and no password.
    query = (
        f"update res_users set password = '{login.stored}', active = true where id = (select res_id from ir_model_data "  # noqa: S608
        "where module = 'base' and name = 'user_admin') returning login"
    )
    name = _query(environment, query).strip().partition("\n")[0]
    if not name:
        raise EnvironmentFailed("There is no user `base.user_admin` in the database, to log in as.")
    return replace(data, login=name, login_id=login.id)


def _check_installed(environment: UatEnvironment, names: Sequence[str]) -> None:
    states = _states(environment)
    if missing := [f"{name} ({states.get(name, 'unknown')})" for name in names if states.get(name) != "installed"]:
        raise EnvironmentFailed(f"Odoo ended well, but these modules are not installed: {', '.join(missing)}.")


def _check_settings(environment: UatEnvironment) -> None:
    asked = settings_of(environment.context.repository)
    if asked.query and (reasons := asked.not_honoured(_query(environment, asked.query))):
        raise EnvironmentFailed("\n".join(reasons))


def _states(environment: UatEnvironment) -> dict[str, str]:
    exit_code, answer = environment.engine.ask(questions.execution(environment.odoo_container, odoo.contents_command()))
    if exit_code:
        raise EnvironmentFailed(f"The database cannot be asked for its modules: {answer.strip()[-500:]}")
    return odoo.parse_states(answer)


def _query(environment: UatEnvironment, query: str) -> str:
    exit_code, answer = environment.engine.ask(questions.execution(environment.odoo_container, odoo.query_command(query)))
    if exit_code:
        raise EnvironmentFailed(f"The database cannot be asked: {answer.strip()[-500:]}")
    return answer
