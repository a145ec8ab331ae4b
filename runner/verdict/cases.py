"""The single tests of a run, as Odoo's log tells of them. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from runner.verdict.odoolog import RESULT_LOGGERS, Problem, Record, TestLog

_STARTING = re.compile(r"^Starting (\S+) \.\.\.")
SET_UP_CLASS = "setUpClass"
_OF_CLASS = re.compile(r"^(\w+) \(odoo\.addons\.\w+\.tests\.(.*)\.(\w+)\)$")
# Loggers whose records stand between tests, so that the last one before them has ended.
_BETWEEN_TESTS = ("odoo.modules.loading", "odoo.service.server", "odoo.tests.stats", *RESULT_LOGGERS)
_UNFINISHED = "the test did not end: the log stops in it"
_TIME = "%Y-%m-%d %H:%M:%S,%f"


class CaseOutcome(Enum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Case:
    """One test: `file` as in `test_client` (dotted below `tests`), `name` as in `TestClient.test_one`.

    `details` is the traceback, of all failing subtests one after another, or the reason of a skip. `seconds` is the time until
    the next test or Odoo's next step, None where the log does not tell. A test in which the log stops is an error.
    """

    module: str
    file: str
    name: str
    outcome: CaseOutcome
    seconds: float | None = None
    details: str = ""


def cases_of(log: TestLog, module: str) -> tuple[Case, ...]:
    """The tests of `module` that started, in their order, then what failed or was skipped outside of any (`setUpClass`)."""
    prefix = f"odoo.addons.{module}.tests"
    cases = []
    named: set[int] = set()
    for position, record in enumerate(log.records):
        found = _STARTING.match(record.message)
        if not found or not (record.logger == prefix or record.logger.startswith(f"{prefix}.")):
            continue
        file, name = record.logger[len(prefix) + 1 :], found.group(1)
        problems = [each for each in log.problems if each.module == module and each.file == file and _is_of(each, name)]
        named.update(id(each) for each in problems)
        skipped = log.skipped.get(module, {}).get(f"{record.logger.rpartition('.tests.')[2]}.{name}")
        outcome, seconds = _outcome(problems, skipped), _seconds(log.records, position)
        details = "\n".join(each.details for each in problems) or (skipped or "")
        if seconds is None and outcome is CaseOutcome.PASSED:
            outcome, details = CaseOutcome.ERROR, _UNFINISHED
        cases.append(Case(module, file, name, outcome, seconds, details))
    for problem in log.problems:
        if problem.module == module and id(problem) not in named:
            cases.append(_outside_of_tests(problem))
    for where, reason in log.skipped_classes.get(module, {}).items():
        file, _, name = where.rpartition(".")
        cases.append(Case(module, file, f"{name}.{SET_UP_CLASS}", CaseOutcome.SKIPPED, None, reason))
    return tuple(cases)


def _is_of(problem: Problem, name: str) -> bool:
    return problem.test == name or problem.test.startswith(f"Subtest {name} ")


def _outcome(problems: list[Problem], skipped: str | None) -> CaseOutcome:
    if any(each.kind == "ERROR" for each in problems):
        return CaseOutcome.ERROR
    if problems:
        return CaseOutcome.FAILED
    return CaseOutcome.PASSED if skipped is None else CaseOutcome.SKIPPED


def _outside_of_tests(problem: Problem) -> Case:
    found = _OF_CLASS.match(problem.test)
    file, name = (found.group(2), f"{found.group(3)}.{found.group(1)}") if found else ("", problem.test)
    outcome = CaseOutcome.ERROR if problem.kind == "ERROR" else CaseOutcome.FAILED
    return Case(problem.module, file, name, outcome, None, problem.details)


def _seconds(records: list[Record], position: int) -> float | None:
    for record in records[position + 1 :]:
        if record.logger in _BETWEEN_TESTS or _STARTING.match(record.message):
            begun, ended = (datetime.strptime(each.time, _TIME) for each in (records[position], record))
            return max(0.0, (ended - begun).total_seconds())
    return None
