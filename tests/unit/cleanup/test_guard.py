"""The guard tears down however its runner ends, and only if it was armed; if it is killed itself, another one does."""

import json
import os
import secrets
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.cleanup import guard
from runner.cleanup.guard import Guard
from runner.cleanup.teardown import Report, guard_token
from runner.environment.port_lock import NoLock, lock
from runner.errors import EnvironmentFailed
from runner.processes import HAS_PROC
from tests.unit.fake_docker import FakeDocker
from tests.unit.processes import PATIENCE, end_of, line, python

PROJECT = "evv-agent-test-traction-1"
EMPTY: dict[str, list[str]] = {"containers": [], "networks": [], "volumes": []}
# The guard's own program, with the pauses of the teardown cut short.
QUICK = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from runner.cleanup import guard_process, teardown; "
    "teardown.SETTLE = teardown.PAUSE = 0.02; guard_process.BOUND = 30; guard_process.main(sys.argv[1:])"
)
# For what is never removed: one that gives up soon.
IMPATIENT = QUICK.replace("BOUND = 30", "BOUND = 0.1")
# A runner that is killed at work: it says where its guard is, and waits.
RUNNER = """
import os, sys
from pathlib import Path
from runner.cleanup import guard
from runner.docker.process import Endpoint
guard._PROGRAM = sys.argv[1]
its = guard.Guard(sys.argv[2], sys.argv[3], Endpoint(dict(os.environ)), Path(sys.argv[4]), print)
if sys.argv[5] == "armed":
    its.arm("")
print(its._process.pid, flush=True)
sys.stdin.read()
"""
# A docker client of the run, by its token.
CLIENT = "print('up', flush=True); input()"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", QUICK)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", IMPATIENT)


@pytest.fixture
def report_file(tmp_path: Path) -> Path:
    return tmp_path / "teardown.json"


@pytest.fixture
def token() -> str:
    return secrets.token_hex(8)


@pytest.fixture
def filled(docker: FakeDocker) -> FakeDocker:
    docker.create(PROJECT, "containers", "odoo")
    docker.create(PROJECT, "networks", "default")
    docker.create("another-project", "containers", "odoo-of-another")
    return docker


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def new_guard(docker: FakeDocker, token: str, report_file: Path, said: list[str]) -> Callable[[], Guard]:
    return lambda: Guard(PROJECT, token, docker.endpoint, report_file, said.append)


@pytest.fixture
def its(new_guard: Callable[[], Guard]) -> Guard:
    """A guard that is not armed yet; to be asked for after the fixtures that say which program it is."""
    return new_guard()


def pid_of(its: Guard) -> int:
    return its._process.pid


def kill(its: Guard) -> None:
    with end_of(pid_of(its)):
        os.kill(pid_of(its), signal.SIGKILL)


def torn_down(its: Guard, *, skip_settling: bool = False) -> Report:
    report = its.finish(skip_settling=skip_settling)
    assert report is not None
    return report


# However the runner ends


def test_the_guard_at_the_engine_is_removed_by_one_that_knows_of_it(
    quick: None, its: Guard, filled: FakeDocker, token: str
) -> None:
    filled.create_guard(PROJECT, "guard")
    its.arm("", at_engine=True)
    with python(CLIENT, AGENT_TEST_TOKEN=guard_token(token)) as client:
        assert line(client) == "up"
        assert torn_down(its).left == EMPTY
        assert client.wait(PATIENCE) == -signal.SIGKILL
    assert filled.names(f"guard-of-{PROJECT}") == []


def test_also_by_a_new_one_where_that_was_killed(quick: None, its: Guard, filled: FakeDocker) -> None:
    filled.create_guard(PROJECT, "guard")
    its.arm("", at_engine=True)
    kill(its)
    assert torn_down(its).complete
    assert filled.names(f"guard-of-{PROJECT}") == []


@contextmanager
def runner(token: str, report_file: Path, armed: str) -> Iterator[Callable[[signal.Signals], None]]:
    """A process with a guard; what kills it, the group too, is to be called within. At the end the guard has ended."""
    arguments = (QUICK, PROJECT, token, str(report_file), armed)
    with python(RUNNER, *arguments) as process, end_of(int(line(process))):
        yield lambda signum: os.killpg(process.pid, signum)


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_whatever_kills_the_runner_and_its_process_group_its_environment_is_removed(
    filled: FakeDocker, token: str, report_file: Path, signum: signal.Signals
) -> None:
    with runner(token, report_file, "armed") as end:
        assert filled.names(PROJECT) != []
        end(signum)
    assert filled.names(PROJECT) == []
    assert filled.names("another-project") == ["containers/odoo-of-another"]
    assert json.loads(report_file.read_text())["left"] == EMPTY


