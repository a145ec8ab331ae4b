"""Whether the run of an environment, or of a volume, may still be going on: by its owner, and where nobody sees that, by time.

A process of another machine or container is not seen from here. So each of a run's resources also carries a deadline, by the
clock of the engine, which all of them share: the time at which the run is over whatever happens to it.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto

from runner.cleanup.owner import OWNER_LABELS, owner_from
from runner.docker.inventory import ENDED
from runner.naming import LABEL_PREFIX

_DEADLINE_LABEL = LABEL_PREFIX + "deadline"
# Of what belongs to a run, the labels by which `life_of` judges.
LIFE_LABELS = (*OWNER_LABELS, _DEADLINE_LABEL)
# No deadline of a run has as many digits.
_TOO_MANY_DIGITS = 15


class Life(Enum):
    """What is known here of a run."""

    ALIVE = auto()
    GONE = auto()
    PAST_ITS_DEADLINE = auto()
    UNKNOWN = auto()


def deadline_label(deadline: float) -> dict[str, str]:
    """Return the label of a run's deadline, in seconds of the epoch by the engine's clock."""
    return {_DEADLINE_LABEL: f"{deadline:.0f}"}


def deadline_of(labels: Mapping[str, str]) -> int | None:
    """Return the deadline in these labels; None without one, as in those of an earlier version."""
    text = labels.get(_DEADLINE_LABEL, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _TOO_MANY_DIGITS else None


def life_of(labels: Mapping[str, str], now: float, containers: Sequence[str] = ()) -> Life:
    """Tell what is known of the run with these labels, at this time of the engine; `containers`: the states of its own."""
    owner, deadline = owner_from(labels), deadline_of(labels)
    if owner and owner.is_visible:
        return Life.ALIVE if owner.is_alive else Life.GONE
    # A restart of the host ends its containers. Where one runs, or none was started yet, it may be another host of that name.
    has_ended = all(state in ENDED for state in containers) and (containers or deadline is None)
    if owner and owner.is_of_another_boot and has_ended:
        return Life.GONE
    return Life.PAST_ITS_DEADLINE if deadline is not None and now > deadline else Life.UNKNOWN
