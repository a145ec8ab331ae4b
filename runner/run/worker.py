"""The process of one run of several at once: its request comes through standard input, its events go to standard output.

A process, not a thread: signals, time limits and the variables of the compose file belong to a process, and so does a
guard. Each run is as it would be alone.
"""

import os
import pickle
import sys
from dataclasses import dataclass

from runner.config.repositories import RepoConfig
from runner.errors import Interrupted, RunnerError
from runner.reporting.outcome import Outcome
from runner.reporting.proof_log import proof_file
from runner.run.events import EventTerminal
from runner.run.module_run import Options, run_module
from runner.signals import Signals

# Until the handlers are there, which takes a few tenths of a second, a signal ends it without a word: nothing has begun.
PROGRAM = """
import os, signal, sys
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN:  # as signals.py does
        signal.signal(each, lambda signum, _frame: os._exit(128 + signum))
sys.path.insert(0, sys.argv.pop(1))
from runner.run.worker import main
main()
"""


@dataclass(frozen=True)
class Request:
    """One module to run; see `run_module`."""

    repository: RepoConfig
    module: str
    options: Options
    command: str

    def outcome_of(self, error: RunnerError | Interrupted) -> Outcome:
        """How the run ended if it came to no outcome of its own."""
        word = "INTERRUPTED" if isinstance(error, Interrupted) else "ERROR"
        proof = proof_file(self.repository.path, self.module, only=False)
        return Outcome(self.module, int(error.exit_code), word, (str(error),), proof)


def main() -> None:
    """Run the request of standard input; the outcome is the last frame of standard output."""
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is printed must not get between the frames
    terminal = EventTerminal(stream)
    signals = Signals(lambda _signum: terminal.line("teardown is under way and is not interrupted"))
    with signals.installed(os.environ):
        request: Request = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent
        try:
            outcome = run_module(
                request.repository,
                request.module,
                request.options,
                only=False,
                command=request.command,
                terminal=terminal,
                signals=signals,
            )
        except (RunnerError, Interrupted) as error:
            outcome = request.outcome_of(error)
        terminal.end(outcome)
