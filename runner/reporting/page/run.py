"""The part of a page that is about one run: the verdict first, then what it rests on."""

from collections.abc import Mapping

from runner.reporting.outcome import Outcome
from runner.reporting.page.coverage import coverage_section
from runner.reporting.page.failures import failures_section
from runner.reporting.page.limits import LONGEST_NAME, Limits
from runner.reporting.page.markup import Markup, element, joined
from runner.reporting.page.parts import badge, breakable, facts, folded, heading, listed, preformatted, section, table
from runner.reporting.proof_log import FACTS, SOURCES, Block
from runner.reporting.summary import around_the_tests
from runner.text import counted, shortened
from runner.verdict.cases import Case, CaseOutcome, path_of

# That many tests are there to be seen; more are for who opens the list.
_SHOWN_AT_ONCE = 100
_ENVIRONMENT = "Environment"
# Of a block; more are for who opens them, and so are the digests of sources.
_MOST_LINES = 10


def run_sections(outcome: Outcome, limits: Limits, level: int) -> list[Markup]:
    """Make the sections of a run; `level` is that of its heading."""
    before, after = around_the_tests(outcome)
    below = level + 1
    cases = outcome.reported_cases
    skipped = [case for case in cases if case.outcome is CaseOutcome.SKIPPED]
    title = joined(badge(outcome.title, outcome.exit_code), " ", outcome.name)
    in_a_line = element("p", _in_a_line(outcome), class_="place")
    return [
        element("header", heading(title, level), element("p", outcome.counts), in_a_line),
        *listed("Why it is not PASSED", [*before, *after], below, "reasons"),
        *listed("Notes", outcome.notes, below, "notes"),
        *listed("Allowed", outcome.allowed, below),
        *listed("Before the tests", outcome.beginning.lines if outcome.beginning else [], below),
        *failures_section(outcome, limits, below),
        *_tests_section(outcome, [case for case in cases if case.outcome is not CaseOutcome.SKIPPED], limits, below),
        *_skipped_section(skipped, limits, below),
        *coverage_section(outcome.coverage, limits, below),
        *_phases(outcome, below),
        section("Run", below, facts(_facts(outcome))),
        *_environment(outcome.record[1:], below),
        section("Teardown", below, preformatted(outcome.teardown or ["not known: the run came to no log"])),
    ]


def _asked(outcome: Outcome) -> Mapping[str, str]:
    """Return what the log says first: what was asked for, and of which sources."""
    return outcome.record[0].facts if outcome.record else {}


def _in_a_line(outcome: Outcome) -> str:
    """Say what a reviewer compares first: of which sources, when, how long."""
    commit = _asked(outcome).get("commit", "")
    told = (f"commit {commit}" if commit else "", outcome.ended, f"{outcome.seconds:.1f} s", f"exit code {outcome.exit_code}")
    return ", ".join(shortened(part, LONGEST_NAME) for part in told if part)


def _facts(outcome: Outcome) -> dict[str, str]:
    """Say all that is known of what was asked for, and when."""
    asked = _asked(outcome)
    told = {name: value for name, value in asked.items() if value and name not in ("module", "started")}
    when = {"started": asked.get("started", ""), "ended": outcome.ended, "duration": f"{outcome.seconds:.1f} s"}
    log = f"{outcome.proof}" if outcome.has_proof else "not written"
    facts = {"exit code": str(outcome.exit_code), **told, **when, "log": log}
    return {name: value for name, value in facts.items() if value}


def _tests_section(outcome: Outcome, cases: list[Case], limits: Limits, level: int) -> list[Markup]:
    if not cases:
        return []
    is_red = bool(outcome.failing_cases)
    shown = [case for case in cases if limits.tests.takes(len(case.name) + len(case.file))]
    rows = [
        (
            _named(case),
            _result(case, is_red=is_red),
            "" if case.seconds is None else f"{case.seconds:.3f}",
        )
        for case in shown
    ]
    content = table("Each test that started, with the seconds until the next one", ("test", "result", "seconds"), rows, {2})
    more = len(cases) - len(shown) + outcome.cases_left_out
    summary = element("summary", counted(len(shown), "test"))
    is_open = {"open": ""} if len(shown) <= _SHOWN_AT_ONCE else {}
    left_out = [element("p", f"{counted(more, 'test')} more: see the log")] if more else []
    return [section("Tests", level, element("details", summary, content, **is_open), *left_out)]


def _skipped_section(cases: list[Case], limits: Limits, level: int) -> list[Markup]:
    shown = [case for case in cases if limits.tests.takes(len(case.name) + len(case.file) + len(case.details))]
    if not shown:
        return []
    rows = [(_named(case), shortened(case.details, LONGEST_NAME)) for case in shown]
    return [section("Skipped", level, table("Each test that was skipped", ("test", "reason"), rows))]


def _named(case: Case) -> Markup:
    return joined(breakable(case.name), *([element("small", breakable(path_of(case.file)))] if case.file else []))


def _result(case: Case, *, is_red: bool) -> Markup:
    if case.outcome is CaseOutcome.PASSED:
        return element("span", case.outcome.value, class_="result green")
    again = "" if is_red else ", and passed when Odoo tried it again"
    return element("span", f"{case.outcome.value}{again}", class_="result red")


def _phases(outcome: Outcome, level: int) -> list[Markup]:
    rows = [(name, f"{seconds:.1f}") for name, seconds in outcome.phases]
    return [section("Time", level, table("The phases of the run", ("phase", "seconds"), rows, {1}))] if rows else []


def _environment(blocks: tuple[Block, ...], level: int) -> list[Markup]:
    content: list[Markup] = []
    for block in blocks:
        if block.title == FACTS:  # for `verify`, and all told elsewhere for people
            continue
        content += [heading(block.title.capitalize(), level + 1)] if block.title.lower() != _ENVIRONMENT.lower() else []
        content.append(facts(block.facts))
        if len(block.lines) > _MOST_LINES or (block.lines and block.title == SOURCES):
            content.append(folded(counted(len(block.lines), "line"), block.lines))
        elif block.lines:
            content.append(preformatted(block.lines))
    return [section(_ENVIRONMENT, level, *content)] if content else []