def test_a_runner_that_dies_before_it_arms_the_guard_costs_no_docker_call(
    filled: FakeDocker, token: str, report_file: Path
) -> None:
    with runner(token, report_file, "not armed") as end:
        end(signal.SIGKILL)
    assert filled.calls == []
    assert filled.names(PROJECT) != []
    assert not report_file.exists()


@pytest.mark.parametrize("armed", ["armed", "not armed"])
def test_the_docker_clients_of_a_killed_runner_are_killed(
    filled: FakeDocker, token: str, report_file: Path, armed: str
) -> None:
    with python(CLIENT, AGENT_TEST_TOKEN=token) as client:
        assert line(client) == "up"
        with runner(token, report_file, armed) as end:
            end(signal.SIGKILL)
        assert client.wait(PATIENCE) == -signal.SIGKILL


def test_the_guard_as_it_is_shipped_removes_and_reports(filled: FakeDocker, its: Guard) -> None:
    its.arm("the-engine-of-the-test")
    report = torn_down(its)
    assert report.complete
    assert report.left == EMPTY
    assert filled.names(PROJECT) == []


@pytest.mark.skipif(not HAS_PROC, reason="no /proc here, without which psutil is asked")
def test_the_guard_starts_with_the_standard_library_alone() -> None:
    program = (
        "import sys; from runner.cleanup import guard_process; "
        "print(*sorted({'psutil', 'yaml', 'pydantic', 'python_on_whales', 'rich', 'junitparser'} & set(sys.modules)))"
    )
    with python(program) as process:
        assert line(process) == ""


# What it does, and for whom


def test_the_report_is_returned_and_written(quick: None, filled: FakeDocker, its: Guard, report_file: Path) -> None:
    filled.fail("networks", "the daemon restarts")
    its.arm("")
    report = torn_down(its)
    assert report.errors == ["`docker network ls`: the daemon restarts"]
    assert report.seconds > 0
    written = json.loads(report_file.read_text())
    assert (written["left"], written["errors"], written["seconds"]) == (report.left, report.errors, report.seconds)
    assert written["project"] == PROJECT


def test_its_docker_has_the_environment_of_the_endpoint_whatever_the_runner_s_is(
    quick: None, filled: FakeDocker, its: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///of/another/engine")
    its.arm("")
    torn_down(its)
    environ = dict(entry.split("=", 1) for entry in filled.environ)
    for its_own in ("PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE", "AGENT_TEST_CLIENT"):
        environ.pop(its_own, None)
    assert environ == filled.endpoint.environ


def test_after_a_run_without_killed_clients_nothing_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, filled: FakeDocker, new_guard: Callable[[], Guard]
) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", QUICK.replace("SETTLE = ", "SETTLE = 1000.0; "))
    its = new_guard()
    its.arm("")
    assert torn_down(its, skip_settling=True).complete
    assert filled.names(PROJECT) == []


def test_an_empty_listing_of_another_engine_than_the_run_s_is_not_believed(
    impatient: None, docker: FakeDocker, its: Guard
) -> None:
    docker.be_engine("another")
    its.arm("mine")
    report = torn_down(its)
    assert not report.complete
    assert "ID another instead of mine" in report.errors[0]


def test_an_unarmed_guard_asks_docker_nothing_and_ends_the_run_s_clients(
    quick: None, filled: FakeDocker, its: Guard, token: str, report_file: Path
) -> None:
    with python(CLIENT, AGENT_TEST_TOKEN=token) as client:
        assert line(client) == "up"
        assert its.finish(skip_settling=False) is None
        assert client.wait(PATIENCE) == -signal.SIGKILL
    assert filled.calls == []
    assert not report_file.exists()


@pytest.mark.parametrize("is_armed", [True, False])
def test_an_environment_that_a_killed_client_had_not_read_is_removed(
    quick: None, filled: FakeDocker, its: Guard, report_file: Path, is_armed: bool
) -> None:
    secret = report_file.with_name(".launch-0123456789abcdef")
    secret.write_text("DB_PASSWORD=secret")
    if is_armed:
        its.arm("")
    its.finish(skip_settling=True)
    assert not secret.exists()


