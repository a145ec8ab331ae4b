"""What a verdict notes: tests that were skipped or did not run, and errors in the log; and what of it is allowed."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from runner.odoo.command import ADDONS_TARGET
from runner.text import counted, first_of, printable, shortened
from runner.verdict.allowed import Allowed, Entry
from runner.verdict.cases import SET_UP_CLASS, Case, CaseOutcome
from runner.verdict.failed_checks import Evidence, files_not_read, tests_not_run
from runner.verdict.odoolog import RESULT_LOGGERS
from runner.verdict.omission import omission
from runner.verdict.pattern_search import search
from runner.verdict.record import Record
from runner.verdict.sources import Sources

# What Odoo says once more, in sum, of what it has said before.
_SUMS = re.compile(r"Module \S+: \d+ failures, |At least one test failed |Failed to load registry")
# Characters of a text in a note, and of a line in which a regular expression is searched.
_LONGEST, _LONGEST_SEARCHED = 300, 1000
_NAMES_SHOWN, _LONGEST_NAME = 5, 100
# More different reasons for skips than anybody reads.
_MOST_REASONS = 50
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(rf'^[ \t]*File "{re.escape(ADDONS_TARGET)}(?:-\d+)?/([^/"\n]+)/', re.MULTILINE)
# Why tours and whatever else needs a browser do not run; such tests are skipped without anybody's wish, so they come first.
_BROWSER = re.compile(r"chrome|websocket", re.IGNORECASE)
_NO_BROWSER = re.compile(r"Chrome executable not found|websocket-client module is not installed")
# The logger of `logging.error(...)`, which Odoo's own code never calls.
_ROOT = "root"


class NoteKind(Enum):
    """What a note is of; in the order in which they are told."""

    SKIPPED = "skipped"
    JAVASCRIPT = "javascript"
    NOT_RUN = "not run"
    ERROR = "error"
    ALLOWANCE = "allowance"


@dataclass(frozen=True)
class Note:
    """What does not make a run red by itself. `is_strict`: it does with `--strict`."""

    kind: NoteKind
    text: str
    is_strict: bool = True

    def is_reason(self, *, for_all_errors: bool) -> bool:
        """Tell whether `--strict` makes it a reason; `for_all_errors`: `--strict-all` does."""
        return self.is_strict or (for_all_errors and self.kind is NoteKind.ERROR)


@dataclass
class Notes:
    """The notes of a verdict, and what would be among them, or a reason, if no entry of `allow` allowed it."""

    notes: list[Note] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    used: set[Entry] = field(default_factory=set)

    def add(self, note: Note, entry: Entry | None = None) -> None:
        """Take a note, or say which entry allows it."""
        if entry:
            self.used.add(entry)
            self.allowed.append(f"allowed by {entry.source}: {note.text}")
        else:
            self.notes.append(note)


@dataclass
class _Logged:
    """Records of one level and first line: the first of them, whether any is of the module's, and how many there are."""

    record: Record
    text: str
    is_own: bool = False
    times: int = 0

    def __str__(self) -> str:
        more = ", ".join(
            [*([] if self.is_own else [self.record.logger]), *([f"{self.times} times"] if self.times > 1 else [])]
        )
        return f"logged at {self.record.level}: {printable(shortened(self.text, _LONGEST))}{f' ({more})' if more else ''}"


