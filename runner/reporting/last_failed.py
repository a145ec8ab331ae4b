"""The tests of a module that failed when they last ran in a checkout, for `--last-failed`.

What is remembered lies in the checkout, where anybody may write it: only what can be the name of a test is read of it, and it
decides on nothing but which tests run, of which the verdict tells.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from runner.errors import cause_of
from runner.new_file import replace_whole
from runner.odoo.source_file import UnreadableSource, read_source
from runner.reporting.outcome import Outcome
from runner.reporting.proof_log import RUNS_FOLDER
from runner.text import printable
from runner.verdict.cases import Case, CaseOutcome
from runner.verdict.named_tests import NAME, short_name

# In the place of names: all tests of the module, where what made it red has no name, or nobody can read which it was.
ALL = "*"
# Bytes. Of more tests their classes are remembered; of more classes that it is all tests.
_LONGEST = 60_000


def recall(checkout: Path, module: str) -> list[str]:
    """Return the tests, and the classes whose set-up or tear-down failed, by the names that `--test-tags` has; or ALL."""
    file = _file(checkout, module)
    if not file or not os.path.lexists(file):
        return []
    try:
        lines = read_source(file, file.parent, _LONGEST).decode(errors="replace").splitlines()
    except UnreadableSource:  # it was none of ours: it may stand where one of ours would tell of failures
        return [ALL]
    return [name for name in dict.fromkeys(lines) if name == ALL or NAME.fullmatch(name)]


def remember(checkout: Path, outcomes: Sequence[Outcome]) -> list[str]:
    """Write down which tests failed in these runs; of those that did not run, what is known stays. Say of what it cannot be.

    JavaScript tests are not remembered by name: they all run, or none.
    """
    faults = []
    for module in dict.fromkeys(outcome.module for outcome in outcomes):
        if file := _file(checkout, module):
            names = _updated(recall(checkout, module), [outcome for outcome in outcomes if outcome.module == module])
            try:
                if names:
                    replace_whole(file, "".join(f"{name}\n" for name in names).encode())
                else:
                    file.unlink(missing_ok=True)
            except OSError as error:
                cause = printable(cause_of(error))
                faults.append(f"warning: --last-failed will not know which tests of {module} failed now: {cause}")
    return faults


def _file(checkout: Path, module: str) -> Path | None:
    """Name the file of a module; none where what holds it is not a folder of the checkout."""
    folder = checkout / RUNS_FOLDER
    is_folder = os.path.isdir(folder) and not os.path.islink(folder)  # noqa: PTH112, PTH114 - those of Path raise errors
    return folder / f"last_failed.{module}" if is_folder else None


def _updated(known: Sequence[str], runs: Sequence[Outcome]) -> list[str]:
    failed = [name for run in runs for case in run.failing_cases if (name := _name(case))]
    cases = [(name, case) for run in runs if run.verdict for case in run.verdict.cases if (name := _name(case))]
    ran = {name for name, case in cases if case.outcome is not CaseOutcome.SKIPPED}
    ran |= {name.partition(".")[0] for name in ran}
    is_whole = any(run.verdict and run.verdict.is_complete and not run.selection for run in runs)
    # A whole run forgets what is there no more, but not what its class, or a skip, kept from starting.
    silent = {*failed, *(name for name, case in cases if case.outcome is CaseOutcome.SKIPPED)}
    stays = [name for name in known if name not in ran and (not is_whole or {name, name.partition(".")[0]} & silent)]
    names = list(dict.fromkeys([*stays, *failed]))
    if _length(names) > _LONGEST:
        names = list(dict.fromkeys(name.partition(".")[0] for name in names))
    is_nameless = not names and any(map(_is_red, runs))
    return [ALL] if is_nameless or _length(names) > _LONGEST else names


def _is_red(run: Outcome) -> bool:
    """Tell whether the whole module was tested, or could not be, and is not known to pass."""
    has_ended = not run.selection and run.label != "INTERRUPTED"
    return has_ended and not (run.verdict and run.verdict.passed)


def _length(names: Sequence[str]) -> int:
    return sum(len(name.encode()) + 1 for name in names)


def _name(case: Case) -> str:
    """Name a test, or the class outside of whose tests something failed; nothing of what nobody can select so."""
    name = short_name(case.name)
    class_name, _, method = name.partition(".")
    name = name if method.startswith("test") else class_name
    return name if NAME.fullmatch(name) and not case.file.endswith(".js") else ""
