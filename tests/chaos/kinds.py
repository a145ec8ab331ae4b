"""What is played: kinds of runs, which have different things to lose."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner.snapshots.needs_empty import FILE

from .place import RED, Place


@dataclass(frozen=True)
class Kind:
    """A run with these arguments, which ends with `exit_code`; it needs a prepared database, or makes one, or neither."""

    name: str
    arguments: tuple[str, ...]
    exit_code: int = 0
    database: bool | None = True

    @property
    def is_kept(self) -> bool:
        """Whether its environment is to stand after it."""
        return "--keep" in self.arguments

    def make_ready(self, place: Place, home: Path, make_database: Callable[[], None]) -> None:
        """Have a prepared database where one is needed, and none where one is to be made."""
        # What an earlier run found of the red module, so that it is tested twice again.
        (home / "checkout/.agent-tests" / FILE).unlink(missing_ok=True)
        if self.database is False:
            place.clean("--snapshots")
        elif self.database:
            make_database()


_MODULE = "evv_core"
LATER = Kind("later run", (_MODULE,))
KINDS = (
    Kind("first run", (_MODULE,), database=False),
    LATER,
    Kind("--no-snapshot", (_MODULE, "--no-snapshot"), database=None),
    Kind("--keep always", (_MODULE, "--keep", "always")),
    Kind("--jobs 2", (_MODULE, RED, "--jobs", "2"), exit_code=1),
    Kind("repeated test", (RED,), exit_code=1),
)
