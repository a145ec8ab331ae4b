"""What was played, together: the ways with their numbers, and the last line."""

import statistics
from collections.abc import Sequence

from .rounds import Played


def table(played: Sequence[Played]) -> list[str]:
    """A line for each kind, trouble and ending: rounds, the longest time until nothing was left, and what went wrong."""
    groups: dict[str, list[Played]] = {}
    for part in ("kind", "trouble", "ending"):
        for each in played:
            groups.setdefault(getattr(each, part).name, []).append(each)
    lines = [f"{'':<38} rounds  longest  leaks  removed  wrong"]
    for name, rounds in groups.items():
        longest = max(each.seconds for each in rounds)
        lines.append(
            f"{name:<38} {len(rounds):6} {longest:6.1f} s {_number(rounds, 'left'):6} "
            f"{_number(rounds, 'removed'):8} {_number(rounds, 'wrong'):6}"
        )
    return lines


def last_line(played: Sequence[Played], seed: int) -> str:
    """Rounds, leaks, living runs that were removed, wrong endings, and the times until nothing was left."""
    if not played:
        return f"seed {seed}: no round was played"
    times = [each.seconds for each in played]
    gone = f"gone after {statistics.median(times):.1f} s (median), {max(times):.1f} s (longest)"
    return (
        f"seed {seed}: {_number(played, 'left')} leaks in {len(played)} rounds, "
        f"{_number(played, 'removed')} living runs removed, "
        f"{_number(played, 'wrong')} wrong ends; {gone}"
    )


def is_good(played: Sequence[Played]) -> bool:
    """Whether all that was promised held, in every round."""
    return not any(each.left or each.removed or each.wrong for each in played)


def _number(rounds: Sequence[Played], what: str) -> int:
    return sum(bool(getattr(each, what)) for each in rounds)
