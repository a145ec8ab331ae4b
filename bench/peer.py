"""The runner against the way of oca-ci: all modules in one database, by one process, with tags for their tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from .subject import Subject

ONE_DATABASE, FIRST, LATER, TWO = "one database for all", "first run", "later run", "later run, --jobs 2"
MODULES = ("bench_base", "bench_contacts", "bench_accounting", "bench_http")
FLAWED = {
    "bench_undeclared": "uses hr, and does not depend on it",
    "bench_unimported": "has a test file that nothing imports",
}


@dataclass(frozen=True)
class Measured:
    """One call for all modules: in which way, its seconds, and its exit code; `of` is what was tested."""

    way: str
    of: str
    seconds: float
    exit_code: int


def measure(rounds: int, say: Callable[[str], None]) -> list[Measured]:
    """Test all modules in each way so many times; then, once, with each flawed module among them."""
    found = []
    with Subject() as subject:
        for number in range(1, rounds + 1):
            subject.forget()
            for way, test, words in (
                (ONE_DATABASE, subject.by_script, ()),
                (FIRST, subject.by_runner, ()),
                (LATER, subject.by_runner, ()),
                (TWO, subject.by_runner, ("--jobs", "2")),
            ):
                found.append(Measured(way, "all", test(*MODULES, *words).seconds, 0))
                say(f"round {number} of {rounds}: {way:<22} {found[-1].seconds:6.1f} s")
        for module in FLAWED:
            ended = subject.by_script("bench_contacts", module, green=False)
            found.append(Measured(ONE_DATABASE, module, ended.seconds, ended.exit_code))
            ended = subject.by_runner("bench_contacts", module, green=False)
            found.append(Measured(LATER, module, ended.seconds, ended.exit_code))
    return found


def table(measured: Sequence[Measured]) -> str:
    """Medians in seconds for all modules; and how each way ends where a flawed module is among them."""
    rows = ["| way | seconds for four modules | ratio |", "|---|---|---|"]
    seconds = {
        way: median(run.seconds for run in measured if (run.way, run.of) == (way, "all"))
        for way in dict.fromkeys(run.way for run in measured)
    }
    rows += [f"| {way} | {taken:.1f} | {taken / seconds[ONE_DATABASE]:.2f} |" for way, taken in seconds.items()]
    rows += ["", "| a module that | one database for all | runner |", "|---|---|---|"]
    codes = {(run.way, run.of): "green" if run.exit_code == 0 else f"red ({run.exit_code})" for run in measured}
    rows += [f"| {about} | {codes[ONE_DATABASE, module]} | {codes[LATER, module]} |" for module, about in FLAWED.items()]
    return "\n".join(rows)
