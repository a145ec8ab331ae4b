"""Modules in lists that take about the same time: as many as a CI has jobs for."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from runner.errors import UsageError
from runner.odoo.source_file import UnreadableSource, read_source
from runner.text import printable

# Bytes of a report: a module takes some 300, and a test as many.
_LONGEST = 100_000_000
# What a run takes besides its tests, in tests: a test of Odoo's own addons takes some 0.2 s, all the rest of a later run 5 s.
_REST = 25


class _Taken(BaseModel):
    """Of a module in a JSON report, which may be one of an earlier runner, what counts here."""

    module: str
    selection: str = ""
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Report(BaseModel):
    repository: str = ""  # of an earlier runner: any
    modules: tuple[_Taken, ...]


def split(
    modules: Mapping[str, Sequence[str]], weights: Mapping[tuple[str, str], float], number: int
) -> list[tuple[str, list[str]]]:
    """Return repository and modules of each shard, `number` at most, in the modules' order; each module is in one of them.

    `modules` by repository; `weights` by repository and module. UsageError where there are more repositories than shards.
    """
    modules = {repository: names for repository, names in modules.items() if names}
    if number < len(modules):
        raise UsageError(f"--shards must be {len(modules)} at least: a shard has modules of one repository.")
    shards: list[tuple[str, list[str]]] = []
    for repository, count in _shares(modules, weights, number).items():
        names = modules[repository]
        lightest = [(0.0, at) for at in range(count)]
        chosen: dict[str, int] = {}
        for name in sorted(names, key=lambda name: weights[repository, name], reverse=True):
            weight, at = heapq.heappop(lightest)
            chosen[name] = at
            heapq.heappush(lightest, (weight + weights[repository, name], at))
        lists = [[name for name in names if chosen[name] == at] for at in range(count)]
        shards += [(repository, listed) for listed in sorted(lists, key=lambda listed: names.index(listed[0]))]
    return shards


def _shares(modules: Mapping[str, Sequence[str]], weights: Mapping[tuple[str, str], float], number: int) -> dict[str, int]:
    """How many of the shards each repository gets: one more goes to whose shards are the heaviest."""
    totals = {repository: sum(weights[repository, name] for name in names) for repository, names in modules.items()}
    shares = dict.fromkeys(modules, 1)
    for _ in range(min(number, sum(map(len, modules.values()))) - len(modules)):
        open_ones = [repository for repository in modules if shares[repository] < len(modules[repository])]
        shares[max(open_ones, key=lambda repository: totals[repository] / shares[repository])] += 1
    return shares


def weights_of(tests: Mapping[tuple[str, str], int], reports: Iterable[Path]) -> dict[tuple[str, str], float]:
    """Return the seconds that each module took by the JSON reports; estimated from its number of tests where none tells.

    UsageError for a report that cannot be read. Of a module in several the last one counts, of a
    part of its tests none.
    """
    seconds: dict[tuple[str, str], float] = {}
    for file in reports:
        try:
            report = _Report.model_validate_json(read_source(file, file.resolve().parent, _LONGEST))
        except (UnreadableSource, OSError, RuntimeError, ValueError) as error:
            raise UsageError(
                f"{printable(str(file))} is no JSON report of a run: {printable(str(error)).splitlines()[0]}"
            ) from error
        taken = {module.module: module.seconds for module in report.modules if not module.selection}
        seconds |= {(of, name): taken[name] for of, name in tests if name in taken and report.repository in ("", of)}
    guessed = {key: float(number + _REST) for key, number in tests.items()}
    rate = sum(seconds.values()) / sum(guessed[key] for key in seconds) if seconds else 1.0
    return {key: seconds.get(key, guess * rate) for key, guess in guessed.items()}
