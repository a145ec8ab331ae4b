"""Which parameter of the session runs, and that a typo in a repository's name is not green. nox itself: test_noxfile.py."""

from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from runner.cli.nox_selection import arguments_for, parameters

KNOWN = ["evv", "hub"]


class Ended(Exception):
    """nox would end the session here: `skip` or `error`, and why."""


class FakeSession:
    """A session as nox makes it for one of several parameters, of which those behind it are in nox's queue."""

    def __init__(self, words: list[str], behind: tuple[str, ...] = (), **asked: Any) -> None:
        self.posargs = words
        self.queue = [SimpleNamespace(name=name) for name in behind]
        config = SimpleNamespace(**({"sessions": None, "tags": None, "keywords": None} | asked))
        self._runner = SimpleNamespace(global_config=config, manifest=SimpleNamespace(_queue=self.queue))

    @property
    def behind(self) -> list[str]:
        return [session.name for session in self.queue]

    def skip(self, reason: str) -> NoReturn:
        raise Ended("skip", reason)

    def error(self, reason: str) -> NoReturn:
        raise Ended("error", reason)


def decide(session: object, repository: str) -> list[str]:
    return arguments_for(session, repository, KNOWN)  # type: ignore[arg-type]


def of_all(words: list[str]) -> FakeSession:
    """The first of both parameters, of which neither was asked for by itself."""
    return FakeSession(words, behind=("odoo_tests", "cleanup"), sessions=["odoo_tests", "cleanup"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["hub", "traction", "--path", "/srv"], ["hub", "evv"]),
        (["--path", "/srv", "hub"], ["hub", "evv"]),
        (["evv", "hub"], ["evv", "hub"]),
        (["hbu", "hub"], KNOWN),
        (["hub", "--help"], KNOWN),
        (["hub", "--zzz"], KNOWN),
        ([], KNOWN),
    ],
)
def test_nox_takes_the_repository_first_that_the_arguments_name(words: list[str], expected: list[str]) -> None:
    assert parameters(KNOWN, ["nox", "-s", "odoo_tests", "--", *words]) == expected
    assert parameters(KNOWN, ["nox", "-s", "odoo_tests", *words]) == KNOWN


def test_the_others_are_left_out_before_nox_makes_their_environments() -> None:
    session = of_all(["hub", "traction"])
    assert decide(session, "hub") == ["hub", "traction"]
    assert session.behind == ["cleanup"]


@pytest.mark.parametrize(
    "words", [["hbu", "traction"], ["traction"], [], ["--help"], ["hub", "-h"], ["hub", "traction", "--zzz"]]
)
def test_arguments_that_name_no_repository_reach_the_runner_as_they_are_and_once(words: list[str]) -> None:
    session = of_all(words)
    assert decide(session, "evv") == words
    assert session.behind == ["cleanup"]


@pytest.mark.parametrize("name", ["odoo_tests", "odoo_tests-3.12"])
def test_a_repository_that_is_the_only_one_is_not_taken_for_asked_for(name: str) -> None:
    assert arguments_for(FakeSession(["x"], sessions=[name]), "evv", ["evv"]) == ["x"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "asked",
    [{"sessions": ["odoo_tests(evv)"]}, {"sessions": ["odoo_tests"], "tags": ["evv"]}, {"keywords": "evv"}],
    ids=["by its name", "by its tag", "by a keyword"],
)
def test_the_repository_may_be_left_out_where_its_parameter_was_asked_for(asked: dict[str, Any]) -> None:
    assert decide(FakeSession(["traction"], **asked), "evv") == ["evv", "traction"]
    assert decide(FakeSession(["odoo_tests"], **asked), "evv") == ["evv", "odoo_tests"]
    assert decide(FakeSession(["evv", "traction"], **asked), "evv") == ["evv", "traction"]
    with pytest.raises(Ended, match=r"error.*odoo_tests\(evv\) was asked for, and the arguments name the repository hub"):
        decide(FakeSession(["hub", "traction"], **asked), "evv")


@pytest.mark.parametrize("word", ["traction:TestRock", "addons/traction/tests/test_rock.py::TestRock"])
def test_tests_and_files_go_through_as_modules_do(word: str) -> None:
    assert decide(FakeSession([word, "-x"], sessions=["odoo_tests(evv)"]), "evv") == ["evv", word, "-x"]
    assert decide(of_all(["hub", word]), "hub") == ["hub", word]
    assert parameters(KNOWN, ["nox", "-s", "odoo_tests", "--", "hub", word, "--last-failed"]) == ["hub", "evv"]


def test_a_module_may_have_the_name_of_another_repository() -> None:
    assert decide(FakeSession(["hub", "--quiet"], sessions=["odoo_tests(evv)"]), "evv") == ["evv", "hub", "--quiet"]
    assert decide(FakeSession(["evv"], sessions=["odoo_tests(evv)"]), "evv") == ["evv"]
    with pytest.raises(Ended, match="error"):
        decide(FakeSession(["hub", "--all"], sessions=["odoo_tests(evv)"]), "evv")


def test_several_parameters_that_were_asked_for_all_run() -> None:
    session = FakeSession(["--all"], behind=("odoo_tests",), sessions=["odoo_tests(evv)", "odoo_tests(hub)"])
    assert decide(session, "evv") == ["evv", "--all"]
    assert session.behind == ["odoo_tests"]


def test_a_parameter_that_comes_before_the_one_that_is_named_is_skipped() -> None:
    with pytest.raises(Ended, match=r"skip.*the arguments name the repository hub"):
        decide(of_all(["hub", "traction"]), "evv")


@pytest.mark.parametrize("in_parallel", [True, False])
def test_where_nox_does_not_tell_what_it_selected_the_one_that_is_named_runs_all_the_same(in_parallel: bool) -> None:
    """As every session that `nox --parallel` runs in a process of its own, or if nox has other insides one day."""

    def session(*words: str) -> FakeSession:
        made = FakeSession(list(words), sessions=["odoo_tests"], parallel_worker=True)
        if not in_parallel:
            made._runner = SimpleNamespace()
        return made

    assert decide(session("hub", "traction"), "hub") == ["hub", "traction"]
    assert decide(session("traction"), "hub") == ["hub", "traction"]
    assert decide(session("hbu", "traction"), "hub") == ["hub", "hbu", "traction"]
    with pytest.raises(Ended, match=r"skip.*the arguments name the repository hub"):
        decide(session("hub", "traction"), "evv")
