"""What several runs of the same tests tell together: which tests were red, and in how many of them."""

from collections import Counter
from collections.abc import Sequence

from runner.reporting.outcome import Outcome
from runner.text import counted, printable, table
from runner.verdict.cases import CaseOutcome

_SHOWN = 50
# Of these a run has no case where they go well: that is known by the tests of their class.
_OUTSIDE = (".setUpClass", ".tearDownClass")


def repeated_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """Write for each module that ran several times how often it was red, and each test that was; nothing where none did.

    A test is flaky that was red in a run and passed in another one.
    """
    lines: list[str] = []
    for module, series in dict.fromkeys((outcome.module, outcome.series) for outcome in outcomes if outcome.repeat):
        runs = [outcome for outcome in outcomes if (outcome.module, outcome.series) == (module, series)]
        red = sum(bool(run.exit_code) for run in runs)
        lines += ["", f"{module}{f' ({series})' if series else ''}: {red} of {counted(len(runs), 'run')} red"]
        lines += [f"  {line}" for line in _tests(runs)]
    return lines


def _tests(runs: Sequence[Outcome]) -> list[str]:
    red: Counter[tuple[str, str]] = Counter()
    ran: Counter[tuple[str, str]] = Counter()
    outside = {(file, name) for run in runs for file, name in _red(run) if name.endswith(_OUTSIDE)}
    for run in runs:
        cases = run.verdict.cases if run.verdict else ()
        started = {(case.file, case.name) for case in cases if case.outcome is not CaseOutcome.SKIPPED}
        classes = {(file, name.rpartition(".")[0]) for file, name in started}
        ran.update(started | {(file, name) for file, name in outside if (file, name.rpartition(".")[0]) in classes})
        red.update(_red(run))
    rows = [
        (printable(name), f"{number} of {ran[file, name]}", "flaky" if number < ran[file, name] else "")
        for (file, name), number in red.most_common(_SHOWN)
    ]
    more = [f"... and {len(red) - len(rows)} more tests"] if len(red) > len(rows) else []
    return [*table([("TEST", "RED", ""), *rows]), *more] if rows else []


def _red(run: Outcome) -> list[tuple[str, str]]:
    return list(dict.fromkeys((case.file, case.name) for case in run.failing_cases))  # each once, in their order
