"""The images of a project: known before it is started, and pulled if they are not on this machine yet."""

from typing import Any

from runner.docker import questions
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.terminal import Terminal


def images_of(engine: Engine, rendered: dict[str, Any], terminal: Terminal) -> dict[str, Image]:
    """The images that the services name. EnvironmentFailed if one is not here and cannot be pulled."""
    names = sorted({str(service["image"]) for service in rendered["services"].values() if "image" in service})
    engine.begin(*map(questions.image, names))
    return {name: engine.image(name) or _pulled(engine, name, terminal) for name in names}


def _pulled(engine: Engine, name: str, terminal: Terminal) -> Image:
    with terminal.phase(f"pull {name}"):
        engine.streams.pull(name)
    return engine.image(name) or Image("unknown", {})
