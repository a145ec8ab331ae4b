"""Several modules in one call, and several calls at once on one machine, with tiny services in the place of Odoo."""

import os
import re
import signal
from pathlib import Path

import pytest

from runner.environment.ports import can_bind

from .tiny_repository import FAILS, PASSES, RUNNING, WAITS, Started, TinyRepository, left, left_after_teardown

ELEVEN = range(18090, 18101)


def proof(tiny: TinyRepository, module: str) -> str:
    return (tiny.checkout / f"proof_of_execution_tests.{module}.log").read_text()


def wait_for_lines(run: Started, *modules: str) -> None:
    """Until the tests of these modules, whose names are equally long, run."""
    for module in modules:
        run.wait_for(f"{module} | healthy")


@pytest.fixture
def three(tiny: TinyRepository) -> TinyRepository:
    tiny.module("good", PASSES)
    tiny.module("bad", FAILS)
    tiny.module("slow", WAITS)
    return tiny


def test_all_that_have_tests_run_side_by_side_each_with_its_own_log_and_all_have_a_summary(tiny: TinyRepository) -> None:
    behaviours = {"good": PASSES, "bad": FAILS, "other": PASSES.replace("test_two", "test_of_other")}
    for module, behaviour in behaviours.items():
        tiny.module(module, behaviour)
        (tiny.addons / module / "tests/test_tiny.py").write_text("class TestTiny:\n    def test_one(self): ...\n")
    tiny.module("bare", PASSES)
    code, output = tiny.run("run", "tiny", "--all", "--jobs", "3")
    assert code == 1, output
    assert "left out: bare (no tests)" in output
    assert "tiny-agent-test-bare" not in output
    assert re.search(r"^good +\| up +\d", output, re.MULTILINE)
    for module, word in (("good", "PASSED"), ("bad", "FAILED"), ("other", "PASSED")):
        assert re.search(rf"^{module} +{word} ", output, re.MULTILINE), output
        assert re.search(rf"^verdict: +{word}$", proof(tiny, module), re.MULTILINE)
        assert f"tiny-agent-test-{module}-" in proof(tiny, module)
    assert "test_of_other" in proof(tiny, "other")
    assert "test_of_other" not in proof(tiny, "good") + proof(tiny, "bad") + output
    joint = tiny.proof.read_text()
    assert re.search(r"^exit code: +1$", joint, re.MULTILINE)
    assert len(re.findall(r"^[0-9a-f]{64}  proof_of_execution_tests\.\w+\.log$", joint, re.MULTILINE)) == 3


def test_with_fail_fast_the_first_red_one_ends_the_others(three: TinyRepository) -> None:
    code, output = three.run("run", "tiny", "slow", "bad", "good", "--jobs", "2", "--fail-fast")
    assert code == 1, output
    assert re.search(r"^slow +NOT RUN: ended by --fail-fast$", output, re.MULTILINE), output
    assert re.search(r"^good +NOT RUN: not started", output, re.MULTILINE), output
    assert left() == []


def test_one_after_another_with_fail_fast_no_further_one_is_started(three: TinyRepository) -> None:
    code, output = three.run("run", "tiny", "bad", "good", "--fail-fast")
    assert code == 1, output
    assert "tiny-agent-test-good" not in output
    assert "good    NOT RUN" in output


