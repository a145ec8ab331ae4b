"""One round while it goes on: the run, what others did to it meanwhile, and what has to be undone afterwards."""

import contextlib
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .marked import MARK, neighbour_of
from .place import Place
from .run import Run

# What a runner says that removes something because it takes its owner for dead.
_REMOVES = ("left by a dead run:", "(dead): ", "(past its deadline): ", "(never finished, or too old): ")
_NEIGHBOUR_WITHIN = 120.0


@dataclass
class Scene:
    """`removed`: what neighbours removed while the run lived; `wrong`: what ended otherwise than it must."""

    place: Place
    run: Run
    home: Path
    chance: random.Random
    removed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _undo: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @contextlib.contextmanager
    def undone(self) -> Iterator[None]:
        """Undo at the end of the block, also if it fails, what is still to be undone."""
        with self._undo:
            yield

    def afterwards(self, undo: Callable[[], object]) -> None:
        """Have something undone when the round is over."""
        self._undo.callback(undo)

    def later(self, seconds: float, do: Callable[[], object]) -> None:
        """Have something done after so many seconds; again when the round is over, if that comes first."""
        timer = threading.Timer(seconds, do)
        timer.start()
        self._undo.callback(do)
        self._undo.callback(timer.join)
        self._undo.callback(timer.cancel)

    def neighbour(self, *arguments: str, around: Sequence[str] = (), home: Path | None = None, code: int = 0) -> None:
        """Have another runner of the same repository go on beside the run, to its end: it must not take the run for dead."""
        home = home or self.place.home
        name, options = arguments[0], arguments[1:]
        environ = self.place.environ(home, **{MARK: neighbour_of(self.place.name)})
        command = [*around, sys.executable, "-m", "runner", name, self.place.name, *options]
        done = subprocess.run(
            command,
            cwd=home,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_NEIGHBOUR_WITHIN,
            check=False,
        )
        lines = done.stdout.splitlines()
        self.removed += [f"by `{name}`: {line.strip()}" for line in lines if any(words in line for words in _REMOVES)]
        if done.returncode != code:
            said = lines[-1] if lines else ""
            self.wrong.append(f"the neighbour's `{name}` ended with {done.returncode} instead of {code}: {said}")
