"""Every phase times every signal: nothing is left. The fixture `tiny` asserts it again, with the ports, after each."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from .phases import PHASES, Held, docker_that_holds, guard_of, in_exec, in_teardown, wait_until
from .tiny_repository import PASSES, PATIENCE, RUNNING, WAITS, TinyRepository, left, left_after_teardown

# What a run says of a signal: outside of its teardown, and in it.
HEARD = ("ending the run and tearing down", "teardown is under way")


def _to_the_runner(held: Held, signum: signal.Signals) -> None:
    os.kill(held.runner_pid, signum)


def _twice(held: Held, signum: signal.Signals) -> None:
    os.kill(held.runner_pid, signum)
    wait_until(lambda: any(words in held.starter.output for words in HEARD), "a word on the first signal")
    with contextlib.suppress(ProcessLookupError):  # where there was nothing to tear down, it has ended by now
        os.kill(held.runner_pid, signum)


def _to_the_group(held: Held, signum: signal.Signals) -> None:
    held.starter.send_group(signum)


def _to_the_starter(held: Held, signum: signal.Signals) -> None:
    held.starter.send(signum)


# Makes its standard input the controlling terminal, as a login shell does, and becomes the command.
_OWN_TERMINAL = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"

Phase = Callable[[TinyRepository], Held]
Way = tuple[Callable[[Held, signal.Signals], None], signal.Signals]
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
ENDED: list[Way] = [(_to_the_runner, signum) for signum in CODES]
ENDED += [(_twice, signal.SIGINT)]
KILLED: list[Way] = [(_to_the_runner, signal.SIGKILL), (_to_the_runner, signal.SIGSEGV), (_to_the_group, signal.SIGKILL)]
# Orphaned.
KILLED += [(_to_the_starter, signal.SIGTERM), (_to_the_starter, signal.SIGKILL)]


class Ended(NamedTuple):
    """How a run that was disturbed in its phase ended."""

    by: str
    code: int | None
    output: str
    proof: str


def _disturbed(tiny: TinyRepository, phase: Phase, ways: Sequence[Way]) -> list[Ended]:
    """A run for each way, side by side: when all of them have reached the phase, each is disturbed in its own."""
    all_are_there = threading.Barrier(len(ways))

    def play(number: int) -> Ended:
        how, signum = ways[number]
        its = tiny.beside(f"run-{number}")
        try:
            held = phase(its)
            all_are_there.wait(PATIENCE)
        except BaseException:
            all_are_there.abort()
            raise
        how(held, signum)
        held.go()
        code = held.exit_code()
        proof = its.proof.read_text() if its.proof.exists() else ""
        return Ended(f"{how.__name__.strip('_')} {signum.name}", code, held.starter.output, proof)

    with ThreadPoolExecutor(len(ways)) as pool:
        return list(pool.map(play, range(len(ways))))


each_phase = pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.__name__)


@each_phase
def test_a_signal_ends_a_run_in_any_phase_without_a_trace(
    tiny: TinyRepository, phase: Callable[[TinyRepository], Held]
) -> None:
    for ended, (_how, signum) in zip(_disturbed(tiny, phase, ENDED), ENDED, strict=True):
        assert ended.code == CODES[signum], ended
        assert "Traceback" not in ended.output, ended
        assert f"interrupted by {signum.name}" in ended.proof, ended
    assert left() == []


@each_phase
def test_a_kill_in_any_phase_leaves_no_trace(tiny: TinyRepository, phase: Phase) -> None:
    _disturbed(tiny, phase, KILLED)
    assert left_after_teardown() == []


def test_four_times_ctrl_c_interrupts_no_teardown(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    run.send_group(signal.SIGINT)
    run.wait_for(HEARD[0])
    for again in range(1, 4):
        run.send_group(signal.SIGINT)
        run.wait_for("  teardown is under way and is not interrupted\n" * again)
    assert run.finish() == 130, run.output
    assert left() == []


def test_a_run_whose_guard_is_killed_is_torn_down_by_another(tiny: TinyRepository) -> None:
    held = in_exec(tiny)
    os.kill(guard_of(held.runner_pid), signal.SIGKILL)
    os.kill(held.runner_pid, signal.SIGTERM)
    assert held.exit_code() == 143, held.starter.output
    assert left() == []
    assert "A new one tears down." in held.starter.output


def test_the_guard_survives_what_ends_the_runner(tiny: TinyRepository) -> None:
    held = in_exec(tiny)
    guard = guard_of(held.runner_pid)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        os.kill(guard, signum)
    held.starter.send_group(signal.SIGKILL)
    held.starter.finish()
    assert left_after_teardown() == []


def test_a_signal_in_the_teardown_of_passed_tests_is_not_green(tiny: TinyRepository) -> None:
    held = in_teardown(tiny)
    os.kill(held.runner_pid, signal.SIGINT)
    held.starter.wait_for("teardown is under way")
    held.go()
    assert held.exit_code() == 130
    assert "2 tests ran" in tiny.proof.read_text()


def test_a_docker_client_that_hangs_does_not_outlive_the_run(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    run = tiny.start("run", "tiny", "good", **docker_that_holds(tiny, " up "))
    wait_until((tiny.folder / "reached").exists, "the hanging client")
    run.send(signal.SIGTERM)
    assert run.finish() == 143, run.output
    # Were the client still there, it would now start an environment that nobody removes.
    (tiny.folder / "go").touch()
    assert left() == []


def test_a_reader_that_closes_the_pipe_does_not_end_the_run(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    code, output = tiny.shell("python -m runner run tiny good 2>&1 | head -1; echo runner ended with ${PIPESTATUS[0]}")
    assert code == 0
    assert output.endswith("runner ended with 0\n"), output
    assert "PASSED" in tiny.proof.read_text()


# More than waits for a reader.
FLOOD = "head -c 9000000 /dev/zero | tr '\\0' x | fold -w 99; echo\n"


def _whose_output_nobody_reads(tiny: TinyRepository) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "runner", "run", "tiny", "floods", "--verbose"]
    return subprocess.Popen(command, cwd=tiny.folder, env=tiny.environ(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_a_run_whose_output_nobody_reads_is_torn_down_after_a_signal(tiny: TinyRepository) -> None:
    tiny.module("floods", FLOOD + WAITS)
    with _whose_output_nobody_reads(tiny) as run:
        try:
            logs = tiny.checkout / ".agent-tests"
            wait_until(lambda: any(RUNNING in log.read_text() for log in logs.glob("*/tests.log")), "the end of the flood")
            run.terminate()
            assert run.wait(PATIENCE) == 143
            assert left() == []
            assert "interrupted by SIGTERM" in tiny.proof.read_text()
        finally:
            run.kill()


def test_a_run_whose_output_nobody_reads_holds_nothing_and_has_its_verdict(tiny: TinyRepository) -> None:
    tiny.module("floods", FLOOD + PASSES)
    with _whose_output_nobody_reads(tiny) as run:
        try:
            wait_until(tiny.proof.exists, "the verdict")
            assert left() == []
            assert "\nverdict:   PASSED\n" in tiny.proof.read_text()
            assert run.poll() is None  # the reader may come back
            shown, _ = run.communicate(timeout=PATIENCE)
        finally:
            run.kill()
    assert run.returncode == 0
    assert b"bytes of output are left out here" in shown
    assert b"floods: PASSED  2 tests ran" in shown


def test_a_deleted_checkout_hinders_no_teardown(tiny: TinyRepository) -> None:
    tiny.module("waits", "echo waiting; until [ -e /run/go ]; do sleep 0.05; done\n" + PASSES)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for("waiting")
    tiny.delete()
    tiny.docker("exec", next(name for name in left() if name.endswith("-odoo-1")), "touch", "/run/go")
    assert run.finish() == 7, run.output
    assert left() == []
    assert "The proof log cannot be written" in run.output


def test_a_broken_env_file_is_an_error_before_anything_starts(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    (tiny.checkout / ".env").write_text("COLOUR='never closed\n")
    code, output = tiny.run("run", "tiny", "good")
    assert code == 2, output
    assert ".env" in output


def test_an_env_file_that_breaks_during_the_run_hinders_no_teardown(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    (tiny.checkout / ".env").write_text("COLOUR='never closed\n")
    (tiny.checkout / "compose.yml").write_text("services: [")
    run.send(signal.SIGTERM)
    assert run.finish() == 143, run.output
    assert left() == []


def test_compose_settings_of_the_shell_lead_nowhere_else(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    elsewhere = {"COMPOSE_FILE": "/nowhere.yml", "COMPOSE_PROJECT_NAME": "elsewhere", "ODOO_PORT": "1"}
    code, output = tiny.run("run", "tiny", "good", **elsewhere)
    assert code == 0, output


def test_a_closed_terminal_ends_the_run_and_leaves_nothing(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    terminal, runners_side = pty.openpty()
    command = [sys.executable, "-c", _OWN_TERMINAL, sys.executable, "-m", "runner", "run", "tiny", "waits", "--verbose"]
    run = subprocess.Popen(
        command,
        cwd=tiny.folder,
        env=tiny.environ(),
        stdin=runners_side,
        stdout=runners_side,
        stderr=runners_side,
        start_new_session=True,
    )
    os.close(runners_side)
    seen = b""
    while RUNNING.encode() not in seen:
        seen += os.read(terminal, 65536)
    os.close(terminal)
    assert run.wait(PATIENCE) == 129
    assert left() == []
    assert "interrupted by SIGHUP" in tiny.proof.read_text()
