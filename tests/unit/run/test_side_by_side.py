"""Several runs at once, as real processes that only say and do what a test wants."""

import gc
import os
import signal
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from runner.cleanup.teardown import Report
from runner.config.options import Options
from runner.docker.process import Endpoint
from runner.errors import ExitCode
from runner.reporting.proof_log import proof_file
from runner.run import side_by_side
from runner.run.board import Board
from runner.run.events import Event
from runner.run.module_run import Request
from runner.run.side_by_side import Ended, SideBySide
from runner.signals import Signals
from runner.terminal import Terminal
from tests.unit.processes import PATIENCE
from tests.unit.repositories import repository

# The module's name is what the process does; the times of its begin and its end are files, for the test to look at.
PROGRAM = """
import os, pickle, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv.pop(1))
from runner.errors import Interrupted
from runner.run.events import EventTerminal
from runner.reporting.outcome import Outcome
from runner.run.forking import fork_for_each_request

fork_for_each_request()
request = pickle.load(sys.stdin.buffer)
folder, what = request.repository.path, request.module
terminal = EventTerminal(sys.stdout.buffer)

def end(code, word):
    terminal.end(Outcome(what, code, word, (), folder / "log"))
    (folder / f"{what}.ended").write_text(str(time.monotonic()))
    sys.exit(0)

for signum in (signal.SIGINT, signal.SIGTERM):
    signal.signal(signum, lambda signum, _frame: end(128 + signum, "INTERRUPTED"))
(folder / f"{what}.begun").write_text(str(time.monotonic()))
terminal.begin("x", f"project-of-{what}")
if what.startswith("waits"):
    (folder / f"{what}.pid").write_text(str(os.getpid()))
    terminal.line("waiting")
    while True:  # not signal.pause(): a signal just before it would not be seen
        time.sleep(0.05)
elif what.startswith("killed"):
    os.kill(os.getpid(), signal.SIGKILL)
elif what.startswith("early"):
    os._exit(3)
elif what.startswith("fails"):
    end(1, "FAILED")
end(0, "PASSED")
"""

# The engine that was settled at the start of the call; this process' own environment names another one.
PINNED = "unix:///of-the-call.sock"

Go = Callable[..., Ended]


@pytest.fixture
def go(tmp_path: Path, signals: Signals, monkeypatch: pytest.MonkeyPatch) -> Go:
    monkeypatch.setattr(side_by_side, "PROGRAM", PROGRAM)
    monkeypatch.setattr(side_by_side, "remove_project", lambda _endpoint, _project, **_: Report(left={"containers": []}))
    (tmp_path / "evv").mkdir()
    of = repository(tmp_path)

    def run(*modules: str, jobs: int = 2, fail_fast: bool = False, board: Board | None = None) -> Ended:
        shown = board or Board(Terminal(), modules)
        runs = SideBySide(jobs, {**os.environ, "DOCKER_HOST": PINNED}, fail_fast=fail_fast, board=shown, signals=signals)
        proofs = {module: proof_file(of.path, module, only=False) for module in modules}
        return runs.run([Request(of, module, Options(1, 1), "command", proof) for module, proof in proofs.items()])

    return run


def test_one_module_in_two_series_is_two_runs(go: Go, tmp_path: Path, signals: Signals) -> None:
    requests = [
        Request(
            repository(tmp_path).model_copy(update={"series": series}), module, Options(1, 1), "command", tmp_path / series
        )
        for series, module in (("18.0", "killed"), ("19.0", "killed"))
    ]
    shown = Board(Terminal(), [request.name for request in requests])
    ended = SideBySide(2, {**os.environ, "DOCKER_HOST": PINNED}, fail_fast=False, board=shown, signals=signals).run(requests)
    assert [outcome.name for outcome in ended.outcomes] == ["killed (18.0)", "killed (19.0)"]


class SignalWhen(Board):
    """Sends this process a signal when so many runs have said that they wait."""

    def __init__(self, modules: list[str], waiting: int, signum: signal.Signals) -> None:
        super().__init__(Terminal(), modules)
        self._left, self._signum = waiting, signum

    def event(self, module: str, event: Event) -> None:
        super().event(module, event)
        if event.text == "waiting":
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), self._signum)


def exit_codes(ended: Ended) -> dict[str, int]:
    return {outcome.module: outcome.exit_code for outcome in ended.outcomes}


def is_gone(folder: Path) -> bool:
    return not [each for each in folder.glob("*.begun") if not each.with_suffix(".ended").exists()]


def test_each_gets_its_outcome_in_the_order_in_which_it_was_asked_for(go: Go) -> None:
    ended = go("passes_1", "fails", "passes_2")
    assert list(exit_codes(ended).items()) == [("passes_1", 0), ("fails", 1), ("passes_2", 0)]
    assert ended.not_run == {}


def test_no_more_run_at_once_than_was_asked_for(go: Go, tmp_path: Path) -> None:
    go("a", "b", "c", jobs=1)
    times = [
        (float((tmp_path / f"evv/{m}.begun").read_text()), float((tmp_path / f"evv/{m}.ended").read_text())) for m in "abc"
    ]
    assert all(end <= begin for (_, end), (begin, _) in pairwise(times))


def test_a_signal_ends_all_of_them_and_those_that_had_not_begun_count_as_interrupted(go: Go, tmp_path: Path) -> None:
    modules = ["waits_1", "waits_2", "never"]
    ended = go(*modules, board=SignalWhen(modules, 2, signal.SIGINT))
    assert exit_codes(ended) == {"waits_1": 130, "waits_2": 130, "never": 130}
    assert is_gone(tmp_path / "evv")
    assert not (tmp_path / "evv/never.begun").exists()


