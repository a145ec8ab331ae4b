"""What is another result in one round of a watch than in an earlier one, test by test."""

from collections.abc import Iterable
from dataclasses import dataclass

from runner.errors import ExitCode
from runner.text import first_of, printable
from runner.verdict.cases import Case, CaseOutcome
from runner.verdict.verdict import Verdict

_NAMED = 10


@dataclass(frozen=True)
class Difference:
    """The names of tests, each in one place at most. A new test that fails is newly failing."""

    newly_failing: tuple[str, ...] = ()
    newly_passing: tuple[str, ...] = ()
    still_failing: tuple[str, ...] = ()
    newly_skipped: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    no_longer_run: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """Say it for people, a line for each kind that there is."""
        kinds = {name.replace("_", " "): names for name, names in vars(self).items()}
        return [f"{kind}: {first_of([*map(printable, names)], _NAMED)}" for kind, names in kinds.items() if names]


def is_whole(verdict: Verdict) -> bool:
    """Tell whether it has all tests of the module, so that one which it does not have is gone."""
    is_whole = not (verdict.is_cut_short or verdict.cases_left_out)
    return verdict.exit_code in (ExitCode.PASSED, ExitCode.FAILED) and bool(verdict.cases) and is_whole


def difference(before: Verdict, after: Verdict) -> Difference:
    """Compare two verdicts on the tests of a module, of which each is whole."""
    old, new = _outcomes(before), _outcomes(after)
    both = [test for test in new if test in old]
    failing_now = [test for test in new if new[test] is CaseOutcome.FAILED]
    return Difference(
        newly_failing=_names(test for test in failing_now if old.get(test) is not CaseOutcome.FAILED),
        newly_passing=_names(t for t in both if old[t] is CaseOutcome.FAILED and new[t] is CaseOutcome.PASSED),
        still_failing=_names(test for test in failing_now if old.get(test) is CaseOutcome.FAILED),
        newly_skipped=_names(t for t in both if new[t] is CaseOutcome.SKIPPED and old[t] is not CaseOutcome.SKIPPED),
        new=_names(test for test in new if test not in old and test not in failing_now),
        no_longer_run=_names(test for test in old if test not in new),
    )


def _names(tests: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(name for _, name in tests)


def _outcomes(verdict: Verdict) -> dict[tuple[str, str], CaseOutcome]:
    """By file and name. What ran more than once counts as in the verdict, whose last word on a test is its worst."""
    found: dict[tuple[str, str], CaseOutcome] = {}
    for case in verdict.cases:
        outcome = _outcome(case, verdict)
        test = (case.file, case.name)
        if found.get(test) is not CaseOutcome.FAILED:
            found[test] = outcome
    return found


def _outcome(case: Case, verdict: Verdict) -> CaseOutcome:
    if case.outcome not in (CaseOutcome.FAILED, CaseOutcome.ERROR):
        return case.outcome
    # One that failed, and passed when Odoo tried it again, makes nothing red.
    return CaseOutcome.PASSED if verdict.passed else CaseOutcome.FAILED
