"""The Compose project of one run in the engine's terms: its compose file judged, its override written, its variables."""

import json
from pathlib import Path
from typing import Any

from runner.config.repositories import RepoConfig
from runner.docker.engine import Engine
from runner.environment import isolation
from runner.environment.compose_file import override_for
from runner.errors import ConfigError


def variables_for(repository: RepoConfig, password: str) -> dict[str, str]:
    """What the compose file may use, but for ODOO_PORT."""
    return {
        "DB_PASSWORD": password,
        "ODOO_ADDONS": str(repository.addons[0]),
        "ODOO_IMAGE": repository.images.odoo,
        "POSTGRES_IMAGE": repository.images.postgres,
    }


def name_project(engine: Engine, project: str, repository: RepoConfig) -> None:
    """Have the engine speak of this project from here on, with ODOO_PORT set to isolation.PROBE_PORT."""
    engine.set_variables({"ODOO_PORT": str(isolation.PROBE_PORT)})
    engine.use_project(project, [repository.compose_file])


def judge_project(
    engine: Engine, project: str, repository: RepoConfig, labels: dict[str, str], override: Path
) -> tuple[dict[str, Any], list[str]]:
    """After `name_project`: add the override to the project; nothing is started. The file `override` must stay.

    Returns the repository's compose file as Compose understands it, and what is unwise in it. ConfigError if it breaks the
    isolation of runs.
    """
    rendered = engine.rendered()
    refusals = isolation.refusals(rendered, project)
    if refusals:
        reasons = "\n".join(f"  {each}" for each in refusals)
        raise ConfigError(f"{repository.compose_file} cannot be used for test runs. Nothing was started.\n{reasons}")
    override.write_text(json.dumps(override_for(rendered, labels, repository.addons), indent=1))
    engine.use_project(project, [repository.compose_file, override])
    return rendered, isolation.warnings(rendered)
