"""`parity`: all repositories are tested in the same environment but for prefix and paths, or it is shown where not."""

import tempfile
from pathlib import Path

from runner.cli.parity_diff import differences, facts
from runner.config.repositories import Config, RepoConfig
from runner.docker.engine import Engine
from runner.environment.compose_project import judge_project, name_project, variables_for
from runner.errors import ExitCode
from runner.naming import LABEL_PREFIX
from runner.terminal import Terminal


def check(settings: Config, terminal: Terminal) -> ExitCode:
    """Print for each repository whether it is like the first, or else the difference; FAILED if any is not.

    Compose files are read and nothing is started; no daemon is needed. Raises EngineUnavailable without Compose v2, and
    ConfigError for a compose file that Compose or isolation.py refuses.
    """
    engine = Engine()
    engine.compose_version()
    with tempfile.TemporaryDirectory() as folder:
        first, *others = [(each.name, _facts(each, engine, Path(folder))) for each in settings.repositories.values()]
    different = False
    for other in others:
        found = differences(first, other)
        different |= bool(found)
        terminal.line(f"{first[0]} and {other[0]} {'DIFFER' if found else 'differ in nothing but prefix and paths'}")
        for line in found:
            terminal.line(f"  {line}")
    if not others:
        terminal.line(f"There is only {first[0]}, which differs from nothing.")
    return ExitCode.FAILED if different else ExitCode.PASSED


def _facts(repository: RepoConfig, engine: Engine, folder: Path) -> list[str]:
    project = f"{repository.prefix}-parity"
    engine.set_variables(variables_for(repository, password="parity"))  # noqa: S106 - of no database
    name_project(engine, project, repository)
    judge_project(engine, project, repository, {f"{LABEL_PREFIX}parity": "true"}, folder / f"{repository.name}.json")
    return facts(engine.rendered(), repository, project)
