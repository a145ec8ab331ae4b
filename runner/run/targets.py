"""What the words behind the repository mean: modules, and tests of them by name (`traction:TestRock`) or by file."""

import contextlib
import difflib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.naming import check_module_name, shown
from runner.odoo.addons import modules_of
from runner.odoo.module_search import find_module
from runner.odoo.source_file import UnreadableSource, source_files
from runner.reporting.last_failed import ALL, recall
from runner.text import first_of, printable
from runner.verdict.named_tests import LONGEST_TAGS, NAME, exists, fault, tags_for
from runner.verdict.sources import TESTS, Sources, read_sources

_FORMS = "Tests are named as in traction:TestRock, traction:TestRock.test_quarter or addons/traction/tests/test_rock.py."
_LONGEST, _SHOWN = 300, 5


def targets_of(
    words: Sequence[str], repository: RepoConfig, all_repositories: Mapping[str, RepoConfig]
) -> dict[str, tuple[str, ...]]:
    """Return the modules that are asked for, in their order, each with the tests that it is narrowed to; without any for all.

    UsageError for a module, a class, a test or a file that does not exist, with what is near; and for a file of which Odoo
    runs nothing. Let through is what only Odoo can know, as tests that a class inherits from another module.
    """
    targets: dict[str, list[str]] = {}
    sources: dict[str, Sources] = {}
    for word in words:
        head, *parts = word.split("::")
        path = ""
        if head.endswith(".py"):
            module, path = _module_and_path(head, repository, all_repositories)
        else:
            module, colon, name = head.partition(":")
            parts = [name, *parts] if colon else parts
        check_module_name(module, repository.prefix)
        folder = find_module(module, repository, all_repositories)
        if path or parts:
            if module not in sources:
                sources[module] = read_sources(folder)
            _check_tests(module, path, parts, sources[module], word)
            if parts and not _stands_in(path, parts[0], sources[module]):
                path = ""  # Odoo logs a class that a file imports as one of the other
        targets.setdefault(module, []).append("::".join(filter(None, (path, ".".join(parts)))))
    # An empty name is the whole module, which holds all others.
    chosen = {module: () if "" in names else tuple(dict.fromkeys(names)) for module, names in targets.items()}
    for module, tests in chosen.items():
        if _are_too_many(module, tests, sources.get(module)):
            raise UsageError(f"{module}: Odoo cannot be told of so many tests by their names. Name classes, or the module.")
    return chosen


def _stands_in(path: str, test: str, sources: Sources) -> bool:
    return any((each.path, each.name) == (path, test.partition(".")[0]) for each in sources.classes)


def _are_too_many(module: str, tests: Sequence[str], sources: Sources | None) -> bool:
    return sources is not None and len(tags_for(module, tests, sources).encode()) > LONGEST_TAGS


def _check_tests(module: str, path: str, parts: Sequence[str], sources: Sources, word: str) -> None:
    if path:
        _check_file(module, path, sources)
    if parts and not NAME.fullmatch(name := ".".join(parts)):
        raise UsageError(f"`{_told(word)}` names no test. {_FORMS}")
    if parts and (why := fault(name, sources, path)):
        raise UsageError(f"{module}: {printable(why)}")


def _told(word: str) -> str:
    return printable(word[:_LONGEST])


def _module_and_path(word: str, repository: RepoConfig, all_repositories: Mapping[str, RepoConfig]) -> tuple[str, str]:
    """Find a file from the current folder, else from the checkout, else below an addons folder; name it below its module."""
    places = [*_here(), repository.path, *repository.addons]
    # What a shell completes there may be another checkout's: first what is in one of this repository's modules.
    files = [file for place in places if _is_file(file := place / word)]
    for file in files:
        if found := _in_a_module(file, repository):
            return found
    if not files:
        lines = [f"There is no file {_told(word)}. Looked for it in:", *(f"  {printable(str(place))}" for place in places)]
        near = difflib.get_close_matches("/".join(Path(word).parts[-3:]), list(_test_files(repository)), n=3)
        lines += [f"Perhaps you meant {printable(', '.join(near))}?"] if near else []
        raise UsageError("\n".join(lines))
    for name, other in all_repositories.items():
        if name != repository.name and (found := _in_a_module(files[0], other)):
            raise UsageError(f"{_told(word)} is of repository {name}: nox -s odoo_tests -- {name} {found[0]}/{found[1]}")
    raise UsageError(
        f"{_told(word)} is in no module of repository {repository.name}, whose addons are in: "
        f"{', '.join(printable(str(folder)) for folder in repository.addons)}"
    )


def _here() -> list[Path]:
    try:
        return [Path.cwd()]
    except OSError:  # removed since, as where a watch reads its configuration anew
        return []


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises errors, as for a name that is too long


def _in_a_module(file: Path, repository: RepoConfig) -> tuple[str, str] | None:
    real = Path(os.path.realpath(file))
    try:
        modules = modules_of(repository)
    except UsageError:  # not for this user
        return None
    for module, folder in modules.items():
        if real.is_relative_to(real_folder := Path(os.path.realpath(folder))):
            return module, real.relative_to(real_folder).as_posix()
    return None


def _test_files(repository: RepoConfig) -> Iterator[str]:
    """Name the test files of a repository, each by its path below the addons folder."""
    for module, folder in modules_of(repository).items():
        with contextlib.suppress(UnreadableSource):  # it may have none
            for file in source_files(folder / TESTS, folder, ".py"):
                if file.name.startswith("test_"):
                    yield f"{module}/{file.relative_to(folder).as_posix()}"


def _check_file(module: str, path: str, sources: Sources) -> None:
    """Raise UsageError unless Odoo may run something of this file."""
    if why := sources.unreadable.get(path):
        raise UsageError(f"{module}/{path} {printable(why)}.")
    why = sources.not_taken.get(path, "")
    if not any(each.path == path for each in sources.classes):
        why = why or "it holds no test class"
    if why:
        raise UsageError(f"Odoo runs no test of {module}/{printable(path)}: {printable(why)}.")


def last_failed(modules: Sequence[str], repository: RepoConfig, say: Callable[[str], None]) -> dict[str, tuple[str, ...]]:
    """Return of these modules those of which failures are known, with these tests; all of them if there are none.

    What the sources have no more is left out. All tests run of a module that has nothing else, or was red for something else.
    """
    folders = modules_of(repository)
    known: dict[str, tuple[str, ...]] = {}
    for module in modules:
        if names := recall(repository.path, module):
            sources = read_sources(folders[module])
            there = [name for name in names if name != ALL and exists(name, sources)]
            gone = [name for name in names if name not in (ALL, *there)]
            known[module] = () if ALL in names or _are_too_many(module, there, sources) else tuple(there)
            say(f"--last-failed: {module}: {first_of([*map(shown, known[module])], _SHOWN) or 'all tests'}")
            if gone:
                say(f"--last-failed: no longer in the sources of {module}: {first_of([*map(shown, gone)], _SHOWN)}")
    others = [module for module in modules if module not in known]
    if others and known:
        say(f"--last-failed leaves out, as no test of them is known to have failed: {', '.join(others)}")
    elif others:
        say(f"--last-failed: no test is known to have failed of {', '.join(others)}: all are run")
    return known or dict.fromkeys(modules, ())
