"""How long a log takes to be read and judged, and how much memory, however long it is: `python -m bench.log KIND MEGABYTES`.

Nothing is started: the log is made up here, in the ways in which a module can make it long.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from statistics import median

from runner.odoo.command import DATABASE
from runner.reporting.json_report import write_json
from runner.reporting.junit import write_junit
from runner.reporting.outcome import Outcome
from runner.reporting.summary import lines_for
from runner.run.telling import Telling
from runner.terminal import Shows, Terminal
from runner.verdict.javascript import JavaScript
from runner.verdict.odoolog import OdooLog
from runner.verdict.verdict import judge

from .subject import HERE, BenchFailed

MODULE = "bench_log"
_TESTS = f"odoo.addons.{MODULE}.tests.test_x"
# As a docker client hands them on.
_PIECE = 65_536
_TRACEBACK = "Traceback (most recent call last):\n" + f'  File "/mnt/extra-addons/{MODULE}/tests/test_x.py", line 7\n' * 20
# What comes between the start of a test and the log's end, again and again, with a number in it.
KINDS: dict[str, Callable[[int], str]] = {
    "short lines that a test prints": lambda at: f"{at} is a short line that a test prints\n",
    "records of a module": lambda at: _record(f"odoo.addons.{MODULE}.models.x", f"{at} is a record"),
    "one line without an end": lambda at: f"{at} ",
    "a bar that moves": lambda at: f"{at} of many\r",
    "tests": lambda at: _record(_TESTS, f"Starting TestX.test_{at} ..."),
    "failing tests": lambda at: _record(_TESTS, f"Starting TestX.test_{at} ...") + _problem(f"TestX.test_{at}"),
    "failing subtests": lambda at: _problem(f"Subtest TestX.test_x (number={at})"),
    "skipped tests": lambda at: _record(_TESTS, f"Starting T.test_{at} ...") + _record(_TESTS, f"skipped T.test_{at} : so"),
    "a traceback": lambda at: _problem("TestX.test_x") if not at else f"  {at} is a line of a traceback\n",
    "errors": lambda at: _record("odoo.addons.x", f"error {at}", "ERROR") + _TRACEBACK,
    "critical records of Odoo": lambda at: _record("odoo.modules.registry", f"failed {at}", "CRITICAL") + _TRACEBACK,
    "results": lambda at: _record("odoo.tests.result", _result(at)),
}


def _record(logger: str, message: str, level: str = "INFO") -> str:
    return f"2026-01-01 10:00:00,000 7 {level} {DATABASE} {logger}: {message} \n"


def _problem(test: str) -> str:
    return _record(_TESTS, f"FAIL: {test}", "ERROR") + _TRACEBACK + "AssertionError: 1 != 2\n"


def _result(tests: int) -> str:
    return f"0 failed, 0 error(s) of {tests} tests when loading database '{DATABASE}'"


@dataclass(frozen=True)
class Measured:
    """One log that was read: seconds of CPU time, the largest resident memory in megabytes, the verdict's exit code."""

    kind: str
    megabytes: int
    cpu: float
    memory: float
    exit_code: int


def pieces(kind: str, length: int) -> Iterator[bytes]:
    """Make up a log of about so many bytes, in pieces."""
    yield _record(_TESTS, "Starting TestX.test_x ...").encode()
    numbers, done = count(), 0
    while done < length:
        lines = "".join(KINDS[kind](next(numbers)) for _ in range(1000)).encode()
        done += len(lines)
        yield from (lines[at : at + _PIECE] for at in range(0, len(lines), _PIECE))
    yield f"\n{_record('odoo.tests.result', _result(1))}".encode()


def read(kind: str, megabytes: int) -> Measured:
    """Read such a log in this process, tell of it, judge it, write its reports; the time to make it up is left out."""
    log = OdooLog(DATABASE)
    telling = Telling(Terminal(Shows.CLOSING_LINES), MODULE, Path(), {}, JavaScript())
    telling.begin(log)
    cpu = 0.0
    for piece in pieces(kind, megabytes * 1_000_000):
        began = time.process_time()
        telling.heed(log.feed(piece))
        cpu += time.process_time() - began
    began = time.process_time()
    log.end()
    telling.end()
    verdict = judge(module=MODULE, odoo_exit=0, log=log, states={MODULE: "installed"})
    with tempfile.TemporaryDirectory() as folder:
        outcome = Outcome(MODULE, verdict.exit_code, verdict.label, verdict.reasons, Path(folder) / "proof.log", verdict)
        lines_for(outcome)
        write_junit([outcome], Path(folder) / "junit.xml")
        write_json([outcome], Path(folder) / "report.json", "bench")
    cpu += time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return Measured(kind, megabytes, round(cpu, 2), memory, int(verdict.exit_code))


def measure(megabytes: int, rounds: int, say: Callable[[str], None]) -> list[Measured]:
    """Read a log of each kind so many times, each in a process of its own."""
    measured = []
    for kind in KINDS:
        for _ in range(rounds):
            command = [sys.executable, "-m", "bench.log", kind, str(megabytes)]
            done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BenchFailed(f"the log of {kind} was not read:\n{done.stderr}")
            measured.append(Measured(**json.loads(done.stdout)))
            say(f"{kind:<32} {measured[-1].cpu:7.1f} s of CPU time, {measured[-1].memory:6.0f} MB")
    return measured


def table(measured: Sequence[Measured]) -> str:
    """Write medians of time, and the largest memory, as a table in Markdown."""
    rows = ["| log | MB | CPU seconds | memory |", "|---|---|---|---|"]
    for kind in dict.fromkeys(one.kind for one in measured):
        same = [one for one in measured if one.kind == kind]
        cpu, memory = median(one.cpu for one in same), max(one.memory for one in same)
        rows.append(f"| {kind} | {same[0].megabytes} | {cpu:.1f} | {memory:.0f} MB |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(read(sys.argv[1], int(sys.argv[2])))))
