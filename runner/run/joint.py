"""The joint summary of a call with several modules: a table, and the file in which it is on record."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.reporting.outcome import Outcome
from runner.reporting.report_file import write_whole

_TITLES = ("MODULE", "VERDICT", "TESTS", "FAILED", "ERRORS", "SKIPPED", "SECONDS")


def table(outcomes: Sequence[Outcome], not_run: Mapping[str, str]) -> list[str]:
    """A line for each module, those that did not run at the end, with the reason."""
    rows: list[tuple[str, ...]] = [_TITLES]
    for outcome in outcomes:
        verdict = outcome.verdict
        counts = (verdict.ran, verdict.failed, verdict.errors, verdict.skipped) if verdict else ("-",) * 4
        rows.append((outcome.module, outcome.label, *map(str, counts), f"{outcome.seconds:.1f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
    widths[0] = max([widths[0], *map(len, not_run)])
    # The two words first, then the numbers.
    lines = ["  ".join([*map(str.ljust, row[:2], widths[:2]), *map(str.rjust, row[2:], widths[2:])]).rstrip() for row in rows]
    return lines + [f"{module:<{widths[0]}}  NOT RUN: {reason}" for module, reason in not_run.items()]


def write_joint(file: Path, facts: Mapping[str, str], outcomes: Sequence[Outcome], not_run: Mapping[str, str]) -> None:
    """Put the summary on record, with the digest of each module's own log. ReportFailed if it cannot be written."""
    width = max(len(name) for name in facts) + 2
    lines = ["SUMMARY OF SEVERAL MODULES", *(f"{name + ':':<{width}}{value}" for name, value in facts.items()), ""]
    lines += [*table(outcomes, not_run), "", "The log of each, with its SHA-256:"]
    for outcome in outcomes:
        lines.append(f"{_digest(outcome.proof)}  {outcome.proof.name}")
    write_whole(file, ("\n".join(lines) + "\n").encode(errors="backslashreplace"))


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        return f"not there ({error.strerror})"
