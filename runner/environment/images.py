"""The images of a project: known before it is started, and pulled if the engine does not have them yet."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.docker import questions
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.terminal import Terminal

if TYPE_CHECKING:
    from runner.docker.streams import Streams


def images_of(
    engine: Engine, streams: "Streams", rendered: dict[str, Any], terminal: Terminal, known: Mapping[str, Image]
) -> dict[str, Image]:
    """Return the images that the services name. EnvironmentFailed if one is not here and cannot be pulled.

    Those that are `known` are not asked for once more.
    """
    names = sorted({str(service["image"]) for service in rendered["services"].values() if "image" in service})
    pending = {name: engine.prefetch(questions.image(name)) for name in names if name not in known}
    asked = {name: image.result() or _pulled(engine, streams, name, terminal) for name, image in pending.items()}
    return {name: known.get(name) or asked[name] for name in names}


def _pulled(engine: Engine, streams: "Streams", name: str, terminal: Terminal) -> Image:
    with terminal.phase(f"pull {name}"):
        streams.pull(name)
    return engine.ask(questions.image(name)) or Image("unknown", {})
