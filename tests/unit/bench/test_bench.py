"""The benchmark reads its runs right and calculates right; what it measures is not tested here."""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from bench import compare, coverage, jobs, log, many, peer, phases, subject, watch
from bench.timed import Timed, run
from bench.usage import Process, Watch, family, processes
from runner.errors import Interrupted
from runner.odoo.manifest import read_manifest
from runner.processes import HAS_PROC
from runner.terminal import Terminal
from tests.unit.processes import PATIENCE, ROOT


def test_a_phase_of_the_script_lasts_until_the_next_begins() -> None:
    lines = [(0.5, "== up"), (1.0, "Container started == up"), (2.0, "== tests"), (7.5, "== down"), (9.0, "== end")]
    assert phases.of_script(lines) == {"up": 1.5, "tests": 5.5, "down": 1.5}


def test_the_script_marks_the_phases_that_are_compared() -> None:
    script = (ROOT / "bench/plain/run-tests.sh").read_text()
    assert {f'"== {name}"' in script for name in (phases.TESTS, phases.DOWN, "end")} == {True}


def test_a_phase_of_the_runner_is_read_as_the_runner_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    for name in ("up", "pull odoo:18.0", "tests", "up"):
        with terminal.phase(name):
            terminal.line("2026-11-24 14:39:52,361 51 INFO agent_test odoo: took 1.0 s")
    said = [(0.0, line) for line in capsys.readouterr().out.splitlines()]
    assert phases.of_runner(said).keys() == {"up", "pull odoo:18.0", "tests"}


def test_what_the_runner_says_twice_is_added_up() -> None:
    assert phases.of_runner([(0, "  up         0.5 s"), (0, "  up         1.5 s")]) == {"up": 2.0}


def test_a_round_of_a_watch_is_compared_with_a_later_run() -> None:
    seconds = {watch.RUN: (4.0, 5.0, 9.0), watch.ROUND: (3.0, 2.5, 1.0)}
    runs = [watch.Measured("bench_base", way, each) for way, several in seconds.items() for each in several]
    assert watch.table(runs).splitlines()[2:] == ["| base only | 5.0 | 2.5 | 0.50 |"]


def test_runs_with_coverage_are_compared_with_those_without() -> None:
    seconds = {coverage.PLAIN: (4.0, 5.0, 9.0), coverage.MEASURED: (8.0, 6.0, 1.0)}
    runs = [coverage.Measurement("traction", way, each, each / 2) for way, several in seconds.items() for each in several]
    assert coverage.table(runs).splitlines()[2:] == ["| traction: 13 tests, some over HTTP | 5.0 | 2.5 | 6.0 | 3.0 | 1.20 |"]


def test_a_round_of_a_watch_is_read_as_it_is_said_and_a_red_one_ends_the_benchmark() -> None:
    said = iter(["[10:00:00] round 1", "bench_base: PASSED  1 test ran", "[10:00:02] round 1 took 2.0 s; waiting", "more"])
    watch._wait(said, 1, "bench_base")
    assert list(said) == ["more"]
    for lines in (["bench_base: FAILED  1 test ran", "[10:00:02] round 1 took 2.0 s"], ["Error: no engine"]):
        with pytest.raises(subject.BenchFailed, match=re.escape(lines[-1])):
            watch._wait(iter(lines), 1, "bench_base")


def test_the_table_has_medians_and_ratios_to_the_script() -> None:
    runs = [
        compare.Measured("bench_base", way, seconds, down, besides, {}, 0.5)
        for way, values in {
            compare.SCRIPT: [(20.0, 2.0, 12.0), (90.0, 9.0, 80.0), (10.0, 1.0, 5.0)],
            compare.FIRST: [(18.0, 1.0, 6.0)],
            compare.LATER: [(5.0, 0.5, 2.5)],
            compare.LOADED: [(6.0, 0.5, 2.5)],
        }.items()
        for seconds, down, besides in values
    ]
    assert compare.table(runs).splitlines()[2:] == [
        "| base only | 20.0 | 18.0 (0.90) | 5.0 (0.25) | 6.0 (0.30) | 2.0 | 0.5 | 12.0 | 2.5 | 10% |",
    ]


def test_the_table_of_jobs_has_the_gain_and_the_largest_memory() -> None:
    runs = [
        jobs.Measured(jobs.ONE, 40.0, 2.0, 1.0, 60.0, 90.0),
        jobs.Measured(jobs.TWO, 20.0, 2.0, 1.0, 60.0, 90.0),
        jobs.Measured(jobs.TWO, 20.0, 2.0, 1.0, 70.0, 80.0),
    ]
    assert jobs.table(runs).splitlines()[2:] == [
        "| one after another | 40.0 | 1.00 | 2.5% | 5.0% | 60 MB | 90 MB |",
        "| --jobs 2 | 20.0 | 2.00 | 5.0% | 10.0% | 70 MB | 90 MB |",
    ]


