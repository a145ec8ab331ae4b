"""`matrix`: repositories x modules with tests, as a CI takes it for one job each."""

import argparse
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from runner.config import repositories as config
from runner.errors import ExitCode, UsageError
from runner.naming import shown
from runner.run.changed import only_changed
from runner.run.selection import Selection, modules_with_tests
from runner.run.shards import split, weights_of
from runner.terminal import Terminal

# https://docs.github.com/en/actions/reference/limits and https://docs.gitlab.com/ci/yaml/#parallelmatrix
_MOST_JOBS, _MOST_JOBS_OF_GITLAB = 256, 200


def matrix_of(shards: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Return one line of JSON for GitHub Actions' `fromJSON`: of each job its repository, its modules and a name.

    `shards`: repository and modules of each job. The names are fit for files, and unique within a repository.
    """
    include = [
        {
            "repository": repository,
            "name": modules[0] if len(modules) == 1 else f"shard-{number}",
            "modules": " ".join(modules),
        }
        for number, (repository, modules) in enumerate(shards, start=1)
    ]
    return json.dumps({"include": include})


def matrix(given: argparse.Namespace, settings: config.Config, terminal: Terminal) -> ExitCode:
    """Print the matrix of the repositories named, else of all; on standard error what is left out, and why.

    UsageError if no module has tests: GitHub ends a job with an empty matrix by a message that does not say what is wrong.
    With `--changed-since` that is no error.
    """
    names = dict.fromkeys(given.repositories or settings.repositories)
    selections = {name: modules_with_tests(settings.repository(name)) for name in names}
    for name, selection in selections.items():
        for module, reason in selection.left_out.items():
            terminal.error(f"{name} / {shown(module)}: left out, {reason}")
    if not any(selection.modules for selection in selections.values()):
        raise UsageError(f"No module of {', '.join(selections)} has tests, so there is nothing to make a matrix of.")
    if given.changed_since:
        selections = {
            name: only_changed(selection, settings.repository(name), settings.files, given.changed_since, terminal.error)
            for name, selection in selections.items()
        }
    modules = {name: selection.modules for name, selection in selections.items()}
    number = given.shards or (_MOST_JOBS_OF_GITLAB if "GITLAB_CI" in os.environ else _MOST_JOBS)
    terminal.for_a_program(matrix_of(split(modules, _weights(selections, given.timings), number)))
    return ExitCode.PASSED


def _weights(selections: Mapping[str, Selection], reports: Iterable[Path]) -> dict[tuple[str, str], float]:
    tests = {
        (name, module): selection.tests.get(module, 0)
        for name, selection in selections.items()
        for module in selection.modules
    }
    return weights_of(tests, [file for path in reports for file in _files(path)])


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.json")) if path.is_dir() else [path]
