"""Whether two repositories' environments differ in more than prefix and paths. Pure."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from runner.config.repositories import RepoConfig
from runner.odoo.command import SERVICE, addons_targets


def facts(rendered: dict[str, Any], repository: RepoConfig, project: str) -> list[str]:
    """The environment as sorted lines `KEY: VALUE`, with words in angle brackets for prefix and paths.

    `rendered`: both compose files of a run called `project`, as Compose understands them. How many folders of addons a
    repository has counts as paths.
    """
    lines = [
        f"{key}: {_neutral(str(value), repository, project)}"
        for key, value in _flat(_without_further_addons(rendered, repository), "")
    ]
    return sorted([*lines, f"ports of the runs: {repository.ports}"])


def differences(first: tuple[str, Sequence[str]], second: tuple[str, Sequence[str]]) -> list[str]:
    """A unified diff of two repositories' facts, each given as (name, facts); empty if they are alike."""
    (name, lines), (other_name, other_lines) = first, second
    return list(difflib.unified_diff(lines, other_lines, name, other_name, n=0, lineterm=""))


def _without_further_addons(rendered: dict[str, Any], repository: RepoConfig) -> dict[str, Any]:
    further = addons_targets(len(repository.addons))[1:]
    odoo = rendered["services"][SERVICE]
    volumes = [each for each in odoo.get("volumes") or () if each.get("target") not in further]
    return {**rendered, "services": {**rendered["services"], SERVICE: {**odoo, "volumes": volumes}}}


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, with the keys that lead to it."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _flat(each, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from _flat(each, f"{key}[{number}]")
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
