"""The images of repositories' own that an engine keeps: which there are, and which of them go."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runner.docker import questions
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.errors import EnvironmentFailed
from runner.naming import LABEL_PREFIX

NAME = "agent-test-image"
KEY_LABEL = LABEL_PREFIX + "image.key"
MADE_FOR_LABEL = LABEL_PREFIX + "image.made-for"
CREATED_LABEL = LABEL_PREFIX + "image.created"
BASE_LABEL = LABEL_PREFIX + "image.base"
# Beyond that what is not pinned may be newer in the registries.
MAX_DAYS = 30
# One with a browser takes some 700, most others 20.
MAX_NUMBER, MAX_MEGABYTES = 30, 10_000


@dataclass(frozen=True)
class OwnImage:
    """One image: `name` with its tag, empty where a newer one has that; `created` in seconds of the epoch.

    `megabytes`: what it has beyond its base, or all of it where that is gone.
    """

    name: str
    id: str
    made_for: str
    created: float
    megabytes: int

    @property
    def told(self) -> str:
        """Its name, for a person."""
        return self.name or self.id

    def is_fresh(self, now: float) -> bool:
        """Tell whether a run may still use it; `now` by the engine's clock."""
        return bool(self.name) and now - self.created < MAX_DAYS * 86400


def name_of(key: str) -> str:
    """Return the name of the image with this key."""
    return f"{NAME}:{key}"


def labels_of(key: str, repository: str, base: str, created: float) -> dict[str, str]:
    """Return the labels of an image that is made for this repository; `base`: the ID of that which it adds to."""
    return {KEY_LABEL: key, MADE_FOR_LABEL: repository, BASE_LABEL: base, CREATED_LABEL: f"{created:.0f}"}


def is_usable(image: Image, key: str, now: float) -> bool:
    """Tell whether what is called so is what was made for this key, and not too old."""
    return _label(image, KEY_LABEL) == key and now - _created(image) < MAX_DAYS * 86400


def own_images(engine: Engine) -> list[OwnImage]:
    """Return all that the engine has, the newest first. EnvironmentFailed if it does not say."""
    listing = engine.command("image", "ls", "--quiet", "--no-trunc", "--filter", f"label={KEY_LABEL}")
    found = _inspected(engine, listing.split())
    bases = {base.id: base.size for base in _inspected(engine, {_label(image, BASE_LABEL) for image in found} - {""})}
    images = []
    for image in found:
        name = name_of(_label(image, KEY_LABEL))
        # Podman writes `localhost/` before it.
        if image.tags and not any(f"/{tag}".endswith(f"/{name}") for tag in image.tags):
            continue  # somebody's own, made of one of these
        megabytes = (image.size - bases.get(_label(image, BASE_LABEL), 0)) // 1_000_000
        about = (_label(image, MADE_FOR_LABEL), _created(image), megabytes)
        images.append(OwnImage(name if image.tags else "", image.id, *about))
    return sorted(images, key=lambda image: image.created, reverse=True)


def _inspected(engine: Engine, names: Iterable[str]) -> list[Image]:
    names = sorted(set(names))
    return engine.ask(questions.images(names)) if names else []


def _label(image: Image, label: str) -> str:
    return str((image.config.get("Labels") or {}).get(label, ""))


def _created(image: Image) -> float:
    """When, in seconds of the epoch; for a label that is none of ours, so long ago that it is too old."""
    text = _label(image, CREATED_LABEL)
    return float(text) if text.isascii() and text.isdigit() else 0.0


def remove(engine: Engine, image: OwnImage) -> bool:
    """Remove an image; whether it is gone. One that a container has, or another image is made of, stays."""
    return removed(engine, image.name or image.id)


def removed(engine: Engine, image: str) -> bool:
    """Remove what has this name or ID; whether it is gone."""
    try:
        engine.command("image", "rm", image)
    except EnvironmentFailed:
        return False
    return True


def keep_within_limits(engine: Engine, say: Callable[[str], None], spared: str = "") -> None:
    """Remove what is too old, or too many, or has been replaced; never what a container has, nor that with the ID `spared`."""
    for image in beyond_limits(own_images(engine), engine.info.now):
        if image.id != spared and remove(engine, image):
            say(f"{image.told}: removed, there are too many, or it is too old")


def beyond_limits(images: Iterable[OwnImage], now: float) -> list[OwnImage]:
    """Return those of these, the newest first, that are not to be kept."""
    beyond, number, megabytes = [], 0, 0
    for image in images:
        if image.is_fresh(now):
            number, megabytes = number + 1, megabytes + image.megabytes
        if not image.is_fresh(now) or number > MAX_NUMBER or megabytes > MAX_MEGABYTES:
            beyond.append(image)
    return beyond
