"""Which tests of the sources did not run, and why: in the words of who has to mend it. Pure."""

from collections.abc import Sequence

from .cases import Case
from .sources import Sources, SourceTest


def forgotten_files(sources: Sources | None, cases: Sequence[Case]) -> list[str]:
    """A reason for each test file with tests that no statement imports and of which, however imported, no test ran."""
    if sources is None or not sources.has_init:
        return []
    seen = {case.file for case in cases}
    return [
        f"tests/{file}.py holds {_tests(sum(test.file == file for test in sources.tests))} that never ran: "
        "tests/__init__.py does not import it"
        for file in sources.forgotten
        if file not in seen
    ]


def usual_cause(sources: Sources | None) -> list[str]:
    """Why no test of a module ran at all, as far as its sources tell."""
    if sources is None:
        return []
    causes = (
        (not sources.has_folder, "the module has no folder `tests`"),
        (not sources.has_init, f"tests/__init__.py is missing{_found(sources)}"),
        (not sources.imported, f"tests/__init__.py imports nothing{_found(sources)}"),
        (not sources.files, "no file in `tests` has a name that begins with `test_`"),
        (not sources.tests, "no class in the test files has a method whose name begins with `test`"),
    )
    for applies, cause in causes:
        if applies:
            return [cause]
    return list(dict.fromkeys(f"{test.name}: {test.note}" for test in sources.tests if test.note))


def idle_tests(sources: Sources | None, cases: Sequence[Case], *, complete: bool) -> list[tuple[SourceTest, str]]:
    """The tests of imported files that did not start, or that cannot have tested anything, each with the reason.

    `complete`: Odoo came to its end; else whatever did not start had no chance to, and nothing can be said of it.
    """
    if sources is None or not complete:
        return []
    started = {(case.file, case.name) for case in cases}
    idle = []
    for test in sources.tests:
        if test.file not in sources.imported:
            continue  # forgotten_files tells of it
        is_async = "async" in test.note
        if (test.file, test.name) not in started or is_async:
            idle.append((test, test.note or "it was not selected by the test tags, or its class is not collected by Odoo"))
    return idle


def _tests(count: int) -> str:
    return f"{count} test{'' if count == 1 else 's'}"


def _found(sources: Sources) -> str:
    return f" (found {', '.join(f'{file}.py' for file in sources.files)})" if sources.files else ""
