"""Which tests of the sources did not run, and why: in the words of who has to mend it. Pure."""

from collections.abc import Sequence

from runner.verdict.cases import SET_UP_CLASS, Case, CaseOutcome
from runner.verdict.sources import Sources, SourceTest


def forgotten_files(sources: Sources | None, cases: Sequence[Case]) -> list[str]:
    """A reason for each test file with tests that no statement imports and of which, however imported, no test ran."""
    if sources is None or not sources.has_init or not (sources.imported or cases):
        return []  # usual_cause tells of it
    seen = {case.file for case in cases}
    return [
        f"tests/{file.replace('.', '/')}.py holds {_tests(sum(test.file == file for test in sources.tests))} that never ran: "
        "tests/__init__.py does not import it"
        for file in sources.forgotten
        if file not in seen
    ]


def usual_cause(sources: Sources | None, cases: Sequence[Case] = ()) -> list[str]:
    """Why no test of a module ran at all, as far as its sources tell, and the log of its classes."""
    if sources is None:
        return []
    causes = (
        (not sources.has_folder, "the module has no folder `tests`"),
        (not sources.has_init, f"tests/__init__.py is missing{_found(sources)}"),
        (not sources.imported, f"tests/__init__.py imports nothing{_found(sources)}"),
        (not sources.files, "no file in `tests` has a name that begins with `test_`"),
        (not sources.tests and not sources.heirs, "no class in the test files has a method whose name begins with `test`"),
    )
    for applies, cause in causes:
        if applies:
            return [cause]
    said = [f"{heir} has no test of its own, and Odoo 18 and newer run none that a class inherits" for heir in sources.heirs]
    said += [f"{test.name}: {why}" for test, why in idle_tests(sources, cases, complete=True)]
    return list(dict.fromkeys(said))


def idle_tests(sources: Sources | None, cases: Sequence[Case], *, complete: bool) -> list[tuple[SourceTest, str]]:
    """The tests of imported files that did not start, or of which nothing can have run, each with the reason.

    `complete`: Odoo came to its end; else whatever did not start had no chance to, and nothing can be said of it.
    """
    if sources is None or not complete:
        return []
    started = {(case.file, case.name) for case in cases}
    known = {(test.file, test.name) for test in sources.tests}
    # Where a class asks Odoo to run the tests that it inherits, they start under its own name.
    inherited = {_method(name) for file, name in started if (file, name) not in known}
    classes = {(case.file, case.name): case for case in cases if _method(case.name) == SET_UP_CLASS}
    idle = []
    for test in sources.tests:
        if test.file not in sources.imported:
            continue  # forgotten_files tells of it
        if ((test.file, test.name) in started or _method(test.name) in inherited) and not test.is_hollow:
            continue
        why = _of_its_class(classes.get((test.file, f"{test.name.rpartition('.')[0]}.{SET_UP_CLASS}"))) or test.note
        idle.append((test, why or "it was not selected by the test tags, or its class is not collected by Odoo"))
    return idle


def _method(name: str) -> str:
    return name.rpartition(".")[2]


def _of_its_class(case: Case | None) -> str:
    if case is None:
        return ""
    if case.outcome is CaseOutcome.SKIPPED:
        return f"its class was skipped in {SET_UP_CLASS}{f': {case.details}' if case.details else ''}"
    return f"its class failed in {SET_UP_CLASS}"


def _tests(count: int) -> str:
    return f"{count} test{'' if count == 1 else 's'}"


def _found(sources: Sources) -> str:
    return f" (found {', '.join(f'{file}.py' for file in sources.files)})" if sources.files else ""
