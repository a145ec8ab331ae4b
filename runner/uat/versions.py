"""With which images an environment to look at is started now, and whether its data can be used with them."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from runner.config.repositories import RepoConfig
from runner.docker.engine import Engine
from runner.docker.listing import PROJECT_LABEL
from runner.environment.compose_file import judge, project_to_judge
from runner.environment.images import images_of
from runner.environment.rendering import at_port, render
from runner.errors import ConfigError
from runner.odoo.command import SERVICE
from runner.odoo.series import series_in
from runner.snapshots.snapshot import DB_SERVICE
from runner.terminal import Terminal
from runner.uat.data import Data

_MAJOR = re.compile(r"\b(\d{1,3})(?:\.\d+)?")


def images_now(engine: Engine, folder: Path, repository: RepoConfig, project: str, terminal: Terminal) -> dict[str, str]:
    """Return the images of Odoo's service and of the database's, as the engine calls them; they are pulled if they have to be.

    ConfigError if the compose file cannot be used, EnvironmentFailed if there is no such image: nothing is started.
    """
    from runner.docker.streams import Streams  # noqa: PLC0415 - its import takes long

    rendered = render(engine, project_to_judge(repository, project, secrets.token_hex(16)), repository)
    judge(at_port(rendered, repository.ports.first), repository, project)
    images = images_of(engine, Streams(engine, folder), rendered, terminal, {})
    names = {service: str(rendered["services"].get(service, {}).get("image", "")) for service in (SERVICE, DB_SERVICE)}
    return {service: images[name].id for service, name in names.items() if name in images}


def check_versions(engine: Engine, data: Data, images: Mapping[str, str], project: str) -> None:
    """Check that the data is of the series of Odoo, and of the major version of PostgreSQL, that these images have.

    Asked only of images that are other ones than those which made it. ConfigError says what to do.
    """
    if data.odoo and images.get(SERVICE) != data.images.get(SERVICE):
        now = _version(engine, project, images[SERVICE], "odoo")
        if (before := series_in(data.odoo)) and before != series_in(now.removeprefix("Odoo Server ")):
            raise _other(project, f"Odoo {before}", now.strip())
    if data.postgres and images.get(DB_SERVICE) != data.images.get(DB_SERVICE):
        now = _version(engine, project, images[DB_SERVICE], "postgres")
        major = _MAJOR.search(now)
        if not major or major[1] != data.postgres:
            raise _other(project, f"PostgreSQL {data.postgres}", now.strip())


def _version(engine: Engine, project: str, image: str, program: str) -> str:
    mine = f"--label={PROJECT_LABEL}={project}"
    return engine.command("run", "--rm", "--network=none", mine, f"--entrypoint={program}", image, "--version")


def _other(project: str, before: str, now: str) -> ConfigError:
    return ConfigError(
        f"The data of {project} was made by {before}, and the image now has {now}. Nothing was changed. "
        "Name the image of before in repos.yaml, or remove the data: uat ... reset"
    )
