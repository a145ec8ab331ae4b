"""A verdict is only on the sources of this checkout, and only if Odoo loads them."""

from pathlib import Path
from typing import Any

import pytest

from runner.config.options import Keep
from runner.reporting.outcome import Outcome
from tests.unit.environment.test_environment import mounting_addons
from tests.unit.fake_engine import Words, failed
from tests.unit.fake_environment import Fakes
from tests.unit.odoo_logs import log, record, result, starting
from tests.unit.run.test_module_run import GREEN, RED, Go, go

__all__ = ["go"]
CORE, OTHER = "/mnt/extra-addons/evv_core", "/mnt/extra-addons/other"
IMAGE = "/usr/lib/odoo/addons"


def test_a_module_that_odoo_loads_from_elsewhere_is_not_tested_nor_prepared(go: Go, fakes: Fakes) -> None:
    fakes.in_container = {"elsewhere": {CORE: f"{IMAGE}/evv_core"}}
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (7, "NOT PROVEN")
    assert all(place in outcome.reasons[0] for place in (f"{IMAGE}/evv_core", CORE))
    assert fakes.streams.executed == []


def test_its_environment_is_kept_where_that_was_asked_for(go: Go, fakes: Fakes) -> None:
    fakes.in_container = {"elsewhere": {CORE: f"{IMAGE}/evv_core"}}
    go(keep=Keep.FAILED)
    assert "disarm" in fakes.events


def test_other_sources_in_the_container_are_an_error_at_once_that_says_which(go: Go, fakes: Fakes) -> None:
    fakes.repository = fakes.repository.model_copy(update={"sources": "mount"})
    fakes.in_container = {"digests": {CORE: "another"}, "entries": {CORE: {"tests/__init__.py": "another", "old.py": "x"}}}
    outcome = go()
    assert outcome.exit_code == 5
    for line in ("evv_core/old.py is only in the container", "evv_core/tests/__init__.py has other content"):
        assert line in outcome.reasons[0]
    assert fakes.streams.executed == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (
            {"digests": {CORE: "another"}, "entries": {CORE: {}}},
            "other sources than this checkout: evv_core/__manifest__.py",
        ),
        (
            {"unreadable": [[CORE, "models", "Permission denied"]]},
            "would not be tested: evv_core/models: Permission",
        ),
    ],
)
def test_where_what_is_mounted_is_not_this_checkout_copies_are_tested_instead(
    go: Go, fakes: Fakes, wrong: dict[str, Any], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mounting_addons(fakes)
    fakes.in_container = wrong

    def happens(event: str) -> None:
        fakes.happens(event)
        if event.startswith("copy "):
            fakes.in_container = {}

    fakes.streams._happens = happens
    outcome = go()
    assert outcome.exit_code == 0
    assert why in capsys.readouterr().out
    proof = outcome.proof.read_text()
    assert "sources:" in proof.partition("WITH COPIES")[2]
    fakes.in_container = wrong
    fakes.streams._happens = fakes.happens
    assert go().exit_code == 5  # once


def test_a_file_that_was_saved_while_the_environment_came_up_is_no_difference(go: Go, fakes: Fakes) -> None:
    file = fakes.repository.addons[0] / "evv_core/new.py"
    fakes.engine.answers["network ls"] = lambda _words: ""
    fakes.streams._happens = lambda _event: file.touch()
    assert go().exit_code == 0


def test_what_odoo_cannot_read_is_an_error_with_what_to_do(go: Go, fakes: Fakes) -> None:
    fakes.repository = fakes.repository.model_copy(update={"sources": "mount"})
    fakes.in_container = {"unreadable": [[CORE, "models", "Permission denied"]]}
    outcome = go()
    assert outcome.exit_code == 5
    assert "evv_core/models: Permission denied" in outcome.reasons[0]
    assert "chmod -R a+rX" in outcome.reasons[0]


def test_an_image_without_what_the_tests_need_is_an_error_before_anything_is_installed(go: Go, fakes: Fakes) -> None:
    fakes.in_container = {"missing": ["bash", "psql"]}
    outcome = go()
    assert outcome.exit_code == 5
    assert "The odoo service has no bash, psql in its PATH" in outcome.reasons[0]
    assert fakes.streams.executed == []


def test_an_image_without_python_is_said_to_be_so(go: Go, fakes: Fakes) -> None:
    fakes.engine.answers["exec p-odoo-1 python3"] = fakes.engine.answers["exec"] = failed("not found in $PATH", 127)
    outcome = go()
    assert outcome.exit_code == 5
    assert "The odoo service has no python3 in its PATH" in outcome.reasons[0]


@pytest.mark.parametrize("said", ["no such command", "[]"])
def test_a_container_that_does_not_tell_is_an_error(go: Go, fakes: Fakes, said: str) -> None:
    fakes.engine.answers["exec p-odoo-1 python3"] = fakes.engine.answers["exec"] = said
    assert go().exit_code == 5


@pytest.mark.parametrize(("output", "odoo_exit", "code"), [(GREEN, 0, 7), (RED, 1, 1)])
def test_sources_that_change_while_the_tests_run_are_no_proof(
    go: Go, fakes: Fakes, output: bytes, odoo_exit: int, code: int
) -> None:
    fakes.streams.executions = [(output, odoo_exit, None)]
    outcome = after_tests(go, fakes, lambda core: (core / "tests/__init__.py").write_text("# later\n"))
    assert outcome.exit_code == code
    assert any(
        "changed while the tests ran: evv_core/tests/__init__.py has other content" in reason for reason in outcome.reasons
    )


def after_tests(go: Go, fakes: Fakes, change: Any) -> Outcome:
    """A run in which the sources are changed just before the tests."""
    core = fakes.repository.addons[0] / "evv_core"
    happens = fakes.streams._happens
    fakes.streams._happens = lambda event: (change(core) if event == "odoo-tests" else None, happens(event))[1]
    return go()


def test_odoo_s_own_word_decides_where_it_looks_for_modules(go: Go, fakes: Fakes) -> None:
    asked: list[str] = []
    answer = fakes.engine.answers["exec p-odoo-1 python3"]
    assert callable(answer)

    def listen(words: Words) -> Any:
        asked.append(words[-1])
        return answer(words)

    fakes.engine.answers["exec p-odoo-1 python3"] = listen
    first = record("odoo", "addons paths: ['/first', '/mnt/extra-addons']", database="?")
    forged = record("odoo", "addons paths: ['/mnt/extra-addons']", database="?")
    fakes.streams.executions = [(log(first, starting(), forged, result(1)).encode(), 0, None)]
    go()
    assert '"places": ["/first", "/mnt/extra-addons"]' in asked[-1]


def test_another_module_of_the_repository_matters_only_if_it_was_installed(go: Go, fakes: Fakes, tmp_path: Path) -> None:
    (fakes.repository.addons[0] / "other").mkdir()
    (fakes.repository.addons[0] / "other/__manifest__.py").write_text("{}")
    fakes.in_container = {"elsewhere": {OTHER: f"{IMAGE}/other"}}
    assert go().exit_code == 0
    fakes.engine.answers["exec p-odoo-1"] = "evv_core installed\nother installed\n"
    outcome = go()
    assert outcome.exit_code == 7
    assert f"{IMAGE}/other" in outcome.reasons[0]
