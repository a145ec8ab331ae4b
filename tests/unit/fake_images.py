"""The images of an engine: what is listed, inspected and removed of them."""

import json
from typing import Any

from runner.docker.process import Completed
from tests.unit.fake_engine import FakeEngine, Said, Words, failed


class FakeImages:
    """Images by their IDs, as docker inspects them, and the tags or IDs of those that a container has."""

    def __init__(self, engine: FakeEngine) -> None:
        self.images: dict[str, dict[str, Any]] = {}
        self.used: set[str] = set()
        engine.answers |= {"image ls --quiet --no-trunc": self._list, "image inspect": self._inspect, "image rm": self._remove}

    def add(self, id_: str, *tags: str, size: int = 0, **config: Any) -> None:
        self.images[id_] = {"Id": id_, "RepoTags": list(tags), "Size": size, "Config": config}

    def _list(self, words: Words) -> str:
        label = words[-1].removeprefix("label=")
        return "".join(f"{id_}\n" for id_, image in self.images.items() if label in (image["Config"].get("Labels") or {}))

    def _inspect(self, words: Words) -> Said:
        found = {
            name: image for name in words[2:] for image in self.images.values() if name in (image["Id"], *image["RepoTags"])
        }
        missing = [name for name in words[2:] if name not in found]
        errors = "".join(f"Error: No such image: {name}\n" for name in missing)
        return Completed(bool(missing), json.dumps(list(found.values())), errors)

    def _remove(self, words: Words) -> Said:
        name = words[-1]
        if name in self.used:
            return failed(f"Error response from daemon: conflict: unable to remove repository reference {name!r}")
        self.images = {id_: image for id_, image in self.images.items() if name not in (id_, *image["RepoTags"])}
        return ""