def notes_of(evidence: Evidence, own: Collection[str], allowed: Allowed, not_imported: Mapping[str, Entry]) -> Notes:
    """Note what was skipped or did not run, and errors in the log that are no failing test, nor Odoo's result, nor a reason.

    `own`: the module and what it depends on in its repository; `not_imported`: test files, and what allows them not to be.
    """
    notes = Notes()
    for path, entry in not_imported.items():
        notes.add(Note(NoteKind.NOT_RUN, printable(f"{path} is not imported")), entry)
    _note_skips(notes, evidence, allowed)
    if evidence.left_out:
        text = f"so many tests started that {evidence.left_out} are not named here; whether all of the sources did is unknown"
        notes.add(Note(NoteKind.NOT_RUN, text))
    if evidence.is_complete and evidence.sources:
        _note_javascript(notes, evidence, evidence.sources)
        if not evidence.left_out:
            _note_tests_not_run(notes, evidence, evidence.sources)
    too_slow = _note_errors(notes, _logged(evidence, own), list(allowed.of("errors")))
    if more := evidence.log.errors.left_out:
        text = f"logged at ERROR or CRITICAL: {more} more records, for which there is no room here"
        notes.add(Note(NoteKind.ERROR, text))
    if evidence.is_complete:
        for entry in allowed.entries:
            if entry not in notes.used:
                what = (
                    "takes too long to be searched, and allows nothing" if entry in too_slow else "matches nothing in this run"
                )
                text = printable(f"`allow` of {entry.source}: `{entry.text}` under `{entry.key}` {what}")
                notes.add(Note(NoteKind.ALLOWANCE, text, is_strict=False))
    return notes


def with_browser_hint(reason: str) -> str:
    """Add to Odoo's reason for a skip how a browser comes into the image, where it is that there is none."""
    how = "; `packages: [chromium, python3-websocket]` in repos.yaml brings a browser, on Ubuntu `dockerfile`: docs/browser.md"
    return f"{reason}{how}" if _NO_BROWSER.search(reason) else reason


def skipped_with_their_class(evidence: Evidence) -> dict[tuple[str, str], list[str]]:
    """List the tests that did not start because their class was skipped as a whole, by file and class."""
    classes: dict[tuple[str, str], list[str]] = {
        (case.file, _class(case.name)): [] for case in evidence.cases if _is_class_skip(case)
    }
    for test in evidence.sources.tests if evidence.sources else ():
        if (of_class := (test.file, _class(test.name))) in classes:
            classes[of_class].append(test.name)
    return classes


def _is_class_skip(case: Case) -> bool:
    return case.outcome is CaseOutcome.SKIPPED and case.name.rpartition(".")[2] == SET_UP_CLASS


def _class(test: str) -> str:
    return test.rpartition(".")[0]


def _note_skips(notes: Notes, evidence: Evidence, allowed: Allowed) -> None:
    """Say for each reason which tests were skipped."""
    skips: dict[tuple[Entry | None, str, str], dict[tuple[str, str], int]] = {}
    for thing, file, name, reason, times in _skips(evidence):
        tests = skips.setdefault((allowed.skip(file, name), thing, " ".join(reason.split())), {})
        tests[file, name] = times
    order = sorted(skips, key=lambda skip: (not _BROWSER.search(skip[2]), -sum(skips[skip].values())))
    untold = set([skip for skip in order if skip[0] is None][_MOST_REASONS:])
    for entry, thing, reason in order:
        tests = skips[entry, thing, reason]
        if (entry, thing, reason) not in untold:
            why = f": {with_browser_hint(shortened(reason, _LONGEST))}" if reason else ", no reason is told"
            names = first_of([shortened(name, _LONGEST_NAME) for _, name in tests], _NAMES_SHOWN)
            text = f"{counted(sum(tests.values()), thing)} skipped{why} ({names})"
            notes.add(Note(NoteKind.SKIPPED, printable(text)), entry)
    if untold:
        notes.add(Note(NoteKind.SKIPPED, f"more tests skipped, for {len(untold)} other reasons"))
    if unnamed := evidence.log.skips_left_out[evidence.module]:
        notes.add(Note(NoteKind.SKIPPED, f"{counted(unnamed, 'more test')} skipped, for whose names there is no room here"))


