"""Serve the test database of an environment that is to be kept, at its address, once nothing tests there any more."""

import http.client
import json
from contextlib import closing

from runner.cleanup.keep import Served
from runner.docker import questions
from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed
from runner.odoo import command as odoo
from runner.odoo.settings import settings_of
from runner.text import first_of, printable, shortened

# In seconds: until Odoo has loaded all modules of the database; what the engine needs besides; for one answer.
_LIMIT, _MARGIN, _ANSWER = 180.0, 30.0, 10.0
# Odoo's own in a new database, with a password of the same name.
_LOGIN = "admin"
# Odoo installs it by itself, but not first.
_WEB = "web"
_MOST_NAMES, _LONGEST = 5, 300


def serve(environment: Environment) -> Served:
    """Have a server of Odoo go on in the odoo container, and tell who can sign in there, or why it does not serve.

    That it serves was seen: by Odoo's own answer, and where the engine is on this machine at the address that is told.
    """
    context = environment.context
    with context.terminal.phase("serve"):
        try:
            served = _served(environment)
        except EnvironmentFailed as error:  # the verdict stands already
            served = Served(why_not=str(error))
    return Served(*(shortened(printable(context.without_password(text)), _LONGEST) for text in (served.login, served.why_not)))


def _served(environment: Environment) -> Served:
    context, container = environment.context, environment.odoo_container
    if not environment.is_published:
        return Served(why_not="the compose file publishes no port of `odoo` with ${ODOO_PORT}")
    module = context.module
    exit_code, answer = environment.engine.ask(questions.execution(container, odoo.states_command([module, _WEB])))
    if exit_code:
        return Served(why_not=f"there is none: {answer.strip().rpartition('FATAL:')[2].strip() or exit_code}")
    states = odoo.parse_states(answer)
    if states.get(_WEB) != "installed":  # as where Odoo came to no end with the first module that it had to install
        return Served(why_not=f"it has no pages, as the module {_WEB} is not installed in it")
    about = (len(context.repository.addons), _LIMIT, settings_of(context.repository).beyond_preparation)
    command = odoo.serve_command(environment.address.where, _LOGIN, *about)
    asked = questions.execution(container, command).within(_LIMIT + _MARGIN)
    exit_code, printed = environment.engine.ask(asked)
    said = _read(printed) if exit_code == 0 else {"error": printed.strip() or f"exit code {exit_code}"}
    if not said.get("serves"):
        return Served(why_not=f"Odoo cannot serve it: {said.get('error')}")
    if environment.engine.whereabouts.is_here and (why := _why_no_answer(environment.address.where)):
        return Served(why_not=f"Odoo serves it in its container, but not at http://{environment.address}: {why}")
    state = states.get(module, "unknown")
    login = f"{_LOGIN} / {_LOGIN}" if said.get("signed_in") else f"not {_LOGIN} / {_LOGIN}; it has {_logins(environment)}"
    return Served(f"{login}{'' if state == 'installed' else f' ({module} is not installed there: {state})'}", "")


def _read(printed: str) -> dict[str, object]:
    try:
        said = json.loads(printed.splitlines()[-1])
    except (ValueError, IndexError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {"error": f"its answer is not understood: {printed.strip()}"}


def _why_no_answer(where: str) -> str:
    """Ask as a browser does, and return why there is no answer."""
    with closing(http.client.HTTPConnection(where, timeout=_ANSWER)) as connection:
        try:
            connection.request("GET", "/web/login")
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return str(error) or type(error).__name__
    return f"HTTP {status}" if status >= http.client.BAD_REQUEST else ""


def _logins(environment: Environment) -> str:
    query = odoo.query_command("select login from res_users where active order by id")
    exit_code, answer = environment.engine.ask(questions.execution(environment.odoo_container, query))
    return f"the users {first_of(answer.splitlines(), _MOST_NAMES)}" if exit_code == 0 else "other users"
