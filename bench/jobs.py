"""Four modules one after another against two at a time, and what the runner itself takes of the machine meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from .subject import Subject
from .usage import Watch

NUMBER = 4
# Each way with its options, and the one that it is compared with.
ONE, TWO = "one after another", "--jobs 2"
PLAIN_ONE, PLAIN_TWO = f"{ONE}, --no-snapshot", f"{TWO} --no-snapshot"
WAYS = {
    ONE: ([], ONE),
    TWO: (["--jobs", "2"], ONE),
    PLAIN_ONE: (["--no-snapshot"], PLAIN_ONE),
    PLAIN_TWO: (["--no-snapshot", "--jobs", "2"], PLAIN_ONE),
}


@dataclass(frozen=True)
class Measured:
    """One call: seconds, CPU seconds with and without docker's clients, peak of memory in megabytes."""

    way: str
    seconds: float
    cpu: float
    python_cpu: float
    python_megabytes: float
    client_megabytes: float


def measure(module: str, rounds: int, say: Callable[[str], None]) -> list[Measured]:
    """Test four copies of the module so many times in each way, after one run that prepares what can be prepared."""
    found = []
    with Subject() as subject:
        names = subject.copies(module, NUMBER)
        subject.by_runner(names[0])
        for number in range(1, rounds + 1):
            for way, (words, _) in WAYS.items():
                watch = Watch()
                ended = subject.by_runner(*names, *words, watch=watch)
                memory = (watch.python / 1e6, watch.clients / 1e6)
                found.append(Measured(way, ended.seconds, ended.cpu, watch.python_cpu, *memory))
                say(f"round {number} of {rounds}: {way:<34} {ended.seconds:6.1f} s")
    return found


def table(measured: Sequence[Measured]) -> str:
    """Medians as a table in Markdown; CPU as a share of the run."""
    rows = [
        "| way | seconds | times as fast | CPU: Python | with docker clients | memory: Python | docker clients |",
        "|---|---|---|---|---|---|---|",
    ]
    for way in dict.fromkeys(each.way for each in measured):
        slow = median(each.seconds for each in measured if each.way == WAYS[way][1])
        chosen = [each for each in measured if each.way == way]
        seconds = median(each.seconds for each in chosen)
        own, whole = (median(getattr(each, name) / each.seconds for each in chosen) for name in ("python_cpu", "cpu"))
        python, clients = (max(getattr(each, name) for each in chosen) for name in ("python_megabytes", "client_megabytes"))
        cells = [way, f"{seconds:.1f}", f"{slow / seconds:.2f}", f"{own:.1%}", f"{whole:.1%}"]
        rows.append(f"| {' | '.join(cells)} | {python:.0f} MB | {clients:.0f} MB |")
    return "\n".join(rows)
