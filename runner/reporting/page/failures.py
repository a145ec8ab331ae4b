"""The failing tests of a run: what each said, where it stands, what Odoo logged meanwhile, and the screenshot."""

from collections.abc import Sequence

from runner.reporting.findings import exceptions, headline, place_of
from runner.reporting.outcome import Outcome
from runner.reporting.page.excerpts import excerpts
from runner.reporting.page.limits import LONGEST_TEXT, Limits
from runner.reporting.page.markup import Markup, element, joined
from runner.reporting.page.parts import breakable, folded, heading, preformatted, section
from runner.reporting.page.pictures import NoPicture, data_uri
from runner.text import counted
from runner.verdict.cases import Case, CaseOutcome

_TRACEBACK = "Traceback (most recent call last):"


def failures_section(outcome: Outcome, limits: Limits, level: int) -> list[Markup]:
    """Show each test that made the run red; nothing where none did."""
    failing = outcome.failing_cases
    shown = [case for case in failing if limits.failures.takes(min(len(case.details), LONGEST_TEXT))]
    if not failing:
        return []
    logged = excerpts(outcome.proof, shown) if outcome.has_proof else {}
    articles = [_failure(case, outcome, logged.get(case, ()), limits, level + 1) for case in shown]
    more = len(failing) - len(shown)
    left_out = [element("p", f"{counted(more, 'failing test')} more: see the log")] if more else []
    return [section("Failures", level, *articles, *left_out)]


def _failure(case: Case, outcome: Outcome, logged: Sequence[str], limits: Limits, level: int) -> Markup:
    kind = "ERROR" if case.outcome is CaseOutcome.ERROR else "FAIL"
    place = place_of(case)
    where = f"{place.file}{f':{place.line}' if place.line else ''}" if place else ""
    parts = [heading(joined(f"{kind}: ", breakable(case.name)), level)]
    parts += [element("p", breakable(where), class_="place")] if where else []
    parts.append(preformatted(exceptions(case) or [headline(case)]))
    if _TRACEBACK in case.details:
        parts.append(folded("Traceback", case.details.splitlines()))
    if logged:
        parts.append(folded("What was logged in this test", logged))
    parts += [_picture(name, outcome, limits) for name in case.files]
    return element("article", *parts, class_="failure")


def _picture(name: str, outcome: Outcome, limits: Limits) -> Markup:
    """Show a screenshot, else say where it is, and why it is not shown."""
    file = outcome.files.get(name)
    if file is None:
        return element("p", f"{name} was not fetched", class_="place")
    try:
        source = data_uri(file)
        if limits.pictures.takes(len(source)):
            caption = element("figcaption", str(file))
            return element("figure", element("img", src=source, alt="What the browser showed when the test failed"), caption)
        why = "is one too many for this page"
    except NoPicture as error:
        why = str(error)
    return element("p", f"{file} {why}", class_="place")
