"""The reports of a call: JUnit, JSON, a page and an in-toto statement if asked for; on GitHub annotations and a summary."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from runner.errors import ExitCode, ReportFailed
from runner.reporting.github import report_to_github
from runner.reporting.outcome import Outcome, worst
from runner.reporting.report_file import STANDARD_OUTPUT, remove_earlier


class MachineReports:
    """Where the reports go. Earlier ones are removed at once; UsageError if a place cannot be used."""

    def __init__(
        self,
        junit: Path | None,
        json: Path | None,
        repository: str,
        output: int | None = None,
        *,
        html: Path | None = None,
        in_toto: Path | None = None,
        more: Sequence[Callable[[Sequence[Outcome]], None]] = (),
    ) -> None:
        """`output`: the stream for the one that goes to standard output. `more`: what writes further ones."""
        self._junit, self._json, self._html, self._in_toto = places = [
            output if file == STANDARD_OUTPUT else file.absolute() if file else None for file in (junit, json, html, in_toto)
        ]
        self._repository, self._more = repository, more
        for place in places:
            if isinstance(place, Path):
                remove_earlier(place)

    def write(
        self,
        outcomes: Sequence[Outcome],
        environ: Mapping[str, str],
        say: Callable[[str], None],
        command: Callable[[str], None],
        not_run: Mapping[str, str] = MappingProxyType({}),
    ) -> int:
        """Write them all and return the call's exit code: NOT_PROVEN where all had passed but a report cannot be written.

        `say` tells a person, `command` GitHub. `not_run`: the names of runs that came to nothing, with the reason of each.
        """
        writers: list[Callable[[], None]] = [partial(report_to_github, outcomes, environ, say, command)]
        # Each takes longer to import than to write, and most calls want neither.
        if self._junit is not None:
            from runner.reporting.junit import write_junit  # noqa: PLC0415

            writers.append(partial(write_junit, outcomes, self._junit))
        if self._json is not None:
            from runner.reporting.json_report import write_json  # noqa: PLC0415

            writers.append(partial(write_json, outcomes, self._json, self._repository, not_run))
        if self._html is not None:
            from runner.reporting.page.document import write_page  # noqa: PLC0415

            writers.append(partial(write_page, outcomes, self._html, self._repository, not_run))
        if self._in_toto is not None:
            from runner.reporting.in_toto import write_statement  # noqa: PLC0415

            writers.append(partial(write_statement, outcomes, self._in_toto))
        writers += [partial(write, outcomes) for write in self._more]
        code = worst(outcomes)
        for write in writers:
            try:
                write()
            except ReportFailed as error:
                say(f"Error: {error}")
                code = code or int(ExitCode.NOT_PROVEN)
        return code
