"""One round: a run, what happens to it, how it ends, and whether all that was promised held."""

import contextlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from . import remains
from .endings import NONE, Ending
from .kinds import LATER, Kind
from .marked import end, guards, runners
from .place import Place
from .run import Run
from .scene import Scene
from .troubles import UNDISTURBED, Trouble
from .volumes import MountedVolumes

# Seconds: for a run that nobody ends, and until nothing is left of one that ended. A guard gives a client that hangs 10 s,
# then 20 s, and 40 s; three of them in a row are the most that a trouble brings about.
_ENDED_WITHIN = 300.0
_GONE_WITHIN, _GONE_WITHIN_WITH_TROUBLE = 30.0, 90.0
# What a runner says that has a defect.
_DEFECTS = ("this is a defect of the runner", "Exception in thread", "Exception ignored")
# A daemon finishes what a killed client asked for.
_SETTLED = 1.0


@dataclass(frozen=True)
class Played:
    """How a round went: `seconds` from the last blow until nothing was left, and what was not as promised."""

    kind: Kind
    trouble: Trouble
    ending: Ending
    moments: tuple[float, float]
    promise: str
    seconds: float
    left: list[str]
    removed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        first, second = self.moments
        what = [f"{self.trouble.name} at {first:.0%}"] if self.trouble is not UNDISTURBED else []
        what += [f"{self.ending.name} at {second:.0%}" if self.ending is not NONE else self.ending.name]
        became = f"{'NOT ' if self.left else ''}{self.promise} after {self.seconds:4.1f} s"
        lines = [f"{self.kind.name:<14} {', '.join(what):<75} {became}"]
        lines += [f"       LEFT: {thing}" for thing in self.left]
        lines += [f"       REMOVED THOUGH IT LIVED: {thing}" for thing in self.removed]
        lines += [f"       WRONG: {thing}" for thing in self.wrong]
        return "\n".join(lines)


def start(place: Place, kind: Kind, trouble: Trouble | None = None) -> tuple[Run, Path]:
    """Start a run of this kind, as the trouble wants it; the run and its home."""
    home: Path = getattr(place, trouble.home) if trouble else place.home
    kind.make_ready(place, home, partial(_make_database, place))
    environ = place.environ(home, **(trouble.environ(place) if trouble else {}))
    around = [*(trouble.around(place, environ) if trouble else ()), *(place.as_user() if trouble and trouble.user else ())]
    umask = trouble.umask if trouble else 0o022
    run = Run(place.name, ["run", place.name, *kind.arguments], home, environ, around, umask)
    run.wait_until_started()
    return run, home


def whole(place: Place, kind: Kind) -> float:
    """The seconds of a run that nobody ends. RuntimeError if it ends otherwise than it must."""
    run, _ = start(place, kind)
    begun = time.monotonic()
    if not run.has_ended(_ENDED_WITHIN) or run.exit_code != kind.exit_code:
        raise RuntimeError(run.output)
    seconds = time.monotonic() - begun
    if kind.is_kept:
        place.clean("--all")
    return seconds


def _make_database(place: Place) -> None:
    if not remains.prepared(place):
        whole(place, Kind(LATER.name, LATER.arguments, database=None))


def play(
    place: Place,
    mounted: MountedVolumes,
    kind: Kind,
    trouble: Trouble,
    ending: Ending,
    moments: tuple[float, float],
    length: float,
    seed: int,
) -> Played:
    """Play one round; `moments`: parts of `length`, which a whole run takes, `seed`: for what the trouble does at random."""
    by_itself = not (ending.kills_guard or (trouble.kills_guard and ending.kills_runner))
    with contextlib.ExitStack() as cleaning:
        cleaning.callback(_leave_nothing, place)
        run, home = start(place, kind, trouble)
        begun = time.monotonic()
        scene = Scene(place, run, home, random.Random(seed))
        with scene.undone():
            _wait_until(begun + moments[0] * length)
            if trouble.kills_all and run.has_ended(0) and run.exit_code != kind.exit_code:
                raise RuntimeError(run.output)  # it never came to what is to be killed
            trouble.strike(scene)
            if ending is NONE:
                _expect_the_end(scene, kind, trouble)
            else:
                _wait_until(begun + moments[1] * length)
                ending.send(run, place.name)
            struck = time.monotonic()
            within = _GONE_WITHIN_WITH_TROUBLE if by_itself and trouble is not UNDISTURBED else _GONE_WITHIN
            gone = partial(_is_gone, place, scene, by_itself=by_itself)
            left = _left_after(gone, struck + within)
            seconds = time.monotonic() - struck
        if not by_itself:
            end(place.name)  # clients whose guard is dead
        elif not run.has_ended(_GONE_WITHIN):
            left.append("the runner")
        found = remains.elsewhere(place, mounted)
        # No cleanup looks for files. What has a label is known already.
        with_files = by_itself and not trouble.kills_all
        left += [each for each in found if each.removeprefix("volume ") not in left and (with_files or each[:5] != "file ")]
        remains.remove_elsewhere(place, found)
        scene.wrong += [f"it says {words!r}: {_last_lines(run.output)}" for words in _DEFECTS if words in run.output]
    promise = "gone by itself" if by_itself else "gone by cleanup"
    return Played(kind, trouble, ending, moments, promise, seconds, left, scene.removed, scene.wrong)


def _wait_until(moment: float) -> None:
    threading.Event().wait(max(0.0, moment - time.monotonic()))


def _expect_the_end(scene: Scene, kind: Kind, trouble: Trouble) -> None:
    """Wait until the run has ended by itself, and say so if it did not, or otherwise than it must."""
    if not scene.run.has_ended(_ENDED_WITHIN):
        scene.wrong.append(f"it did not end within {_ENDED_WITHIN:.0f} s")
    elif trouble.harmless and scene.run.exit_code != kind.exit_code:
        scene.wrong.append(f"it ended with {scene.run.exit_code} instead of {kind.exit_code}: {_last_lines(scene.run.output)}")
    elif trouble.harmless and kind.is_kept and not remains.on_the_engine(scene.place):
        scene.removed.append("what was to be kept")


def _last_lines(output: str) -> str:
    return " | ".join(line.strip() for line in output.strip().splitlines()[-6:])


def _is_gone(place: Place, scene: Scene, *, by_itself: bool) -> list[str]:
    """What is left now, after what a person does where that is promised: `cleanup`, with `--all` for what was kept."""
    left = remains.on_the_engine(place)
    if not by_itself:
        if left:
            time.sleep(_SETTLED)
            place.clean()
            left = remains.on_the_engine(place)
    elif not left or not runners(place.name):
        left += remains.at_work(place)
    if left and not guards(place.name) and not runners(place.name) and _is_kept(scene):
        place.clean("--all")
    return left


def _is_kept(scene: Scene) -> bool:
    return any((scene.home / "checkout/.agent-tests").glob("*/kept"))


def _left_after(look: Callable[[], list[str]], deadline: float) -> list[str]:
    """What is left at the deadline; nothing as soon as nothing is."""
    while (left := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _leave_nothing(place: Place) -> None:
    """End what still is, so that the next round begins as the first one did."""
    end(place.name)
    if remains.on_the_engine(place):
        place.clean("--all")
    for lock in (place.tmp / "agent-test-ports").glob("*.lock"):
        lock.unlink()  # its mode is that of the user who made it
