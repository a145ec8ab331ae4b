"""Which tests of the sources did not run, and why, in the words of who has to mend it."""

import pytest

from runner.verdict.cases import Case, CaseOutcome, path_of
from runner.verdict.failed_checks import files_without_a_run, tests_not_run, usual_cause
from runner.verdict.sources import Sources, SourceTest
from runner.verdict.verdict import Verdict, judge
from tests.unit.odoo_logs import read_log, record, result, text

tests_not_run.__test__ = False  # type: ignore[attr-defined] # pytest would take the imported function for a test


def _sources(
    *tests: SourceTest, imported: tuple[str, ...] = ("test_a",), has_init: bool = True, has_folder: bool = True
) -> Sources:
    files = tuple(dict.fromkeys(test.file for test in tests))
    not_taken = {path_of(file): "tests/__init__.py does not import it" for file in files if file not in imported}
    return Sources(has_folder, has_init, frozenset(imported), files, tests, not_taken=not_taken)


ONE, TWO = SourceTest("test_a", "TestA.test_one"), SourceTest("test_b", "TestB.test_two")
LOADED = record("odoo.modules.loading", "Loading module m (1/1)")


def _verdict(sources: Sources | None, *records: str) -> Verdict:
    return judge(module="m", odoo_exit=0, log=read_log(text(records)), states={"m": "installed"}, sources=sources)


def test_an_unimported_file_is_named_with_what_it_holds() -> None:
    (reason,) = files_without_a_run(_sources(ONE, TWO), []).values()
    assert reason == "tests/test_b.py holds 1 test that never ran: tests/__init__.py does not import it"


def test_a_file_that_is_imported_in_a_way_that_only_python_understands_is_not_told_as_unimported() -> None:
    ran = [Case("m", test.file, test.name, CaseOutcome.PASSED) for test in (ONE, TWO)]
    assert files_without_a_run(_sources(ONE, TWO), ran) == {}


def test_without_an_init_the_file_is_not_to_blame() -> None:
    assert files_without_a_run(_sources(ONE, imported=(), has_init=False), []) == {}


def test_without_sources_nothing_is_said_of_them() -> None:
    verdict = _verdict(None, LOADED, result(tests=0))
    assert (verdict.reasons, verdict.notes) == (("Odoo ran 0 tests", "no test of m started"), ())


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        (_sources(has_folder=False, has_init=False), "the module has no folder `tests`"),
        (_sources(ONE, has_init=False, imported=()), "tests/__init__.py is missing (found test_a.py)"),
        (_sources(ONE, imported=()), "tests/__init__.py imports nothing (found test_a.py)"),
        (_sources(imported=("core",)), "no file in `tests` has a name that begins with `test_`"),
        (_sources(SourceTest("test_a", "TestA.test_one", "its class is tagged -standard")), "its class is tagged -standard"),
    ],
)
def test_the_usual_cause_is_said_in_plain_words(sources: Sources, words: str) -> None:
    assert any(words in cause for cause in usual_cause(sources, ()))


def test_a_test_that_did_not_start_is_listed_with_its_note() -> None:
    noted = SourceTest("test_a", "TestA.test_slow", "its class is tagged -standard")
    ran = Case("m", "test_a", "TestA.test_one", CaseOutcome.PASSED)
    assert tests_not_run(_sources(ONE, noted), [ran]) == [(noted, "its class is tagged -standard")]


def test_an_async_test_has_not_run_although_it_started() -> None:
    coroutine = SourceTest("test_a", "TestA.test_one", "it is an `async def`, which Odoo's test cases never await")
    assert tests_not_run(_sources(coroutine), [Case("m", "test_a", "TestA.test_one", CaseOutcome.PASSED)]) != []


def test_the_tests_of_an_unimported_file_are_told_of_once() -> None:
    assert tests_not_run(_sources(TWO, imported=()), []) == []


def test_of_a_run_that_was_cut_short_nothing_is_said() -> None:
    assert _verdict(_sources(ONE), LOADED, result(tests=0)).notes != ()
    assert _verdict(_sources(ONE), LOADED).notes == ()


def test_the_name_of_a_file_does_no_more_than_show() -> None:
    odd = SourceTest("test_\x1b[2J", "TestB.test_two")
    (reason,) = files_without_a_run(_sources(ONE, odd), []).values()
    assert reason.startswith(r"tests/test_\x1b[2J.py holds 1 test")
