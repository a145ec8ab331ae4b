"""Tests that are asked for by name: what certainly does not exist is told, and what only Odoo can know is let through."""

from pathlib import Path

import pytest

from runner.verdict.allowed import Allowed, Entry
from runner.verdict.cases import CaseOutcome
from runner.verdict.named_tests import fault, never_ran, only, tags_for
from runner.verdict.sources import Sources, read_sources
from runner.verdict.verdict import judge
from tests.unit.odoo_logs import MODULE, log, read_log, record, result, starting
from tests.unit.outcomes import case

HEAD = "from odoo.tests import TransactionCase, tagged\nfrom odoo.addons.base.tests.common import Base\n\n"
ROCK = f"""{HEAD}class TestRock(TransactionCase):
    def test_quarter_gives_the_dates(self): ...
    def test_owner(self): ...

class TestIssue(TransactionCase):
    def test_todo(self): ...
"""

INHERITED = ", and Odoo 18 and newer run none that a class inherits"


def sources_of(folder: Path, rock: str = ROCK, **files: str) -> Sources:
    tests = folder / MODULE / "tests"
    tests.mkdir(parents=True)
    content = {"__init__": "from . import test_rock\n", "test_rock": rock, **files}
    for name, text in content.items():
        (tests / f"{name}.py").write_text(text)
    return read_sources(tests.parent)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TestRok", "there is no test class 'TestRok'. Perhaps you meant TestRock?"),
        ("Zzz", "there is no test class 'Zzz'. Its test classes: TestIssue, TestRock"),
        ("test_owner", "there is no test class 'test_owner'. Perhaps you meant TestRock.test_owner?"),
        (
            "TestRock.test_quarter",
            "TestRock has no test 'test_quarter'. Perhaps you meant TestRock.test_quarter_gives_the_dates?",
        ),
        ("TestRock.test_onwer", "TestRock has no test 'test_onwer'. Perhaps you meant TestRock.test_owner?"),
        ("TestIssue.test_it", "TestIssue has no test 'test_it'. Perhaps you meant TestIssue.test_todo?"),
    ],
)
def test_what_does_not_exist_is_told_with_what_is_near(tmp_path: Path, name: str, expected: str) -> None:
    assert fault(name, sources_of(tmp_path)) == expected


def test_a_class_must_be_in_the_file_that_is_named_with_it(tmp_path: Path) -> None:
    sources = sources_of(tmp_path)
    assert fault("TestRock", sources, "tests/test_rock.py") == ""
    assert fault("TestRock", sources, "tests/test_x.py") == "TestRock is not in tests/test_x.py, but in tests/test_rock.py"


def test_a_class_of_a_file_that_odoo_does_not_take_is_refused_with_the_cause(tmp_path: Path) -> None:
    sources = sources_of(tmp_path, test_lost=ROCK.replace("TestRock", "TestLost"))
    assert fault("TestLost", sources) == (
        "Odoo does not run TestLost, as tests/test_lost.py: tests/__init__.py does not import it"
    )


@pytest.mark.parametrize(
    "more",
    [
        "class TestMore(TestRock): ...",
        "class TestMore(Base): ...",
        "class Here(Base): ...\nclass TestMore(Here): ...",
        "TestMore = make(TestRock)",
        "from odoo.addons.other.tests.test_more import TestMore",
        "from odoo.addons.other.tests.test_more import *",
        "class TestMore(TransactionCase):\n    test_owner = partialmethod(check, 1)",
        "class TestMore(TransactionCase):\n    @parameterized.expand([1])\n    def test_own(self): ...\n    test_owner = 1",
        "globals()['TestMore'] = make()",
        "class TestMore(TransactionCase): ...\nsetattr(TestMore, 'test_owner', check)",
        "this is no Python",
    ],
)
def test_what_odoo_may_run_is_not_refused_wherever_it_comes_from(tmp_path: Path, more: str) -> None:
    assert fault("TestMore.test_owner", sources_of(tmp_path, f"{ROCK}\n{more}\n")) == ""


def test_what_a_decorator_makes_of_a_test_is_not_refused(tmp_path: Path) -> None:
    sources = sources_of(tmp_path)
    assert fault("TestRock.test_owner_0_name", sources) == ""
    assert fault("TestRock.test_owner_name", sources) != ""


SLOW = f"{HEAD}@tagged('-standard')\nclass TestSlow(TransactionCase):\n    def test_slow(self): ...\n"


@pytest.mark.parametrize(
    ("names", "tags"),
    [
        (("TestRock",), "/evv_core:TestRock"),
        (("TestRock.test_owner", "TestIssue"), "/evv_core:TestRock.test_owner,/evv_core:TestIssue"),
        (("tests/test_rock.py",), "/evv_core:TestRock,/evv_core:TestIssue"),
        (("TestSlow",), "*/evv_core:TestSlow"),
        (("TestSlow.test_slow",), "*/evv_core:TestSlow.test_slow"),
        (("tests/test_slow.py",), "*/evv_core:TestSlow"),
    ],
)
def test_odoo_is_told_in_tags_that_all_its_series_understand(tmp_path: Path, names: tuple[str, ...], tags: str) -> None:
    sources = sources_of(tmp_path, __init__="from . import test_rock, test_slow\n", test_slow=SLOW)
    assert tags_for(MODULE, names, only(names, sources, javascript=False)) == tags


def test_of_a_file_what_is_left_out_on_purpose_stays_so(tmp_path: Path) -> None:
    sources = sources_of(tmp_path, f"{ROCK}\n{SLOW}")
    assert tags_for(MODULE, ("tests/test_rock.py",), sources) == "/evv_core:TestRock,/evv_core:TestIssue"


