"""What very many modules cost: measured with thirty small ones, and calculated for three hundred."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from .subject import Subject

NUMBER, WANTED, SHARDS = 30, 300, 20
FIRST, ONE, TWO = "the first one", "one after another", "--jobs 2"


@dataclass(frozen=True)
class Measured:
    """One call: in which way, for how many modules, and its seconds."""

    way: str
    modules: int
    seconds: float


def measure(module: str, rounds: int, say: Callable[[str], None]) -> list[Measured]:
    """Test thirty modules that are like `module`, so many times in each way: one alone, which prepares, then all."""
    found = []
    with Subject() as subject:
        names = subject.copies(module, NUMBER)
        for number in range(1, rounds + 1):
            subject.forget()
            for way, words in ((FIRST, names[:1]), (ONE, names), (TWO, [*names, "--jobs", "2"])):
                seconds = subject.by_runner(*words).seconds
                found.append(Measured(way, 1 if way == FIRST else NUMBER, seconds))
                say(f"round {number} of {rounds}: {way:<18} {seconds:6.1f} s")
    return found


def table(measured: Sequence[Measured]) -> str:
    """Medians in seconds, and, calculated of them, the minutes of three hundred modules in one job and in twenty."""
    rows = [
        f"| way | {NUMBER} modules | each | {WANTED} modules in one job | in {SHARDS} jobs, each on a machine of its own |",
        "|---|---|---|---|---|",
    ]
    seconds = {way: median(run.seconds for run in measured if run.way == way) for way in (FIRST, ONE, TWO)}
    for way in (ONE, TWO):
        each = seconds[way] / NUMBER
        # The first module of a job makes the prepared database.
        alone, shard = (seconds[FIRST] + (number - 1) * each for number in (WANTED, WANTED // SHARDS))
        rows.append(f"| {way} | {seconds[way]:.0f} s | {each:.1f} s | {alone / 60:.0f} min | {shard / 60:.1f} min |")
    return "\n".join(rows)
