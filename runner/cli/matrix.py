"""`matrix`: repositories x modules with tests, as a CI takes it for one job each."""

import argparse
import json
from collections.abc import Mapping

from runner.config import repositories as config
from runner.errors import ExitCode, UsageError
from runner.naming import shown
from runner.run.selection import Selection, modules_with_tests
from runner.terminal import Terminal


def matrix_of(selections: Mapping[str, Selection]) -> str:
    """Return the modules selected of each repository, as one line of JSON for GitHub Actions' `fromJSON`.

    UsageError if there is none: GitHub ends a job with an empty matrix by a message that does not say what is wrong.
    """
    include = [
        {"repository": repository, "module": module}
        for repository, selection in selections.items()
        for module in selection.modules
    ]
    if not include:
        raise UsageError(f"No module of {', '.join(selections)} has tests, so there is nothing to make a matrix of.")
    return json.dumps({"include": include})


def matrix(given: argparse.Namespace, settings: config.Config, terminal: Terminal) -> ExitCode:
    """Print the matrix of the repositories named, else of all; on standard error what is left out, and why."""
    names = dict.fromkeys(given.repositories or settings.repositories)
    selections = {name: modules_with_tests(settings.repository(name)) for name in names}
    for name, selection in selections.items():
        for module, reason in selection.left_out.items():
            terminal.error(f"{name} / {shown(module)}: left out, {reason}")
    terminal.for_a_program(matrix_of(selections))
    return ExitCode.PASSED
