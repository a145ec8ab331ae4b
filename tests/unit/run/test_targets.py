"""What stands behind the repository on a command line: modules, tests of them, and test files, found where a person may be."""

from pathlib import Path

import pytest

from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.run.targets import last_failed, targets_of
from tests.unit.repositories import repository, write_module

ROCK = """\
from odoo.tests import TransactionCase

class TestRock(TransactionCase):
    def test_quarter(self): ...
    def test_owner(self): ...
"""


def write_tests(repo: RepoConfig, name: str, **files: str) -> Path:
    tests = write_module(repo.addons[0], name) / "tests"
    tests.mkdir()
    for file, content in {"__init__": "from . import test_rock\n", "test_rock": ROCK, "common": ROCK, **files}.items():
        (tests / f"{file}.py").write_text(content)
    return tests


@pytest.fixture
def evv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RepoConfig:
    """The repository evv, whose folder somebody stands beside; `hub` has modules too."""
    evv = repository(tmp_path)
    write_tests(evv, "traction", test_lost=ROCK, test_empty="VALUE = 1\n")
    write_tests(evv, "evv_core", test_broken="class:\n")
    write_tests(repository(tmp_path, "hub"), "hub_compliance")
    (tmp_path / "elsewhere.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return evv


def targets(evv: RepoConfig, *words: str) -> dict[str, tuple[str, ...]]:
    hub = repository(evv.path.parent, "hub")
    return targets_of(words, evv, {"evv": evv, "hub": hub})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["traction"], {"traction": ()}),
        (["traction:TestRock"], {"traction": ("TestRock",)}),
        (["traction:TestRock.test_owner"], {"traction": ("TestRock.test_owner",)}),
        (["traction::TestRock::test_owner"], {"traction": ("TestRock.test_owner",)}),
        (["traction:TestRock.test_owner", "evv_core", "traction:TestRock"], {
            "traction": ("TestRock.test_owner", "TestRock"), "evv_core": (),
        }),
        (["traction:TestRock", "traction"], {"traction": ()}),
        (["traction:TestRock", "traction:TestRock"], {"traction": ("TestRock",)}),
        (["evv/addons/traction/tests/test_rock.py"], {"traction": ("tests/test_rock.py",)}),
        (["./evv/../evv/addons/traction/tests/test_rock.py"], {"traction": ("tests/test_rock.py",)}),
        (["addons/traction/tests/test_rock.py"], {"traction": ("tests/test_rock.py",)}),
        (["traction/tests/test_rock.py"], {"traction": ("tests/test_rock.py",)}),
        (["traction/tests/test_rock.py::TestRock"], {"traction": ("tests/test_rock.py::TestRock",)}),
        (["traction/tests/test_rock.py::TestRock::test_owner"], {"traction": ("tests/test_rock.py::TestRock.test_owner",)}),
        (["traction/tests/test_rock.py::TestRock.test_owner"], {"traction": ("tests/test_rock.py::TestRock.test_owner",)}),
    ],
)  # fmt: skip
def test_modules_tests_and_files_may_be_mixed(evv: RepoConfig, words: list[str], expected: dict[str, tuple[str, ...]]) -> None:
    assert targets(evv, *words) == expected


def test_a_class_that_a_file_only_imports_is_asked_for_without_it(evv: RepoConfig) -> None:
    tests = evv.addons[0] / "traction/tests"
    (tests / "__init__.py").write_text("from . import test_more\n")
    (tests / "test_more.py").write_text(f"{ROCK}from odoo.addons.other.tests.test_other import TestOther\n")
    assert targets(evv, "traction/tests/test_more.py::TestOther") == {"traction": ("TestOther",)}


def test_a_file_may_have_its_whole_path_and_a_module_may_be_a_link(evv: RepoConfig) -> None:
    (evv.path / "src").mkdir()
    (evv.addons[0] / "evv_core").rename(evv.path / "src/evv_core")
    (evv.addons[0] / "evv_core").symlink_to("../src/evv_core")
    for file in (evv.path / "src/evv_core/tests/test_rock.py", evv.addons[0] / "evv_core/tests/test_rock.py"):
        assert targets(evv, str(file)) == {"evv_core": ("tests/test_rock.py",)}


