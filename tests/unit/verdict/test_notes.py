"""What is noted, how it is put together, and what `--strict` and `allow` make of it."""

import pytest

from runner.config.model import Allow
from runner.errors import ExitCode
from runner.verdict import pattern_search
from runner.verdict.allowed import NOTHING_ALLOWED, Allowed, allowed_for
from runner.verdict.odoolog import OdooLog
from runner.verdict.sources import Sources, SourceTest
from runner.verdict.verdict import Verdict, judge
from tests.unit.odoo_logs import DATABASE, MODULE, TESTS, log, read_log, record, result, skipped, starting

TRACEBACK = """
Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/odoo/http.py", line 2, in dispatch
    result = endpoint()
  File "/mnt/extra-addons{0}/controllers/main.py", line 7, in route
    raise ValueError("no")
ValueError: no"""
ONE = SourceTest("test_client", "TestClient.test_one")
MODULES = (MODULE, "nearby", "elsewhere")


def verdict(
    *records: str,
    allow: Allow | None = None,
    sources: Sources | None = None,
    strict: bool = False,
    strict_all: bool = False,
) -> Verdict:
    return judge(
        module=MODULE,
        odoo_exit=0,
        log=read_log(log(starting(), *records, result(tests=100))),
        states={MODULE: "installed"},
        sources=sources,
        own=("nearby",),
        allowed=allowed_for(MODULE, {"repos.yaml": allow}, MODULES) if allow else NOTHING_ALLOWED,
        strict=strict,
        strict_all=strict_all,
    )


def error(logger: str, message: str = "complains", level: str = "ERROR") -> str:
    return record(logger, message, level).rstrip()


def skip(name: str, reason: str) -> tuple[str, str]:
    return starting(f"TestClient.{name}"), skipped(f"TestClient.{name}", reason)


# Whose errors they are


@pytest.mark.parametrize(
    ("said", "is_own"),
    [
        (error(f"odoo.addons.{MODULE}"), True),
        (error(f"odoo.addons.{MODULE}.models.client"), True),
        (error("odoo.addons.nearby.models"), True),
        (error(MODULE), True),
        (error(f"{MODULE}.api"), True),
        (error("nearby.api"), True),
        (error("root"), True),
        (error(f"odoo.addons.{MODULE}_more"), False),
        (error(f"{MODULE}_more"), False),
        (error("odoo.addons.elsewhere"), False),
        (error("odoo.addons"), False),
        (error("odoo"), False),
        (error("odoo.sql_db", "bad query: SELECT nonsense"), False),
        (error("odoo.http") + TRACEBACK.format(f"/{MODULE}"), True),
        (error("odoo.addons.base.models.ir_cron") + TRACEBACK.format("-2/nearby"), True),
        (error("odoo.http") + TRACEBACK.format("/elsewhere"), False),
        (error("odoo.http") + TRACEBACK.format(f"/elsewhere/{MODULE}"), False),
        # No traceback, only where it was said.
        (error("odoo.http") + TRACEBACK.format(f"/{MODULE}").replace("Traceback", "Stack"), False),
        (error("werkzeug", f"about {MODULE}"), False),
        (error(MODULE, level="CRITICAL"), True),
        (error("urllib3", level="CRITICAL"), False),
    ],
)
def test_strict_counts_the_errors_of_the_module_and_its_dependencies_only(said: str, is_own: bool) -> None:
    assert verdict(said).passed
    assert len(verdict(said).notes) == 1
    strict = verdict(said, strict=True)
    assert (strict.passed, len(strict.reasons), len(strict.notes)) == (not is_own, int(is_own), int(not is_own))
    every = verdict(said, strict=True, strict_all=True)
    assert (every.exit_code, len(every.reasons), every.notes) == (ExitCode.NOT_PROVEN, 1, ())


def test_what_is_said_twice_is_one_note_of_whomever_it_is() -> None:
    said = (
        error("odoo.tools"),
        error("odoo.tools", "complains "),
        error(f"odoo.addons.{MODULE}"),
        error("odoo.tools", "more"),
    )
    judged = verdict(*said, strict=True)
    assert judged.reasons == ("--strict: logged at ERROR: complains (3 times)",)
    assert judged.notes == ("logged at ERROR: more (odoo.tools)",)


