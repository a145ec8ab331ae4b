"""How much one page holds, so that any browser shows it: what is beyond is in the log, and the page says how much that is."""

from dataclasses import dataclass, field

from runner.verdict.record import Room

# Characters of one text, as a traceback, of a reason, and of a name.
LONGEST_TEXT, LONGEST_REASON, LONGEST_NAME = 20_000, 4000, 300
# Reasons or notes of one run; lines of one block of the log.
MOST_TEXTS = 200


@dataclass(frozen=True)
class Limits:
    """What there is room for in one page, of all its runs together."""

    failures: Room = field(default_factory=lambda: Room(200, 2_000_000))
    tests: Room = field(default_factory=lambda: Room(5000, 2_000_000))
    files: Room = field(default_factory=lambda: Room(2000, 1_000_000))
    pictures: Room = field(default_factory=lambda: Room(20, 12_000_000))
