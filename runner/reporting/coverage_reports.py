"""The coverage of a call as files: which are asked for, and of what they tell."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from runner.config.repositories import RepoConfig
from runner.errors import ReportFailed
from runner.reporting.outcome import Outcome
from runner.reporting.report_file import remove_earlier
from runner.verdict.coverage import Coverage, merged

Writer = Callable[[Sequence[Outcome]], None]


def coverage_reports(xml: Path | None, html: Path | None, repository: RepoConfig) -> list[Writer]:
    """Return what writes the reports that are asked for. Earlier ones are removed at once; UsageError if a place is unfit."""
    writers: list[Writer] = []
    # Few calls want them.
    if xml:
        from runner.reporting.cobertura import write_cobertura  # noqa: PLC0415

        xml = xml.absolute()
        remove_earlier(xml)
        writers.append(partial(_write, xml, partial(write_cobertura, file=xml, checkout=repository.path)))
    if html:
        from runner.reporting.coverage_html import remove_earlier_pages, write_pages  # noqa: PLC0415

        html = html.absolute()
        remove_earlier_pages(html)
        writers.append(partial(_write, html, partial(write_pages, folder=html, repository=repository)))
    return writers


def _write(place: Path, write: Callable[[Coverage], None], outcomes: Sequence[Outcome]) -> None:
    """Write one of all modules together. ReportFailed if nothing is known of any of them, or it cannot be written."""
    measured = [outcome.coverage for outcome in outcomes if outcome.coverage]
    if not measured:
        raise ReportFailed(f"The report {place} is not written: no coverage was measured.")
    write(merged(measured))