@pytest.mark.parametrize(("signum", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_all_of_them_cleanly(three: TinyRepository, signum: signal.Signals, expected: int) -> None:
    three.module("late", WAITS)
    run = three.start("run", "tiny", "slow", "late", "good", "--jobs", "2")
    wait_for_lines(run, "slow", "late")
    run.send_group(signum)
    assert run.finish() == expected, run.output
    assert left() == []
    assert run.output.count(": INTERRUPTED") == 2
    assert re.search(r"^good +INTERRUPTED", run.output, re.MULTILINE)


@pytest.mark.parametrize("to_the_group", [False, True])
def test_killed_it_leaves_nothing(three: TinyRepository, to_the_group: bool) -> None:
    three.module("late", WAITS)
    run = three.start("run", "tiny", "slow", "late", "--jobs", "2")
    wait_for_lines(run, "slow", "late")
    (run.send_group if to_the_group else run.send)(signal.SIGKILL)
    assert run.process.wait() == -signal.SIGKILL
    assert left_after_teardown() == []


def test_a_run_whose_process_is_killed_is_red_and_the_others_go_on(three: TinyRepository) -> None:
    run = three.start("run", "tiny", "slow", "good", "--jobs", "2")
    wait_for_lines(run, "slow")
    run.wait_for("good: PASSED")
    os.kill(_process_of_the_last(run), signal.SIGKILL)
    assert run.finish() == 5, run.output
    assert "The process of this run was killed by SIGKILL before it had a verdict." in run.output
    assert left() == []


def test_if_what_starts_the_runs_is_killed_all_tear_down_and_none_is_green(three: TinyRepository) -> None:
    three.module("late", WAITS)
    run = three.start("run", "tiny", "slow", "late", "good", "--jobs", "2")
    wait_for_lines(run, "slow", "late")
    os.kill(_children(run.process.pid)[0], signal.SIGKILL)
    assert run.finish() == 143, run.output
    assert "good    ERROR" in run.output
    assert left() == []


def _process_of_the_last(run: Started) -> int:
    """The one run that is left of those that the call's one child has forked: the others have ended."""
    (server,) = _children(run.process.pid)
    (child,) = _children(server)
    return child


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_eleven_at_once_have_eleven_ports_and_the_twelfth_fails_or_waits(tiny: TinyRepository) -> None:
    tiny.configure(ports="18090-18100")
    tiny.module("slow", WAITS)
    runs = [tiny.start("run", "tiny", "slow") for _ in ELEVEN]
    for run in runs:
        run.wait_for(RUNNING)
    assert [port for port in ELEVEN if can_bind(port)] == []
    code, output = tiny.run("run", "tiny", "slow")
    assert code == 4, output
    assert output.count("another test run") == len(ELEVEN)
    assert "--wait-for-port S" in output
    patient = tiny.start("run", "tiny", "slow", "--wait-for-port", "60")
    patient.wait_for("waiting for a free port in 18090-18100")
    runs[3].send(signal.SIGTERM)
    assert runs[3].finish() == 143
    patient.wait_for(RUNNING)
    for run in [*runs, patient]:
        run.send(signal.SIGINT)
    assert [run.finish() for run in [*runs, patient]] == [130] * 3 + [143] + [130] * 8
    assert left() == []


def test_two_runs_of_one_module_in_the_same_second_do_not_collide(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    runs = [tiny.start("run", "tiny", "good") for _ in range(2)]
    assert [run.finish() for run in runs] == [0, 0], runs[0].output + runs[1].output
    projects = {re.findall(r"tiny-agent-test-good-\S+", run.output)[0] for run in runs}
    assert len(projects) == 2
    assert len({line for line in tiny.proof.read_text().splitlines() if line.startswith("run: ")}) == 1


def test_a_module_is_tested_in_several_series_and_what_was_asked_for_and_not_done_is_not_proven(tiny: TinyRepository) -> None:
    told = "record INFO odoo 'Odoo version 18.0-20250704'\nrecord INFO odoo.tiny \"$(cat ${1#--config=})\"\n"
    tiny.module("good", told + PASSES)
    tiny.module("bare", "echo 'module bare ' >>/run/states\n" + told + PASSES)
    series = {"18.0": "agent-test-tiny", "19.0": "agent-test-tiny"}
    tiny.configure(images={**tiny.images, "series": series}, odoo_options={"load": ["base", "web", "x y"]})
    code, output = tiny.run("run", "tiny", "good", "bare", "--odoo", "18.0,19.0", "--demo", "--jobs", "2", "--junit", "j.xml")
    assert code == 7, output
    for run, verdict in (("good (18.0)", "PASSED"), ("good (19.0)", "NOT PROVEN"), ("bare (18.0)", "NOT PROVEN")):
        assert re.search(rf"^{re.escape(run)} +{verdict} ", output, re.MULTILINE), output
    assert "Odoo 19.0 was asked for, and the image has 18.0-20250704" in proof(tiny, "good.19.0")
    assert "not as asked, installed without demo data: bare" in proof(tiny, "bare.18.0")
    assert "server_wide_modules = base,web,x y\nwithout_demo = False\n" in proof(tiny, "good.18.0")
    assert (tiny.folder / "j.xml").read_text().count("<testsuite ") == 4
    code, output = tiny.run("run", "tiny", "good", "--odoo", "17.0")
    assert (code, "known are: 18.0, 19.0." in output, left()) == (2, True, [])
