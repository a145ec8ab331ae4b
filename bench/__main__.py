"""`python -m bench [WHAT]`: measure, print a table, and write all figures to bench/results."""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from runner.errors import Interrupted, RunnerError
from runner.signals import Signals

from . import compare, coverage, jobs, log, many, peer, watch
from .subject import HERE, BenchFailed

RESULTS = HERE / "results"


def main(arguments: Sequence[str]) -> int:
    """Measure what the arguments name; the exit code."""
    given = _parser().parse_args(arguments)
    signals = Signals(lambda _signum: _say("teardown is under way and is not interrupted"))
    try:
        with signals.installed(os.environ):
            _measure(given)
    except (RunnerError, BenchFailed, Interrupted) as error:
        print(f"Error: {error}", file=sys.stderr)
        return int(getattr(error, "exit_code", 1))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("nox -s bench --", description=__doc__)
    kinds = ["compare", "coverage", "jobs", "log", "many", "peer", "watch"]
    parser.add_argument("what", nargs="?", choices=kinds, default="compare")
    parser.add_argument("-n", type=int, default=3, metavar="N", dest="rounds", help="the table has medians of N; default: 3")
    parser.add_argument(
        "--module", action="append", choices=list(compare.MODULES), dest="modules", help="only this one; may be repeated"
    )
    parser.add_argument("--megabytes", type=int, default=500, metavar="N", help="the length of each log; default: 500")
    return parser


def _measure(given: argparse.Namespace) -> None:
    measured: (
        Sequence[compare.Measured]
        | Sequence[coverage.Measurement]
        | Sequence[jobs.Measured]
        | Sequence[log.Measured]
        | Sequence[many.Measured]
        | Sequence[peer.Measured]
        | Sequence[watch.Measured]
    )
    if given.what == "compare":
        compared = compare.measure(given.modules or list(compare.MODULES), given.rounds, _say)
        measured, table = compared, compare.table(compared)
    elif given.what == "coverage":
        pairs = coverage.measure(given.rounds, _say)
        measured, table = pairs, coverage.table(pairs)
    elif given.what == "many":
        small = many.measure((given.modules or list(compare.MODULES))[0], given.rounds, _say)
        measured, table = small, many.table(small)
    elif given.what == "peer":
        together = peer.measure(given.rounds, _say)
        measured, table = together, peer.table(together)
    elif given.what == "log":
        logs = log.measure(given.megabytes, given.rounds, _say)
        measured, table = logs, log.table(logs)
    elif given.what == "watch":
        watched = watch.measure(given.modules or list(compare.MODULES), given.rounds, _say)
        measured, table = watched, watch.table(watched)
    else:
        worked = jobs.measure((given.modules or list(compare.MODULES))[0], given.rounds, _say)
        measured, table = worked, jobs.table(worked)
    machine = _machine()
    RESULTS.mkdir(exist_ok=True)
    content = {"machine": machine, "rounds": given.rounds, "runs": [asdict(each) for each in measured]}
    (RESULTS / f"{given.what}.json").write_text(f"{json.dumps(content, indent=2)}\n")
    _say(f"\n{table}\n\nMedian of {given.rounds}. {machine}")


def _machine() -> str:
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    memory = next((int(line.split()[1]) / 1e6 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    version = ["docker", "version", "--format", "{{.Server.Version}}"]
    docker = subprocess.run(version, capture_output=True, text=True, check=False, timeout=60).stdout.strip()
    return (
        f"{os.cpu_count()} x {cpu or platform.machine()}, {memory:.0f} GB, {platform.system()}, "
        f"Docker {docker}, Python {platform.python_version()}"
    )


def _lines(file: str) -> list[str]:
    return Path(file).read_text().splitlines() if Path(file).is_file() else []


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