def _skips(evidence: Evidence) -> Iterator[tuple[str, str, str, str, int]]:
    """Give what was skipped: a test or subtests, file and name of the test, the reason, and how many."""
    with_their_class = skipped_with_their_class(evidence)
    for case in evidence.cases:
        if _is_class_skip(case):
            of_class = (case.file, _class(case.name))
            # Those that a class inherits, or is given, are not in its sources.
            for name in with_their_class[of_class]:
                yield "test", case.file, name, case.details, 1
            if not with_their_class[of_class]:
                yield "test case", case.file, of_class[1], case.details, 1
        elif case.outcome is CaseOutcome.SKIPPED:
            yield "test", case.file, case.name, case.details, 1
    for (module, file, name, reason), times in evidence.log.subtest_skips.items():
        if module == evidence.module:
            yield "subtest", file, name, reason, times


def _note_tests_not_run(notes: Notes, evidence: Evidence, sources: Sources) -> None:
    with_their_class = skipped_with_their_class(evidence)
    for test, why in tests_not_run(sources, evidence.cases):
        if (test.file, _class(test.name)) not in with_their_class:
            text = f"{test.name} ({test.file or '__init__'}) did not run: {why}"
            notes.add(Note(NoteKind.NOT_RUN, printable(text), is_strict=not test.is_on_demand))
    for text in files_not_read(sources, evidence.cases):
        notes.add(Note(NoteKind.NOT_RUN, printable(text)))


def _note_javascript(notes: Notes, evidence: Evidence, sources: Sources) -> None:
    """Say which JavaScript tests nobody ran. No reason even with `--strict`: a module cannot run them by itself."""
    javascript = sources.javascript
    if javascript.files and not javascript.have_run(evidence.cases, evidence.log.tests):
        names = first_of(javascript.files, _NAMES_SHOWN)
        text = (
            f"{counted(len(javascript.files), 'file')} of JavaScript tests did not run ({names}):"
            f" no test that opens /web/tests in a browser did{'; --js runs them' if javascript.hoot else ''}"
        )
        notes.add(Note(NoteKind.JAVASCRIPT, printable(text), is_strict=False))


def is_sum(record: Record) -> bool:
    """Tell whether Odoo says with it no more than how many tests failed."""
    return record.logger in RESULT_LOGGERS or (record.is_of_odoo and bool(_SUMS.match(record.message)))


def _logged(evidence: Evidence, own: Collection[str]) -> list[_Logged]:
    """List what was logged at ERROR and CRITICAL and is told nowhere else, each line once."""
    logged: dict[tuple[str, str], _Logged] = {}
    told = {problem.details for problem in evidence.log.problems}
    for record, times in evidence.log.errors.times.items():
        # Those of Odoo's own at CRITICAL are reasons.
        is_reason = (record.is_of_odoo and record.level == "CRITICAL") or omission(record, evidence.module)
        if is_reason or record.message in told or is_sum(record):
            continue
        text = " ".join(record.first_line.split())
        line = logged.setdefault((record.level, text), _Logged(record, text))
        line.is_own = line.is_own or _is_own(record, own)
        line.times += times
    return list(logged.values())


def _is_own(record: Record, own: Collection[str]) -> bool:
    """Tell whether the module or a dependency logged a record, or Odoo for an exception that went through their code."""
    parts = record.logger.split(".")
    if (parts[2] if parts[:2] == ["odoo", "addons"] and parts[2:] else parts[0]) in {_ROOT, *own}:
        return True
    return any(module in own for module in _FRAME.findall(record.message.partition(_TRACEBACK)[2]))


def _note_errors(notes: Notes, logged: list[_Logged], entries: list[Entry]) -> list[Entry]:
    """Note what was logged, unless an entry allows it; return the entries that take too long to search."""
    lines = [line.record.first_line[:_LONGEST_SEARCHED] for line in logged]
    # A person writes what is in the log, or what the note shows.
    lines += [line.text[:_LONGEST_SEARCHED] for line in logged]
    matches = search([entry.text for entry in entries], lines)
    for number, line in enumerate(logged):
        matching = (
            entry
            for entry, found in zip(entries, matches, strict=True)
            if found is not None and not found.isdisjoint((number, number + len(logged)))
        )
        notes.add(Note(NoteKind.ERROR, str(line), is_strict=line.is_own), next(matching, None))
    return [entry for entry, found in zip(entries, matches, strict=True) if found is None]
