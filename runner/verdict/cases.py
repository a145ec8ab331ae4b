"""The single tests of a run, as Odoo's log tells of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from runner.verdict.odoolog import LoggedTest, OdooLog

SET_UP_CLASS = "setUpClass"
_UNFINISHED = "the test did not end: the log stops in it"
_TIME = "%Y-%m-%d %H:%M:%S,%f"


class CaseOutcome(Enum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """One test: `file` as in `test_client` (dotted below `tests`), `name` as in `TestClient.test_one`.

    `details` is the traceback, of all failing subtests one after another, or the reason of a skip. `seconds` is the time until
    the next test or Odoo's next step, None where the log does not tell. A test in which the log stops is an error.
    Of a JavaScript test `file` is as in `static/tests/score/bar.test.js`, `name` as in `score/bar/is red`. `files`: the names
    of screenshots and screencasts that were made of it.
    """

    module: str
    file: str
    name: str
    outcome: CaseOutcome
    seconds: float | None = None
    details: str = ""
    files: tuple[str, ...] = ()


def path_of(file: str) -> str:
    """Name a test file below its module: `tests/deep/test_x.py` for `deep.test_x`; of migrations and JavaScript as it is."""
    if file.endswith(".js"):
        return file
    folder, _, name = file.rpartition("/")
    return f"{folder or 'tests'}/{name.replace('.', '/')}.py"


def cases_of(log: OdooLog, module: str) -> tuple[Case, ...]:
    """List the tests of `module` that started, in their order, then what failed or was skipped outside of any."""
    return tuple(_case(test) for test in (*log.tests, *log.outside) if test.module == module)


def _case(test: LoggedTest) -> Case:
    more = test.more_failures + test.more_errors
    problems = [problem.details for problem in test.problems]
    if more:
        problems.append(f"[{more} more failures or errors of this test are left out here]")
    outcome, details = CaseOutcome.PASSED, "\n".join(problems) or test.skipped or ""
    if problems:
        is_error = test.more_errors or any(problem.kind == "ERROR" for problem in test.problems)
        outcome = CaseOutcome.ERROR if is_error else CaseOutcome.FAILED
    elif test.skipped is not None:
        outcome = CaseOutcome.SKIPPED
    elif not test.ended:
        outcome, details = CaseOutcome.ERROR, _UNFINISHED
    return Case(test.module, test.file, test.name, outcome, _seconds(test), details, tuple(test.files))


def _seconds(test: LoggedTest) -> float | None:
    try:
        began, ended = (datetime.strptime(time, _TIME) for time in (test.began, test.ended))
    except ValueError:  # it did not end; or its output holds a record, of the 31st of February
        return None
    return max(0.0, (ended - began).total_seconds())
