"""The guard tears down however its runner ends, and only if it was armed."""

import json
import os
import signal
from pathlib import Path

import pytest

from runner.cleanup import guard
from runner.cleanup.guard import Guard, GuardFailed
from tests.unit.fake_docker import FakeDocker
from tests.unit.processes import end_of, line, python

PROJECT, TOKEN = "evv-agent-test-traction-1", "0123456789abcdef"
# The guard's own program, with the pauses of the teardown cut short.
QUICK = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from runner.cleanup import guard, teardown; from runner.docker import process as bare_docker; "
    "teardown.SETTLE = teardown.PAUSE = 0.02; bare_docker.COMMAND_TIMEOUT = 10; guard.BOUND = 30; guard.main(sys.argv[1:])"
)
# For what is never removed: one that gives up soon.
IMPATIENT = QUICK.replace("BOUND = 30", "BOUND = 0.1")
# A runner that is killed at work: it says where its guard is, and waits.
RUNNER = """
import sys
from pathlib import Path
from runner.cleanup import guard
guard._PROGRAM = sys.argv[1]
its = guard.Guard(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
if sys.argv[5] == "armed":
    its.arm()
print(its._process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", QUICK)


@pytest.fixture
def report_file(tmp_path: Path) -> Path:
    return tmp_path / "teardown.json"


def pid_of(its: Guard) -> int:
    return its._process.pid


@pytest.fixture
def filled(docker: FakeDocker) -> FakeDocker:
    docker.create(PROJECT, "containers", "odoo")
    docker.create(PROJECT, "networks", "default")
    docker.create("another-project", "containers", "odoo-of-another")
    return docker


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_whatever_kills_the_runner_its_environment_is_removed(
    filled: FakeDocker, report_file: Path, signum: signal.Signals
) -> None:
    with python(RUNNER, QUICK, PROJECT, TOKEN, str(report_file), "armed") as runner, end_of(int(line(runner))):
        assert filled.names(PROJECT) != []
        runner.send_signal(signum)
    assert filled.names(PROJECT) == []
    assert filled.names("another-project") == ["containers/odoo-of-another"]
    assert json.loads(report_file.read_text())["left"] == {"containers": [], "networks": [], "volumes": []}


def test_sigkill_of_the_runner_s_whole_process_group_does_not_reach_the_guard(filled: FakeDocker, report_file: Path) -> None:
    with python(RUNNER, QUICK, PROJECT, TOKEN, str(report_file), "armed") as runner, end_of(int(line(runner))):
        os.killpg(runner.pid, signal.SIGKILL)
    assert filled.names(PROJECT) == []


def test_a_runner_that_dies_before_it_arms_the_guard_costs_no_docker_call(filled: FakeDocker, report_file: Path) -> None:
    with python(RUNNER, QUICK, PROJECT, TOKEN, str(report_file), "not armed") as runner, end_of(int(line(runner))):
        runner.kill()
    assert filled.calls == []
    assert filled.names(PROJECT) != []
    assert not report_file.exists()


def test_the_docker_clients_of_a_killed_runner_are_killed(filled: FakeDocker, report_file: Path) -> None:
    client = "print('up', flush=True); input()"
    with python(client, AGENT_TEST_TOKEN=TOKEN) as process:
        assert line(process) == "up"
        with python(RUNNER, QUICK, PROJECT, TOKEN, str(report_file), "armed") as runner, end_of(int(line(runner))):
            runner.kill()
        assert process.wait(10) == -signal.SIGKILL


def test_the_guard_as_it_is_shipped_removes_and_reports(filled: FakeDocker, report_file: Path) -> None:
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    report = its.finish()
    assert report is not None
    assert report.complete
    assert report.left == {"containers": [], "networks": [], "volumes": []}
    assert filled.names(PROJECT) == []


def test_the_report_is_returned_and_written(quick: None, filled: FakeDocker, report_file: Path) -> None:
    filled.fail("networks", "the daemon restarts")
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    report = its.finish()
    assert report is not None
    assert report.errors == ["`docker network ls`: the daemon restarts"]
    assert report.seconds > 0
    written = json.loads(report_file.read_text())
    assert (written["left"], written["errors"], written["seconds"]) == (report.left, report.errors, report.seconds)


def test_a_calm_runner_is_not_waited_for(filled: FakeDocker, report_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", QUICK.replace("SETTLE = ", "SETTLE = 1000.0; "))
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    its.calm()
    report = its.finish()
    assert report
    assert report.complete
    assert filled.names(PROJECT) == []


def test_an_unarmed_guard_touches_no_docker_and_reports_nothing(quick: None, filled: FakeDocker, report_file: Path) -> None:
    its = Guard(PROJECT, TOKEN, report_file)
    assert its.finish() is None
    assert filled.calls == []
    assert not report_file.exists()


def test_nothing_is_removed_while_the_runner_lives(quick: None, filled: FakeDocker, report_file: Path) -> None:
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    assert filled.calls == []
    its.finish()
    assert filled.calls != []


def test_signals_to_the_guard_do_not_stop_it(quick: None, filled: FakeDocker, report_file: Path) -> None:
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        os.kill(pid_of(its), signum)
    report = its.finish()
    assert report is not None
    assert report.complete
    assert filled.names(PROJECT) == []


def test_a_ctrl_c_at_the_terminal_does_not_reach_the_guard(quick: None, docker: FakeDocker, report_file: Path) -> None:
    its = Guard(PROJECT, TOKEN, report_file)
    assert os.getsid(pid_of(its)) == pid_of(its)
    its.finish()


def test_a_docker_that_hangs_is_reported_within_the_bound(
    filled: FakeDocker, report_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", IMPATIENT.replace("COMMAND_TIMEOUT = 10", "COMMAND_TIMEOUT = 0.02"))
    filled.hang()
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    report = its.finish()
    assert report is not None
    assert not report.complete
    assert "did not answer within" in report.errors[0]


def test_what_resists_is_reported_by_name(filled: FakeDocker, report_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", IMPATIENT)
    filled.resist("default")
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    report = its.finish()
    assert report is not None
    assert not report.complete
    assert report.left["networks"] == ["default"]


def test_a_deleted_folder_of_the_run_does_not_keep_the_guard_from_reporting(
    quick: None, filled: FakeDocker, tmp_path: Path
) -> None:
    its = Guard(PROJECT, TOKEN, tmp_path / "gone" / "teardown.json")
    its.arm()
    report = its.finish()
    assert report is not None
    assert report.complete
    assert "cannot be written" in report.errors[-1]


def test_the_guard_does_not_depend_on_the_folder_it_was_started_in(
    quick: None, filled: FakeDocker, report_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "working-folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    folder.rmdir()
    report = its.finish()
    assert report is not None
    assert report.complete
    monkeypatch.chdir(tmp_path)


def test_two_guards_of_one_runner_do_not_keep_each_other_waiting(
    quick: None, filled: FakeDocker, report_file: Path, tmp_path: Path
) -> None:
    first = Guard(PROJECT, TOKEN, report_file)
    first.arm()
    second = Guard("another-project", "token-of-another", tmp_path / "second.json")
    second.arm()
    assert first.finish() is not None
    assert filled.names(PROJECT) == []
    assert filled.names("another-project") != []
    second.finish()
    assert filled.names("another-project") == []


def test_a_guard_that_does_not_start_is_an_error_with_what_it_said(monkeypatch: pytest.MonkeyPatch, report_file: Path) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", "raise SystemExit('no room for a guard')")
    with pytest.raises(GuardFailed, match="did not start: no room for a guard"):
        Guard(PROJECT, TOKEN, report_file)


def test_a_released_guard_lets_the_environment_stand(quick: None, filled: FakeDocker, report_file: Path) -> None:
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    assert its.is_armed
    its.release()
    assert not its.is_armed
    assert its.finish() is None
    assert filled.calls == []


def test_who_waits_long_is_told_once(filled: FakeDocker, report_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", IMPATIENT)
    monkeypatch.setattr(guard, "_QUIET", 0.01)
    filled.resist("default")
    told: list[str] = []
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    assert its.finish(lambda: told.append("it takes long")) is not None
    assert told == ["it takes long"]


def test_a_guard_that_is_gone_cannot_be_armed(quick: None, docker: FakeDocker, report_file: Path) -> None:
    its = Guard(PROJECT, TOKEN, report_file)
    with end_of(pid_of(its)):
        os.kill(pid_of(its), signal.SIGKILL)
    with pytest.raises(GuardFailed, match="gone"):
        its.arm()
    with pytest.raises(GuardFailed, match="without a report"):
        its.finish()


def test_a_killed_guard_is_an_error_not_a_clean_end(quick: None, docker: FakeDocker, report_file: Path) -> None:
    its = Guard(PROJECT, TOKEN, report_file)
    its.arm()
    os.kill(pid_of(its), signal.SIGKILL)
    with pytest.raises(GuardFailed, match="without a report"):
        its.finish()


def test_the_guard_starts_with_the_standard_library_alone(docker: FakeDocker) -> None:
    program = (
        "import sys; from runner.cleanup import guard; "
        "print(*sorted({'yaml', 'pydantic', 'python_on_whales'} & set(sys.modules)))"
    )
    with python(program) as process:
        assert line(process) == ""
