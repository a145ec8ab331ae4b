"""`python -m tests.chaos ROUNDS [SEED [WAY]]`; the exit code is 1 if anything was not as promised in any round."""

import contextlib
import random
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import TypeVar

from . import remains
from .endings import NONE
from .kinds import KINDS
from .place import Place
from .rounds import Played, play, whole
from .table import is_good, last_line, table
from .troubles import UNDISTURBED, endings_for, possible
from .volumes import MountedVolumes

T = TypeVar("T")

# Of a whole run's time, measured before the first round of its kind: blows come in every phase of it, and after the last.
_LATEST = 1.1
# Of the rounds, how many are only ended, without any trouble before: one in so many.
_UNDISTURBED = 4


def main(rounds: int, seed: int, way: str = "") -> int:
    """Play, say how each round went, and all together; `way`: only the troubles whose names it is a part of."""
    played: list[Played] = []
    failed = 0
    with Place() as place, contextlib.closing(MountedVolumes(place.label)) as mounted:
        can, cannot = possible(place)
        if cannot:
            names = ", ".join(each.name for each in cannot)
            print(f"Left out, for they need root, a Python that others can start, or a local engine: {names}")
        troubles = [trouble for trouble in can if way in trouble.name] or [UNDISTURBED]
        if not way:
            troubles += [UNDISTURBED] * (len(troubles) // (_UNDISTURBED - 1))
        try:
            lengths: dict[str, float] = {}
            chance = random.Random(seed)
            for number, kind, trouble in zip(
                range(1, rounds + 1), _dealt(KINDS, chance), _dealt(troubles, chance), strict=False
            ):
                if kind.name not in lengths:
                    lengths[kind.name] = whole(place, kind)
                    print(f"     a whole {kind.name} on {place.name} takes {lengths[kind.name]:.1f} s", flush=True)
                ending = chance.choice(endings_for(trouble))
                first, second = sorted(chance.uniform(0, _LATEST) for _ in range(2))
                if trouble is UNDISTURBED or ending is NONE:
                    first = second
                own_seed = chance.randrange(10**6)
                try:
                    each = play(place, mounted, kind, trouble, ending, (first, second), lengths[kind.name], own_seed)
                except Exception as error:  # noqa: BLE001 - one round that cannot be played must not end the others
                    failed += 1
                    print(f"{number:4} {kind.name}, {trouble.name}, {ending.name}: NOT PLAYED: {error!r}", flush=True)
                    continue
                played.append(each)
                print(f"{number:4} {each}", flush=True)
            if appeared := remains.on_the_engine(place):  # since the last look of its round
                failed += 1
                print(f"LEFT in the end: {' '.join(appeared)}")
        finally:
            print("\n".join(table(played)))
            print(f"{last_line(played, seed)}{f'; {failed} rounds failed' if failed else ''}", flush=True)
    return not is_good(played) or bool(failed)


def _dealt(cards: Sequence[T], chance: random.Random) -> Iterator[T]:
    """Deal them out for ever, each as often as any other."""
    while True:
        yield from chance.sample(cards, len(cards))


def _end(signum: int, _frame: FrameType | None) -> None:
    """Leave by way of every `finally`."""
    sys.exit(128 + signum)


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4 or not all(word.isdigit() for word in sys.argv[1:3]):
        sys.exit("Usage: nox -s chaos -- ROUNDS [SEED [WAY]]\nWAY: a part of the name of a trouble, as in the table")
    # Also under nohup: what is played must not ignore the hangup.
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _end)
    given_seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    sys.exit(main(int(sys.argv[1]), given_seed, *sys.argv[3:]))
