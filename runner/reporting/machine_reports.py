"""The reports of a call for machines: JUnit and JSON files if asked for, annotations and a summary on GitHub Actions."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from runner.errors import ExitCode, ReportFailed
from runner.reporting.github import report_to_github
from runner.reporting.outcome import Outcome, worst
from runner.reporting.report_file import remove_earlier


class MachineReports:
    """Where the reports go. Earlier ones are removed at once; UsageError if a place cannot be used."""

    def __init__(
        self, junit: Path | None, json: Path | None, repository: str, more: Sequence[Callable[[Sequence[Outcome]], None]] = ()
    ) -> None:
        """`more`: what writes further ones."""
        self._junit, self._json = (file.absolute() if file else None for file in (junit, json))
        self._repository, self._more = repository, more
        for file in (self._junit, self._json):
            if file:
                remove_earlier(file)

    def write(
        self,
        outcomes: Sequence[Outcome],
        environ: Mapping[str, str],
        say: Callable[[str], None],
        command: Callable[[str], None],
    ) -> int:
        """Write them all and return the call's exit code: NOT_PROVEN where all had passed but a report cannot be written.

        `say` tells a person, `command` GitHub.
        """
        writers: list[Callable[[], None]] = [partial(report_to_github, outcomes, environ, say, command)]
        # Each takes longer to import than to write, and most calls want neither.
        if self._junit:
            from runner.reporting.junit import write_junit  # noqa: PLC0415

            writers.append(partial(write_junit, outcomes, self._junit))
        if self._json:
            from runner.reporting.json_report import write_json  # noqa: PLC0415

            writers.append(partial(write_json, outcomes, self._json, self._repository))
        writers += [partial(write, outcomes) for write in self._more]
        code = worst(outcomes)
        for write in writers:
            try:
                write()
            except ReportFailed as error:
                say(f"Error: {error}")
                code = code or int(ExitCode.NOT_PROVEN)
        return code
