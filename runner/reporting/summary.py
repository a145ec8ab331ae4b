"""What the terminal says of a run when it has ended: the verdict, what is red and why, and where the whole log is. Pure."""

from collections.abc import Sequence

from runner.reporting.findings import failing_cases, place_of, said
from runner.reporting.outcome import Outcome
from runner.verdict.cases import Case, CaseOutcome

# On the terminal; the log has them all.
_TESTS_SHOWN = 10
_LINES_OF_A_TEST = 10
_REASONS_SHOWN = 20
_NOTES_SHOWN = 5
# Characters; an assertion on a long text would fill the screen.
_LONGEST_LINE = 300


def lines_for(outcome: Outcome) -> list[str]:
    """The closing lines: a verdict, the reasons, each failing test with its place and its assertion, notes, the log."""
    reasons, after = _around_the_tests(outcome)
    body = [
        *_shown(reasons, _REASONS_SHOWN, "more reasons"),
        *_shown([_test(case) for case in failing_cases(outcome)], _TESTS_SHOWN, "more"),
        *_shown(after, _REASONS_SHOWN, "more reasons"),
        *_shown([f"note: {note}" for note in outcome.notes], _NOTES_SHOWN, "more notes"),
        f"log: {outcome.proof}",
    ]
    return ["", f"{outcome.module}: {outcome.label}  {outcome.counts}", *(f"  {line}".rstrip() for line in body)]


def _around_the_tests(outcome: Outcome) -> tuple[list[str], list[str]]:
    """The reasons before and after those that only name a failing test, which is shown in their place."""
    verdict = outcome.verdict
    problems = [each for each in verdict.problems if each.module == verdict.module] if verdict else []
    names = {f"{each.kind}: {each.test}" for each in problems} if failing_cases(outcome) else set()
    first = next((at for at, reason in enumerate(outcome.reasons) if reason in names), len(outcome.reasons))
    return list(outcome.reasons[:first]), [reason for reason in outcome.reasons[first:] if reason not in names]


def _test(case: Case) -> str:
    kind = "ERROR" if case.outcome is CaseOutcome.ERROR else "FAIL"
    place = place_of(case)
    where = f" ({place.file}{f':{place.line}' if place.line else ''})" if place else ""
    lines = said(case)
    shown = [_short(line) for line in lines[:_LINES_OF_A_TEST]]
    if len(lines) > len(shown):
        shown[-1] = f"... and {len(lines) - len(shown) + 1} more lines in the log"
    return "\n".join([f"{kind}: {case.name}{where}", *(f"  {line}" for line in shown)])


def _shown(texts: Sequence[str], limit: int, more: str) -> list[str]:
    """The lines of the first texts, and how many more there are."""
    lines = [line for text in texts[:limit] for line in text.splitlines()]
    return lines + ([f"... and {len(texts) - limit} {more} in the log"] if len(texts) > limit else [])


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} ..."
