"""An engine with prepared databases that are packed and unpacked: what is in a volume is the tar that was put there."""

from collections.abc import Iterable

from runner.docker.process import Completed
from runner.docker.streams import Execution
from runner.snapshots.snapshot import Snapshot, Stage
from runner.snapshots.store import Store
from tests.unit.fake_engine import VERSION, Said, Words, failed
from tests.unit.fake_environment import FakeExecution, FakeStreams
from tests.unit.fake_images import FakeImages
from tests.unit.fake_volumes import FakeVolumes

POSTGRES = "postgres:16"
STAGE = Stage("core", ("base", "hr"), "0123456789abcdef" * 2, "f" * 32)


class FakeCarriers(FakeVolumes):
    """Its volumes by name in `contents`; `failures`: what a step (run, pack, unpack, seal) ends with instead, once."""

    def __init__(self) -> None:
        super().__init__()
        self.images = FakeImages(self)
        self.images.add("sha256:db", POSTGRES, Volumes={"/var/lib/postgresql/data": {}})
        self.contents: dict[str, bytes] = {}
        self.failures: dict[str, Said] = {}
        # Of the container that there is: its words, and its volume.
        self.container: Words = ()
        self.started: list[Words] = []
        self.answers |= {
            "version": VERSION,
            "run --detach": self._run,
            "exec": self._exec,
            "container rm --force --volumes": self._remove_container,
        }

    def _run(self, words: Words) -> Said:
        assert not self.container, "one at a time: they have the same name"
        self.container = words
        self.started.append(words)
        return self.failures.pop("run", "")

    def _exec(self, words: Words) -> Said:
        if words[2] == "cat":
            return "tar: cluster: Cannot open\n"
        return self.failures.pop("seal", "61\n")

    def _remove_container(self, _words: Words) -> str:
        self.container = ()
        return ""

    @property
    def volume(self) -> str:
        """That of the container."""
        (mount,) = (word for word in self.container if word.startswith("--volume="))
        return mount.removeprefix("--volume=").partition(":")[0]

    def prepare(self, stage: Stage = STAGE, repository: str = "evv", content: bytes = b"a tar") -> Snapshot:
        """Have a prepared database."""
        store = Store(self)
        volume = store.begin(stage, "of-another-run", {})
        self.contents[volume] = content
        return store.publish(stage, volume, repository, stage.modules, 61, 12.4)

    @property
    def ready(self) -> dict[str, Snapshot]:
        """The prepared databases."""
        return dict(Store(self).volumes().ready)


class FakeCarrierStreams(FakeStreams):
    """What is packed, unpacked and made an image of on that engine."""

    def __init__(self, engine: FakeCarriers) -> None:
        super().__init__()
        self._of = engine

    def execute(self, _container: str, command: list[str], _limit: float, silence: float | None = None) -> Execution:
        assert " -cf - " in command[-1]
        failure = self._of.failures.pop("pack", None)
        return FakeExecution(self._of.contents[self._of.volume], failure.exit_code if isinstance(failure, Completed) else 0)

    def run(self, words: tuple[str, ...], source: Iterable[bytes], limit: float, **_variables: str) -> Execution:
        content = b"".join(source)
        kind = "unpack" if words[0] == "exec" else "import"
        if isinstance(failure := self._of.failures.pop(kind, None), Completed):
            return FakeExecution(failure.errors.encode(), failure.exit_code)
        if kind == "unpack":
            self._of.contents[self._of.volume] = content
        else:
            labels = dict(word.removeprefix("LABEL ").split("=", 1) for word in words if word.startswith("LABEL "))
            about = {label: value.strip('"') for label, value in labels.items()}
            assert self._of.images
            self._of.images.add(f"sha256:of-{words[-1]}", words[-1], Labels=about, content=content.decode())
        return FakeExecution(b"", 0)


def broken(said: str, exit_code: int = 1) -> Completed:
    """A step that fails with these words."""
    return failed(said, exit_code)
