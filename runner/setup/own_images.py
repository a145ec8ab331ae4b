"""The images of the repositories' own, built before any run needs them."""

import os
from pathlib import Path

from runner.cleanup.teardown import remove_project
from runner.config.repositories import Config, RepoConfig
from runner.docker import questions
from runner.docker.engine import Engine, connect
from runner.docker.streams import Streams
from runner.environment.context import labels_of
from runner.environment.own_image import OwnImage
from runner.errors import EnvironmentFailed
from runner.naming import project_name
from runner.odoo.command import SERVICE
from runner.setup.shell import ProvisionError, terminal

# Seconds, to remove what a build has left that failed.
_BOUND = 60.0
_NAME = "image"


def ensure_own_images(settings: Config) -> None:
    """Have the image of every repository that describes one. ProvisionError if one cannot be built."""
    wanted = [each for each in settings.repositories.values() if each.has_own_image]
    engine = connect(os.environ) if wanted else None
    for repository in wanted:
        assert engine
        _ensure(engine, repository)


def _ensure(engine: Engine, repository: RepoConfig) -> None:
    base, project = repository.images.odoo, project_name(repository.prefix, _NAME)
    own_image = OwnImage(engine, repository, project, labels_of(repository, _NAME), terminal())
    begun: list[str] = []
    try:
        if image := engine.ask(questions.image(base)):
            rendered = {"services": {SERVICE: {"image": base}}}
            streams = Streams(engine, Path())
            own_image.put_in(rendered, {base: image}, streams, lambda: begun.append(project), lambda _line: None)
    except EnvironmentFailed as error:
        raise ProvisionError(f"{repository.name}: {error}") from error
    finally:
        if begun:
            remove_project(engine.endpoint, project, bound=_BOUND)
