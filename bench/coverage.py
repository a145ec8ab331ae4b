"""Later runs of modules with `--coverage` against the same without, measured in turn."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from .phases import TESTS, of_runner
from .subject import HERE, Subject

PLAIN, MEASURED = "without", "--coverage"
_EXAMPLE = "traction"
# So many copies of the test class of a module with three tests.
_MANY, _COPIES = "bench_base", 100
_PARTS = ("seconds", "tests")
MODULES = {_EXAMPLE: "traction: 13 tests, some over HTTP", _MANY: f"base only: {3 * _COPIES} tests"}


@dataclass(frozen=True)
class Measurement:
    """One run: of which module, in which way, how many seconds it took, and how many of them Odoo's tests."""

    module: str
    way: str
    seconds: float
    tests: float


def measure(rounds: int, say: Callable[[str], None]) -> list[Measurement]:
    """Test each module so many times in each way, after a run that makes the image and the prepared database."""
    found = []
    with Subject() as subject:
        shutil.copytree(HERE.parent / "examples/evv/addons" / _EXAMPLE, subject.folder / "addons" / _EXAMPLE)
        tests = subject.folder / "addons" / _MANY / "tests"
        names = [f"test_item_{number}" for number in range(_COPIES)]
        for name in names:
            shutil.copy(tests / "test_item.py", tests / f"{name}.py")
        (tests / "__init__.py").write_text("".join(f"from . import {name}\n" for name in names))
        (tests / "test_item.py").unlink()
        for module in MODULES:
            subject.by_runner(module, MEASURED)
            for number in range(1, rounds + 1):
                for way in (PLAIN, MEASURED):
                    ended = subject.by_runner(module, *([MEASURED] if way is MEASURED else []))
                    found.append(Measurement(module, way, ended.seconds, of_runner(ended.lines)[TESTS]))
                    say(f"{module}, round {number} of {rounds}: {way:<10} {ended.seconds:6.1f} s")
    return found


def table(measured: Sequence[Measurement]) -> str:
    """Medians in seconds, and the ratio of runs, as a table in Markdown."""
    rows = [
        f"| module | {PLAIN} | of it Odoo's tests | {MEASURED} | of it Odoo's tests | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for module in dict.fromkeys(each.module for each in measured):
        plain, slow = (
            [median(getattr(each, part) for each in measured if (each.module, each.way) == (module, way)) for part in _PARTS]
            for way in (PLAIN, MEASURED)
        )
        cells = (MODULES[module], *(f"{seconds:.1f}" for seconds in (*plain, *slow)), f"{slow[0] / plain[0]:.2f}")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
