"""One run from its request to its proof, with an engine, a guard and an Odoo that do what a test wants."""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runner.cleanup.teardown import Report
from runner.config.options import Debugger, Keep, Options
from runner.docker.process import Completed
from runner.environment.environment import Environment
from runner.environment.rendering import PROBE
from runner.errors import EngineUnavailable, EnvironmentFailed, Interrupted, NoFreePort, UsageError
from runner.reporting.outcome import Outcome
from runner.reporting.proof_log import ProofLog, proof_file
from runner.run.module_run import Request, run_module
from runner.snapshots.needs_empty import FILE
from runner.snapshots.snapshot import Stage
from runner.terminal import Terminal
from tests.unit.fake_engine import Said, Words, failed, inspection_of, status
from tests.unit.fake_environment import RENDERED, Fakes
from tests.unit.odoo_logs import log, problem, real, record, result, starting
from tests.unit.repositories import write_module

GREEN = real("evv_core-passed").encode()
RED = log(starting(), problem("FAIL", "TestClient.test_one"), result(1)).encode()
CLEAN: dict[str, list[str]] = {"containers": [], "networks": [], "volumes": []}


Go = Callable[..., Outcome]


@pytest.fixture
def go(fakes: Fakes) -> Go:
    """Run evv_core. Odoo prints GREEN and ends with 0, and the database says that it is installed, unless a test says else."""
    tests = write_module(fakes.repository.addons[0], "evv_core") / "tests"
    tests.mkdir()
    (tests / "__init__.py").write_text("from . import test_client\n")
    fakes.streams.executions = [(GREEN, 0, None)]
    fakes.engine.answers["exec p-odoo-1"] = "evv_core installed\n"

    def gone(only: bool = True, environ: Mapping[str, str] = os.environ, **options: Any) -> Outcome:
        request = Request(
            fakes.repository,
            "evv_core",
            Options(health_timeout=5, test_timeout=5, snapshot=False, **options),
            "python -m runner run evv evv_core",
            proof_file(fakes.repository.path, "evv_core", only=only),
        )
        return run_module(request, environ, Terminal(), fakes.signals)

    return gone


def test_a_selection_is_told_in_the_outcome_and_the_proof(go: Go) -> None:
    outcome = go(test_tags="/evv_core:TestClient")
    assert (outcome.exit_code, outcome.title) == (0, "PASSED, only /evv_core:TestClient")
    assert "PASSED, only /evv_core:TestClient\n" in outcome.proof.read_text()
    assert go(test_tags="/evv_core").title == "PASSED"


def test_the_outcome_has_for_the_reports_what_the_log_says_beside_odoo_s_output(go: Go) -> None:
    outcome = go()
    proof = outcome.proof.read_text()
    titles = [block.title for block in outcome.record]
    assert titles[0] == "PROOF OF EXECUTION"
    assert (
        {"ENVIRONMENT", "PREPARED DATABASE"}
        <= {*titles}
        <= {*re.findall(r"^=+\n([A-Z ]+)$", proof, re.MULTILINE)} - {"VERDICT"}
    )
    assert outcome.record[0].facts["command"] == "python -m runner run evv evv_core"
    for block in outcome.record:
        assert all(name in proof and value in proof for name, value in block.facts.items())
    assert outcome.teardown[0].startswith("teardown: complete")
    assert "\n".join(outcome.teardown) in proof
    assert f"ended:     {outcome.ended}\n" in proof


def test_the_tests_that_alone_are_asked_for_are_told_to_odoo_in_the_outcome_and_the_proof(go: Go, fakes: Fakes) -> None:
    fakes.streams.executions = [(log(starting(), result(tests=1)).encode(), 0, None)]
    tests = fakes.repository.addons[0] / "evv_core/tests"
    case = "from odoo.tests import TransactionCase\n\nclass TestClient(TransactionCase):\n    def test_{}(self): ...\n"
    (tests / "test_client.py").write_text(case.format("one"))
    (tests / "test_lost.py").write_text(case.format("two").replace("TestClient", "TestLost"))
    outcome = go(tests=("TestClient.test_one",), strict=True)
    assert (outcome.exit_code, outcome.title, outcome.notes) == (0, "PASSED, only TestClient.test_one", ())
    assert "PASSED, only TestClient.test_one\n" in outcome.proof.read_text()
    assert "--test-tags=/evv_core:TestClient.test_one" in fakes.streams.executed[0]


