"""What a module needs and is not there is told before anything is installed, and where nothing has to be, once that failed."""

from typing import Any

import pytest

from runner.config.options import Keep
from runner.docker.process import Completed
from tests.unit.fake_engine import failed
from tests.unit.fake_environment import Fakes
from tests.unit.odoo_logs import log, record
from tests.unit.run.test_module_run import GREEN, Go, go

__all__ = ["go"]
GONE: dict[str, Any] = {"modules": {"gone": "evv_core"}, "programs": {"xmlsec1": ["evv_core", ""]}}


def test_a_module_that_lacks_something_is_not_proven_and_nothing_is_installed(go: Go, fakes: Fakes) -> None:
    fakes.unmet = GONE
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (7, "NOT PROVEN")
    modules, programs = outcome.reasons
    assert "gone (for evv_core)" in modules
    assert "xmlsec1 (for evv_core)" in programs
    assert fakes.streams.executed == []
    assert "odoo-addon-gone==19.0.*" in outcome.proof.read_text()


def test_its_environment_is_kept_where_that_was_asked_for(go: Go, fakes: Fakes) -> None:
    fakes.unmet = GONE
    go(keep=Keep.FAILED)
    assert "disarm" in fakes.events


@pytest.mark.parametrize("said", [failed("No module named 'odoo'"), Completed(0, "said by a strange Odoo\n", "")])
def test_a_container_that_does_not_tell_is_left_to_odoo_and_the_log_says_so(go: Go, fakes: Fakes, said: Completed) -> None:
    fakes.unmet = said
    outcome = go()
    assert outcome.exit_code == 0
    assert "DEPENDENCIES\nnot told: " in outcome.proof.read_text()


@pytest.fixture
def on_prepared(go: Go, monkeypatch: pytest.MonkeyPatch) -> Go:
    """Run evv_core where all that it depends on is in the database that the run starts from."""
    monkeypatch.setattr("runner.snapshots.plan.Plan.is_complete", True)
    return go


def asked(fakes: Fakes) -> list[str]:
    return [words for words in fakes.engine.asked if "odoo-unmet" in words]


def test_a_green_run_on_a_prepared_database_asks_nothing_more(on_prepared: Go, fakes: Fakes) -> None:
    assert on_prepared().exit_code == 0
    assert asked(fakes) == []


def test_where_its_installation_failed_on_a_prepared_database_what_is_missing_comes_first(
    on_prepared: Go, fakes: Fakes
) -> None:
    crash = record("odoo.registry", "Failed to load registry", level="CRITICAL")
    fakes.streams.executions = [(log(crash).encode(), 255, None)]
    fakes.engine.answers["exec p-odoo-1"] = "evv_core uninstalled\n"
    fakes.unmet = GONE
    outcome = on_prepared()
    assert outcome.exit_code == 7
    assert "gone (for evv_core)" in outcome.reasons[0]
    assert any("Failed to load registry" in reason for reason in outcome.reasons[1:])
    assert len(asked(fakes)) == 1


def test_it_is_asked_once(go: Go, fakes: Fakes) -> None:
    fakes.streams.executions = [(GREEN, 255, None)]
    assert go().exit_code == 7
    assert len(asked(fakes)) == 1