def test_a_file_that_has_lost_its_classes_does_not_select_the_whole_module(tmp_path: Path) -> None:
    assert tags_for(MODULE, ["tests/test_gone.py"], sources_of(tmp_path)) == f"/{MODULE}/tests/test_gone.py"


def test_a_selection_leaves_only_its_own_tests_in_the_sources(tmp_path: Path) -> None:
    sources = sources_of(tmp_path)
    narrowed = only(("TestRock.test_owner", "TestIssue"), sources, javascript=False)
    assert [test.name for test in narrowed.tests] == ["TestRock.test_owner", "TestIssue.test_todo"]
    assert [test.name for test in only(("tests/test_rock.py",), sources, javascript=False).tests] == [
        test.name for test in sources.tests
    ]


def test_a_name_has_run_if_any_test_of_it_has_and_else_it_is_told_how_far_it_came(tmp_path: Path) -> None:
    sources = sources_of(tmp_path)
    cases = [
        case(file="test_rock", name="TestRock.test_owner"),
        case(file="deep.test_x", name="make.<locals>.TestMade.test_one"),
    ]
    ran = {(each.file, each.name) for each in cases}
    cases += [case(CaseOutcome.SKIPPED, "TestTour.setUpClass"), case(name="TestNoOp.test_async")]
    assert (
        never_ran(("TestRock", "tests/test_rock.py", "tests/deep/test_x.py", "TestMade.test_one"), cases, ran, sources) == []
    )
    assert never_ran(("TestRock.test_owner_more", "tests/test_x.py", "TestTour", "TestNoOp"), cases, ran, sources) == [
        f"no test of TestRock.test_owner_more started: its class does not define it{INHERITED}",
        "no test of tests/test_x.py started",
        "all of TestTour was skipped",
        "nothing of TestNoOp ran",
    ]


@pytest.mark.parametrize(
    ("names", "reasons"),
    [
        (("TestRock.test_owner",), ()),
        (
            ("TestRock.test_owner", "TestMore.test_owner"),
            (f"no test of TestMore.test_owner started: its class does not define it{INHERITED}",),
        ),
    ],
)
def test_a_selection_passes_only_if_something_of_each_name_ran(
    tmp_path: Path, names: tuple[str, ...], reasons: tuple[str, ...]
) -> None:
    logger = f"odoo.addons.{MODULE}.tests.test_rock"
    text = log(starting("TestRock.test_owner", logger), result(tests=1))
    sources = only(names, sources_of(tmp_path, f"{ROCK}\nclass TestMore(TestRock): ...\n"), javascript=False)
    about = {"log": read_log(text), "states": {MODULE: "installed"}, "sources": sources, "names": names, "strict": True}
    verdict = judge(module=MODULE, odoo_exit=0, **about)  # type: ignore[arg-type]
    assert (verdict.passed, verdict.reasons, verdict.notes) == (not reasons, reasons, ())


def test_a_class_of_a_file_has_not_run_where_one_of_its_name_in_another_file_has(tmp_path: Path) -> None:
    late = "@tagged('-at_install')\nclass TestRock(TransactionCase):\n    def test_owner(self): ...\n"
    sources = sources_of(tmp_path, f"{HEAD}{late}", __init__="from . import test_rock, test_other\n", test_other=ROCK)
    assert tags_for(MODULE, ["tests/test_rock.py::TestRock"], sources) == f"/{MODULE}:TestRock"
    text = log(starting("TestRock.test_owner", f"odoo.addons.{MODULE}.tests.test_other"), result(tests=1))
    for name, code in (("tests/test_rock.py::TestRock", 7), ("tests/test_other.py::TestRock.test_owner", 0), ("TestRock", 0)):
        narrowed = only([name], sources, javascript=False)
        facts = {"states": {MODULE: "installed"}, "sources": narrowed, "names": [name]}
        assert judge(module=MODULE, odoo_exit=0, log=read_log(text), **facts).exit_code == code  # type: ignore[arg-type]


def test_of_a_class_without_tests_of_its_own_it_is_told_why_nothing_ran(tmp_path: Path) -> None:
    names = ("TestMore",)
    sources = only(names, sources_of(tmp_path, f"{ROCK}\nclass TestMore(TestRock): ...\n"), javascript=False)
    verdict = judge(
        module=MODULE,
        odoo_exit=0,
        log=read_log(log(record("odoo.modules.loading", f"Loading module {MODULE} (1/1)"), result(tests=0))),
        states={MODULE: "installed"},
        sources=sources,
        names=names,
    )
    assert verdict.reasons[-1] == f"no test of TestMore started: it defines no test{INHERITED}"


def test_what_is_allowed_to_other_tests_is_not_missed(tmp_path: Path) -> None:
    text = log(starting("TestRock.test_owner", f"odoo.addons.{MODULE}.tests.test_rock"), result(tests=1))
    allowed = Allowed(MODULE, (Entry("repos.yaml", "skipped", "TestTour"),))
    sources = sources_of(tmp_path)

    def useless(*names: str) -> list[str]:
        of_names = only(names, sources, javascript=False) if names else sources
        about = {"log": read_log(text), "states": {MODULE: "installed"}, "allowed": allowed, "sources": of_names}
        notes = judge(module=MODULE, odoo_exit=0, names=names, **about).notes  # type: ignore[arg-type]
        return [note for note in notes if "matches nothing" in note]

    assert useless("TestRock.test_owner") == []
    assert len(useless()) == 1
