"""The last lines of a proof log: where in it the runner's own blocks stand, what is left out, and a digest of all above.

What Odoo prints may look like a block, or like these lines. So a block is what the runner has written at a place that it names
here, once nothing of Odoo runs any more; all between is Odoo's.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

# Of the whole log, in its first block. It rises where an older reader would misunderstand a newer log.
FORMAT = "1"
# Bytes; a run has about a dozen blocks.
LONGEST = 100_000
_SHA256 = "sha256: "
_LINES = re.compile(
    rb"blocks:((?: \d{1,15}\+\d{1,15}){1,1000})\n(?:left out:((?: \d{1,15}\+\d{1,15}){1,1000})\n)?sha256: ([0-9a-f]{64})\n"
)


@dataclass(frozen=True)
class Foot:
    """`blocks`: where each begins, in bytes, and its length; `left_out`: where output is missing, and how many bytes of it."""

    blocks: tuple[tuple[int, int], ...]
    left_out: tuple[tuple[int, int], ...] = ()

    def written(self, digest: "hashlib._Hash") -> bytes:
        """Return it as it stands in the log; `digest`: SHA-256 of all above, to which these lines are added."""
        lines = f"blocks: {_told(self.blocks)}\n"
        lines += f"left out: {_told(self.left_out)}\n" if self.left_out else ""
        digest.update(lines.encode())
        return f"{lines}{_SHA256}{digest.hexdigest()}\n".encode()


@dataclass(frozen=True)
class FootFound:
    """The foot of a log: it begins at byte `begin`, and `digest` is said of the bytes before `end`."""

    foot: Foot
    digest: str
    begin: int
    end: int


def find_foot(tail: bytes, size: int) -> FootFound | None:
    """Find the foot in the last bytes of a log of this size; None if it does not end with one."""
    at = tail.rfind(b"\nblocks: ") + 1
    match = _LINES.fullmatch(tail, at) if at else None
    if not match:
        return None
    begin = size - len(tail) + at
    foot = Foot(_read(match[1]), _read(match[2] or b""))
    return FootFound(foot, match[3].decode(), begin, begin + match.start(3) - len(_SHA256) - at)


def _told(places: Sequence[tuple[int, int]]) -> str:
    return " ".join(f"{begin}+{length}" for begin, length in places)


def _read(places: bytes) -> tuple[tuple[int, int], ...]:
    return tuple((int(begin), int(length)) for begin, _, length in (place.partition(b"+") for place in places.split()))
