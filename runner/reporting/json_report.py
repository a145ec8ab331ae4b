"""The JSON report of a call, and its schema: `python -m runner.reporting.json_report > docs/report.schema.json`."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from runner.errors import ReportFailed
from runner.reporting.outcome import Outcome, worst
from runner.reporting.report_file import told, write_whole
from runner.verdict.beginning import Step
from runner.verdict.cases import CaseOutcome

SCHEMA_VERSION = 1


def _encodable(value: Any) -> Any:
    """Escape what is not UTF-8, which a file's name may be, and JSON may not."""
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_encodable)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, use_attribute_docstrings=True)


class CaseReport(_Part):
    """One test of a module."""

    file: Text
    """The test file without .py, dotted below tests, of a JavaScript test its path in the module; empty if unknown."""
    name: Text
    """Class and method."""
    outcome: CaseOutcome
    seconds: float | None
    """From its start to that of the next one, or Odoo's next step, in milliseconds; null where the log does not tell."""
    details: Text
    """Traceback, or the reason of a skip."""
    files: tuple[Text, ...]
    """The names in Odoo's log of its screenshots and screencasts; where the copies are, `files` of the module tells."""


class Counts(_Part):
    """Number of tests, by how they ended; failing subtests and setUpClass count as failed and errors."""

    ran: int
    failed: int
    errors: int
    skipped: int


class BlockReport(_Part):
    """What the log says of a run beside Odoo's output: its sources, its environment, the database that it started from."""

    title: Text
    """PROOF OF EXECUTION, ENVIRONMENT, PREPARED DATABASE ..."""
    facts: dict[Text, Text]
    """By their names, as they stand in the log."""
    lines: tuple[Text, ...]
    """What else it says, as warnings."""


class VersionReport(_Part):
    """The version of a module that was updated, by the database; empty where it had none."""

    module: Text
    before: Text
    after: Text


class BeginningReport(_Part):
    """What came before the tests, by `--upgrade-from` or `--reinstall`."""

    ref: Text
    """What `--upgrade-from` was given; empty for `--reinstall`."""
    commit: Text
    """The commit that it names."""
    is_new: bool
    """Whether that commit lacks the module, which was installed as ever."""
    failed: Step | None
    """The step after which the tests could not begin; null if they could."""
    versions: tuple[VersionReport, ...]
    """Of the modules that were updated, that under test first."""
    scripts: tuple[Text, ...]
    """The migration scripts that ran: module, version and name, as Odoo logs them."""


class FileCoverageReport(_Part):
    """One source file of a module."""

    path: Text
    """From the checkout on."""
    percent: float
    """How much of its statements and branches together ran."""
    statements: int
    executed_lines: tuple[int, ...]
    missing_lines: tuple[int, ...]
    branches: int
    executed_branches: tuple[tuple[int, int], ...]
    """From which line to which; to 0 or the negated line of a function out of that."""
    missing_branches: tuple[tuple[int, int], ...]
    partial_branches: tuple[tuple[int, int], ...]
    """The missing ones of lines that ran."""


class CoverageReport(_Part):
    """Which lines and branches of a module its tests ran; none of its tests, its manifest and its migrations."""

    percent: float
    """How much of statements and branches together ran."""
    statements: int
    missing_lines: int
    branches: int
    missing_branches: int
    partial_branches: int
    files: tuple[FileCoverageReport, ...]


