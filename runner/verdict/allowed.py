"""What a maintainer knows and wants, `allow` in repos.yaml and in the module: which entry it is, and which is of no use."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from runner.config.model import Allow
from runner.verdict.cases import path_of


@dataclass(frozen=True)
class Entry:
    """One text of `allow`: `source` is the file in which it stands, `key` what it is a kind of."""

    source: str
    key: str
    text: str


@dataclass(frozen=True)
class Allowed:
    """The entries for the tests of `module`, those of its repository and its own."""

    module: str = ""
    entries: tuple[Entry, ...] = ()

    def of(self, key: str) -> Iterator[Entry]:
        """Give the entries under this key."""
        return (entry for entry in self.entries if entry.key == key)

    def file(self, path: str) -> Entry | None:
        """Find the entry that allows a file, as in `tests/test_x.py`, not to be imported. No patterns: it hides no other."""
        names = {path, f"{self.module}/{path}"}
        return next((entry for entry in self.of("not_imported") if entry.text in names), None)

    def skip(self, file: str, test: str) -> Entry | None:
        """Find the entry that allows a test, as in `TestClient.test_one`, to be skipped: by its name, class or file."""
        names = [test, test.partition(".")[0], path_of(file)]
        names += [f"{self.module}/{name}" for name in names]
        return next((entry for entry in self.of("skipped") if any(fnmatchcase(name, entry.text) for name in names)), None)


NOTHING_ALLOWED = Allowed()


def allowed_for(module: str, sources: Mapping[str, Allow], modules: Collection[str]) -> Allowed:
    """Choose the entries for a module from those of each file: not what begins with the name of another one of `modules`."""
    others = set(modules) - {module}
    return Allowed(
        module,
        tuple(
            Entry(source, key, text)
            for source, allow in sources.items()
            for key in Allow.model_fields
            for text in getattr(allow, key)
            if key == "errors" or text.partition("/")[0] not in others or "/" not in text
        ),
    )
