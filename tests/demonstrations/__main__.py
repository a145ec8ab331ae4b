"""`python -m tests.demonstrations`: 0 if all goes as expected, 1 if something does not, else the runner's exit codes."""

import os
import sys
from collections.abc import Sequence

from runner.errors import Interrupted, RunnerError, UsageError
from runner.signals import Signals
from runner.terminal import Terminal

from .show import show
from .subject import ROOT, example


def main(arguments: Sequence[str]) -> int:
    """Play all demonstrations on the example; errors and signals become a message and an exit code."""
    terminal = Terminal()
    signals = Signals(lambda _signum: terminal.line("the run that goes on is being torn down"))
    try:
        with signals.installed(os.environ):
            if arguments:
                raise UsageError("There are no arguments: nox -s demonstrate")
            return 0 if show(example(os.environ), ROOT / "proof", terminal.line) else 1
    except (RunnerError, Interrupted) as error:
        terminal.error(f"Error: {error}")
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
