"""Which prepared databases the runs of a repository would start from, by the sources, images and options as they are now."""

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from runner.config.repositories import RepoConfig
from runner.docker.endpoint import no_proxy_of
from runner.docker.engine import Engine
from runner.environment.compose_file import override_for, project_to_judge
from runner.environment.copies import Choice
from runner.environment.images import images_of
from runner.environment.misnamed import hide_misnamed
from runner.environment.own_image import OwnImage
from runner.environment.rendering import render
from runner.errors import EnvironmentFailed
from runner.naming import project_name
from runner.odoo.dependencies import SnapshotUnavailable
from runner.snapshots.plan import wanted
from runner.terminal import Terminal

if TYPE_CHECKING:
    from runner.docker.streams import Streams


def prepared_keys(
    engine: Engine, streams: "Streams", repository: RepoConfig, modules: Iterable[str], terminal: Terminal
) -> set[str]:
    """Return the keys of all stages to the prepared databases of these modules. What is said meanwhile goes to `terminal`.

    Images are pulled as by a run. ConfigError for a compose file that Compose does not take. EnvironmentFailed, with what to
    do, where an image is missing: nothing is built.
    """

    def refuse() -> None:
        raise EnvironmentFailed(f"The image of {repository.name}'s own is not built yet. Build it: nox -s setup")

    # As a preflight does it, for a run that is never started.
    project, password = project_name(repository.prefix, "key"), secrets.token_hex(16)
    compose = project_to_judge(repository, project, password)
    own_image = OwnImage(engine, repository, project, {}, terminal)
    own_image.prefetch()
    rendered = render(engine, compose, repository)
    images = images_of(engine, streams, rendered, terminal, own_image.known)
    rendered, images = own_image.put_in(rendered, images, streams, refuse, lambda _line: None)
    override = override_for(rendered, {}, repository.addons, images, no_proxy_of(engine.client_environ))
    hide_misnamed(override, rendered, repository.addons)
    keys: set[str] = set()
    for module in modules:
        try:
            _plan, way = wanted(
                repository,
                module,
                rendered=rendered,
                override=override,
                images=images,
                environ={**engine.client_environ, **compose.variables},
                password=password,
                is_foreign=Choice(repository, engine.whereabouts).is_foreign,
            )
        except SnapshotUnavailable as why:
            terminal.line(f"{repository.name} / {module}: no prepared database: {why}".replace(password, "***"))
        else:
            keys |= {stage.key for stage in way}
    return keys