def test_what_odoo_says_in_sum_is_no_note_and_a_module_s_own_record_is_one() -> None:
    said = "Module evv_core: 1 failures, 0 errors of 2 tests"
    assert verdict(error("odoo.modules.loading", said)).notes == ()
    assert verdict(error(f"odoo.addons.{MODULE}", said)).notes == (f"logged at ERROR: {said}",)


# Skips


def test_skips_are_grouped_by_their_reasons_and_a_browser_comes_first() -> None:
    tests = [*skip("test_a", "no chart"), *skip("test_b", "no chart"), *skip("test_c", "Chrome executable not found")]
    assert verdict(*tests).notes == (
        "1 test skipped: Chrome executable not found; `packages: [chromium, python3-websocket]` in repos.yaml brings a"
        " browser, on Ubuntu `dockerfile`: docs/browser.md (TestClient.test_c)",
        "2 tests skipped: no chart (TestClient.test_a, TestClient.test_b)",
    )


def test_of_many_tests_and_many_reasons_some_are_named() -> None:
    many = [text for number in range(12) for text in skip(f"test_{number}", "no chart")]
    (note,) = verdict(*many).notes
    assert note.endswith(
        "(TestClient.test_0, TestClient.test_1, TestClient.test_2, TestClient.test_3, TestClient.test_4 and 7 more)"
    )
    reasons = [text for number in range(60) for text in skip(f"test_{number}", f"reason {number}")]
    notes = verdict(*reasons).notes
    assert (len(notes), notes[-1]) == (51, "more tests skipped, for 10 other reasons")
    assert verdict(*reasons, allow=Allow(skipped=("TestClient",)), strict=True).passed


def test_a_reason_speaks_to_no_terminal_and_is_short() -> None:
    (note,) = verdict(*skip("test_a", "\x1b]0;title\x07" + "x" * 5000)).notes
    assert note.isprintable()
    assert len(note) < 500


def test_tests_of_one_name_in_two_files_are_two() -> None:
    other = TESTS.replace("test_client", "test_other")
    records = (skipped(), starting(logger=other), record(other, "skipped TestClient.test_one : no browser"))
    assert verdict(*records).notes == ("2 tests skipped: no browser (TestClient.test_one, TestClient.test_one)",)


def test_a_class_whose_tests_are_not_in_the_sources_is_skipped_as_a_whole() -> None:
    said = record("odoo.tests.suite", f"skipped setUpClass ({TESTS}.TestMade) : no chart")
    judged = verdict(said)
    assert judged.notes == ("1 test case skipped: no chart (TestMade)",)
    assert judged.skipped == 0


def subtests(text: str) -> dict[tuple[str, str, str, str], int]:
    read: OdooLog = read_log(log(starting(), text))
    return dict(read.subtest_skips)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("skipped Subtest TestClient.test_one (number=1) : no number", "no number"),
        ("skipped Subtest TestClient.test_one [a word] (number='a : b') : two\nlines : of it", "two\nlines : of it"),
        ("skipped Subtest TestClient.test_one (<subtest>) :", ""),
        ("skipped Subtest [a word] (number=1)", ""),
    ],
)
def test_a_skipped_subtest_is_of_its_test(said: str, reason: str) -> None:
    assert subtests(record(TESTS, said)) == {(MODULE, "test_client", "TestClient.test_one", reason): 1}


def test_what_only_looks_like_a_skipped_subtest_is_none() -> None:
    assert subtests(record(TESTS, "skipped Subtest TestClient.test_two (number=1) : not started")) == {}
    assert subtests(record(f"odoo.addons.{MODULE}.models", "skipped Subtest TestClient.test_one (n=1) : x")) == {}
    assert subtests(record(TESTS, "skipped Subtest TestClient.test_one (n=1) : x", database="another")) == {}


def test_subtests_take_bounded_memory() -> None:
    said = "\n".join(record(TESTS, f"skipped Subtest TestClient.test_one (n={n}) : reason {n}") for n in range(3000))
    assert len(subtests(said)) == 1000


# On purpose


