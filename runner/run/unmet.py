"""Ask Odoo what of a module's dependencies is not there: before anything is installed, or once its installation has failed."""

from runner.docker import questions
from runner.environment.environment import Environment
from runner.odoo.command import unmet_command
from runner.odoo.settings import settings_of
from runner.odoo.unmet import read_unmet
from runner.reporting.proof_log import RunLog


def unmet_dependencies(environment: Environment, log: RunLog) -> list[str]:
    """Say what the module, or a module that it depends on, needs and the container does not have; nothing if all is there.

    A container that does not tell is none with something missing: Odoo itself then says it, later and in fewer words.
    """
    context = environment.context
    repository = context.repository
    command = unmet_command(context.module, len(repository.addons), settings_of(repository), context.beside)
    exit_code, answer = environment.engine.ask(questions.execution(environment.odoo_container, command))
    try:
        if exit_code == 0:
            return read_unmet(answer).reasons(repository)
        why = f"exit code {exit_code}: {answer.strip()[-500:]}"
    except ValueError as error:
        why = str(error)
    log.block("DEPENDENCIES", {"not told": why})
    return []