@pytest.mark.parametrize("is_armed", [True, False])
def test_the_sources_of_an_earlier_commit_are_removed(
    quick: None, filled: FakeDocker, its: Guard, report_file: Path, is_armed: bool
) -> None:
    earlier = report_file.with_name("earlier")
    (earlier / "addons").mkdir(parents=True)
    (earlier / "addons/outside").symlink_to(report_file.parent)
    if is_armed:
        its.arm("")
    its.finish(skip_settling=True)
    assert not earlier.exists()
    assert report_file.parent.exists()


def test_sources_that_cannot_be_removed_are_told(quick: None, filled: FakeDocker, its: Guard, report_file: Path) -> None:
    report_file.with_name("earlier").symlink_to(report_file.parent)  # which is never followed
    its.arm("")
    (error,) = torn_down(its).errors
    assert "earlier cannot be removed" in error


def test_a_disarmed_guard_lets_everything_stand(
    quick: None, filled: FakeDocker, its: Guard, token: str, report_file: Path
) -> None:
    earlier = report_file.with_name("earlier")
    earlier.mkdir()  # the environment has it mounted
    with python(CLIENT, AGENT_TEST_TOKEN=token) as client:
        assert line(client) == "up"
        its.arm("")
        assert its.is_armed
        its.disarm()
        assert not its.is_armed
        assert its.finish(skip_settling=True) is None
        assert client.poll() is None
    assert filled.calls == []
    assert not report_file.exists()
    assert earlier.exists()


def test_nothing_is_removed_while_the_runner_lives(quick: None, filled: FakeDocker, its: Guard) -> None:
    its.arm("")
    assert filled.calls == []
    torn_down(its)
    assert filled.calls != []


def test_two_guards_of_one_runner_do_not_keep_each_other_waiting(
    quick: None, filled: FakeDocker, its: Guard, tmp_path: Path
) -> None:
    its.arm("")
    second = Guard("another-project", secrets.token_hex(8), filled.endpoint, tmp_path / "second.json", print)
    second.arm("")
    torn_down(its)
    assert filled.names(PROJECT) == []
    assert filled.names("another-project") != []
    torn_down(second)
    assert filled.names("another-project") == []


# What does not stop it


def test_signals_to_the_guard_do_not_stop_it(quick: None, filled: FakeDocker, its: Guard) -> None:
    its.arm("")
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        os.kill(pid_of(its), signum)
    report = torn_down(its)
    assert report.complete
    assert report.errors == []
    assert filled.names(PROJECT) == []


def test_a_ctrl_c_at_the_terminal_does_not_reach_the_guard(quick: None, its: Guard) -> None:
    assert os.getsid(pid_of(its)) == pid_of(its)
    its.finish(skip_settling=False)


def test_a_docker_that_hangs_is_reported_within_the_bound(
    monkeypatch: pytest.MonkeyPatch, filled: FakeDocker, new_guard: Callable[[], Guard]
) -> None:
    monkeypatch.setattr(
        guard, "_PROGRAM", IMPATIENT.replace("teardown.SETTLE", "teardown.COMMAND_TIMEOUT = 0.02; teardown.SETTLE")
    )
    filled.hang()
    its = new_guard()
    its.arm("")
    report = torn_down(its)
    assert not report.complete
    assert "did not answer within" in report.errors[0]


def test_what_resists_is_reported_by_name(impatient: None, filled: FakeDocker, its: Guard) -> None:
    filled.resist("default")
    its.arm("")
    report = torn_down(its)
    assert not report.complete
    assert report.left["networks"] == ["default"]


def test_a_deleted_folder_of_the_run_does_not_keep_the_guard_from_reporting(
    quick: None, filled: FakeDocker, token: str, tmp_path: Path
) -> None:
    its = Guard(PROJECT, token, filled.endpoint, tmp_path / "gone" / "teardown.json", print)
    its.arm("")
    report = torn_down(its)
    assert report.complete
    assert "cannot be written" in report.errors[-1]


