"""The runner against the script, module by module, in turn on the same machine in one go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from . import phases
from .subject import Subject
from .timed import Timed

MODULES = {
    "bench_base": "base only",
    "bench_contacts": "mail, hr, contacts",
    "bench_accounting": "account, hr",
    "bench_http": "web: an HttpCase",
    "bench_http_own": "web: the same, no bundles from before",
}
SCRIPT, FIRST, LATER, LOADED = "script", "first run", "later run", "after a load"


@dataclass(frozen=True)
class Measured:
    """One run: which module, by whom, seconds in all, those of teardown, those besides Odoo's tests, and of each phase.

    `cpu`: seconds of the command and of all it waited for, docker's clients among them.
    """

    module: str
    way: str
    seconds: float
    down: float
    besides_odoo: float
    phases: dict[str, float]
    cpu: float


def measure(modules: Sequence[str], rounds: int, say: Callable[[str], None]) -> list[Measured]:
    """Test each module so many times by the script, by a runner to which it is new, once more, and after a load."""
    found = []
    with Subject() as subject:
        for module in modules:
            for number in range(1, rounds + 1):
                subject.forget()
                for way, test, read in (
                    (SCRIPT, subject.by_script, phases.of_script),
                    (FIRST, subject.by_runner, phases.of_runner),
                    (LATER, subject.by_runner, phases.of_runner),
                    (LOADED, subject.by_runner_after_a_load, phases.of_runner),
                ):
                    ended = test(module)
                    found.append(_measured(module, way, ended, read(ended.lines)))
                    say(f"{module}, round {number} of {rounds}: {way:<12} {ended.seconds:6.1f} s")
    return found


def _measured(module: str, way: str, ended: Timed, took: dict[str, float]) -> Measured:
    return Measured(module, way, ended.seconds, took[phases.DOWN], phases.besides_odoo(ended, took), took, ended.cpu)


def table(measured: Sequence[Measured]) -> str:
    """Medians in seconds, and in parentheses their ratio to the script's, as a table in Markdown."""
    rows = [
        "| depends on | script | first run | later run | after a load | teardown: script | runner |"
        " besides Odoo: script | later run | CPU of a later run |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for module in dict.fromkeys(each.module for each in measured):
        script, first, later, loaded = (_medians(measured, module, way) for way in (SCRIPT, FIRST, LATER, LOADED))
        cells = [
            MODULES[module],
            f"{script['seconds']:.1f}",
            *(f"{way['seconds']:.1f} ({way['seconds'] / script['seconds']:.2f})" for way in (first, later, loaded)),
            *(f"{way['down']:.1f}" for way in (script, later)),
            *(f"{way['besides_odoo']:.1f}" for way in (script, later)),
            f"{later['cpu'] / later['seconds']:.0%}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _medians(measured: Sequence[Measured], module: str, way: str) -> dict[str, Any]:
    chosen = [each for each in measured if (each.module, each.way) == (module, way)]
    return {name: median(getattr(each, name) for each in chosen) for name in ("seconds", "down", "besides_odoo", "cpu")}