def test_where_the_current_folder_is_gone_a_file_is_looked_for_elsewhere(
    evv: RepoConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = evv.path.parent / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert targets(evv, "traction/tests/test_rock.py") == {"traction": ("tests/test_rock.py",)}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("traction:TestRok", "traction: there is no test class 'TestRok'. Perhaps you meant TestRock?"),
        ("traction:TestRock.test_ower", "Perhaps you meant TestRock.test_owner, "),
        ("traktion:TestRock", "No module 'traktion' in repository evv"),
        ("traction:", "`traction:` names no test. Tests are named as in traction:TestRock,"),
        ("traction:TestRock.test_a.test_b", "names no test"),
        ("traction:Test\x1b[2J", "`traction:Test\\x1b[2J` names no test"),
        ("traction/tests/test_rock.py::", "names no test"),
        ("traction/tests/test_rock.py::TestX", "there is no test class 'TestX'"),
        ("traction/tests/test_rok.py", "There is no file traction/tests/test_rok.py. Looked for it in:"),
        ("traction/tests/test_rok.py", "Perhaps you meant traction/tests/test_rock.py, "),
        ("traction/tests/test_lost.py", "no test of traction/tests/test_lost.py: tests/__init__.py does not import it."),
        ("traction/tests/common.py", "no test of traction/tests/common.py: tests/__init__.py does not import it."),
        ("traction/tests/test_empty.py", "no test of traction/tests/test_empty.py: "),
        ("traction/__manifest__.py", "no test of traction/__manifest__.py: it holds no test class."),
        ("evv_core/tests/test_broken.py", "evv_core/tests/test_broken.py is no valid Python"),
        ("elsewhere.py", "elsewhere.py is in no module of repository evv, whose addons are in: "),
        (
            "hub/addons/hub_compliance/tests/test_rock.py",
            "is of repository hub: nox -s odoo_tests -- hub hub_compliance/tests/test_rock.py",
        ),
        (f"{'m' * 5000}.py", "There is no file mmm"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_what_is_near(evv: RepoConfig, word: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        targets(evv, word)
    assert expected in str(caught.value)
    assert str(caught.value).replace("\n", "").isprintable()


def test_of_more_tests_than_odoo_can_be_told_of_by_name_none_is_started(evv: RepoConfig) -> None:
    """Of evv_core only Odoo knows which tests there are, as a file cannot be read."""
    names = [f"Test{number}" for number in range(8000)]
    with pytest.raises(UsageError, match="evv_core: Odoo cannot be told of so many tests by their names"):
        targets(evv, *(f"evv_core:{name}" for name in names))
    remembered(evv, "evv_core", *names)
    assert last_failed(["evv_core"], evv, list[str]().append) == {"evv_core": ()}


def remembered(evv: RepoConfig, module: str, *names: str) -> None:
    (evv.path / ".agent-tests").mkdir(exist_ok=True)
    (evv.path / ".agent-tests" / f"last_failed.{module}").write_text("\n".join(names))


def test_what_failed_last_is_run_of_the_modules_of_which_that_is_known(evv: RepoConfig) -> None:
    remembered(evv, "traction", "TestRock.test_owner", "TestRock.test_that_is_gone")
    said: list[str] = []
    assert last_failed(["evv_core", "traction"], evv, said.append) == {"traction": ("TestRock.test_owner",)}
    assert said == [
        "--last-failed: traction: TestRock.test_owner",
        "--last-failed: no longer in the sources of traction: TestRock.test_that_is_gone",
        "--last-failed leaves out, as no test of them is known to have failed: evv_core",
    ]


@pytest.mark.parametrize("names", [["TestRock.test_that_is_gone"], ["*", "TestRock.test_owner"]])
def test_of_a_module_whose_failures_have_no_names_any_more_all_tests_run(evv: RepoConfig, names: list[str]) -> None:
    remembered(evv, "traction", *names)
    said: list[str] = []
    assert last_failed(["evv_core", "traction"], evv, said.append) == {"traction": ()}
    assert said[0] == "--last-failed: traction: all tests"


def test_a_test_that_failed_is_not_left_out_because_nothing_imports_its_file_any_more(evv: RepoConfig) -> None:
    (evv.addons[0] / "traction/tests/__init__.py").write_text("")
    remembered(evv, "traction", "TestRock.test_owner")
    assert last_failed(["traction"], evv, list[str]().append) == {"traction": ("TestRock.test_owner",)}


def test_where_none_is_known_to_have_failed_all_are_run_and_that_is_said(evv: RepoConfig) -> None:
    said: list[str] = []
    assert last_failed(["evv_core", "traction"], evv, said.append) == {"evv_core": (), "traction": ()}
    assert said == ["--last-failed: no test is known to have failed of evv_core, traction: all are run"]