class ModuleReport(_Part):
    """The run of one module."""

    module: Text
    """Technical name."""
    series: Text
    """That of Odoo which `--odoo` asked for; empty where it did not."""
    verdict: Text
    """PASSED, FAILED, NOT PROVEN, TIMED OUT, ERROR, INTERRUPTED or LEFT BEHIND."""
    selection: Text
    """In which way it was less, or something else, than the module's tests; empty for those.

    The names of tests and files that alone were asked for, or the tags of `--test-tags`; with `--exitfirst`, that it was
    stopped at the first test that failed.
    """
    repeat: int
    """Which of the runs that `--repeat` asked for, from 1 on; 0 without it."""
    beginning: BeginningReport | None
    """What came before the tests, where that was more than an installation, and the run had a verdict; else null."""
    exit_code: int
    """As that of the call, for this module alone; 0 only if it is proven that its tests ran and passed."""
    counts: Counts | None
    """Null where the run ended before there were tests to judge."""
    reasons: tuple[Text, ...]
    """Why the exit code is not 0."""
    remarks: tuple[Text, ...]
    """What does not make a run red by itself, but is worth a look."""
    allowed: tuple[Text, ...]
    """What would make it red, or be among the remarks, and which file allows it."""
    seconds: float
    """The whole run, from its start to the end of its teardown."""
    phases: dict[Text, float]
    """The seconds of each phase (up, healthy, tests, down ...); those of the same name are added up."""
    proof: Text
    """Path of the proof log."""
    cases: tuple[CaseReport, ...]
    """The tests that started, in their order, then what failed outside of any.

    A test that failed is among them as such also where it passed when Odoo tried it again, which makes no run red. Of more
    than 10,000 tests those that failed are listed before all others.
    """
    files: dict[Text, Text]
    """Screenshots and screencasts of browsers in tests that failed: their names in Odoo's log, and the paths of copies."""
    cases_left_out: int
    """Number of tests that started and are not among `cases`, which are too many."""
    record: tuple[BlockReport, ...]
    """What the log says before the verdict, beside Odoo's output; empty where the run came to no log."""
    ended: Text
    """When its teardown had ended, in UTC; empty where the run came to no log."""
    teardown: tuple[Text, ...]
    """How it was left, as in the log: the listings that were made after everything was removed."""
    coverage: CoverageReport | None
    """Null without `--coverage`, and where nothing could be measured, which is among reasons or remarks then."""


class CallReport(_Part):
    """The runs of one call. Fields may be added under one schema_version; it rises when one changes or goes."""

    # Not a Literal, whose schema changed from one version of pydantic to another.
    schema_version: Annotated[int, Field(json_schema_extra={"const": SCHEMA_VERSION})]
    repository: Text
    """The repository of repos.yaml to which the modules belong."""
    exit_code: int
    """Of the whole call, by its modules."""
    modules: tuple[ModuleReport, ...]
    """In the order of their runs."""
    not_run: dict[Text, Text]
    """Runs that were asked for and came to nothing, by their names, with the reason: not started (--fail-fast) ..."""


def write_json(
    outcomes: Sequence[Outcome], file: Path | int, repository: str, not_run: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Write the report of a call as JSON. ReportFailed if there is nothing to report, or the file cannot be written.

    `not_run`: the names of runs that came to nothing, with the reason of each.
    """
    if not outcomes:
        raise ReportFailed(f"The report {told(file)} is not written: no module was run.")
    modules = tuple(_module(outcome) for outcome in outcomes)
    report = CallReport(
        schema_version=SCHEMA_VERSION,
        repository=repository,
        exit_code=worst(outcomes),
        modules=modules,
        not_run=dict(not_run),
    )
    write_whole(file, f"{report.model_dump_json(indent=2)}\n".encode())


def schema() -> str:
    """Generate the JSON schema of the report, as it is published."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return f"{json.dumps(dialect | CallReport.model_json_schema(mode='serialization'), indent=2)}\n"


def _module(outcome: Outcome) -> ModuleReport:
    verdict = outcome.verdict
    return ModuleReport(
        module=outcome.module,
        series=outcome.series,
        verdict=outcome.label,
        selection=outcome.selection,
        repeat=outcome.repeat,
        beginning=BeginningReport.model_validate(outcome.beginning) if outcome.beginning else None,
        exit_code=outcome.exit_code,
        counts=Counts.model_validate(verdict) if verdict else None,
        reasons=outcome.reasons,
        remarks=outcome.notes,
        allowed=outcome.allowed,
        seconds=outcome.seconds,
        phases={name: sum(seconds for phase, seconds in outcome.phases if phase == name) for name, _ in outcome.phases},
        proof=str(outcome.proof),
        cases=tuple(CaseReport.model_validate(case) for case in outcome.reported_cases),
        files={name: str(file) for name, file in outcome.files.items()},
        cases_left_out=outcome.cases_left_out,
        record=tuple(BlockReport.model_validate(block) for block in outcome.record),
        ended=outcome.ended,
        teardown=outcome.teardown,
        coverage=CoverageReport.model_validate(outcome.coverage) if outcome.coverage else None,
    )


if __name__ == "__main__":
    sys.stdout.write(schema())
