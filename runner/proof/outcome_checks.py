"""What a proof log says of its run: the verdict, made again from Odoo's log in it, and the teardown."""

import itertools
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from runner.cleanup.resources import listing_commands
from runner.errors import ConfigError, ExitCode
from runner.odoo.addons import modules_of
from runner.odoo.command import DATABASE
from runner.proof.check import Check, no, not_checked, ok
from runner.proof.log_file import Block, LogFile
from runner.proof.place import Place
from runner.reporting.proof_log import FACTS, JAVASCRIPT, SOURCES, TESTS, VERDICT
from runner.text import printable
from runner.verdict.facts import Facts, verdict_by
from runner.verdict.odoolog import OdooLog
from runner.verdict.terms import terms_of
from runner.verdict.verdict import Verdict

# What follows the output of the tests.
_END = [SOURCES, FACTS, VERDICT]
_COMPLETE = "teardown: complete, "
# Behind the listings: what was not of the run, and is no resource of it.
_BESIDE = "  not of this run, disconnected: "


class _NotMade(Exception):
    """The verdict cannot be made again; the text says why."""


def verdict_check(log: LogFile, place: Place, module: str) -> Check:
    """Check that the verdict is PASSED, and what the rule makes again of Odoo's log, the facts and the sources of `place`."""
    said = log.blocks[-1].facts
    verdict = said.get("verdict", "")
    if red := _is_red(verdict):
        return red
    try:
        again, facts = _made_again(log, place, module)
    except _NotMade as error:
        return no("verdict", f"{verdict}, but it cannot be made again: {error}")
    selection = facts.wanted.selection(module, is_cut_short=again.is_cut_short)
    made = {
        "verdict": ", ".join(filter(None, (again.label, selection and f"only {selection}", facts.beginning))),
        "exit code": str(int(again.exit_code)),
        "tests": again.counts,
    }
    if others := [name for name, value in made.items() if said.get(name) != value]:
        told, follows = (", ".join(f"{name}: {words.get(name)}" for name in others) for words in (said, made))
        why = f" ({again.reasons[0].splitlines()[0]})" if again.reasons else ""
        return no("verdict", f"the log says {told}; but from Odoo's log in it follows {follows}{why}")
    notes = [f"note: {printable(note.splitlines()[0])}" for note in again.notes if note]
    if untold := [text for text in (*again.allowed, *notes) if f"  {text}" not in log.blocks[-1].lines]:
        return no("verdict", f"the log does not say: {untold[0]}")
    if selection:
        return no("verdict", f"{verdict}: it proves these tests, and not the module")
    return ok("verdict", f"{verdict}, {again.counts}: made again from Odoo's log")


def _is_red(verdict: str) -> Check | None:
    return None if verdict.startswith(ExitCode.PASSED.name) else no("verdict", f"{verdict}, by the log itself")


def _made_again(log: LogFile, place: Place, module: str) -> tuple[Verdict, Facts]:
    """Judge once more, by the same rule: the verdict, and the facts that it rests on."""
    titles = [block.title for block in log.blocks]
    begin = max((at for at, title in enumerate(titles) if title == TESTS), default=len(titles))
    if titles[begin:] not in ([TESTS, *_END], [TESTS, JAVASCRIPT, *_END]):
        raise _NotMade(f"the log does not end with {', '.join(_END)} behind the tests' output")
    *parts, facts_block, _ = log.blocks[begin:]
    if missing := sum(number for at, number in log.left_out if at >= parts[0].end):
        raise _NotMade(f"{missing:,} bytes of Odoo's log are left out. Run with a larger --max-log")
    modules = modules_of(place.repository)
    try:
        facts = TypeAdapter(Facts).validate_json(facts_block.facts.get("as JSON", ""))
        terms = terms_of(module, modules, place.repository.allow)
    except (ValidationError, ConfigError) as error:
        raise _NotMade(str(error).splitlines()[0]) from error
    sources = facts.wanted.sources_in(modules[module])
    first, *javascript = [_read(log, before, after) for before, after in itertools.pairwise(parts)]
    if facts.is_cut_short:
        first.forget_unfinished()
    again, _ = verdict_by(module, facts, first, javascript[0] if javascript else None, sources=sources, terms=terms)
    return again, facts


def _read(log: LogFile, before: Block, after: Block) -> OdooLog:
    odoo_log = OdooLog(DATABASE)
    for piece in log.pieces(before.end, after.begin):
        odoo_log.feed(piece)
    odoo_log.end()
    return odoo_log


def teardown_check(log: LogFile) -> Check:
    """Check that the log lists, after the teardown, containers, networks and volumes of its run, and none of each."""
    lines = log.blocks[-1].lines
    begin = next((at for at, line in enumerate(lines) if line.startswith("teardown: ")), None)
    if begin is None:
        return no("teardown", "the log says nothing of one: the environment was kept, or never removed")
    if not lines[begin].startswith(_COMPLETE):
        return no("teardown", lines[begin].removeprefix("teardown: "))
    project = log.blocks[0].facts.get("run", "")
    expected = [line for command in listing_commands(project).values() for line in (f"$ {command}", "  (nothing)")]
    listed = lines[begin + 1 : begin + 1 + len(expected)]
    if list(listed) != expected:
        return no("teardown", _first_difference(listed, expected))
    if rest := [line for line in lines[begin + 1 + len(expected) :] if not line.startswith(_BESIDE)]:
        return no("teardown", rest[0].strip())
    return ok("teardown", f"complete: nothing is left of {project}")


def _first_difference(lines: Sequence[str], expected: Sequence[str]) -> str:
    line, wanted = next(pair for pair in zip([*lines, *[""] * len(expected)], expected, strict=False) if pair[0] != pair[1])
    return f"where `{wanted.strip()}` must be the log has `{line.strip()}`"


def no_sources(verdict: str) -> Check:
    """Say that a verdict is not made again, as the sources are others, or none are known; red is red in any case."""
    return _is_red(verdict) or not_checked(
        "verdict", f"{verdict}, by the log: it can only be made again with the sources that were tested"
    )
