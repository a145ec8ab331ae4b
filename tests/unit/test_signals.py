"""Signals become one exception; later ones and the starter's death behave as promised."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from runner.errors import Interrupted
from runner.signals import Signals

from .processes import PATIENCE, line, python

FURTHER: list[int] = []


@pytest.fixture
def signals() -> Iterator[Signals]:
    """Installed handlers; what was there before stands again afterwards."""
    FURTHER.clear()
    with Signals(FURTHER.append).installed({}) as installed:
        yield installed


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_is_raised_with_its_exit_code(signals: Signals, signum: signal.Signals) -> None:
    with pytest.raises(Interrupted) as caught:
        signal.raise_signal(signum)
    assert caught.value.exit_code == 128 + signum
    assert signum.name in str(caught.value)
    assert signals.first == signum
    assert FURTHER == []


def test_an_interruption_is_not_swallowed_by_a_handler_of_errors() -> None:
    assert not issubclass(Interrupted, Exception)


class InAFinalizer:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)
        threading.Event().wait(0)  # where Python calls the handler at the latest


def test_a_signal_in_the_midst_of_a_finalizer_is_raised_after_it_and_prints_nothing(
    signals: Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Interrupted):
        InAFinalizer()
        threading.Event().wait(PATIENCE)
    assert signals.first == signal.SIGTERM
    assert (capsys.readouterr().err, FURTHER) == ("", [])


def test_every_later_signal_only_tells(signals: Signals) -> None:
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)
    assert FURTHER == [signal.SIGINT, signal.SIGTERM]
    assert signals.first == signal.SIGINT


def test_behind_the_shield_no_signal_interrupts_but_the_first_is_remembered(signals: Signals) -> None:
    signals.shield()
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)
    assert signals.first == signal.SIGTERM
    assert FURTHER == [signal.SIGTERM, signal.SIGINT]


def test_once_the_shield_is_lifted_the_first_signal_interrupts_again(signals: Signals) -> None:
    signals.shield()
    signals.lift_shield()
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGTERM)


def test_handlers_are_put_back_after_the_block() -> None:
    before = [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with Signals(FURTHER.append).installed({}):
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


# Processes: started with the signal ignored, and left by their starter

WAITER = """
import os, signal, sys, threading
from runner import signals
from runner.errors import Interrupted
from runner.signals import Signals
signals._WATCH_INTERVAL = 0.01
try:
    with Signals(lambda signum: None).installed(os.environ):
        print("ready", os.getpid(), flush=True)
        threading.Event().wait(60)
    print("not interrupted", flush=True)
except Interrupted as error:
    print(error, flush=True)
"""


def test_a_background_job_that_was_started_with_int_ignored_hears_it() -> None:
    program = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{WAITER}"
    with python(program) as process:
        assert line(process).startswith("ready")
        process.send_signal(signal.SIGINT)
        assert line(process) == "interrupted by SIGINT"


def test_a_hangup_is_ignored_where_the_runner_was_started_so_as_by_nohup() -> None:
    program = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{WAITER}"
    with python(program) as process:
        assert line(process).startswith("ready")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert line(process) == "interrupted by SIGTERM"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_death_of_the_starter_interrupts_the_runner(signum: signal.Signals) -> None:
    starter = (
        "import os, subprocess, sys\n"
        "environ = {**os.environ, 'AGENT_TEST_STARTER': str(os.getpid())}\n"
        "subprocess.Popen([sys.executable, '-c', sys.argv[1]], env=environ).wait()\n"
    )
    with python(starter, WAITER) as process:
        assert line(process).startswith("ready")
        process.send_signal(signum)
        assert line(process) == "interrupted by SIGTERM"


def test_the_watch_on_the_starter_ends_with_the_block() -> None:
    before = threading.active_count()
    with Signals(FURTHER.append).installed({"AGENT_TEST_STARTER": str(os.getppid())}):
        watchers = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
        assert threading.active_count() == before + 1
    watchers[-1].join(PATIENCE)
    assert threading.active_count() == before


@pytest.mark.parametrize("environ", [{}, {"AGENT_TEST_STARTER": ""}, {"AGENT_TEST_STARTER": "nox"}])
def test_without_a_named_starter_nobody_is_watched(environ: dict[str, str]) -> None:
    # As with `nohup`: who starts the runner himself may leave it alone.
    before = threading.active_count()
    with Signals(FURTHER.append).installed(environ):
        assert threading.active_count() == before
