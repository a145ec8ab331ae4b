"""Sources of which an earlier run found that only an empty database counts for them: the next run begins with one.

What is remembered lies in the checkout, where anybody may write it. So it can only ever send a run to an empty database, which
is always right, and never away from one.
"""

import contextlib
import hashlib
from pathlib import Path

from runner.new_file import replace_whole
from runner.odoo.dependencies import SnapshotUnavailable
from runner.odoo.source_file import UnreadableSource, read_source
from runner.snapshots.contents import NOT_SOURCES, contents_digest
from runner.snapshots.plan import Plan
from runner.text import printable, shortened

FILE = "needs_empty_database"
_MOST_LINES = 200
_LONGEST_LINE = 1000


def remember(folder: Path, plan: Plan, why: str) -> None:
    """Write down in `folder` that the plan's sources need an empty database. If that fails, the next run finds it anew."""
    if key := _key(plan):
        lines = {**_lines(folder), key: printable(why)}
        text = "".join(f"{key} {shortened(why, _LONGEST_LINE)}\n" for key, why in list(lines.items())[-_MOST_LINES:])
        with contextlib.suppress(OSError):
            replace_whole(folder / FILE, text.encode(errors="backslashreplace"))


def recall(folder: Path, plan: Plan) -> str:
    """Return why an earlier run found that the plan's sources need an empty database; empty if none did."""
    lines = _lines(folder)
    why = lines.get(_key(plan)) if lines else None
    return "" if why is None else f"an earlier run with these sources found: {printable(shortened(why, _LONGEST_LINE))}"


def _lines(folder: Path) -> dict[str, str]:
    """Read what is remembered, by key, the oldest first."""
    try:
        text = read_source(folder / FILE, folder).decode(errors="replace")
    except UnreadableSource:  # as where there is none yet
        return {}
    words = (line.partition(" ") for line in text.splitlines())
    return {key: why for key, _, why in words}


def _key(plan: Plan) -> str:
    """Digest all that decides how the tests end on the prepared database; empty where there is none, or it cannot be told."""
    stage = plan.missing[-1].key if plan.missing else plan.used.key if plan.used else ""
    if not stage:
        return ""
    try:
        sources = contents_digest([*plan.local_folders.values(), *plan.updated_folders], NOT_SOURCES)
    except SnapshotUnavailable:
        return ""
    return hashlib.sha256(f"{stage} {' '.join(plan.local_folders)} {sources}".encode()).hexdigest()
