"""`parity`: all repositories are tested in the same environment but for prefix and paths, or it is shown where not."""

import argparse
import difflib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.config.repositories import Config, RepoConfig
from runner.docker import questions
from runner.docker.dollars import doubled
from runner.docker.endpoint import settle
from runner.docker.engine import Engine
from runner.environment.compose_file import judge, override_for, project_to_judge
from runner.environment.rendering import render
from runner.errors import ExitCode
from runner.images.recipe import recipe_of
from runner.naming import LABEL_PREFIX
from runner.odoo.command import SERVICE, addons_targets
from runner.terminal import Terminal


def parity(_given: argparse.Namespace, settings: Config, terminal: Terminal) -> ExitCode:
    """Print for each repository whether it is like the first, or else the difference; FAILED if any is not.

    Compose files are read and nothing is started; no daemon is needed. Raises EngineUnavailable without Compose v2, and
    ConfigError for a compose file that Compose or isolation.py refuses.
    """
    engine = Engine(settle(os.environ))
    engine.ask(questions.compose_version())
    repositories = settings.repositories.values()
    with tempfile.TemporaryDirectory() as folder:
        first, *others = [(repository.name, _rendered_facts(repository, engine, Path(folder))) for repository in repositories]
    different = False
    for other in others:
        lines = differences(first, other)
        different |= bool(lines)
        terminal.line(f"{first[0]} and {other[0]} {'DIFFER' if lines else 'differ in nothing but prefix and paths'}")
        for line in lines:
            terminal.line(f"  {line}")
    if not others:
        terminal.line(f"There is only {first[0]}, which differs from nothing.")
    return ExitCode.FAILED if different else ExitCode.PASSED


def facts(rendered: dict[str, Any], repository: RepoConfig, project: str) -> list[str]:
    """Return the environment as sorted lines `KEY: VALUE`, with words in angle brackets for prefix and paths.

    `rendered`: both compose files of a run called `project`, as Compose understands them. How many folders of addons a
    repository has counts as paths.
    """
    lines = [
        f"{key}: {_neutral(str(value), repository, project)}"
        for key, value in _flat(_without_further_addons(rendered, repository), "")
    ]
    if recipe := recipe_of(repository):
        lines.append(f"image: with {recipe.told}, by their content {recipe.key('')}")
    return sorted([*lines, f"ports of the runs: {repository.ports}"])


def differences(first: tuple[str, Sequence[str]], second: tuple[str, Sequence[str]]) -> list[str]:
    """Return a unified diff of two repositories' facts, each given as (name, facts); empty if they are alike."""
    (name, lines), (other_name, other_lines) = first, second
    return list(difflib.unified_diff(lines, other_lines, name, other_name, n=0, lineterm=""))


def _rendered_facts(repository: RepoConfig, engine: Engine, folder: Path) -> list[str]:
    project = project_to_judge(repository, f"{repository.prefix}-parity", "parity")
    rendered = render(engine, project, repository)
    judge(rendered, repository, project.name)
    override = folder / f"{repository.name}.json"
    labels = {f"{LABEL_PREFIX}parity": "true"}
    override.write_text(json.dumps(doubled(override_for(rendered, labels, repository.addons, {}))))
    both = render(engine, replace(project, files=(*project.files, override)), repository)
    return facts(both, repository, project.name)


def _without_further_addons(rendered: dict[str, Any], repository: RepoConfig) -> dict[str, Any]:
    further = addons_targets(len(repository.addons))[1:]
    odoo = rendered["services"][SERVICE]
    volumes = [volume for volume in odoo.get("volumes") or () if volume.get("target") not in further]
    return {**rendered, "services": {**rendered["services"], SERVICE: {**odoo, "volumes": volumes}}}


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Yield every value that holds no others, with the keys that lead to it."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _flat(item, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _flat(item, f"{key}[{number}]")
    else:
        yield key, value


def _neutral(value: str, repository: RepoConfig, project: str) -> str:
    words = {
        repository.prefix: "<prefix>",
        str(repository.addons[0]): "<addons>",
        str(repository.path): "<checkout>",
        # Last: a compose file in the checkout itself is compared with one beside repos.yaml.
        str(repository.compose_file.parent): "<folder of the compose file>",
    }
    value = value.replace(project, "<project>").replace("\n", "\\n")
    # The longest first, as one folder may hold the other.
    for text in sorted(words, key=len, reverse=True):
        value = re.sub(rf"(?<![\w.-]){re.escape(text)}(?![\w.-])", words[text], value)
    return value
