"""What a person sees on GitHub Actions: annotations at the failing tests, and a summary of the job."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runner.errors import ExitCode, ReportFailed, cause_of
from runner.foreign_text import visible
from runner.odoo.addons import MANIFEST
from runner.reporting.findings import headline, place_of
from runner.reporting.outcome import Outcome
from runner.text import shortened
from runner.verdict.cases import Case
from runner.workflow_commands import on_github

# Characters; GitHub cuts a title at 255 and a message at 64 KiB, and nobody reads so much in an annotation.
_TITLE, _MESSAGE = 250, 4000
# Bytes; GitHub refuses the summary of a step of more than 1 MiB.
_SUMMARY = 1_000_000
_REASONS, _REASON = 20, 500
# Of a module: GitHub shows ten of a step, and keeps no more than fifty of a job.
_ANNOTATIONS = 50
# How deep below the checkout an addons folder is looked for.
_DEPTHS = ("", "*/", "*/*/", "*/*/*/")
# What Markdown or a table's cell would take for its own.
_MARKUP = frozenset("\\`*_[]<>|~&$#:@!")


def report_to_github(
    outcomes: Sequence[Outcome], environ: Mapping[str, str], say: Callable[[str], None], command: Callable[[str], None]
) -> None:
    """Annotate all that is red by `command`, and append the job's summary, on GitHub Actions; elsewhere do nothing.

    ReportFailed, with every annotation given, if the summary cannot be written.
    """
    if not on_github(environ):
        return
    workspace = Path(environ["GITHUB_WORKSPACE"]) if environ.get("GITHUB_WORKSPACE") else None
    # GitHub shows ten of a step: first what no test shows.
    for outcome in outcomes:
        if outcome.is_red_for_more:
            reasons = "\n".join(outcome.reasons) or f"exit code {outcome.exit_code}"
            command(_error(f"{outcome.name}: {outcome.title}", reasons, {}))
    for outcome in outcomes:
        addons = _addons_folder(outcome)
        failing = outcome.failing_cases
        for case in failing[:_ANNOTATIONS]:
            title = f"{outcome.name}: {case.name} {case.outcome.value}"
            command(_error(title, f"{headline(case)}\n\n{case.details}", _where(case, addons, workspace)))
        if len(failing) > _ANNOTATIONS:
            say(f"{outcome.name}: {len(failing) - _ANNOTATIONS} more failing tests have no annotation: see {outcome.proof}")
    if file := environ.get("GITHUB_STEP_SUMMARY"):
        _append_summary(outcomes, Path(file))
    else:
        say("GITHUB_STEP_SUMMARY is not set: there is no summary of the job")


def _error(title: str, message: str, where: Mapping[str, str]) -> str:
    properties = {**where, "title": shortened(title, _TITLE)}
    text = ",".join(f"{name}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for name, value in properties.items())
    return f"::error {text}::{_escaped(shortened(message, _MESSAGE))}"


def _escaped(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\n", "%0A")


def _where(case: Case, addons: Path | None, workspace: Path | None) -> dict[str, str]:
    """Say in which file of the workspace, and at which line, the test stands; nothing if it stands elsewhere."""
    place = place_of(case)
    if not place or not addons or not workspace:
        return {}
    file = addons / place.file
    try:
        relative = file.resolve(strict=True).relative_to(workspace.resolve())
    except (OSError, ValueError, RuntimeError):
        return {}
    return {"file": relative.as_posix()} | ({"line": str(place.line)} if place.line else {})


def _addons_folder(outcome: Outcome) -> Path | None:
    """Find the folder of the checkout, where the proof is written, that holds the module; the one nearest to its root."""
    checkout = outcome.proof.parent
    for depth in _DEPTHS:
        for manifest in sorted(checkout.glob(f"{depth}{outcome.module}/{MANIFEST}")):
            if not any(part.startswith(".") for part in manifest.relative_to(checkout).parts):
                return manifest.parent.parent
    return None


def _append_summary(outcomes: Sequence[Outcome], file: Path) -> None:
    try:
        with file.open("ab") as stream:
            content = _summary(outcomes, _REASONS)
            if stream.tell() + len(content) > _SUMMARY:
                content = _summary(outcomes, 0)
            stream.write(content)
    except (OSError, ValueError) as error:
        raise ReportFailed(f"The summary of the job (GITHUB_STEP_SUMMARY) cannot be written: {cause_of(error)}.") from error


def _summary(outcomes: Sequence[Outcome], reasons: int) -> bytes:
    """Write a table in Markdown, with so many reasons a module."""
    heads = ("module", "verdict", "ran", "failed", "errors", "skipped", "coverage", "reasons")
    rows = [heads, ("---", "---", *["--:"] * 5, "---"), *(_row(outcome, reasons) for outcome in outcomes)]
    if not any(outcome.coverage for outcome in outcomes):
        rows = [(*row[:6], row[7]) for row in rows]
    lines = ["", "### Odoo tests", "", *(f"| {' | '.join(row)} |" for row in rows), ""]
    return "\n".join([*lines, ""]).encode(errors="backslashreplace")


def _row(outcome: Outcome, reasons: int) -> tuple[str, ...]:
    mark = "\N{WHITE HEAVY CHECK MARK}" if outcome.exit_code == ExitCode.PASSED else "\N{CROSS MARK}"
    told = [_cell(shortened(reason, _REASON)) for reason in outcome.reasons[:reasons]]
    if untold := len(outcome.reasons) - len(told):
        told.append(f"{untold} more: see {_cell(str(outcome.proof))}")
    return (_cell(outcome.name), f"{mark} {_cell(outcome.title)}", *outcome.numbers, outcome.told_coverage, "<br>".join(told))


def _cell(text: str) -> str:
    """Make text show as it is: entities are never taken for markup."""
    lines = visible(text.strip()).split("\n")
    return "<br>".join("".join(f"&#{ord(char)};" if char in _MARKUP else char for char in line) for line in lines)