def test_the_table_of_the_peer_has_ratios_to_it_and_what_it_does_not_see() -> None:
    runs = [
        peer.Measured(peer.ONE_DATABASE, "all", 60.0, 0),
        *(peer.Measured(way, "all", 30.0, 0) for way in (peer.FIRST, peer.LATER, peer.TWO)),
        *(peer.Measured(peer.ONE_DATABASE, module, 9.0, 0) for module in peer.FLAWED),
        *(peer.Measured(peer.LATER, module, 9.0, 7) for module in peer.FLAWED),
    ]
    rows = peer.table(runs).splitlines()
    assert rows[2:6] == [
        "| one database for all | 60.0 | 1.00 |",
        "| first run | 30.0 | 0.50 |",
        "| later run | 30.0 | 0.50 |",
        "| later run, --jobs 2 | 30.0 | 0.50 |",
    ]
    assert rows[-1] == "| has a test file that nothing imports | green | red (7) |"


def test_three_hundred_modules_are_calculated_of_thirty() -> None:
    runs = [many.Measured(many.FIRST, 1, 60.0), many.Measured(many.ONE, 30, 300.0), many.Measured(many.TWO, 30, 150.0)]
    assert many.table(runs).splitlines()[2:] == [
        "| one after another | 300 s | 10.0 s | 51 min | 3.3 min |",
        "| --jobs 2 | 150 s | 5.0 s | 26 min | 2.2 min |",
    ]


def test_a_command_is_timed_line_by_line_and_its_cpu_is_counted() -> None:
    program = "import time; print('one', flush=True); time.sleep(0.3); print('two'); sum(range(10**6)); raise SystemExit(3)"
    ended = run([sys.executable, "-c", program], Path("/"), os.environ)
    (first, one), (second, two) = ended.lines
    assert (ended.exit_code, one, two, ended.output) == (3, "one", "two", "one\ntwo")
    assert second - first > 0.1
    assert ended.cpu > 0


def test_what_is_not_odoos_tests_is_the_rest_of_the_whole_run() -> None:
    assert phases.besides_odoo(Timed(0, 10.0, (), 0.0), {"up": 1.0, "tests": 6.0, "down": 1.0}) == 4.0


def test_a_red_run_is_not_measured() -> None:
    with pytest.raises(subject.BenchFailed, match="The script on m ended with 1:\nwhy"):
        subject._green(Timed(1, 1.0, ((0.1, "why"),), 0.1), "The script on m")


def test_the_members_of_a_family_are_found_at_any_depth() -> None:
    parents = {1: 0, 5: 1, 6: 5, 7: 6, 8: 1}
    known = {pid: Process(parent, "python3", 1, 0.0) for pid, parent in parents.items()}
    assert family(5, known).keys() == {5, 6, 7}
    assert family(99, known) == {}


def test_memory_is_the_largest_sum_of_a_moment_and_cpu_that_of_all_who_were_seen() -> None:
    watch = Watch()
    watch.note({5: Process(1, "python3", 10, 1.0), 6: Process(5, "python3", 30, 0.5), 7: Process(5, "docker", 7, 9.0)})
    watch.note({5: Process(1, "python3", 20, 2.0), 8: Process(5, "python3.11", 5, 0.25), 9: Process(5, "docker", 8, 9.0)})
    assert (watch.python, watch.clients, watch.python_cpu) == (40, 8, 2.75)


@pytest.mark.skipif(not HAS_PROC, reason="no /proc here")
def test_this_process_is_among_those_that_are_seen_with_what_it_takes() -> None:
    seen = processes()[os.getpid()]
    assert seen.parent == os.getppid()
    assert seen.resident > 1_000_000
    assert 0 < seen.cpu <= time.process_time() + 0.1


class Interrupting(Watch):
    """Interrupts the measurement once the command has made its file."""

    def __init__(self, made: Path) -> None:
        super().__init__()
        self._made = made

    @contextmanager
    def following(self, pid: int) -> Iterator[None]:
        deadline = time.monotonic() + PATIENCE
        while not self._made.exists():
            assert time.monotonic() < deadline, "the command did not start"
            time.sleep(0.01)
        raise Interrupted(signal.SIGINT)
        yield


def test_an_interrupted_measurement_tells_its_command_to_end(tmp_path: Path) -> None:
    stands, told = tmp_path / "stands", tmp_path / "told"
    command = ["bash", "-c", f"trap 'touch {told}; exit' TERM; touch {stands}; while :; do sleep 0.1; done"]
    with pytest.raises(Interrupted):
        run(command, Path("/"), os.environ, Interrupting(stands))
    assert told.exists()


def test_what_is_prepared_for_the_benchmark_is_prepared_for_nobody_else() -> None:
    file = ROOT / "docker-compose.agent.yml"
    first, second = (yaml.safe_load(subject._compose_of_its_own(file)) for _ in range(2))
    tokens = {each["services"]["db"]["environment"].pop("AGENT_TEST_BENCH") for each in (first, second)}
    assert len(tokens) == 2
    assert first == second == yaml.safe_load(file.read_text())


def test_every_module_of_the_table_exists_with_what_it_is_said_to_depend_on() -> None:
    for module, depends in compare.MODULES.items():
        assert (
            ", ".join(read_manifest(ROOT / "bench/addons" / module).depends) == depends.removesuffix(" only").partition(":")[0]
        )


@pytest.mark.parametrize("kind", log.KINDS)
def test_a_log_of_every_kind_is_made_up_read_and_judged(kind: str) -> None:
    measured = log.read(kind, 1)
    assert measured.exit_code in (0, 1, 7)
    assert f"| {kind} | 1 | " in log.table([measured, measured])
