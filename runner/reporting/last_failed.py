"""The tests of a module that failed when they last ran in a checkout, for `--last-failed`.

What is remembered lies in the checkout, where anybody may write it: only what can be the name of a test is read of it, and it
decides on nothing but which tests run, of which the verdict tells.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from runner.new_file import replace_whole
from runner.odoo.source_file import UnreadableSource, read_source
from runner.reporting.outcome import Outcome
from runner.reporting.proof_log import RUNS_FOLDER
from runner.verdict.cases import Case, CaseOutcome
from runner.verdict.named_tests import NAME, short_name

# Bytes. Of more tests their classes are remembered; of more classes nothing, so that all tests run.
_LONGEST = 60_000


def recall(checkout: Path, module: str) -> list[str]:
    """Return the tests, and the classes whose set-up or tear-down failed, by the names that `--test-tags` has."""
    file = _file(checkout, module)
    try:
        lines = read_source(file, file.parent, _LONGEST).decode(errors="replace").splitlines() if file else []
    except UnreadableSource:  # as where there is none
        return []
    return [name for name in dict.fromkeys(lines) if NAME.fullmatch(name)]


def remember(checkout: Path, outcomes: Sequence[Outcome]) -> None:
    """Write down which tests failed in these runs; of those that did not run, what is known stays. A disk's errors are none.

    JavaScript tests are not remembered: they all run, or none.
    """
    for module in dict.fromkeys(outcome.module for outcome in outcomes):
        file = _file(checkout, module)
        runs = [outcome for outcome in outcomes if outcome.module == module and outcome.verdict]
        if file and runs:
            names = _updated(recall(checkout, module), runs)
            with contextlib.suppress(OSError):
                if names:
                    replace_whole(file, "".join(f"{name}\n" for name in names).encode())
                else:
                    file.unlink(missing_ok=True)


def _file(checkout: Path, module: str) -> Path | None:
    """Name the file of a module; none where what holds it is not a folder of the checkout."""
    folder = checkout / RUNS_FOLDER
    is_folder = os.path.isdir(folder) and not os.path.islink(folder)  # noqa: PTH112, PTH114 - those of Path raise errors
    return folder / f"last_failed.{module}" if is_folder else None


def _updated(known: Sequence[str], runs: Sequence[Outcome]) -> list[str]:
    failed = [name for run in runs for case in run.failing_cases if (name := _name(case))]
    ran = {name for run in runs if run.verdict for case in run.verdict.cases if (name := _name(case)) and _ran(case)}
    ran |= {name.partition(".")[0] for name in ran}
    is_whole = any(run.verdict and run.verdict.is_complete and not run.selection for run in runs)
    names = list(dict.fromkeys([*([] if is_whole else [name for name in known if name not in ran]), *failed]))
    if _length(names) > _LONGEST:
        names = list(dict.fromkeys(name.partition(".")[0] for name in names))
    return names if _length(names) <= _LONGEST else []


def _length(names: Sequence[str]) -> int:
    return sum(len(name.encode()) + 1 for name in names)


def _ran(case: Case) -> bool:
    return case.outcome is not CaseOutcome.SKIPPED


def _name(case: Case) -> str:
    """Name a test, or the class outside of whose tests something failed; nothing of what nobody can select so."""
    name = short_name(case.name)
    class_name, _, method = name.partition(".")
    name = name if method.startswith("test") else class_name
    return name if NAME.fullmatch(name) and not case.file.endswith(".js") else ""
