"""For which repository the noxfile's session odoo_tests runs, and with which arguments. Standard library only."""

import argparse
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runner.cli.arguments import parse
from runner.errors import UsageError

if TYPE_CHECKING:
    import nox

SESSION = "odoo_tests"
# Without a parameter nox would skip the session, and be green.
NO_REPOSITORY = "no repository"


def parameters(known: Sequence[str], command_line: Sequence[str]) -> list[str]:
    """Return the repositories in the order in which nox has to take them: first the one that the arguments name.

    So no other has an environment made before `arguments_for` can leave it out.
    """
    given = _understood(command_line[command_line.index("--") + 1 :] if "--" in command_line else [])
    return sorted(known, key=lambda repository: repository != given.repository) or [NO_REPOSITORY]


def arguments_for(session: "nox.Session", repository: str, known: Sequence[str]) -> list[str]:
    """Return the runner's arguments for one parameter of the session, and leave out the others if nox would run all.

    Arguments that name no repository go with every parameter that was asked for by itself, `nox -s "odoo_tests(evv)" -- core`.
    Else they go to the runner as they are and once, whose error lists the known repositories: a typo must not be green.
    """
    words = list(session.posargs)
    given = _understood(words)
    for_all = _runs_for_all(session)
    named = given.repository if given.repository in known else None
    if for_all is False and named != repository and not (given.modules or given.all):
        named = None  # alone it is a module, if another repository has the same name
    if named not in (None, repository):
        if for_all is False:
            session.error(
                f"{SESSION}({repository}) was asked for, and the arguments name the repository {named}: leave out one"
            )
        session.skip(f"the arguments name the repository {named}")
    if for_all:
        _leave_out_others(session)
    return words if named or for_all or repository not in known else [repository, *words]


def _understood(words: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for; nothing for help, and for wrong ones: the runner says it better, and ends red."""
    with contextlib.suppress(UsageError):
        if not {"-h", "--help"}.intersection(words):
            return parse(["run", *words])
    return parse(["run"])


# The rest is what nox does not document, as it has no other way to ask which sessions it selected.


def _runs_for_all(session: "nox.Session") -> bool | None:
    """Whether nox was asked for the session, or for all of its parameters by a keyword; None if nox does not tell.

    False: for some of its parameters. Where nox does not tell, all are taken as asked for, and the others skipped by a line.
    """
    try:
        config = session._runner.global_config
        if getattr(config, "parallel_worker", False):
            return None  # what was selected is known to the process above
        if config.tags is not None:
            return False
        if config.keywords:
            return any(other.name == SESSION for other in session._runner.manifest._queue)
        # With `--force-python 3.12` its name is also odoo_tests-3.12.
        return any(name.partition("-")[0] == SESSION for name in config.sessions or ())
    except AttributeError:
        return None


def _leave_out_others(session: "nox.Session") -> None:
    """Take the session's other parameters from nox's queue: skipped, they would have environments, and a line."""
    with contextlib.suppress(AttributeError):
        queue = session._runner.manifest._queue
        queue[:] = [other for other in queue if other.name != SESSION]
