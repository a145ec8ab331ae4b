"""A page is whole and runs nothing, whatever modules say; the verdict comes first, and then what it rests on."""

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import ReportFailed
from runner.foreign_text import visible
from runner.reporting.outcome import Outcome
from runner.reporting.page.document import page, write_page
from runner.reporting.proof_log import Block
from runner.verdict.beginning import Beginning, Version
from runner.verdict.cases import CaseOutcome
from runner.verdict.coverage import Coverage, FileCoverage
from tests.unit.outcomes import RED_LABELS, TRACEBACK, case, failed, failing, passed, real_failure, red
from tests.unit.reporting.page.html import Page
from tests.unit.reporting.page.test_pictures import png, written

RECORD = (
    Block("PROOF OF EXECUTION", {"run": "evv-1", "command": "python -m runner run evv evv_core", "commit": "0b3e (clean)"}),
    Block("ENVIRONMENT", {"engine": "Docker 28", "image odoo:18.0": "sha256:abc"}, ("warning: old",)),
    Block("PREPARED DATABASE", {"prepared database": "none"}),
)
COVERAGE = Coverage((FileCoverage("addons/evv_core/models/a.py", (1, 2), (3, 4, 9), ((1, 2),), ((1, 3),)),))


def read(*outcomes: Outcome, **not_run: str) -> Page:
    return Page(page(outcomes, "evv", not_run))


def hostile(text: str) -> list[Outcome]:
    """Runs that say this wherever a module, a test, a compose file or an engine may say something."""
    fails = failing(text, details=f"{TRACEBACK}{text}", file=text, files=(text,))
    skip = case(CaseOutcome.SKIPPED, text, details=text, file=text)
    coverage = Coverage((FileCoverage(text, (1,), (2,)),))
    files = {text: Path("/nowhere", "x")}
    beginning = Beginning(text, versions=[Version(text, text, text)], scripts=[text])
    told = failed(fails, skip, notes=(text,), allowed=(text,), files=files, coverage=coverage, beginning=beginning)
    blocks = (Block(text, {text: text}), Block(text, {text: text}, (text,)))
    facts = {"record": blocks, "teardown": (text,), "ended": text, "phases": ((text, 1.0),), "selection": text, "series": text}
    return [replace(told, **facts, reasons=(text,)), red("ERROR", reasons=(text,))]  # type: ignore[arg-type]


@pytest.mark.parametrize("outcome", [passed(), failed(), real_failure(), *(red(label) for label in RED_LABELS)])
def test_the_verdict_is_first_and_the_page_is_whole(outcome: Outcome) -> None:
    seen = read(outcome)
    assert seen.shape["h1"] == seen.shape["main"] == seen.shape["title"] == 1
    assert seen.text.index(outcome.label) < 20
    assert f"exit code {outcome.exit_code}" in seen.text
    for reason in outcome.reasons:
        assert reason in seen.text


def test_all_that_is_known_of_a_run_is_on_its_page(tmp_path: Path) -> None:
    picture = written(tmp_path, png())
    case_ = failing(files=("sc_1.png", "sc_2.webm"))
    skip = case(CaseOutcome.SKIPPED, "TestClient.test_skipped", seconds=None, details="no browser")
    told = failed(case(), case_, skip, notes=("look here",), allowed=("x is allowed",), files={"sc_1.png": picture})
    assert told.verdict
    told = replace(told, verdict=replace(told.verdict, coverage=COVERAGE), record=RECORD, ended="2026-11-26 18:12:28 UTC")
    told = replace(told, phases=(("up", 1.5), ("tests", 2.5)), seconds=5.5, teardown=("teardown: complete", "  (nothing)"))
    seen = read(told)
    order = (
        *("FAILED", "evv_core", "2 tests ran, 1 failed, 0 errors, 1 skipped"),
        *("commit 0b3e (clean), 2026-11-26 18:12:28 UTC, 5.5 s, exit code 1", "look here", "x is allowed"),
        *("FAIL: TestClient.test_fails", "evv_core/tests/test_client.py:7", "AssertionError: 1 != 2"),
        *("Traceback (most recent call last)", str(picture), "sc_2.webm was not fetched"),
        *("TestClient.test_one", "tests/test_client.py", "passed", "0.250", "failed", "TestClient.test_skipped", "no browser"),
        *(
            "42.8 %",
            "1->3, 3-9",
            "up",
            "1.5",
            "python -m runner run evv evv_core",
            str(told.proof),
            "Docker 28",
            "sha256:abc",
            "warning: old",
            "Prepared database",
        ),
        *("teardown: complete", "(nothing)"),
    )
    places: list[int] = []
    for words in order:
        start = places[-1] if places else 0
        assert words in seen.text[start:], f"{words!r} is not behind {order[len(places) - 1]!r}"
        places.append(seen.text.index(words, start))
    assert [source[:22] for source in seen.attributes["src"]] == ["data:image/png;base64,"]


def test_a_run_that_came_to_no_log_says_so() -> None:
    seen = read(replace(red("ERROR"), has_proof=False))
    assert "lognot written" in seen.text
    assert "not known: the run came to no log" in seen.text


def test_what_a_block_of_the_log_says_in_many_lines_is_folded() -> None:
    few, many = (Block("UPDATE", {"from": "v1"}, tuple(f"file {at}" for at in range(number))) for number in (10, 11))
    shape = [read(replace(passed(), record=(*RECORD, block))).shape["details"] for block in (few, many)]
    assert shape == [1, 2]  # the list of tests, too