def test_a_class_that_runs_on_demand_only_is_no_reason() -> None:
    slow = SourceTest("test_client", "TestSlow.test_slow", "its class is tagged -standard", is_tagged_out=True)
    sources = Sources(True, True, frozenset({"test_client"}), ("test_client",), (ONE, slow))
    judged = verdict(sources=sources, strict=True)
    assert judged.passed
    assert judged.notes == ("TestSlow.test_slow (test_client) did not run: its class is tagged -standard",)


# What is allowed


@pytest.mark.parametrize(
    ("entry", "is_allowed"),
    [
        ("TestClient.test_one", True),
        ("TestClient", True),
        ("TestCl*", True),
        ("tests/test_client.py", True),
        ("tests/*", True),
        (f"{MODULE}/TestClient.test_one", True),
        (f"{MODULE}/tests/test_client.py", True),
        ("TestClient.test_on", False),
        ("Client", False),
        ("testclient.test_one", False),
        ("test_one", False),
        ("test_client.py", False),
        ("nearby/TestClient", False),
        ("unheard_of/TestClient", False),
    ],
)
def test_a_skip_is_allowed_by_name_class_or_file(entry: str, is_allowed: bool) -> None:
    judged = verdict(skipped(), allow=Allow(skipped=(entry,)))
    note = "1 test skipped: no browser (TestClient.test_one)"
    assert judged.allowed == ((f"allowed by repos.yaml: {note}",) if is_allowed else ())
    assert (note in judged.notes) is not is_allowed


def test_an_entry_for_another_module_of_the_repository_is_not_told_as_useless() -> None:
    useless = verdict(allow=Allow(skipped=("nearby/TestX", "unheard_of/TestX", "TestX"), errors=("x/y",))).notes
    assert useless == (
        "`allow` of repos.yaml: `unheard_of/TestX` under `skipped` matches nothing in this run",
        "`allow` of repos.yaml: `TestX` under `skipped` matches nothing in this run",
        "`allow` of repos.yaml: `x/y` under `errors` matches nothing in this run",
    )


def test_an_error_is_allowed_by_what_the_log_or_the_note_shows() -> None:
    said = error(f"odoo.addons.{MODULE}", "two  spaces, and a tail")
    for pattern in ("^two  spaces", "^two spaces", "tail$"):
        judged = verdict(said, allow=Allow(errors=(pattern,)), strict=True)
        assert judged.passed
        assert judged.allowed == ("allowed by repos.yaml: logged at ERROR: two spaces, and a tail",)
    assert not verdict(said, allow=Allow(errors=("^tail", "Two")), strict=True).passed


def test_only_the_first_line_of_a_record_is_searched() -> None:
    said = error(f"odoo.addons.{MODULE}") + TRACEBACK.format(f"/{MODULE}")
    assert not verdict(said, allow=Allow(errors=("ValueError",)), strict=True).passed


@pytest.mark.timeout(30)
def test_a_pattern_that_takes_for_ever_allows_nothing_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern_search, "_LIMIT", 1.0)
    judged = verdict(error(f"odoo.addons.{MODULE}", "a" * 50 + "!"), allow=Allow(errors=("(a+)+$",)), strict=True)
    assert judged.exit_code == ExitCode.NOT_PROVEN
    assert judged.notes == (
        "`allow` of repos.yaml: `(a+)+$` under `errors` takes too long to be searched, and allows nothing",
    )


def test_nothing_is_told_of_the_entries_where_the_log_is_cut_short() -> None:
    cut = judge(
        module=MODULE,
        odoo_exit=0,
        log=read_log(log(starting()), DATABASE),
        states={MODULE: "installed"},
        allowed=allowed_for(MODULE, {"repos.yaml": Allow(skipped=("TestX",))}, MODULES),
    )
    assert cut.notes == ()


def test_a_file_is_allowed_by_its_own_path_alone() -> None:
    allowed = allowed_for(
        MODULE, {"repos.yaml": Allow(not_imported=("tests/test_a.py", f"{MODULE}/tests/deep/test_b.py"))}, MODULES
    )
    files = (
        "tests/test_a.py",
        "tests/deep/test_b.py",
        "tests/test_ab.py",
        "tests/deep/test_a.py",
        "migrations/tests/test_a.py",
    )
    assert [bool(allowed.file(file)) for file in files] == [True, True, False, False, False]
    assert Allowed().file("tests/test_a.py") is None
