"""The image of a repository's own in a run: looked for, and built where the engine does not have it, once for all runs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runner.cleanup.life import deadline_label
from runner.config.repositories import RepoConfig
from runner.docker import questions
from runner.docker.engine import Engine, Pending
from runner.docker.inventory import Image
from runner.docker.listing import PROJECT_LABEL
from runner.docker.questions import BUILD_LIMIT
from runner.environment.limits import limits_for
from runner.environment.port_lock import held
from runner.errors import EnvironmentFailed
from runner.images.build import Build
from runner.images.recipe import Recipe, recipe_of, recipe_of_tools
from runner.images.store import is_usable, keep_within_limits, name_of
from runner.odoo.command import SERVICE
from runner.terminal import Terminal

if TYPE_CHECKING:
    from runner.docker.streams import Streams

Record = Callable[[bytes], None]


class OwnImage:
    """The image that a repository's recipe describes, if it has one. ConfigError for what cannot be one."""

    def __init__(
        self, engine: Engine, repository: RepoConfig, project: str, labels: Mapping[str, str], terminal: Terminal
    ) -> None:
        """`labels`: those of all that belongs to this project; what is needed to build the image has them, too."""
        self._engine, self._repository, self._project, self._labels = engine, repository, project, labels
        self._terminal = terminal
        self._recipe = recipe_of(repository)
        # The base, once it is.
        self.known: dict[str, Image] = {}
        self._pending: dict[str, Pending[Image | None]] = {}
        self._base = engine.prefetch(questions.image(self._recipe.base)) if self._recipe else None

    def prefetch(self) -> None:
        """Ask whether the engine has the image, if its base is there, and that which repos.yaml names."""
        if self._recipe and self._base and (base := self._base.result()):
            self.known[self._recipe.base] = base
            key = self._recipe.key(base.id)
            self._pending[key] = self._ask(key)

    def put_in(
        self,
        rendered: dict[str, Any],
        images: Mapping[str, Image],
        streams: "Streams",
        expect: Callable[[], None],
        record: Record,
    ) -> tuple[dict[str, Any], dict[str, Image]]:
        """Return the compose file with the image in the place of that which Odoo's service names, and the images of both.

        EnvironmentFailed if it cannot be built. `expect` is called before anything is made, `record` gets what is said.
        """
        return self._put(self._recipe, rendered, images, streams, expect, record)

    def put_tools_in(
        self,
        tools: tuple[str, ...],
        rendered: dict[str, Any],
        images: Mapping[str, Image],
        streams: "Streams",
        expect: Callable[[], None],
        record: Record,
    ) -> tuple[dict[str, Any], dict[str, Image]]:
        """Return the same with an image that has these tools, upon the one that Odoo's service has; as it is without any.

        No prepared database holds anything of tools, as what prepares it does not see them: it is known by its key without.
        """
        return self._put(recipe_of_tools(tools), rendered, images, streams, expect, record)

    def _put(
        self,
        recipe: Recipe | None,
        rendered: dict[str, Any],
        images: Mapping[str, Image],
        streams: "Streams",
        expect: Callable[[], None],
        record: Record,
    ) -> tuple[dict[str, Any], dict[str, Image]]:
        if not recipe:
            return rendered, dict(images)
        recipe = replace(recipe, base=str(rendered["services"][SERVICE]["image"]))
        base = images[recipe.base]
        if not base.id:
            raise EnvironmentFailed(
                f"The engine does not tell which image {recipe.base} is, and so not what to build from it."
            )
        key = recipe.key(base.id)
        image = self._usable(key)
        if not image:
            with held(f"image-{key[0]}", BUILD_LIMIT, self._say_waiting):
                image = self._usable(key) or self._built(recipe, key, base, streams, expect, record)
        return _with_image(rendered, image), {**images, image.id: image}

    def _ask(self, key: str) -> Pending[Image | None]:
        return self._engine.prefetch(questions.image(name_of(key)))

    def _usable(self, key: str) -> Image | None:
        image = (self._pending.pop(key, None) or self._ask(key)).result()
        return image if image and is_usable(image, key, self._engine.info.now) else None

    def _built(
        self, recipe: Recipe, key: str, base: Image, streams: "Streams", expect: Callable[[], None], record: Record
    ) -> Image:
        engine, repository = self._engine, self._repository
        expect()
        labels = {**self._labels, PROJECT_LABEL: self._project, **deadline_label(engine.info.now + 2 * BUILD_LIMIT)}
        limits = limits_for({SERVICE: {}}, repository.limits, engine.info.machine)[SERVICE]
        with self._terminal.phase("build image"):
            building = Build(engine, streams, f"{self._project}-image", labels, limits, record)
            building.make(recipe, key, base, repository.name)
        image = self._usable(key)
        if not image:
            raise EnvironmentFailed("The image was built, and is gone already.")
        try:
            keep_within_limits(engine, lambda line: self._terminal.line(f"  {line}"), spared=image.id)
        except EnvironmentFailed as error:  # the run has what it needs
            self._terminal.line(f"  old images could not be looked through: {error}")
        return image

    def _say_waiting(self) -> None:
        self._terminal.line("  another run builds an image; waiting for it")


def _with_image(rendered: dict[str, Any], image: Image) -> dict[str, Any]:
    """Give the image to Odoo's service, and to those that have the same: by its ID, as what is built anew is another one."""
    base = rendered["services"][SERVICE]["image"]
    services = {
        name: {**service, "image": image.id} if service.get("image") == base else service
        for name, service in rendered["services"].items()
    }
    return {**rendered, "services": services}
