"""The page as a whole: head, verdict of the call, a table of its runs, and a section for each."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.errors import ExitCode, ReportFailed
from runner.reporting.outcome import Outcome, worst
from runner.reporting.page.limits import Limits
from runner.reporting.page.markup import Markup, element, joined
from runner.reporting.page.parts import badge, breakable, preformatted, table
from runner.reporting.page.run import run_sections
from runner.reporting.repeated import repeated_lines
from runner.reporting.report_file import told, write_whole
from runner.text import counted

_HEADS = ("run", "verdict", "tests", "failed", "errors", "skipped", "seconds")


def write_page(outcomes: Sequence[Outcome], file: Path | int, repository: str, not_run: Mapping[str, str]) -> None:
    """Write the page of a call. ReportFailed if there is nothing to report, or the file cannot be written.

    `not_run`: the names of runs that came to nothing, with the reason of each.
    """
    if not outcomes:
        raise ReportFailed(f"The report {told(file)} is not written: no module was run.")
    write_whole(file, page(outcomes, repository, not_run).encode())


def page(outcomes: Sequence[Outcome], repository: str, not_run: Mapping[str, str]) -> str:
    """Make the page. Whatever modules say in it is text, and it loads nothing but the pictures that it holds."""
    style = Markup(Path(__file__).with_name("page.css").read_text(encoding="utf-8"))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    is_single = len(outcomes) == 1 and not not_run
    title = _title(outcomes, repository, not_run)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", style),
    )
    top = element("p", "Odoo tests of ", element("b", repository), class_="kicker")
    limits = Limits()
    if is_single:
        body = element("main", top, *run_sections(outcomes[0], limits, level=1))
    else:
        runs = [
            element("article", *run_sections(outcome, limits, level=2), id=f"run-{number}")
            for number, outcome in enumerate(outcomes, start=1)
        ]
        body = element("main", top, *_overview(outcomes, title, not_run), *runs)
    return joined(Markup("<!doctype html>\n"), element("html", head, element("body", body), lang="en"), Markup("\n"))


def _title(outcomes: Sequence[Outcome], repository: str, not_run: Mapping[str, str]) -> str:
    if len(outcomes) == 1 and not not_run:
        return f"{outcomes[0].title}: {repository} / {outcomes[0].name}"
    passed = sum(outcome.exit_code == ExitCode.PASSED for outcome in outcomes)
    return f"{passed} of {counted(len(outcomes) + len(not_run), 'run')} passed"


def _overview(outcomes: Sequence[Outcome], title: str, not_run: Mapping[str, str]) -> list[Markup]:
    codes = [outcome.exit_code for outcome in outcomes] + [int(ExitCode.NOT_PROVEN) for _ in not_run]
    heads = (*_HEADS, "coverage") if any(outcome.coverage for outcome in outcomes) else _HEADS
    rows: list[Sequence[str]] = [
        (
            element("a", breakable(outcome.name), href=f"#run-{number}"),
            badge(outcome.title, outcome.exit_code),
            *outcome.numbers,
            f"{outcome.seconds:.1f}",
            outcome.told_coverage,
        )[: len(heads)]
        for number, outcome in enumerate(outcomes, start=1)
    ]
    rows += [(name, f"NOT RUN: {reason}", *("-",) * (len(heads) - 2)) for name, reason in not_run.items()]
    repeated = repeated_lines(outcomes)
    return [
        element("header", element("h1", badge(title, *codes)), element("p", f"exit code {worst(outcomes)}")),
        table("The runs of this call", heads, rows, numbers=range(2, len(heads))),
        *([preformatted(repeated[1:])] if repeated else []),
    ]