def test_the_guard_does_not_depend_on_the_folder_it_was_started_in(
    quick: None, filled: FakeDocker, new_guard: Callable[[], Guard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "working-folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    its = new_guard()
    its.arm("")
    folder.rmdir()
    assert torn_down(its).complete
    monkeypatch.chdir(tmp_path)


# Where there is no guard, or no longer


def test_without_a_guard_nothing_is_started(monkeypatch: pytest.MonkeyPatch, new_guard: Callable[[], Guard]) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", "raise SystemExit('no room for a guard')")
    with pytest.raises(EnvironmentFailed, match=r"did not start: no room for a guard\. Nothing was started\.$"):
        new_guard()


def test_a_guard_that_is_gone_cannot_be_armed_and_its_successor_tears_down(
    quick: None, filled: FakeDocker, its: Guard, said: list[str]
) -> None:
    kill(its)
    with pytest.raises(EnvironmentFailed, match=r"^The guard process is gone: .*\. Nothing was started\.$"):
        its.arm("")
    assert torn_down(its).complete
    assert filled.names(PROJECT) == []


@pytest.mark.parametrize("skip_settling", [True, False])
def test_a_killed_guard_has_a_successor_and_the_report_tells_so(
    quick: None, filled: FakeDocker, its: Guard, said: list[str], report_file: Path, skip_settling: bool
) -> None:
    its.arm("the-engine-of-the-test")
    kill(its)
    report = torn_down(its, skip_settling=skip_settling)
    assert report.complete
    assert filled.names(PROJECT) == []
    (failure,) = report.errors
    assert failure == "The guard process ended without a report: exit code -9"
    assert said == [f"  {failure}. A new one tears down."]
    assert json.loads(report_file.read_text())["left"] == EMPTY


def test_a_guard_that_is_stopped_is_ended_and_has_a_successor(
    quick: None, filled: FakeDocker, its: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("_QUIET", 0.05), ("BOUND", 3.0), ("_MARGIN", 0.0)):
        monkeypatch.setattr(guard, name, seconds)
    its.arm("")
    os.kill(pid_of(its), signal.SIGSTOP)
    with end_of(pid_of(its)):
        report = torn_down(its)
    assert report.complete
    assert report.errors == ["The guard process did not end within 3 s."]


def test_what_a_guard_said_before_its_end_is_told(
    monkeypatch: pytest.MonkeyPatch, docker: FakeDocker, new_guard: Callable[[], Guard], said: list[str]
) -> None:
    monkeypatch.setattr(guard, "_PROGRAM", "print('ready', flush=True); input(); raise SystemExit('It is broken.')")
    its = new_guard()
    its.arm("")
    monkeypatch.setattr(guard, "_PROGRAM", QUICK)
    assert torn_down(its).complete
    assert said == ["  The guard process ended without a report: It is broken. A new one tears down."]


def test_the_successor_knows_the_run_s_engine_too(impatient: None, docker: FakeDocker, its: Guard) -> None:
    its.arm("mine")
    kill(its)
    report = torn_down(its)
    assert not report.complete
    assert "ID the-engine-of-the-test instead of mine" in report.errors[1]


def test_where_no_other_guard_starts_it_is_said_what_may_be_left(
    quick: None, filled: FakeDocker, its: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    its.arm("")
    kill(its)
    monkeypatch.setattr(guard, "_PROGRAM", "raise SystemExit('no memory')")
    report = torn_down(its)
    assert report.left == {"unknown": [f"whatever has the label of project {PROJECT}"]}
    first, second = report.errors
    assert first == "The guard process ended without a report: exit code -9"
    assert second == "The guard process did not start: no memory"


def test_a_killed_guard_that_was_not_armed_or_was_disarmed_needs_no_successor(
    quick: None, filled: FakeDocker, new_guard: Callable[[], Guard], said: list[str]
) -> None:
    unarmed = new_guard()
    kill(unarmed)
    assert unarmed.finish(skip_settling=True) is None
    assert said == []
    disarmed = new_guard()
    disarmed.arm("")
    kill(disarmed)
    disarmed.disarm()
    assert disarmed.finish(skip_settling=True) is None
    assert len(said) == 1
    assert said[0].startswith("  The guard process is gone")
    assert filled.calls == []


def test_a_teardown_at_an_engine_that_answers_slowly_takes_long_without_a_word(
    impatient: None, filled: FakeDocker, its: Guard, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "_QUIET", 0.01)
    its.latency = PATIENCE
    filled.resist("default")
    its.arm("")
    torn_down(its)
    assert said == []


def test_a_teardown_that_takes_long_is_explained_once(
    impatient: None, filled: FakeDocker, its: Guard, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "_QUIET", 0.01)
    filled.resist("default")
    its.arm("")
    torn_down(its)
    assert said == ["  the teardown takes longer than usual; it is tried for at most 120 s"]


def test_a_lock_that_the_guard_has_too_is_free_only_after_its_teardown(
    filled: FakeDocker, quick: None, token: str, report_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held = lock("of-the-test")
    its = Guard(PROJECT, token, filled.endpoint, report_file, print, [held])
    its.arm("")
    os.close(held)
    with pytest.raises(NoLock):
        lock("of-the-test")
    assert its.finish(skip_settling=True)
    os.close(lock("of-the-test"))
