"""What is said of runs when they have ended: the closing lines of each, and the table and the record of several."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.reporting.coverage_table import coverage_lines
from runner.reporting.findings import exceptions, place_of
from runner.reporting.outcome import Outcome
from runner.reporting.proof_log import SUMMARY
from runner.reporting.repeated import repeated_lines
from runner.reporting.report_file import write_whole
from runner.text import aligned, shortened, table
from runner.verdict.cases import Case, CaseOutcome
from runner.verdict.coverage import merged, told_percent

# On the terminal; the log has them all.
_TESTS_SHOWN = 10
_LINES_OF_A_TEST = 10
_REASONS_SHOWN = 20
_NOTES_SHOWN = 10
_ALLOWED_SHOWN = 20
_FILES_SHOWN = 5
_LINES_OF_THE_BEGINNING = 15
# Characters; an assertion on a long text would fill the screen.
_LONGEST_LINE = 300
_LONGEST_REASON = 1000
# Bytes that are read of a log at once.
_PIECE = 1_000_000
_TITLES = ("MODULE", "VERDICT", "TESTS", "FAILED", "ERRORS", "SKIPPED", "SECONDS")


def lines_for(outcome: Outcome) -> list[str]:
    """Write the closing lines: verdict, reasons, failing tests with place and assertion, what came before, notes, the log."""
    reasons, reasons_after = around_the_tests(outcome)
    failing = outcome.failing_cases
    beginning = outcome.beginning.lines if outcome.beginning else []
    body = [
        *_shown(reasons[:_REASONS_SHOWN], len(reasons), "more reasons"),
        *_shown([_test(case) for case in failing[:_TESTS_SHOWN]], len(failing), "more"),
        *_shown(reasons_after[:_REASONS_SHOWN], len(reasons_after), "more reasons"),
        *_shown(beginning[:_LINES_OF_THE_BEGINNING], len(beginning), "more lines"),
        *_shown(outcome.allowed[:_ALLOWED_SHOWN], len(outcome.allowed), "more allowed"),
        *_shown([f"see {file}" for file in [*outcome.files.values()][:_FILES_SHOWN]], len(outcome.files), "more such files"),
        *_shown([f"note: {note}" for note in outcome.notes[:_NOTES_SHOWN]], len(outcome.notes), "more notes"),
        *(coverage_lines(outcome.coverage, in_full=False) if outcome.coverage else []),
        *([f"log: {outcome.proof}"] if outcome.has_proof else []),
    ]
    return ["", f"{outcome.name}: {outcome.title}  {outcome.counts}", *(f"  {line}".rstrip() for line in body)]


def around_the_tests(outcome: Outcome) -> tuple[list[str], list[str]]:
    """Part the reasons before from those after the names of failing tests, which are shown in their place."""
    problems = outcome.verdict.problems if outcome.verdict and outcome.failing_cases else ()
    names = {f"{problem.kind}: {problem.test}" for problem in problems if problem.module == outcome.module}
    first = next((at for at, reason in enumerate(outcome.reasons) if reason in names), len(outcome.reasons))
    return list(outcome.reasons[:first]), [reason for reason in outcome.reasons[first:] if reason not in names]


def _test(case: Case) -> str:
    kind = "ERROR" if case.outcome is CaseOutcome.ERROR else "FAIL"
    place = place_of(case)
    where = f" ({place.file}{f':{place.line}' if place.line else ''})" if place else ""
    lines = exceptions(case)
    shown = [shortened(line, _LONGEST_LINE) for line in lines[:_LINES_OF_A_TEST]]
    if len(lines) > len(shown):
        shown[-1] = f"... and {len(lines) - len(shown) + 1} more lines in the log"
    return "\n".join([f"{kind}: {case.name}{where}", *(f"  {line}" for line in shown)])


def _shown(texts: Sequence[str], number: int, more: str) -> list[str]:
    """List the lines of these texts, the first of so many, and how many more there are."""
    lines = [shortened(line, _LONGEST_REASON) for text in texts for line in text.splitlines()]
    return lines + ([f"... and {number - len(texts)} {more} in the log"] if number > len(texts) else [])


def joint_table(outcomes: Sequence[Outcome], not_run: Mapping[str, str]) -> list[str]:
    """Write a line for each module, those that did not run at the end, with the reason; the coverage, where it is measured."""
    measured = [outcome.coverage for outcome in outcomes if outcome.coverage]
    titles = (*_TITLES, "COVERAGE") if measured else _TITLES
    rows = [(*_row(outcome), outcome.told_coverage)[: len(titles)] for outcome in outcomes]
    lines = table([titles, *rows, *((module, f"NOT RUN: {reason}") for module, reason in not_run.items())], range(2, 8))
    together = [f"coverage of all: {told_percent(merged(measured).percent)} of lines and branches"] if measured else []
    return [*lines, *together]


def _row(outcome: Outcome) -> tuple[str, ...]:
    return (outcome.name, outcome.title, *outcome.numbers, f"{outcome.seconds:.1f}")


def write_joint(file: Path, facts: Mapping[str, str], outcomes: Sequence[Outcome], not_run: Mapping[str, str]) -> None:
    """Put the summary on record, with the digest of each module's own log. ReportFailed if it cannot be written."""
    lines = [SUMMARY, *aligned(facts), "", *joint_table(outcomes, not_run), ""]
    lines += [*repeated[1:], ""] if (repeated := repeated_lines(outcomes)) else []
    lines += ["The log of each, with its SHA-256:", *(f"{digest_of(outcome)}  {outcome.proof.name}" for outcome in outcomes)]
    write_whole(file, ("\n".join(lines) + "\n").encode(errors="backslashreplace"), followed=False)


def digest_of(outcome: Outcome) -> str:
    """Return the SHA-256 of a run's log, or say why there is none."""
    if not outcome.has_proof:
        return "not written"
    digest = hashlib.sha256()
    try:
        with outcome.proof.open("rb") as stream:
            while piece := stream.read(_PIECE):  # never as a whole: a log may be as long as --max-log says
                digest.update(piece)
        return digest.hexdigest()
    except OSError as error:
        return f"not there ({error.strerror})"
