"""How long the phases of a run took, read from what it printed. Pure."""

import re
from collections.abc import Iterable
from itertools import pairwise

from .timed import Timed

# What the runner says at the end of a phase; see runner/terminal.py.
_RUNNER = re.compile(r"  (\S.*?) +(\d+\.\d) s")
_SCRIPT = re.compile(r"== (\w+)")
TESTS, DOWN = "tests", "down"


def of_script(lines: Iterable[tuple[float, str]]) -> dict[str, float]:
    """Seconds of each phase of the script, of which each begins where the one before ends."""
    marks = [(moment, found.group(1)) for moment, line in lines if (found := _SCRIPT.fullmatch(line))]
    return {name: end - begin for (begin, name), (end, _) in pairwise(marks)}


def of_runner(lines: Iterable[tuple[float, str]]) -> dict[str, float]:
    """Seconds of each phase as the runner says them; what is said twice is added up."""
    phases: dict[str, float] = {}
    for _, line in lines:
        if found := _RUNNER.fullmatch(line):
            phases[found.group(1)] = phases.get(found.group(1), 0.0) + float(found.group(2))
    return phases


def besides_odoo(ended: Timed, phases: dict[str, float]) -> float:
    """Seconds of a run that are not Odoo's own test process."""
    return ended.seconds - phases[TESTS]