CUT = log(starting(), problem("FAIL", "TestClient.test_one"), starting("TestClient.test_two")).rpartition("2026-")[0].encode()


def test_a_run_that_ends_at_its_first_failure_is_failed_and_says_what_did_not_run(go: Go, fakes: Fakes) -> None:
    case = "from odoo.tests import TransactionCase\n\nclass TestClient(TransactionCase):\n"
    methods = "".join(f"    def test_{name}(self): ...\n" for name in ("one", "two", "three"))
    (fakes.repository.addons[0] / "evv_core/tests/test_client.py").write_text(case + methods)
    fakes.streams.executions = [(CUT, 137, None)]
    outcome = go(exit_first=True)
    assert (outcome.exit_code, outcome.title) == (1, "FAILED, only up to the first that failed")
    assert outcome.counts == "1 test ran, 1 failed, 0 errors, 0 skipped"
    assert outcome.reasons == ("FAIL: TestClient.test_one",)
    assert outcome.notes == (
        "--exitfirst: Odoo was stopped at the first test that failed; 2 tests of the sources did not run",
    )
    assert any("kill -KILL -" in words for words in fakes.engine.asked)


def test_with_exitfirst_a_run_that_passes_is_a_whole_one(go: Go) -> None:
    assert go(exit_first=True).title == "PASSED"


def test_a_green_run_ends_with_0_and_a_proof_of_everything(go: Go, fakes: Fakes) -> None:
    odoo = {**RENDERED["services"]["odoo"], "restart": "always"}
    fakes.rendered = {**RENDERED, "services": {**RENDERED["services"], "odoo": odoo}}
    outcome = go()
    assert (outcome.exit_code, outcome.label, outcome.reasons) == (0, "PASSED", ())
    assert outcome.proof == fakes.repository.path / "proof_of_execution_tests.log"
    proof = outcome.proof.read_text()
    for part in (
        "python -m runner run evv evv_core",
        "Docker 28.0",
        "sha256:odoo",
        "127.0.0.1:18000",
        "warning: services.odoo.restart: ",
        GREEN.decode(),
        "PASSED",
        "12 tests ran, 0 failed",
        "teardown: complete, 0.6 s",
        "(nothing)",
    ):
        assert part in proof
    assert proof.index("PROOF OF EXECUTION") < proof.index("ENVIRONMENT") < proof.index("VERDICT") < proof.index("(nothing)")


