"""An engine as far as prepared databases need one: volumes."""

from collections.abc import Iterable

from runner.docker.listing import Resource
from tests.unit.fake_engine import VERSION, FakeEngine, Said, Words, failed, info, listing_of
from tests.unit.fake_images import FakeImages


class FakeVolumes(FakeEngine):
    """Volumes with labels, by name, and those that a container uses."""

    def __init__(self) -> None:
        self.volumes: dict[str, dict[str, str]] = {}
        self.used: set[str] = set()
        self.images: FakeImages | None = None
        super().__init__(
            {
                "info": info,
                "volume ls": listing_of(lambda: [Resource(*volume) for volume in self.volumes.items()]),
                "volume ls --quiet --filter dangling=true": lambda _words: "\n".join(self.volumes.keys() - self.used),
                "volume create": self._create,
                "volume rm --force": self._remove,
            }
        )

    def _create(self, words: Words) -> str:
        _volume, _created, *labels, name = words
        self.volumes.setdefault(name, dict(label.split("=", 1) for label in labels[1::2]))  # as the engine: the first stays
        return name

    def _remove(self, words: Words) -> Said:
        name = words[-1]
        if name in self.used:
            return failed(f"Error response from daemon: remove {name}: volume is in use")
        self.volumes.pop(name, None)
        return name


def engine_with(containers: Iterable[Resource]) -> FakeVolumes:
    """An engine that holds these containers as well, whatever is added to them or removed from them."""
    engine = FakeVolumes()
    engine.answers |= {"version": VERSION, "ps": listing_of(lambda: containers), "network ls": ""}
    engine.images = FakeImages(engine)
    return engine
