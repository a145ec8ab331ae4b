"""The images of a project: known before it is started, and pulled if the engine does not have them yet."""

from typing import TYPE_CHECKING, Any

from runner.docker import questions
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.terminal import Terminal

if TYPE_CHECKING:
    from runner.docker.streams import Streams


def images_of(engine: Engine, streams: "Streams", rendered: dict[str, Any], terminal: Terminal) -> dict[str, Image]:
    """Return the images that the services name. EnvironmentFailed if one is not here and cannot be pulled."""
    names = sorted({str(service["image"]) for service in rendered["services"].values() if "image" in service})
    pending = {name: engine.prefetch(questions.image(name)) for name in names}
    return {name: image.result() or _pulled(engine, streams, name, terminal) for name, image in pending.items()}


def _pulled(engine: Engine, streams: "Streams", name: str, terminal: Terminal) -> Image:
    with terminal.phase(f"pull {name}"):
        streams.pull(name)
    return engine.ask(questions.image(name)) or Image("unknown", {})
