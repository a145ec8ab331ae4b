"""The process of one run of several at once: its request comes through standard input, its events go to standard output.

A process, not a thread: signals, time limits and the variables of the compose file belong to a process, and so does a
guard. Each run is as it would be alone.
"""

import os
import pickle
import sys
import traceback

from runner.ci_sections import ci_of
from runner.errors import ExitCode, Interrupted, RunnerError
from runner.run.events import EventTerminal
from runner.run.module_run import Request, run_module
from runner.signals import Signals

# Until the handlers of a run are there a signal ends its process without a word: nothing has begun.
PROGRAM = """
import gc, os, signal, sys
for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN:  # as signals.py does
        signal.signal(signum, lambda signum, _frame: os._exit(128 + signum))
sys.path.insert(0, sys.argv.pop(1))
gc.disable()  # as in __main__
from runner.run.forking import fork_for_each_request
from runner.run.worker import main
gc.freeze()
gc.enable()
fork_for_each_request()
main()
"""


def main() -> None:
    """Run the request of standard input; the outcome is the last frame of standard output."""
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is printed must not get between the frames
    terminal = EventTerminal(stream, ci=ci_of(os.environ))
    signals = Signals(lambda _signum: terminal.line("teardown is under way and is not interrupted"))
    with signals.installed(os.environ):
        request: Request = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent
        try:
            outcome = run_module(request, os.environ, terminal, signals)
        except (RunnerError, Interrupted) as error:
            outcome = request.outcome_of(error)
        except Exception:  # noqa: BLE001 - as in __main__
            terminal.error(traceback.format_exc())
            sys.exit(ExitCode.INTERNAL)
        terminal.end(outcome)