def test_a_signal_is_said_once_for_all(go: Go, capsys: pytest.CaptureFixture[str]) -> None:
    go("waits", board=SignalWhen(["waits"], 1, signal.SIGINT))
    assert "SIGINT: ending every run and tearing down" in capsys.readouterr().out.splitlines()


def test_the_signal_is_passed_on_as_it_came(go: Go) -> None:
    assert exit_codes(go("waits", "passes", board=SignalWhen(["waits"], 1, signal.SIGTERM)))["waits"] == 143


def test_with_fail_fast_the_first_that_is_red_ends_the_others_which_do_not_count(
    go: Go, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = go("waits", "fails", "never", fail_fast=True)
    assert "  ended by --fail-fast" in capsys.readouterr().out.splitlines()  # and no word of a signal
    assert exit_codes(ended) == {"fails": 1}
    assert ended.not_run == {"waits": "ended by --fail-fast", "never": "not started (--fail-fast)"}
    assert is_gone(tmp_path / "evv")


def test_one_that_is_ended_before_it_has_begun_counts_as_interrupted_not_as_killed(
    go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_by_side, "PROGRAM", PROGRAM.replace("request =", "signal.pause()\nrequest ="))
    modules = ["fails", "slow_to_start"]

    class Ending(Board):
        def begins(self, module: str) -> None:
            if module == "slow_to_start":
                os.kill(os.getpid(), signal.SIGTERM)

    assert exit_codes(go(*modules, board=Ending(Terminal(), modules))) == {"fails": 143, "slow_to_start": 143}


def test_one_that_is_killed_is_an_error_of_its_own_and_the_others_go_on(go: Go) -> None:
    ended = go("killed", "passes")
    assert exit_codes(ended) == {"killed": ExitCode.ENVIRONMENT, "passes": 0}
    assert "killed by SIGKILL before it had a verdict" in ended.outcomes[0].reasons[0]


def test_what_a_killed_one_left_is_looked_for_and_told(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def remove(_endpoint: Endpoint, project: str, **_: float) -> Report:
        asked.append(project)
        return Report(left={"containers": ["c-1"]})

    monkeypatch.setattr(side_by_side, "remove_project", remove)
    ended = go("killed", "early")
    assert exit_codes(ended) == {"killed": 8, "early": 8}
    assert sorted(asked) == ["project-of-early", "project-of-killed"]
    assert "could not be removed: c-1" in ended.outcomes[0].reasons[0]
    assert "ended with exit code 3 before it had a verdict" in ended.outcomes[1].reasons[1]


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_one_that_does_not_end_after_a_signal_is_given_up_and_named(
    go: Go, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(side_by_side, "PROGRAM", PROGRAM.replace("end(128 + signum", "(128 + signum"))
    monkeypatch.setattr(side_by_side, "_PATIENCE", 0.2)
    monkeypatch.setattr(side_by_side, "_LOOK", 0.1)
    before = set(threading.enumerate())
    ended = go("waits", board=SignalWhen(["waits"], 1, signal.SIGINT))
    os.kill(int((tmp_path / "evv/waits.pid").read_text()), signal.SIGKILL)
    # What reads from it holds it too: else its end is seen, and warned of, in whichever test comes next.
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)
    assert exit_codes(ended) == {"waits": ExitCode.LEFT_BEHIND}
    assert "did not end within 0 s; its guard goes on.\nLook with: docker ps" in ended.outcomes[0].reasons[0]
    assert ended.outcomes[0].label == "LEFT BEHIND"
    gc.collect()


def test_a_defect_of_ours_ends_the_runs_too(go: Go, tmp_path: Path) -> None:
    class Broken(Board):
        def event(self, module: str, event: Event) -> None:
            if event.text == "waiting":
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        go("waits", "passes", board=Broken(Terminal(), ["waits"]))
    assert is_gone(tmp_path / "evv")


def told_by(go: Go, monkeypatch: pytest.MonkeyPatch, expression: str) -> list[str]:
    """What the process of a run says of itself."""
    said: list[str] = []

    class Listening(Board):
        def event(self, module: str, event: Event) -> None:
            said.append(event.text)

    tell = f"terminal.line(str({expression})); "
    monkeypatch.setattr(side_by_side, "PROGRAM", PROGRAM.replace("if what", f"{tell}\nif what", 1))
    go("passes", board=Listening(Terminal(), ["passes"]))
    return said


def test_the_processes_know_who_started_them_and_are_out_of_the_terminal_s_reach(
    go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = told_by(
        go, monkeypatch, "(int(os.environ['AGENT_TEST_STARTER']) == os.getppid(), os.getsid(0) == os.getpid(), os.getcwd())"
    )
    assert f"{(True, True, '/')}" in said


def test_the_processes_get_the_engine_of_the_call_and_not_what_this_process_means_now(
    go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///another.sock")
    assert PINNED in told_by(go, monkeypatch, "os.environ['DOCKER_HOST']")


def test_what_a_killed_one_left_is_removed_on_the_engine_of_the_call(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    engines = []

    def remove(endpoint: Endpoint, _project: str, **_: float) -> Report:
        engines.append(endpoint.environ["DOCKER_HOST"])
        return Report(left={})

    monkeypatch.setattr(side_by_side, "remove_project", remove)
    go("killed")
    assert engines == [PINNED]


def test_one_whose_process_cannot_be_started_is_an_error_of_its_own(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "PROGRAM", "raise SystemExit('no memory')")
    ended = go("a", "b", "c", fail_fast=True)
    assert exit_codes(ended) == {"a": ExitCode.ENVIRONMENT}
    assert "cannot be started" in ended.outcomes[0].reasons[0]
    assert ended.not_run == {"b": "not started (--fail-fast)", "c": "not started (--fail-fast)"}
