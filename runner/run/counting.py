"""Whether what was tested on a prepared database counts, or only what an empty one says.

Modules that Odoo installs by itself are there before the module under test only in a prepared database. So what passed there
may rest on them, and what is red may be so because of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from runner.run.testing import Tested
from runner.snapshots.plan import Plan
from runner.snapshots.undeclared import parse_undeclared_names, undeclared_uses_in
from runner.text import first_of, printable, shortened
from runner.verdict.failed_checks import files_without_a_run
from runner.verdict.sources import Sources
from runner.verdict.verdict import Verdict

_LONGEST_REASON = 300
_MOST_MODULES = 12


@dataclass(frozen=True)
class Doubt:
    """Why a verdict on a prepared database does not count.

    `reasons`: what the sources use undeclared, or what made it red. `modules`: those of the prepared database on which the one
    under test does not depend.
    """

    verdict: Verdict
    reasons: Sequence[str]
    modules: Sequence[str]

    @property
    def because(self) -> str:
        """Say why the tests run again."""
        if self.verdict.passed:
            return self.reasons[0]
        return f"it was {self.verdict.label} on it ({self.reasons[0]}), and only the result on an empty one counts"

    def note(self, counting: Verdict) -> str:
        """Say that the result on an empty database is another one, and of what that may come."""
        there = f"Before the module is installed only the prepared one has: {first_of(self.modules, _MOST_MODULES)}"
        first = f"it was {self.verdict.label} on the prepared database ({self.reasons[0]})"
        return f"{first}, and {counting.label} on an empty one, which alone counts. {there if self.modules else ''}".rstrip()


def doubt_about(plan: Plan, tested: Tested, sources: Sources) -> Doubt | None:
    """Return why only the result on an empty database counts; None if this one does.

    Whatever is red on a prepared database is tested again, unless an empty one cannot make it green: an installation that
    failed, no test that started, test files of which no test ran, other sources than this checkout's, an Odoo that does not
    exit.
    """
    verdict = tested.verdict
    red = [] if verdict.passed else _that_may_go(tested, sources)
    if tested.undeclared_names is None or not (verdict.passed or red):
        return None
    exit_code, answer = tested.undeclared_names.result()
    if exit_code:
        return Doubt(verdict, red or [f"the database does not tell what is in it: {answer.strip()}"], ())
    names = parse_undeclared_names(answer)
    reasons = red or undeclared_uses_in(plan.local_folders, names)
    return Doubt(verdict, reasons, sorted(names.get(plan.module, {}).get("module", ()))) if reasons else None


def _that_may_go(tested: Tested, sources: Sources) -> list[str]:
    """Return the reasons of what is red that may not be there on an empty database; nothing if it stays red."""
    verdict = tested.verdict
    has_started = verdict.cases or verdict.failed or verdict.errors
    if tested.failed_to_install or not has_started:
        return []
    by_sources = {*files_without_a_run(sources, verdict.cases).values(), *tested.lasting}
    others = [" ".join(reason.split()) for reason in verdict.reasons if reason not in by_sources]
    return [shortened(printable(reason), _LONGEST_REASON) for reason in others]