def test_digests_are_folded_and_the_facts_for_verify_are_left_to_the_log() -> None:
    sources, for_verify = (
        Block("SOURCES", {"digests": "SHA-256"}, ("0f1e  a.py",)),
        Block("FACTS", {"as JSON": '{"odoo_exit": 0}'}),
    )
    seen = read(replace(passed(), record=(*RECORD, sources, for_verify)))
    assert seen.shape["details"] == 2  # the list of tests, too
    assert "1 line0f1e  a.py" in seen.text
    assert "odoo_exit" not in seen.text
    assert "Facts" not in seen.text


def test_what_came_before_the_tests_is_told() -> None:
    beginning = Beginning("v1", "abc", versions=[Version("evv_core", "1.0", "1.1")], scripts=["evv_core [1.1>] post-x"])
    seen = read(passed(beginning=beginning))
    assert "Before the testsevv_core: 1.0 -> 1.1ran: evv_core [1.1>] post-x" in seen.text
    assert "Before the tests" not in read(passed()).text
    assert "Before the tests" not in read(passed(beginning=Beginning())).text


def test_the_name_of_a_file_is_one_line() -> None:
    seen = read(passed(coverage=Coverage((FileCoverage("evv_core/a\nb.py", (1,)),))))
    assert r"evv_core/a\nb.py" in seen.text


def test_several_runs_have_a_table_with_links_and_what_did_not_run() -> None:
    seen = read(passed(), failed(), other="not started (--fail-fast)")
    assert seen.text.index("1 of 3 runs passed") < 20 + len("1 of 3 runs passed")
    assert seen.attributes["href"] == ["#run-1", "#run-2"]
    assert set(seen.attributes["href"]) == {f"#{name}" for name in seen.attributes["id"]}
    assert "otherNOT RUN: not started (--fail-fast)" in seen.text


def test_the_table_of_several_runs_has_their_coverage_where_one_was_measured() -> None:
    assert "secondscoverage" in (seen := read(passed(coverage=COVERAGE), failed(), other="not started").text)
    assert "0.042.8 %" in seen
    assert "secondscoverage" not in read(passed(), failed()).text


def test_a_run_that_alone_came_to_something_is_not_all_of_the_call() -> None:
    seen = read(passed(), other="ended by --fail-fast")
    assert "1 of 2 runs passed" in seen.text
    assert "badge amber" in seen.attributes["class"]


def test_flaky_tests_of_several_runs_are_told() -> None:
    runs = [replace(failed(), repeat=1), replace(passed(case(), case(name="TestClient.test_fails")), repeat=2)]
    assert "1 of 2  flaky" in read(*runs).text


def test_a_test_that_passed_when_it_was_tried_again_makes_nothing_red() -> None:
    seen = read(passed(case(), failing()))
    assert "failed, and passed when Odoo tried it again" in seen.text
    assert "Failures" not in seen.text


def test_it_allows_itself_no_script_no_network_and_no_style_but_its_own() -> None:
    seen = read(failed())
    (policy,) = (content for content in seen.attributes["content"] if "default-src" in content)
    digest = base64.b64encode(hashlib.sha256(seen.style.encode()).digest()).decode()
    assert policy == (f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'")
    assert "url(" not in seen.style
    assert "@import" not in seen.style


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60).filter(str.strip))
def test_whatever_is_said_the_page_has_the_same_elements_and_shows_it(text: str) -> None:
    plain, seen = Page(page(hostile("plain"), "evv", {})), Page(page(hostile(text), "evv", {text: text}))
    for name in ("script", "a", "img", "article", "details", "dl", "ul"):
        assert seen.shape[name] == plain.shape[name], name
    shown = visible(text).replace("\r", "\n")
    assert seen.text.count(shown) > 5


@pytest.mark.parametrize(
    "text",
    [
        "<script>window.ran = 1</script>",
        "</style><script>window.ran = 1</script>",
        "\"><img src=x onerror='window.ran = 1'>",
        "<!--",
        "]]><?php",
        "javascript:window.ran = 1",
        "\udcff\u202e\x00\x1b]0;x\x07",
    ],
)
def test_markup_of_a_module_is_shown_as_it_was_written(text: str) -> None:
    seen = Page(page(hostile(text), "evv", {text: text}))
    assert seen.text.count(visible(text)) > 5
    assert seen.attributes["href"] == ["#run-1", "#run-2"]


def test_a_page_has_an_end_however_much_there_is() -> None:
    many = [failing(f"TestClient.test_{number}", details="x" * 60_000) for number in range(3000)]
    skipped = [case(CaseOutcome.SKIPPED, f"TestMore.test_{number}", details="y" * 60_000) for number in range(3000)]
    told = replace(failed(*many, *skipped), reasons=tuple(f"reason {number} {'z' * 60_000}" for number in range(3000)))
    text = page([told, told], "evv", {})
    assert len(text) < 12_000_000
    seen = Page(text)
    assert "2900 failing tests more: see the log" in seen.text
    assert "3000 failing tests more: see the log" in seen.text
    assert "... and 2800 more in the log" in seen.text


def test_too_many_screenshots_are_named_but_not_shown(tmp_path: Path) -> None:
    files = {f"sc_{number}.png": written(tmp_path, png(), f"sc_{number}.png") for number in range(25)}
    seen = read(failed(failing(files=tuple(files)), files=files))
    assert seen.shape["img"] == 20
    assert f"{files['sc_24.png']} is one too many for this page" in seen.text


def test_a_page_of_nothing_is_none(tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match="no module was run"):
        write_page([], tmp_path / "page.html", "evv", {})
    assert list(tmp_path.iterdir()) == []