def test_odoo_s_output_goes_to_the_log_as_it_is_and_to_the_terminal_as_text_that_only_shows(
    go: Go, fakes: Fakes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    output = GREEN + b"caf\xe9 \x1b[2J\r\n"
    fakes.streams.executions = [(output, 0, None)]
    outcome = go()
    assert outcome.exit_code == 0
    assert output in outcome.proof.read_bytes()
    assert GREEN + b"caf\\xe9 \\x1b[2J\n" in capfdbinary.readouterr().out


class PreparedBefore:
    """Stands for a preparation: a prepared database with `web` is there already."""

    def __init__(self, environment: Environment, _log: ProofLog) -> None:
        self._environment = environment

    def make(self) -> None:
        missing = (Stage("base", ("base",), "key", "key"),)
        plan = replace(self._environment.plan, installed=("base", "web"), missing=missing, unavailable_reason="")
        self._environment.plan = plan

    def finish(self) -> None:
        pass


@pytest.fixture
def on_prepared(go: Go, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Go:
    """Run on a prepared database, where `web` is installed by chance: tests that Odoo answers with one after the other."""
    monkeypatch.setattr("runner.run.module_run.Preparation", PreparedBefore)

    def answer(words: Words) -> Said:
        return "evv_core module web\n" if "recursive needs" in " ".join(words) else "evv_core installed\n"

    fakes.engine.answers["exec p-odoo-1"] = answer

    def gone(*executions: tuple[bytes, int], **options: Any) -> Outcome:
        fakes.streams.executions = [(output, code, None) for output, code in executions]
        return go(**options)

    return gone


def test_what_passed_with_undeclared_uses_is_tested_again_and_only_that_counts(on_prepared: Go, fakes: Fakes) -> None:
    (fakes.repository.addons[0] / "evv_core" / "model.py").write_text("LAYOUT = 'web.layout'\n")
    outcome = on_prepared((GREEN, 0), (RED, 1))
    assert fakes.events.count("up 18000") == 2
    assert (outcome.exit_code, outcome.label) == (1, "FAILED")
    why = "evv_core mentions the module web (model.py), on which it does not depend"
    proof = outcome.proof.read_text()
    not_counted = proof.index(f"NOT COUNTED\nthat it was PASSED on the prepared database: {why}\n")
    assert proof.index(GREEN.decode()) < not_counted < proof.index("FAIL: TestClient")
    assert f"it was PASSED on the prepared database ({why}), and FAILED on an empty one" in outcome.notes[0]


@pytest.fixture
def measured(on_prepared: Go, fakes: Fakes) -> Go:
    """Run on a prepared database, and measure: the container answers so of each attempt."""
    (fakes.repository.addons[0] / "evv_core/__init__.py").write_text("a = 1\nb = 2\n")

    def gone(answers: Sequence[str], *executions: tuple[bytes, int], **options: Any) -> Outcome:
        waiting = list(answers)
        fakes.engine.answers["exec p-odoo-1 bash"] = lambda words: (
            waiting.pop(0) if "coverage" in words else "evv_core installed\n" if "query" in words else ""
        )
        outcome: Outcome = on_prepared(*(executions or [(GREEN, 0)]), coverage=True, **options)
        assert not waiting
        return outcome

    return gone


HALF = json.dumps({"processes": 1, "files": {"__init__.py": [[1], [2], [], []]}})


def test_the_coverage_is_in_the_outcome_and_in_full_in_the_proof(measured: Go) -> None:
    outcome = measured([HALF])
    assert (outcome.label, outcome.told_coverage) == ("PASSED", "50.0 %")
    proof = outcome.proof.read_text()
    assert "\n  __init__.py           2        1         0        0   50.0 %  2\n" in proof[proof.index("VERDICT") :]


def test_a_run_under_the_least_coverage_failed_and_is_not_tried_again_on_an_empty_database(measured: Go, fakes: Fakes) -> None:
    outcome = measured([HALF], fail_under=80.0)
    assert (outcome.exit_code, outcome.reasons) == (1, ("coverage 50.0 % is under 80 % (--fail-under)",))
    assert fakes.events.count("up 18000") == 1


def test_a_run_without_the_coverage_that_was_asked_for_is_not_proven_and_not_tried_again(measured: Go, fakes: Fakes) -> None:
    outcome = measured([json.dumps({"processes": 0})], fail_under=80.0)
    nothing = "Odoo has written none, as it loaded nothing of the module or did not end as usual"
    assert (outcome.label, outcome.reasons, outcome.coverage) == ("NOT PROVEN", (f"no coverage: {nothing}",), None)
    assert fakes.events.count("up 18000") == 1


def test_of_a_run_that_is_tested_again_only_the_second_coverage_counts(measured: Go) -> None:
    outcome = measured([json.dumps({"processes": 1, "files": {}}), HALF], (RED, 1), (GREEN, 0))
    assert (outcome.label, outcome.told_coverage) == ("PASSED", "50.0 %")


def test_what_failed_first_on_a_prepared_database_is_tested_again_and_may_be_another_one(
    on_prepared: Go, fakes: Fakes
) -> None:
    outcome = on_prepared((CUT, 137), (CUT.replace(b"test_one", b"test_three"), 137), exit_first=True)
    assert fakes.events.count("up 18000") == 2
    assert outcome.reasons == ("FAIL: TestClient.test_three",)


def test_a_name_of_which_no_test_started_is_not_tried_again_on_an_empty_database(on_prepared: Go, fakes: Fakes) -> None:
    outcome = on_prepared((log(starting(), result(tests=1)).encode(), 0), tests=("TestClient", "TestMore"))
    assert fakes.events.count("up 18000") == 1
    assert outcome.reasons == ("no test of TestMore started",)


def test_what_is_red_on_a_prepared_database_is_tested_again_and_only_that_counts(
    on_prepared: Go, fakes: Fakes, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = on_prepared((RED, 1), (GREEN, 0))
    assert fakes.events.count("up 18000") == 2
    assert (outcome.exit_code, outcome.label, outcome.reasons) == (0, "PASSED", ())
    assert outcome.failing_cases == ()
    proof = outcome.proof.read_text()
    not_counted = proof.index("NOT COUNTED\nthat it was FAILED on the prepared database: FAIL: TestClient.test_one\n")
    assert proof.index("FAIL: TestClient") < not_counted < proof.index(GREEN.decode())
    assert outcome.notes == (
        "it was FAILED on the prepared database (FAIL: TestClient.test_one), and PASSED on an empty one, which alone counts. "
        "Before the module is installed only the prepared one has: web",
    )
    because = "it was FAILED on it (FAIL: TestClient.test_one), and only the result on an empty one counts"
    assert f"without the prepared database, because {because}" in capsys.readouterr().out
    assert because in (fakes.repository.path / ".agent-tests" / FILE).read_text()


@pytest.mark.parametrize("debugger", [Debugger.PDB, Debugger.DEBUGPY])
def test_what_is_debugged_proves_nothing_and_is_gone_through_once(
    on_prepared: Go, fakes: Fakes, capsys: pytest.CaptureFixture[str], debugger: Debugger
) -> None:
    port = {"target": 8069, "published": PROBE, "host_ip": "127.0.0.1"}
    odoo = {**RENDERED["services"]["odoo"], "ports": [port]}
    fakes.rendered = {**RENDERED, "services": {**RENDERED["services"], "odoo": odoo}}
    outcome = on_prepared((GREEN, 0), debugger=debugger)
    assert (outcome.exit_code, outcome.counts) == (7, "12 tests ran, 0 failed, 0 errors, 0 skipped")
    assert outcome.reasons == (f"it passed under a debugger ({debugger.value}): only a run without one proves that",)
    assert f"debugger: {debugger.value}\n" in " ".join(outcome.proof.read_text().split(" ")).replace("    ", "")
    outcome = on_prepared((RED, 1), debugger=debugger)
    assert (outcome.exit_code, outcome.reasons) == (1, ("FAIL: TestClient.test_one",))
    assert fakes.events.count("up 18000") == 2  # each once, not on an empty database too
    assert fakes.events.count("attended") == (2 if debugger is Debugger.PDB else 0)
    assert f"  --{'debugger' if debugger is Debugger.PDB else 'debugpy'}: Odoo " in capsys.readouterr().out


def test_a_debugger_that_nothing_could_reach_is_refused_before_anything_is_started(go: Go, fakes: Fakes) -> None:
    outcome = go(debugger=Debugger.DEBUGPY)
    assert (outcome.exit_code, fakes.started) == (2, [])
    assert "--debugpy needs the run's port, and the compose file publishes none of `odoo`" in outcome.reasons[0]


def test_of_what_is_red_on_both_the_second_counts_and_the_log_has_the_first(on_prepared: Go) -> None:
    other = log(starting("TestClient.test_two"), problem("ERROR", "TestClient.test_two"), result(errors=1)).encode()
    outcome = on_prepared((RED, 1), (other, 1))
    assert (outcome.exit_code, outcome.reasons, outcome.notes) == (1, ("ERROR: TestClient.test_two",), ())
    assert "FAIL: TestClient.test_one" in outcome.proof.read_text()


def test_the_environment_of_the_run_that_counts_is_the_one_that_is_kept(on_prepared: Go, fakes: Fakes) -> None:
    on_prepared((RED, 1), (GREEN, 0), keep=Keep.FAILED)
    assert "disarm" not in fakes.events
    on_prepared((RED, 1), (RED, 1), keep=Keep.FAILED)
    assert "disarm" in fakes.events
    assert fakes.events.index("disarm") > fakes.events.index("odoo-tests")


def test_an_environment_that_cannot_be_made_anew_is_an_error_and_not_the_first_result(on_prepared: Go, fakes: Fakes) -> None:
    fakes.removal = Report(left={"containers": ["p-odoo-1"]}, errors=["still in use"])
    outcome = on_prepared((RED, 1))
    assert (outcome.exit_code, outcome.label) == (5, "ERROR")
    assert "FAIL: TestClient.test_one" in outcome.proof.read_text()


@pytest.mark.parametrize("keep", [Keep.NEVER, Keep.FAILED])
def test_a_module_without_tests_is_told_at_once_and_nothing_is_started(go: Go, fakes: Fakes, keep: Keep) -> None:
    tests = fakes.repository.addons[0] / "evv_core" / "tests"
    (tests / "__init__.py").write_text("")
    (tests / "test_client.py").touch()
    outcome = go(keep=keep, environ={"PATH": "/nonexistent"})
    assert (outcome.exit_code, outcome.label, fakes.events) == (7, "NOT PROVEN", [])
    assert outcome.reasons == (
        "no test of evv_core started: by its sources it has none, so nothing was started",
        "tests/__init__.py imports nothing (found test_client.py)",
    )
    proof = outcome.proof.read_text()
    assert "NOT PROVEN" in proof
    assert "teardown: none was needed, nothing had been started" in proof


@pytest.mark.parametrize("options", [{"keep": Keep.ALWAYS}, {"test_tags": "/evv_core,/evv_visits"}])
def test_an_environment_that_may_serve_for_something_else_is_made_also_without_tests(
    go: Go, fakes: Fakes, options: dict[str, Any]
) -> None:
    (fakes.repository.addons[0] / "evv_core" / "tests" / "__init__.py").write_text("")
    go(**options)
    assert "up 18000" in fakes.events


def test_a_failed_test_ends_with_1(go: Go, fakes: Fakes) -> None:
    fakes.streams.executions = [(RED, 1, None)]
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (1, "FAILED")
    assert "FAIL: TestClient.test_one" in outcome.proof.read_text()


@pytest.mark.parametrize("answer", ["evv_core uninstalled\n", "", failed("psql: error: refused", 2), Completed(2, "", "")])
def test_a_green_log_is_not_believed_without_the_database(go: Go, fakes: Fakes, answer: str | Completed) -> None:
    fakes.engine.answers["exec p-odoo-1"] = answer
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (7, "NOT PROVEN")
    assert outcome.reasons != ()


def test_states_are_not_believed_when_psql_failed(go: Go, fakes: Fakes) -> None:
    fakes.engine.answers["exec p-odoo-1"] = Completed(2, "evv_core installed\n", "")
    assert go().exit_code == 7


@pytest.mark.parametrize(
    ("error", "code"),
    [(EngineUnavailable("no daemon"), 3), (NoFreePort("none"), 4), (EnvironmentFailed("no space"), 5), (Interrupted(2), 130)],
)
def test_an_error_or_a_signal_while_it_comes_up_is_an_outcome_with_a_proof(
    go: Go, fakes: Fakes, error: BaseException, code: int
) -> None:
    fakes.failures["container inspect"] = [error]
    outcome = go()
    assert outcome.exit_code == code
    assert outcome.reasons == (str(error),)
    proof = outcome.proof.read_text()
    assert str(error) in proof
    assert "PASSED" not in proof
    assert "teardown: complete" in proof


@pytest.mark.parametrize(("signum", "code"), [(2, 130), (15, 143), (1, 129)])
def test_a_signal_while_tests_run_keeps_what_odoo_had_said(go: Go, fakes: Fakes, signum: int, code: int) -> None:
    fakes.streams.executions = [(GREEN[:3000], 0, Interrupted(signum))]
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (code, "INTERRUPTED")
    assert GREEN[:3000] in outcome.proof.read_bytes()


def test_a_signal_during_the_teardown_of_a_green_run_is_not_green(go: Go, fakes: Fakes) -> None:
    fakes.during_teardown = lambda: setattr(fakes.signals, "first", 2)
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (130, "INTERRUPTED")


@pytest.mark.parametrize("error", [None, EnvironmentFailed("died"), Interrupted(2)])
def test_what_is_left_outweighs_everything_and_is_listed(go: Go, fakes: Fakes, error: BaseException | None) -> None:
    fakes.streams.executions = [(GREEN, 0, error)]
    fakes.report = Report(left={**CLEAN, "networks": ["p_default"]}, errors=["still in use"])
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (8, "LEFT BEHIND")
    assert "nox -s cleanup" in outcome.reasons[0]
    if error:
        assert str(error) in outcome.reasons
    proof = outcome.proof.read_text()
    for part in ("INCOMPLETE", "  p_default", "  error: still in use"):
        assert part in proof


def test_the_proof_of_an_earlier_run_never_survives_not_even_a_defect(go: Go, fakes: Fakes) -> None:
    earlier = fakes.repository.path / "proof_of_execution_tests.log"
    earlier.write_text("PASSED, yesterday")
    fakes.failures["version"] = [KeyError("a defect")]
    with pytest.raises(KeyError):
        go()
    assert not earlier.exists()


def test_without_a_place_for_the_log_nothing_is_started(go: Go, fakes: Fakes) -> None:
    shutil.rmtree(fakes.repository.path)
    fakes.repository.path.touch()
    with pytest.raises(UsageError, match="The log cannot be written"):
        go()
    assert fakes.events == []


@pytest.mark.parametrize("service", ["odoo", "db"])
def test_a_container_that_died_under_the_tests_is_an_error_with_its_last_lines(go: Go, fakes: Fakes, service: str) -> None:
    fakes.streams.executions = [(GREEN[:2000], 137, None)]
    looks = [[status("db"), status()]]
    looks.append([container for container in looks[0] if container.service != service])
    looks[1].append(status(service, state="exited", exit_code=137, oom_killed=True))
    fakes.engine.answers["container inspect"] = inspection_of(lambda: looks.pop(0) if len(looks) > 1 else looks[0])
    outcome = go()
    assert outcome.exit_code == 5
    assert f"{service} ran out of memory while the tests ran" in outcome.reasons[0]


OUT_OF_MEMORY = "out of memory: a process of the service odoo was killed; its limit is 64 MB "
TOO_MANY = "the service odoo reached its limit of 100 processes and threads (limits.pids in repos.yaml, or "


def test_an_odoo_that_is_killed_at_the_limit_of_its_service_is_not_proven_for_want_of_memory(go: Go, fakes: Fakes) -> None:
    fakes.streams.executions = [(GREEN[:2000], 137, None)]
    fakes.containers = [status("db"), status(memory=64 * 2**20, pids=100)]
    fakes.engine.answers["exec p-odoo-1 sh"] = "oom 3\noom_kill 1\npids_max 0\n"
    outcome = go()
    assert outcome.exit_code == 7
    assert outcome.reasons[0].startswith(OUT_OF_MEMORY)
    assert outcome.reasons[1] == "Odoo was killed (exit code 137), as happens when memory runs out"


def test_a_database_that_lost_a_process_for_want_of_memory_has_died_also_where_the_engine_does_not_say_so(
    go: Go, fakes: Fakes
) -> None:
    fakes.streams.executions = [(RED, 1, None)]
    fakes.engine.answers["exec p-db-1 sh"] = "oom_kill 1\npids_max 0\n"
    outcome = go()
    assert outcome.exit_code == 5
    assert "The container of db ran out of memory while the tests ran." in outcome.reasons[0]


def test_what_is_red_otherwise_tells_last_which_limits_were_reached(go: Go, fakes: Fakes) -> None:
    fakes.streams.executions = [(RED, 1, None)]
    fakes.containers = [status("db"), status(memory=64 * 2**20, pids=100)]
    fakes.engine.answers["exec p-odoo-1 sh"] = "oom_kill 1\npids_max 2\n"
    outcome = go()
    assert outcome.exit_code == 1
    assert outcome.reasons[-2].startswith(OUT_OF_MEMORY)
    assert outcome.reasons[-1].startswith(TOO_MANY)


def test_a_database_that_ended_well_under_the_tests_has_died_where_it_does_not_answer(go: Go, fakes: Fakes) -> None:
    fakes.streams.executions = [(GREEN[:2000], 1, None)]
    looks = [[status("db", health=None), status()], [status("db", "exited", health=None), status()]]
    fakes.engine.answers["container inspect"] = inspection_of(lambda: looks.pop(0) if len(looks) > 1 else looks[0])
    fakes.engine.answers["exec p-odoo-1"] = failed("psql: error: connection refused", 2)
    outcome = go()
    assert outcome.exit_code == 5
    assert "The container of db ended with exit code 0 while the tests ran" in outcome.reasons[0]


def test_a_proof_that_cannot_be_written_is_no_proof(go: Go, fakes: Fakes) -> None:
    proof = fakes.repository.path / "proof_of_execution_tests.log"
    fakes.during_teardown = proof.mkdir
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (7, "NOT PROVEN")
    assert "proof log cannot be written" in outcome.reasons[-1]


@pytest.mark.parametrize(
    ("keep", "odoo_exit", "kept"),
    [
        (Keep.NEVER, 0, False),
        (Keep.NEVER, 1, False),
        (Keep.FAILED, 0, False),
        (Keep.FAILED, 1, True),
        (Keep.ALWAYS, 0, True),
        (Keep.ALWAYS, 1, True),
    ],
)
def test_an_environment_is_kept_as_asked_and_the_commands_for_it_are_told(
    go: Go, fakes: Fakes, capsys: pytest.CaptureFixture[str], keep: Keep, odoo_exit: int, kept: bool
) -> None:
    fakes.streams.executions = [(GREEN, odoo_exit, None)]
    outcome = go(keep=keep)
    ((project, *_),) = fakes.guards
    assert ("disarm" in fakes.events) == kept
    for told in (outcome.proof.read_text(), capsys.readouterr().out):
        assert (f"nox -s cleanup -- {project}" in told) == kept
        assert "(nothing)" not in told or not kept


def test_several_modules_have_a_proof_each(go: Go, fakes: Fakes) -> None:
    assert go(only=False).proof == fakes.repository.path / "proof_of_execution_tests.evv_core.log"


def labels_of_run(guard: tuple[Any, ...]) -> dict[str, str]:
    override = json.loads((guard[3].parent / "compose.override.json").read_text())
    return dict(override["services"]["db"]["labels"])


def test_every_run_has_its_own_project_token_and_password_and_its_owner_s_labels(go: Go, fakes: Fakes) -> None:
    go()
    go()
    first, second = fakes.guards
    assert first[0] != second[0]
    tokens = {token for _project, token, *_ in fakes.guards}
    passwords = {project.variables["DB_PASSWORD"] for project in fakes.streams.started}
    assert len(tokens) == len(passwords) == 2
    assert all(len(secret) >= 32 for secret in tokens | passwords)
    labels = labels_of_run(first)
    assert (labels["agent-test.repository"], labels["agent-test.module"]) == ("evv", "evv_core")
    assert "agent-test.owner-pid" in labels


@pytest.mark.parametrize("keep", Keep)
def test_only_a_run_that_may_be_kept_names_the_folder_of_the_mark(go: Go, fakes: Fakes, keep: Keep) -> None:
    # Another user may not look into it, and would take what a killed run left for kept.
    go(keep=keep)
    guard = fakes.guards[0]
    named = {} if keep is Keep.NEVER else {"agent-test.folder": str(guard[3].parent)}
    assert {key: value for key, value in labels_of_run(guard).items() if key == "agent-test.folder"} == named


def test_secrets_are_not_written_into_the_proof(go: Go, fakes: Fakes) -> None:
    proof = go().proof.read_text()
    assert fakes.guards[0][1] not in proof
    assert fakes.streams.started[0].variables["DB_PASSWORD"] not in proof


def test_a_password_that_a_container_s_last_lines_show_is_in_no_report(
    go: Go, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.environment.context.secrets", SimpleNamespace(token_hex=lambda _: "c0ffee"))
    fakes.failures["container inspect"] = [EnvironmentFailed("Its last lines:\n+ exec odoo --db_password c0ffee")]
    outcome = go()
    assert outcome.reasons == ("Its last lines:\n+ exec odoo --db_password ***",)
    assert "c0ffee" not in outcome.proof.read_text()


def test_a_run_changes_nothing_of_the_environment_of_this_process(go: Go) -> None:
    before, folder = dict(os.environ), Path.cwd()
    assert go().exit_code == 0
    assert (dict(os.environ), Path.cwd()) == (before, folder)


def test_every_client_gets_the_engine_of_the_environment_that_was_given(go: Go, fakes: Fakes) -> None:
    go(environ={**os.environ, "DOCKER_HOST": "tcp://theirs:2376", "COMPOSE_FILE": "other.yml"})
    assert {environ["DOCKER_HOST"] for environ in fakes.engine.environs.values()} == {"tcp://theirs:2376"}
    assert not [environ for environ in fakes.engine.environs.values() if "COMPOSE_FILE" in environ]


def test_without_a_docker_client_the_run_ends_with_3_and_a_proof(go: Go, fakes: Fakes) -> None:
    outcome = go(environ={"PATH": "/nonexistent"})
    assert (outcome.exit_code, fakes.events) == (3, [])
    assert "There is no `docker` command." in outcome.proof.read_text()


def test_a_file_of_the_module_that_cannot_be_understood_is_told_before_anything_starts(go: Go, fakes: Fakes) -> None:
    (fakes.repository.addons[0] / "evv_core" / ".agent-tests.yaml").write_text("allow:\n  skiped: [TestX]\n")
    outcome = go()
    assert (outcome.exit_code, outcome.label) == (2, "ERROR")
    assert ".agent-tests.yaml:2: allow.skiped: unknown key. Perhaps you meant 'skipped'?" in outcome.reasons[0]
    assert "nothing had been started" in outcome.proof.read_text()
    assert fakes.events == []


def test_what_is_allowed_is_in_the_proof(go: Go, fakes: Fakes) -> None:
    tests = fakes.repository.addons[0] / "evv_core" / "tests"
    (tests / "test_other.py").write_text("class TestOther(TransactionCase):\n    def test_one(self): ...\n")
    assert go().exit_code == 7
    (tests.parent / ".agent-tests.yaml").write_text("allow:\n  not_imported: [tests/test_other.py]\n")
    fakes.streams.executions = [(GREEN, 0, None)]
    outcome = go()
    assert outcome.exit_code == 0
    assert "allowed by evv_core/.agent-tests.yaml: tests/test_other.py is not imported" in outcome.proof.read_text()


def test_a_module_whose_tests_are_all_in_javascript_is_run_for_them_and_not_without(go: Go, fakes: Fakes) -> None:
    module = fakes.repository.addons[0] / "evv_core"
    shutil.rmtree(module / "tests")
    (module / "static/tests").mkdir(parents=True)
    (module / "static/tests/weeks_off_field.test.js").write_text("// a test\n")
    installation = log(record("odoo.modules.loading", "Loading module evv_core (1/1)"), result(tests=0))
    scripts = real("javascript-passed").replace("traction", "evv_core")
    fakes.streams.executions = [(installation.encode(), 0, None), (scripts.encode(), 0, None)]
    outcome = go(javascript=True)
    assert (outcome.exit_code, outcome.reasons) == (0, ())
    assert outcome.counts == "2 tests ran (2 in JavaScript), 0 failed, 0 errors, 0 skipped"
    assert go().exit_code == 7
