"""Whatever is done to the log of a red run, it gets not green; a green one only while Odoo's result is in it."""

import functools
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import ExitCode
from runner.verdict.sources import Sources, read_sources
from runner.verdict.terms import Terms, terms_of
from runner.verdict.verdict import judge
from tests.corpus.case import NEWEST, Case, Outcome, read_log
from tests.corpus.cases import CASES
from tests.corpus.recorded import recorded
from tests.corpus.series import RECORDED, WRITTEN, recorded_cases

RESULT = re.compile(rb"^\S+ \S+ \d+ \w+ agent_test odoo\.tests\.(?:result|runner): ", re.MULTILINE)
HEAD = re.compile(rb"^\S+ \S+ \d+ (INFO|WARNING|ERROR|CRITICAL) ", re.MULTILINE)
# Cut between the two, this log is that of a test which printed Odoo's own line: no reader could tell.
FORGED = "second_result"


@dataclass(frozen=True)
class Recorded:
    name: str
    outcome: Outcome
    sources: Sources
    test_tags: str | None
    terms: Terms

    def exit_code(self, output: bytes, odoo_exit: int) -> int:
        return judge(
            module=self.name,
            odoo_exit=odoo_exit,
            log=read_log(output),
            states=self.outcome.states,
            timed_out=self.outcome.timed_out,
            sources=self.sources,
            test_tags=self.test_tags,
            allowed=self.terms.allowed,
        ).exit_code


EVERY = {(NEWEST, case.name): case for case in CASES} | {
    (series, case.name): case for series in (*RECORDED, *WRITTEN) for case in recorded_cases(series)
}


@functools.cache
def _recorded(key: tuple[str, str]) -> Recorded:
    (series, name), case = key, EVERY[key]
    with tempfile.TemporaryDirectory() as folder:
        addon = case.write(Path(folder))
        terms = terms_of(name, {name: addon}, case.allow)
        return Recorded(name, recorded(case, series), read_sources(addon), case.tags, terms)


def _logs(wanted: Callable[[Case], bool]) -> st.SearchStrategy[Recorded]:
    """A log of the newest series, or as often one of another."""
    keys = [key for key, case in EVERY.items() if wanted(case)]
    newest, others = ([key for key in keys if (key[0] == NEWEST) == is_newest] for is_newest in (True, False))
    return st.one_of(st.sampled_from(newest), st.sampled_from(others)).map(_recorded)


RED = _logs(lambda case: case.exit_code != ExitCode.PASSED and case.name != FORGED)
GREEN = _logs(lambda case: case.exit_code == ExitCode.PASSED)
# The exit code of Odoo is sometimes the only honest one: a red log has to be red without its help, too.
EXITS = st.sampled_from([None, 0])
LINES = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.one_of(
            st.text(max_size=20),
            st.sampled_from(
                [
                    "0 failed, 0 error(s) of 1 tests when loading database 'agent_test'",
                    "2026-01-01 00:00:00,000 1 INFO other odoo.tests.result: 0 failed, 0 error(s) of 1 tests",
                    "2026-01-01 00:00:00,000 1 INFO agent_test odoo.addons.other.tests.test_x: Starting TestX.test_x ...",
                    "2026-01-01 00:00:00,000 1 INFO agent_test odoo.http: 127.0.0.1 GET / 200",
                    "Traceback (most recent call last):",
                ]
            ),
        ),
    ),
    max_size=8,
)
QUICK = settings(max_examples=150, deadline=None, database=None)


@QUICK
@given(RED, EXITS, st.floats(0, 1))
def test_a_red_log_that_is_cut_anywhere_is_not_green(red: Recorded, odoo_exit: int | None, part: float) -> None:
    output = red.outcome.output
    cut = output[: round(len(output) * part)]
    assert red.exit_code(cut, red.outcome.odoo_exit if odoo_exit is None else odoo_exit) != ExitCode.PASSED


@QUICK
@given(RED, EXITS, st.sampled_from([b"\r\n", b"\n\n", b" \n", b"\n\x1b[0m"]))
def test_line_endings_and_spaces_make_no_red_log_green(red: Recorded, odoo_exit: int | None, ending: bytes) -> None:
    output = red.outcome.output.replace(b"\n", ending)
    assert red.exit_code(output, red.outcome.odoo_exit if odoo_exit is None else odoo_exit) != ExitCode.PASSED


@QUICK
@given(st.one_of(RED, GREEN), st.sampled_from([b"1;31", b"0", b"32;49"]))
def test_colours_change_no_verdict(log: Recorded, colour: bytes) -> None:
    output = log.outcome.output
    coloured = HEAD.sub(
        lambda match: match.group().replace(match.group(1), b"\x1b[%bm%b\x1b[0m" % (colour, match.group(1))), output
    )
    odoo_exit = log.outcome.odoo_exit
    assert log.exit_code(coloured, odoo_exit) == log.exit_code(output, odoo_exit)


@QUICK
@given(RED, EXITS, LINES)
def test_foreign_lines_between_records_make_no_red_log_green(
    red: Recorded, odoo_exit: int | None, foreign: list[tuple[int, str]]
) -> None:
    lines = red.outcome.output.splitlines(keepends=True)
    for position, text in foreign:
        lines.insert(position % (len(lines) + 1), text.encode(errors="replace") + b"\n")
    assert red.exit_code(b"".join(lines), red.outcome.odoo_exit if odoo_exit is None else odoo_exit) != ExitCode.PASSED


@QUICK
@given(GREEN, st.floats(0, 1))
def test_a_green_log_that_is_cut_before_its_result_is_not_green(green: Recorded, part: float) -> None:
    output = green.outcome.output
    ends = [match.end() for match in RESULT.finditer(output)]
    assert len(ends) == 1
    assert green.exit_code(output[: round(ends[0] * part)], 0) != ExitCode.PASSED


@QUICK
@given(GREEN)
def test_a_green_log_is_not_green_with_another_exit_code_or_database(green: Recorded) -> None:
    output = green.outcome.output
    assert green.exit_code(output, 0) == ExitCode.PASSED
    assert green.exit_code(output, 1) != ExitCode.PASSED
    assert green.exit_code(output.replace(b" agent_test ", b" another "), 0) != ExitCode.PASSED
