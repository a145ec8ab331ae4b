"""What a verdict rests on besides Odoo's log and the module's sources, and the verdict of all of it.

A run judges by `verdict_by`, and so does who makes the verdict again from a proof log, in which these facts stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.odoo.test_tags import told_selection
from runner.text import shortened
from runner.verdict.failed_checks import KILLED
from runner.verdict.javascript import JavaScript
from runner.verdict.javascript_verdict import with_javascript
from runner.verdict.named_tests import only
from runner.verdict.odoolog import OdooLog
from runner.verdict.sources import Sources, read_sources
from runner.verdict.terms import Terms
from runner.verdict.verdict import Verdict, judge

# Characters of the names of tests that alone were asked for.
_LONGEST_SELECTION = 200


@dataclass(frozen=True)
class Wanted:
    """What of a module is tested, and by which rule; as in `Options`."""

    test_tags: str | None = None
    names: tuple[str, ...] = ()
    javascript: bool = False
    strict: bool = False
    strict_all: bool = False

    def sources_in(self, folder: Path) -> Sources:
        """Read the sources of what is tested, of the module in this folder."""
        sources = read_sources(folder)
        return only(self.names, sources, javascript=self.javascript) if self.names else sources

    def selection(self, module: str, *, is_cut_short: bool = False) -> str:
        """Say in which way it is less, or something else, than the module's tests; empty for those."""
        tests = ", ".join(self.names) or told_selection(self.test_tags, module)
        cut = "up to the first that failed" if is_cut_short else ""
        return ", ".join(filter(None, (shortened(tests, _LONGEST_SELECTION), cut)))


@dataclass(frozen=True)
class Facts:
    """How Odoo's processes ended, and what else was seen of a run's tests.

    `states`: of the modules, or why the database does not tell. `why_killed`: what kept Odoo from its end. `javascript_exit`:
    of the process with the JavaScript tests; None where there was none, and `why_no_javascript` may say why. `limits`: those
    of the containers that were reached. `beginning`: what came before the tests, as the verdict says it, where that is more
    than an installation. `doubts`: what else speaks against the result, as sources that are not the checkout's.
    """

    wanted: Wanted
    odoo_exit: int
    states: Mapping[str, str] | str
    timed_out: bool = False
    why_killed: str = ""
    is_cut_short: bool = False
    javascript_exit: int | None = None
    javascript_timed_out: bool = False
    why_no_javascript: str = ""
    limits: Sequence[str] = ()
    beginning: str = ""
    doubts: Sequence[str] = ()


def verdict_by(
    module: str, facts: Facts, log: OdooLog, javascript_log: OdooLog | None, *, sources: Sources, terms: Terms
) -> tuple[Verdict, list[str]]:
    """Judge the tests of a module, JavaScript's included; and list those of the reasons that an empty database keeps.

    `javascript_log`: that of the process which ran them. `sources`: those of what was tested.
    """
    wanted = facts.wanted
    of_javascript = sources.javascript if wanted.javascript else JavaScript()
    if javascript_log:
        sources = replace(sources, javascript=JavaScript())  # of which with_javascript tells
    verdict = judge(
        module=module,
        odoo_exit=facts.odoo_exit,
        log=log,
        states=facts.states,
        timed_out=facts.timed_out,
        why_killed=facts.why_killed,
        sources=sources,
        strict=wanted.strict,
        test_tags=wanted.test_tags if wanted.test_tags != f"/{module}" else None,
        strict_all=wanted.strict_all,
        own=terms.own,
        allowed=terms.allowed,
        needs_tests=not javascript_log or bool(sources.tests or sources.files or sources.unreadable),
        names=wanted.names,
        is_cut_short=facts.is_cut_short,
    )
    limits, lasting = list(facts.limits), list[str]()
    if facts.odoo_exit == KILLED:  # what was reached is the cause, else it may be one
        verdict, limits = replace(verdict, reasons=(*limits, *verdict.reasons)), []
    if javascript_log and facts.javascript_exit is not None:
        how = {"timed_out": facts.javascript_timed_out, "strict": wanted.strict}
        verdict, lasting = with_javascript(verdict, of_javascript, javascript_log, facts.javascript_exit, **how)
    elif of_javascript.hoot:
        limits = [*limits, f"the JavaScript tests did not run, as {facts.why_no_javascript}"]
    return verdict.doubted([*facts.doubts, *limits]), lasting
