"""The slowest tests of a call."""

from collections.abc import Sequence

from runner.reporting.outcome import Outcome
from runner.text import counted, table


def slowest_lines(outcomes: Sequence[Outcome], number: int) -> list[str]:
    """Write so many of the tests with their seconds, the slowest first; nothing where none is asked for, or known.

    Odoo logs no test's end: the seconds go to the next test's start, or Odoo's next step.
    """
    timed = [(case.seconds, run.name, case) for run in outcomes for case in (run.verdict.cases if run.verdict else ())]
    known = [(seconds, name, case) for seconds, name, case in timed if seconds is not None]
    slowest = sorted(known, key=lambda each: each[0], reverse=True)[:number]
    if not slowest:
        return []
    rows = [(f"{seconds:.3f}", name, case.name) for seconds, name, case in slowest]
    title = f"the slowest of {counted(len(known), 'test')}, by the time until the next one began:"
    return ["", title, *(f"  {line}" for line in table([("SECONDS", "MODULE", "TEST"), *rows], (0,)))]
