"""A later run of a module against a round of `--watch`: from the moment in which a file is saved until there is a result."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from .compare import MODULES
from .subject import BenchFailed, Subject

RUN, ROUND = "later run", "round of --watch"


@dataclass(frozen=True)
class Measured:
    """One result: of which module, in which way, and how many seconds somebody waited for it."""

    module: str
    way: str
    seconds: float


def measure(modules: Sequence[str], rounds: int, say: Callable[[str], None]) -> list[Measured]:
    """Test each module so many times by a run, and in turn by one watch, each time after a change of its sources."""
    found = []
    with Subject() as subject:
        for module in modules:
            subject.by_runner(module)  # prepares what can be prepared
            manifest = subject.folder / "addons" / module / "__manifest__.py"
            with subject.watched(module) as lines:
                _wait(lines, 1, module)
                for number in range(2, rounds + 2):
                    run = subject.by_runner(module).seconds
                    began = time.monotonic()
                    manifest.write_text(f"{manifest.read_text()}# {number}\n")
                    _wait(lines, number, module)
                    watched = time.monotonic() - began
                    found += [Measured(module, RUN, run), Measured(module, ROUND, watched)]
                    say(f"{module}, round {number - 1} of {rounds}: {RUN} {run:6.1f} s, {ROUND} {watched:6.1f} s")
    return found


def _wait(lines: Iterator[str], number: int, module: str) -> None:
    """Read on until the round has ended. BenchFailed if it is red."""
    said = []
    for line in lines:
        said.append(line)
        if f"] round {number} took " in line:
            break
    if not any(line.startswith(f"{module}: PASSED") for line in said):
        raise BenchFailed(f"Round {number} of a watch of {module} did not pass:\n" + "\n".join(said[-30:]))


def table(measured: Sequence[Measured]) -> str:
    """Medians in seconds, and the ratio of a round to a run, as a table in Markdown."""
    rows = [f"| depends on | {RUN} | {ROUND} | ratio |", "|---|---|---|---|"]
    for module in dict.fromkeys(each.module for each in measured):
        run, watch = (
            median(each.seconds for each in measured if (each.module, each.way) == (module, way)) for way in (RUN, ROUND)
        )
        rows.append(f"| {MODULES[module]} | {run:.1f} | {watch:.1f} | {watch / run:.2f} |")
    return "\n".join(rows)
