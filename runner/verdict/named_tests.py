"""Tests that are asked for by name: `TestRock`, `TestRock.test_quarter`, all of a file, `tests/test_rock.py`, or one of it.

Odoo takes classes and methods in its `--test-tags` in every series, a file only since 17. So a file is asked for by its
classes, as the sources have them.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from runner.text import first_of
from runner.verdict.cases import Case, CaseOutcome, path_of
from runner.verdict.javascript import JavaScript
from runner.verdict.sources import SourceClass, Sources

# A class, and a method of it.
NAME = re.compile(r"[^\W\d]\w*(?:\.test\w*)?")
# Bytes of what Odoo is told of them: Linux takes no word of a command that has 128 KB.
LONGEST_TAGS = 100_000
_SHOWN = 10


def short_name(test: str) -> str:
    """Name a test as `--test-tags` does: by its class, without what that is defined in, and its method."""
    return ".".join(test.split(".")[-2:])


def fault(name: str, sources: Sources, path: str = "") -> str:
    """Say that Odoo has no test of that name, and which are near; nothing where it may have one.

    `path`: the file that must hold it. Of a class that inherits from elsewhere, or that a program makes, only Odoo knows.
    """
    class_name, _, method = name.partition(".")
    classes = [each for each in sources.classes if each.tests or each.may_have_more]
    named = [each for each in classes if each.name == class_name and path in ("", each.path)]
    if _is_open(class_name, sources) or any(_has(each, method) and each.path not in sources.not_taken for each in named):
        return ""
    if not named:
        if elsewhere := [each.path for each in classes if each.name == class_name]:
            return f"{class_name} is not in {path}, but in {first_of(elsewhere, _SHOWN)}"
        return f"there is no test class {class_name!r}. {_near_classes(class_name, classes)}"
    if having := [each for each in named if _has(each, method)]:
        return f"Odoo does not run {name}, as {having[0].path}: {sources.not_taken[having[0].path]}"
    tests = sorted({f"{class_name}.{test}" for each in named for test in each.tests})
    return f"{class_name} has no test {method!r}. {_near(name, tests, 'Its tests')}"


def exists(name: str, sources: Sources) -> bool:
    """Tell whether the sources may have a test, or class, of that name, also where Odoo does not take its file."""
    class_name, _, method = name.partition(".")
    return _is_open(class_name, sources) or any(each.name == class_name and _has(each, method) for each in sources.classes)


def _is_open(class_name: str, sources: Sources) -> bool:
    return bool(sources.unreadable) or not sources.other_names.isdisjoint(("*", class_name))


def _has(owner: SourceClass, method: str) -> bool:
    if not method or owner.may_have_more or method in owner.tests:
        return True
    # As `parameterized.expand` and ddt make tests of one.
    return any(re.match(rf"{re.escape(test)}_\d", method) for test in owner.tests)


def _near_classes(name: str, classes: Sequence[SourceClass]) -> str:
    if tests := sorted({f"{each.name}.{name}" for each in classes if name in each.tests}):
        return f"Perhaps you meant {first_of(tests, _SHOWN)}?"
    return _near(name, sorted({each.name for each in classes}), "Its test classes")


def _near(name: str, known: Sequence[str], what: str) -> str:
    near = [each for each in known if each.startswith(name)] or difflib.get_close_matches(name, known, n=3)
    if near:
        return f"Perhaps you meant {first_of(near, _SHOWN)}?"
    return f"{what}: {first_of(known, _SHOWN) or 'none'}"


def tags_for(module: str, names: Iterable[str], sources: Sources) -> str:
    """Tell Odoo of these tests; those that are tagged `-standard` too, where nothing but such is asked for by a name."""
    names_on_demand = [short_name(test.name) for test in sources.tests if test.is_on_demand]
    on_demand = {*names_on_demand, *(name.partition(".")[0] for name in names_on_demand)}
    tags: dict[str, None] = {}
    for name in names:
        chosen = [name.rpartition("::")[2]]
        if name.endswith(".py"):
            classes = [each.name for each in sources.classes if each.path == name]
            chosen = [each for each in classes if each not in on_demand] or classes
            if not classes:  # any more: without a tag all tests of the module would run
                tags[f"/{module}/{name}"] = None
        tags |= {f"{'*' if each in on_demand else ''}/{module}:{each}": None for each in chosen}
    return ",".join(tags)


def is_of(test: str, path: str, names: Collection[str]) -> bool:
    """Tell whether a test, of the file at this path of its module, is one of those that are named."""
    name = short_name(test)
    ways = (name, name.partition(".")[0])
    return not {path, *ways, *(f"{path}::{way}" for way in ways)}.isdisjoint(names)


def only(names: Collection[str], sources: Sources, *, javascript: bool) -> Sources:
    """Return of the sources what these names select, and the JavaScript tests where they are asked for."""
    return replace(
        sources,
        tests=tuple(test for test in sources.tests if is_of(test.name, test.place, names)),
        inheriting_classes=(),
        unreadable={},
        javascript=sources.javascript if javascript else JavaScript(),
    )


def never_started(names: Iterable[str], cases: Collection[Case], sources: Sources) -> list[str]:
    """Say of which names no test started, and why, as far as the sources tell."""
    return [f"no test of {name} started{_why_not(name, sources)}" for name in names if not _cases_of(name, cases)]


def _why_not(name: str, sources: Sources) -> str:
    defines = any(is_of(test.name, test.place, (name,)) for test in sources.tests)
    test = name.rpartition("::")[2]
    is_there = any(test.partition(".")[0] == each.name for each in sources.classes)
    what = "its class does not define it" if "." in test else "it defines no test"
    return f": {what}, and Odoo 18 and newer run none that a class inherits" if is_there and not defines else ""


def never_ran(names: Iterable[str], cases: Collection[Case], ran: Collection[tuple[str, str]], sources: Sources) -> list[str]:
    """Say of which names no test started, or of those that did nothing is among what ran, by file and name."""
    reasons = never_started(names, cases, sources)
    for name in names:
        started = _cases_of(name, cases)
        if started and not any((case.file, case.name) in ran for case in started):
            was_skipped = all(case.outcome is CaseOutcome.SKIPPED for case in started)
            reasons.append(f"all of {name} was skipped" if was_skipped else f"nothing of {name} ran")
    return reasons


def _cases_of(name: str, cases: Iterable[Case]) -> list[Case]:
    return [case for case in cases if is_of(case.name, path_of(case.file), (name,))]
