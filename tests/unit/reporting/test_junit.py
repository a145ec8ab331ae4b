"""The JUnit report is well-formed for every reader, and red for every run that is."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml

from runner.errors import ReportFailed
from runner.reporting.junit import write_junit
from runner.reporting.outcome import Outcome
from runner.verdict.beginning import Beginning, Version
from runner.verdict.cases import Case, CaseOutcome
from tests.unit.outcomes import RED_LABELS, TRACEBACK, case, failed, failing, passed, real_failure, red

SKIPPED = case(CaseOutcome.SKIPPED, "TestClient.test_skipped", details="no browser")
ERROR = case(CaseOutcome.ERROR, "TestClient.test_erring", details=TRACEBACK.replace("AssertionError", "KeyError"))
# What Jenkins' schema (junit-10.xsd) lets stand in an element: children, attributes that must be, attributes that may be.
RULES: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"testsuite"}, set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"properties", "testcase", "system-out"},
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname"},
    ),
    "properties": ({"property"}, set(), set()),
    "property": (set(), {"name", "value"}, set()),
    "testcase": (
        {"failure", "error", "skipped", "flakyFailure", "flakyError", "system-out"},
        {"name"},
        {"classname", "time"},
    ),
    "failure": (set(), set(), {"type", "message"}),
    "error": (set(), set(), {"type", "message"}),
    "skipped": (set(), set(), {"type", "message"}),
    "flakyFailure": ({"stackTrace"}, {"type"}, {"message"}),
    "flakyError": ({"stackTrace"}, {"type"}, {"message"}),
    "stackTrace": (set(), set(), set()),
    "system-out": (set(), set(), set()),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("junit") / "report.xml"


def written(file: Path, *outcomes: Outcome) -> ElementTree.Element:
    """The report, which keeps the rules, counts right, and names no two testcases alike."""
    write_junit(outcomes, file)
    root = ElementTree.parse(file).getroot()
    for element in root.iter():
        children, needed, allowed = RULES[element.tag]
        assert {child.tag for child in element} <= children
        assert needed <= set(element.attrib) <= needed | allowed
    for counted in (root, *root):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert counted.get(name) == str(len(list(counted.iter(tag))))
    names = [(element.get("classname"), element.get("name")) for element in root.iter("testcase")]
    assert len(names) == len(set(names))
    return root


def problems(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for tag in ("failure", "error"):
        yield from root.iter(tag)


def test_there_is_a_testsuite_for_each_module(file: Path) -> None:
    written(file, passed(), failed(case(module="evv_visit"), module="evv_visit"), real_failure())
    suites = list(JUnitXml.fromfile(str(file)))
    assert [suite.name for suite in suites] == ["evv_core", "evv_visit", "traction"]


def test_a_testcase_is_named_as_odoo_names_the_test(file: Path) -> None:
    testcase = written(file, passed(case(file="deep.test_client"))).find("testsuite/testcase")
    assert testcase is not None
    assert testcase.attrib == {
        "classname": "odoo.addons.evv_core.tests.deep.test_client.TestClient",
        "name": "test_one",
        "time": "0.25",
    }


def test_a_test_of_an_upgrade_script_is_named_as_odoo_names_it(file: Path) -> None:
    testcase = written(file, passed(case(file="migrations/tests/test_x"))).find("testsuite/testcase")
    assert testcase is not None
    assert testcase.get("classname") == "odoo.addons.evv_core.migrations.tests.test_x.TestClient"


def test_a_testcase_has_no_time_where_none_is_known(file: Path) -> None:
    testcase = written(file, passed(case(seconds=None))).find("testsuite/testcase")
    assert testcase is not None
    assert "time" not in testcase.attrib


def test_failure_error_and_skip_come_with_message_and_text(file: Path) -> None:
    root = written(file, failed(case(), failing(), ERROR, SKIPPED))
    said = {
        element.tag: (element.get("type"), element.get("message"), element.text)
        for element in root.findall("testsuite/testcase/*")
    }
    assert said == {
        "failure": ("AssertionError", "AssertionError: 1 != 2", TRACEBACK),
        "error": ("KeyError", "KeyError: 1 != 2", ERROR.details),
        "skipped": (None, "no browser", "no browser"),
    }


def test_the_library_reads_back_what_was_written(file: Path) -> None:
    written(file, failed(case(), failing(), ERROR, SKIPPED))
    (suite,) = JUnitXml.fromfile(str(file))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped, suite.time) == (4, 1, 1, 1, 1.0)
    assert [(test.is_passed, test.is_failure, test.is_error, test.is_skipped) for test in suite] == [
        (True, False, False, False),
        (False, True, False, False),
        (False, False, True, False),
        (False, False, False, True),
    ]


def test_what_failed_outside_of_a_test_is_a_testcase_too(file: Path) -> None:
    testcase = written(file, failed(failing("setUpModule (odoo)", file=""))).find("testsuite/testcase")
    assert testcase is not None
    assert (testcase.get("classname"), testcase.get("name")) == ("odoo.addons.evv_core.tests", "setUpModule (odoo)")


@pytest.mark.parametrize("label", RED_LABELS)
@pytest.mark.parametrize("cases", [(), (case(),), (SKIPPED,), (case(), failing())])
def test_whatever_a_run_is_red_for_is_an_erring_testcase_with_the_reasons(
    file: Path, label: str, cases: tuple[Case, ...]
) -> None:
    root = written(file, real_failure(), red(label, *cases))
    error = root.findall("testsuite/testcase/error")[-1]
    assert error.attrib == {"message": "first reason", "type": label}
    assert error.text == "first reason\nin two lines\nsecond"
    assert root.findall("testsuite/testcase")[-1].attrib == {"classname": "odoo.addons.evv_core.tests", "name": label}


def test_a_run_without_reasons_is_red_all_the_same(file: Path) -> None:
    assert [element.text for element in problems(written(file, red("ERROR", reasons=())))] == ["exit code 5"]


def test_a_failed_run_without_a_failing_test_of_its_module_is_red(file: Path) -> None:
    assert [element.get("type") for element in problems(written(file, failed(case())))] == ["FAILED"]


def test_a_run_that_passed_has_nothing_red(file: Path) -> None:
    assert not list(problems(written(file, passed(case(), SKIPPED))))


def test_a_test_that_passed_when_odoo_tried_it_again_is_flaky_and_not_red(file: Path) -> None:
    flakes = written(file, passed(failing(), ERROR)).findall("testsuite/testcase/*")
    said = [(flake.tag, flake.findtext("stackTrace")) for flake in flakes]
    assert said == [("flakyFailure", TRACEBACK), ("flakyError", ERROR.details)]


def test_testcases_of_one_name_are_told_apart_so_that_no_reader_drops_the_red_one(file: Path) -> None:
    root = written(file, failed(case(), failing("TestClient.test_one"), case()))
    names = [element.get("name") for element in root.iter("testcase")]
    assert names == ["test_one", "test_one (2)", "test_one (3)"]


def test_verdict_reasons_and_notes_are_in_the_testsuite(file: Path) -> None:
    root = written(file, failed(notes=("TestX.test_y (test_x) did not run",)))
    facts = {element.get("name"): element.get("value") for element in root.iter("property")}
    assert facts == {"verdict": "FAILED", "exit code": "1", "proof": "/checkout/proof_of_execution_tests.log"}
    expected = "FAIL: TestClient.test_fails\nnote: TestX.test_y (test_x) did not run"
    assert root.findtext("testsuite/system-out") == expected


def test_a_selection_is_a_property_of_the_testsuite(file: Path) -> None:
    write_junit([replace(passed(), selection="/evv_core:TestOne"), passed()], file)
    narrow, whole = ElementTree.parse(file).getroot()
    found = [{each.get("name"): each.get("value") for each in suite.iter("property")} for suite in (narrow, whole)]
    assert [each.get("selection") for each in found] == ["/evv_core:TestOne", None]


def test_what_came_before_the_tests_is_told(file: Path) -> None:
    versions = (Version("evv_core", "19.0.1.0", "19.0.1.1"),)
    root = written(file, passed(beginning=Beginning("v1", "c", versions=versions)))
    facts = {element.get("name"): element.get("value") for element in root.iter("property")}
    assert facts["beginning"] == "updated from v1"
    assert root.findtext("testsuite/system-out") == "evv_core: 19.0.1.0 -> 19.0.1.1\nno migration script ran"


def test_a_real_failure_is_reported_with_its_traceback(file: Path) -> None:
    root = written(file, real_failure())
    (problem,) = problems(root)
    assert "test_scorecard.py" in (problem.text or "")
    assert len(list(root.iter("testcase"))) > 1


def test_an_empty_report_is_refused_because_it_would_look_green(tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match="would look green"):
        write_junit([], tmp_path / "report.xml")
    assert not list(tmp_path.iterdir())


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match="cannot be written"):
        write_junit([passed()], tmp_path)


def test_characters_that_do_more_than_show_are_written_out_and_what_else_xml_forbids_is_replaced(file: Path) -> None:
    text = "\0\x1b[31m\x0b\ud800\ufffe kept: \t\n \x85\u2028<&]]>\"' \U0001f600"
    root = written(file, failed(failing(details=text)))
    problem = next(problems(root))
    assert problem.text == "\\x00\\x1b[31m\\x0b\\ud800� kept: \t\n \\x85\\u2028<&]]>\"' \U0001f600"


ANY = st.text(st.characters(exclude_categories=()))
OUTCOMES = st.sampled_from(CaseOutcome)


@given(ANY, ANY, ANY, ANY, OUTCOMES, st.integers(0, 8))
@settings(deadline=None)
def test_any_characters_give_a_well_formed_report_that_is_red_if_the_run_is(
    file: Path, details: str, name: str, module: str, reason: str, outcome: CaseOutcome, exit_code: int
) -> None:
    tests = (case(outcome, name, details=details, file=name), failing(details=details + TRACEBACK + details))
    run = failed(*tests) if exit_code == 1 else passed(*tests)
    run = Outcome(module, exit_code, reason, (reason,) if exit_code else (), Path(name), run.verdict)
    assert bool(list(problems(written(file, run)))) == bool(exit_code)


def test_screenshots_are_attached_to_their_test_below_the_folder_of_the_job(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"sc_1.png": tmp_path / "evv/.agent-tests/run/browser/sc_1.png", "sc_2.png": Path("/elsewhere/sc_2.png")}
    fails = failing(files=("sc_1.png", "sc_2.png", "sc_that_could_not_be_fetched.png"))
    with_it, without = written(file, failed(fails, case(), files=files)).iter("testcase")
    assert with_it.findtext("system-out") == (
        "[[ATTACHMENT|evv/.agent-tests/run/browser/sc_1.png]]\n[[ATTACHMENT|/elsewhere/sc_2.png]]"
    )
    assert without.find("system-out") is None


def test_a_javascript_test_has_its_file_as_class(file: Path) -> None:
    script = failing("score/bar/is red", "Failed assertion:", file="static/tests/score/bar.test.js")
    (testcase,) = written(file, failed(script)).iter("testcase")
    assert (testcase.get("classname"), testcase.get("name")) == (
        "odoo.addons.evv_core.static.tests.score.bar.test.js",
        "score/bar/is red",
    )


def test_a_test_in_two_series_is_two_tests_and_each_names_its_series(file: Path) -> None:
    suites = list(written(file, replace(passed(), series="18.0"), replace(failed(), series="19.0")))
    assert [suite.get("name") for suite in suites] == ["evv_core (18.0)", "evv_core (19.0)"]
    assert suites[0].find("properties/property[@name='series']") is not None
    classes = {element.get("classname", "").partition(".odoo.")[0] for element in suites[1].iter("testcase")}
    assert classes == {"19.0"}


def test_a_test_in_two_repetitions_is_two_tests_and_each_says_which(file: Path) -> None:
    suites = list(written(file, replace(passed(), repeat=1), replace(failed(), series="19.0", repeat=2)))
    assert [suite.get("name") for suite in suites] == ["evv_core #1", "evv_core (19.0) #2"]
    classes = {element.get("classname", "").partition(".odoo.")[0] for suite in suites for element in suite.iter("testcase")}
    assert classes == {"repeat-1", "19.0.repeat-2"}
    number = suites[1].find("properties/property[@name='repeat']")
    assert number is not None
    assert number.get("value") == "2"
